//! Leaves a server alone that has failed again and again.

use std::time::{Duration, Instant};

/// The longest time that a server is left alone.
const LONGEST: Duration = Duration::from_secs(30);

/// Closed while the server answers; open after some failures in a row; after a
/// pause half-open: one call goes through, and its end decides. Each pause is
/// twice as long as the one before, until the server answers.
#[derive(Debug)]
pub struct Breaker {
    /// How many failures in a row open it; none for never.
    most: u32,
    first_pause: Duration,
    pause: Duration,
    failures: u32,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed,
    /// Until then nothing is sent; from then on one call.
    Open(Instant),
    /// That call is under way.
    HalfOpen,
}

impl Breaker {
    pub fn new(most: u32, pause: Duration) -> Self {
        Self {
            most,
            first_pause: pause,
            pause,
            failures: 0,
            state: State::Closed,
        }
    }

    /// Whether a call may go through now.
    #[inline]
    pub fn allows(&self, now: Instant) -> bool {
        match self.state {
            State::Closed => true,
            State::Open(until) => now >= until,
            State::HalfOpen => false,
        }
    }

    /// Until when nothing goes through.
    pub fn open_until(&self) -> Option<Instant> {
        match self.state {
            State::Open(until) => Some(until),
            State::Closed | State::HalfOpen => None,
        }
    }

    /// Whether one call is to show that the server answers again.
    pub fn is_half_open(&self) -> bool {
        self.state == State::HalfOpen
    }

    /// Failures since the last answer.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// A call has gone through.
    #[inline]
    pub fn passed(&mut self) {
        if let State::Open(_) = self.state {
            self.state = State::HalfOpen;
        }
    }

    /// The server answered something, whatever it was.
    #[inline]
    pub fn succeeded(&mut self) {
        self.failures = 0;
        if self.state != State::Closed {
            self.state = State::Closed;
            self.pause = self.first_pause;
        }
    }

    /// A call had no answer in time, or the connection went with calls on it.
    pub fn failed(&mut self, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        match self.state {
            State::Closed if self.most > 0 && self.failures >= self.most => {}
            State::HalfOpen => self.pause = (self.pause * 2).min(LONGEST.max(self.first_pause)),
            // One that went through before it opened.
            State::Closed | State::Open(_) => return,
        }
        self.state = State::Open(now + self.pause);
    }

    /// The call that was to show it was given up: the next one may.
    pub fn abandoned(&mut self, now: Instant) {
        if self.state == State::HalfOpen {
            self.state = State::Open(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(1);

    fn open(now: Instant) -> Breaker {
        let mut breaker = Breaker::new(3, PAUSE);
        for _ in 0..3 {
            assert!(breaker.allows(now));
            breaker.failed(now);
        }
        breaker
    }

    #[test]
    fn it_opens_after_failures_in_a_row() {
        let now = Instant::now();
        let mut breaker = Breaker::new(3, PAUSE);
        for _ in 0..10 {
            breaker.failed(now);
            breaker.failed(now);
            breaker.succeeded();
        }
        assert!(breaker.allows(now));
        assert!(!open(now).allows(now));
        assert_eq!(open(now).open_until(), Some(now + PAUSE));
    }

    #[test]
    fn one_call_goes_through_after_the_pause_and_closes_it() {
        let now = Instant::now();
        let mut breaker = open(now);
        assert!(!breaker.allows(now + PAUSE / 2));
        let later = now + PAUSE;
        assert!(breaker.allows(later));
        breaker.passed();
        assert!(breaker.is_half_open() && !breaker.allows(later));
        breaker.succeeded();
        assert!(breaker.allows(later) && breaker.failures() == 0);
    }

    #[test]
    fn each_pause_is_twice_as_long_up_to_a_bound() {
        let mut now = Instant::now();
        let mut breaker = open(now);
        let mut pauses = Vec::new();
        for _ in 0..8 {
            let until = breaker.open_until().unwrap();
            pauses.push((until - now).as_secs());
            now = until;
            breaker.passed();
            breaker.failed(now);
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30, 30]);
        breaker.succeeded();
        for _ in 0..3 {
            breaker.failed(now);
        }
        assert_eq!(breaker.open_until(), Some(now + PAUSE));
    }

    #[test]
    fn a_call_that_was_given_up_leaves_the_next_one_its_place() {
        let now = Instant::now();
        let mut breaker = open(now);
        breaker.passed();
        breaker.abandoned(now);
        assert!(breaker.allows(now));
    }

    #[test]
    fn without_a_bound_it_never_opens() {
        let now = Instant::now();
        let mut breaker = Breaker::new(0, PAUSE);
        for _ in 0..1000 {
            breaker.failed(now);
        }
        assert!(breaker.allows(now));
    }
}
