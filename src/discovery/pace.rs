//! How long to wait before the next request, so that nothing spins whatever
//! Consul does, and a thousand processes do not ask in the same instant.

use std::time::Duration;

use super::blocking::Progress;
use crate::chance::Chance;

/// Times that tests shorten; the defaults are right elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Timing {
    /// The pause after a first failure. It doubles with each further one.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// The pause between answers that come at once though the query could be
    /// held. It doubles up to ten times that; without an index, up to
    /// `longest_pause`.
    pub gap: Duration,
    /// How long a service is followed on after the last who asked has gone.
    pub idle: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            first_pause: Duration::from_millis(250),
            longest_pause: Duration::from_secs(10),
            gap: Duration::from_millis(50),
            idle: Duration::from_secs(60),
        }
    }
}

/// The pauses of one thread.
pub(super) struct Pace {
    timing: Timing,
    after_failure: Duration,
    after_answer: Duration,
}

impl Pace {
    pub(super) fn new(timing: &Timing) -> Self {
        Self {
            timing: timing.clone(),
            after_failure: Duration::ZERO,
            after_answer: Duration::ZERO,
        }
    }

    /// The pause after a request that failed.
    pub(super) fn failed(&mut self) -> Duration {
        self.after_failure = (self.after_failure * 2)
            .max(self.timing.first_pause)
            .min(self.timing.longest_pause);
        shortened(self.after_failure)
    }

    /// A request succeeded.
    pub(super) fn succeeded(&mut self) {
        self.after_failure = Duration::ZERO;
    }

    /// The pause after a query that was answered in this time.
    pub(super) fn answered(&mut self, progress: Progress, took: Duration) -> Duration {
        self.succeeded();
        if took >= self.timing.gap * 20 {
            self.after_answer = Duration::ZERO;
            return Duration::ZERO;
        }
        let longest = match progress {
            Progress::Advanced => self.timing.gap * 10,
            Progress::Same | Progress::Reset | Progress::Missing => self.timing.longest_pause,
        };
        self.after_answer = (self.after_answer * 2).max(self.timing.gap).min(longest);
        shortened(self.after_answer)
    }
}

/// Between three quarters of it and all.
pub(super) fn shortened(duration: Duration) -> Duration {
    duration.saturating_sub(Chance::new().up_to(duration / 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_ONCE: Duration = Duration::ZERO;

    #[test]
    fn failures_are_further_and_further_apart() {
        let timing = Timing::default();
        let mut pace = Pace::new(&timing);
        let pauses: Vec<_> = (0..12).map(|_| pace.failed()).collect();
        assert!(pauses[0] >= timing.first_pause * 3 / 4);
        assert!(pauses.iter().all(|pause| *pause <= timing.longest_pause));
        assert!(pauses[11] >= timing.longest_pause * 3 / 4);
        pace.succeeded();
        assert!(pace.failed() <= timing.first_pause);
    }

    #[test]
    fn a_consul_that_never_holds_a_query_is_asked_ever_less() {
        let timing = Timing::default();
        for progress in [Progress::Same, Progress::Reset, Progress::Missing] {
            let mut pace = Pace::new(&timing);
            let last = (0..12).map(|_| pace.answered(progress, AT_ONCE)).last();
            assert!(last.unwrap() >= timing.longest_pause * 3 / 4);
        }
    }

    #[test]
    fn a_busy_catalogue_is_read_twice_a_second() {
        let timing = Timing::default();
        let mut pace = Pace::new(&timing);
        let last = (0..12)
            .map(|_| pace.answered(Progress::Advanced, AT_ONCE))
            .last();
        assert!(last.unwrap() >= timing.gap * 10 * 3 / 4);
        assert!(last.unwrap() <= timing.gap * 10);
        assert_eq!(
            pace.answered(Progress::Advanced, Duration::from_secs(1)),
            Duration::ZERO
        );
    }

    #[test]
    fn pauses_differ_by_chance() {
        let whole = Duration::from_secs(8);
        let pauses: Vec<_> = (0..50).map(|_| shortened(whole)).collect();
        assert!(
            pauses
                .iter()
                .all(|pause| *pause <= whole && *pause > whole * 3 / 4)
        );
        assert!(pauses.iter().any(|pause| *pause != pauses[0]));
    }
}
