//! What is to happen at which time.

use std::collections::BTreeSet;
use std::time::Instant;

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// A connection is to have introduced itself by now.
    Handshake(u64),
    /// A connection is to be asked for a sign of life.
    Heartbeat(u64),
    /// A connection is to have been heard of by now.
    Silence(u64),
    /// A connection is to be made again.
    Connect,
    /// Connections are to be accepted again.
    Accept,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Timers(BTreeSet<(Instant, Timer)>);

impl Timers {
    pub fn add(&mut self, at: Instant, timer: Timer) {
        self.0.insert((at, timer));
    }

    /// Sets the one timer of a kind, whose time is kept in `place`.
    pub fn set(&mut self, place: &mut Option<Instant>, at: Instant, timer: Timer) {
        self.clear(place, timer);
        self.add(at, timer);
        *place = Some(at);
    }

    /// Takes a timer out that [`Timers::set`] has set.
    pub fn clear(&mut self, place: &mut Option<Instant>, timer: Timer) {
        if let Some(at) = place.take() {
            self.0.remove(&(at, timer));
        }
    }

    /// When the next one is due.
    pub fn next(&self) -> Option<Instant> {
        self.0.first().map(|(at, _)| *at)
    }

    /// The handshake that has to be done first, and when.
    pub fn first_handshake(&self) -> Option<(Instant, u64)> {
        self.0.iter().find_map(|(at, timer)| match timer {
            Timer::Handshake(key) => Some((*at, *key)),
            _ => None,
        })
    }

    /// Takes one that is due, and when it was.
    pub fn due(&mut self, now: Instant) -> Option<(Instant, Timer)> {
        let (at, _) = *self.0.first()?;
        if at > now {
            return None;
        }
        self.0.pop_first()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn timers_come_up_in_the_order_of_their_times() {
        let now = Instant::now();
        let later = now + Duration::from_secs(1);
        let mut timers = Timers::default();
        timers.add(later + Duration::from_secs(1), Timer::Accept);
        timers.add(now, Timer::Connect);
        timers.add(later, Timer::Handshake(7));
        assert_eq!(timers.next(), Some(now));
        assert_eq!(timers.due(now), Some((now, Timer::Connect)));
        assert_eq!(timers.due(now), None);
        assert_eq!(
            timers.due(now + Duration::from_secs(9)),
            Some((later, Timer::Handshake(7)))
        );
        assert!(timers.due(now + Duration::from_secs(9)).is_some());
        assert_eq!(timers.next(), None);
    }

    #[test]
    fn a_timer_that_is_set_again_comes_up_once() {
        let now = Instant::now();
        let mut timers = Timers::default();
        let mut place = None;
        timers.set(&mut place, now + Duration::from_secs(9), Timer::Silence(1));
        timers.set(&mut place, now, Timer::Silence(1));
        assert_eq!(timers.due(now), Some((now, Timer::Silence(1))));
        assert_eq!(timers.next(), None);
        timers.set(&mut place, now, Timer::Silence(1));
        timers.clear(&mut place, Timer::Silence(1));
        assert_eq!(timers.next(), None);
    }
}
