//! How long to wait before the next request, so that nothing spins whatever
//! Consul does, and a thousand processes do not ask in the same instant.

use std::time::Duration;

use super::blocking::Progress;
use crate::chance::Chance;

/// A change that comes after so many gaps without one is not part of a series.
const QUIET: u32 = 200;
/// While Consul is busy the pause between two answers is so many times as long as it took
/// for one that it did not hold. However many ask, nine in ten of them are pausing, so
/// what servers have to tell it is not behind a thousand lists.
const SHARE: u32 = 10;
/// In a series each query of this number is not held, to see how long Consul takes: of
/// one that was held nobody can tell whether a change or Consul came late.
const MEASURED: u32 = 4;

/// Times that tests shorten; the defaults are right elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Timing {
    /// The pause after a first failure. It doubles with each further one.
    pub first_pause: Duration,
    /// The longest pause; twice that behind a request that took as long.
    pub longest_pause: Duration,
    /// The pause after a change, in which those that come with it gather. It doubles
    /// with each further one that is not long after, up to ten times that; up to
    /// `longest_pause` where Consul is busy, or answers without a reason.
    pub gap: Duration,
    /// How long a service is followed on after the last who asked has gone.
    pub idle: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            first_pause: Duration::from_millis(250),
            longest_pause: Duration::from_secs(5),
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
    /// Changes without a quiet time between them.
    series: u32,
    /// How long Consul took for the latest query that it did not hold.
    service: Duration,
}

impl Pace {
    pub(super) fn new(timing: &Timing) -> Self {
        Self {
            timing: timing.clone(),
            after_failure: Duration::ZERO,
            after_answer: Duration::ZERO,
            series: 0,
            service: Duration::ZERO,
        }
    }

    /// The pause after a request that failed in this time. Asking a Consul that has gone
    /// costs it nothing; one that does not come to an answer gets more time.
    pub(super) fn failed(&mut self, took: Duration) -> Duration {
        self.after_failure = (self.after_failure * 2)
            .max(self.timing.first_pause)
            .min(self.timing.longest_pause);
        let busy = took.min(self.timing.longest_pause) * 2;
        shortened(self.after_failure.max(busy))
    }

    /// A request succeeded.
    pub(super) fn succeeded(&mut self) {
        self.after_failure = Duration::ZERO;
    }

    /// Whether Consul may hold the next query.
    pub(super) fn may_be_held(&self) -> bool {
        let is_timed = self.series > 0 && self.series.is_multiple_of(MEASURED);
        !(is_timed || self.series > 1 && self.is_busy())
    }

    /// Whether Consul takes so long for an answer that it needs the time.
    fn is_busy(&self) -> bool {
        self.service > self.timing.gap * 2
    }

    /// The pause after a query that was answered in this time, and that Consul might
    /// have `held` so long.
    pub(super) fn answered(
        &mut self,
        progress: Progress,
        held: Option<Duration>,
        took: Duration,
    ) -> Duration {
        self.succeeded();
        let quiet = self.timing.gap * QUIET;
        match held {
            None => self.service = took,
            Some(wait) if took >= quiet.min(wait) => {
                self.after_answer = Duration::ZERO;
                self.series = 0;
                self.service = Duration::ZERO;
                if progress == Progress::Same {
                    return Duration::ZERO;
                }
            }
            Some(_) => {}
        }
        match (progress, held) {
            (Progress::Advanced, _) => {
                self.series = self.series.saturating_add(1);
                let pause = self.doubled(self.timing.gap * 10);
                if self.is_busy() {
                    let share = self.service.saturating_mul(SHARE);
                    return shortened(pause.max(share.min(self.timing.longest_pause)));
                }
                shortened(pause)
            }
            (Progress::Same, None) => {
                // The series is over, and the next query waits for another.
                self.series = 0;
                Duration::ZERO
            }
            (Progress::Same | Progress::Reset | Progress::Missing, _) => {
                self.series = 0;
                shortened(self.doubled(self.timing.longest_pause))
            }
        }
    }

    fn doubled(&mut self, longest: Duration) -> Duration {
        self.after_answer = (self.after_answer * 2).max(self.timing.gap).min(longest);
        self.after_answer
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
    const WAIT: Duration = Duration::from_secs(55);

    #[test]
    fn failures_are_further_and_further_apart() {
        let timing = Timing::default();
        let mut pace = Pace::new(&timing);
        let pauses: Vec<_> = (0..12).map(|_| pace.failed(AT_ONCE)).collect();
        assert!(pauses[0] >= timing.first_pause * 3 / 4);
        assert!(pauses.iter().all(|pause| *pause <= timing.longest_pause));
        assert!(pauses[11] >= timing.longest_pause * 3 / 4);
        pace.succeeded();
        assert!(pace.failed(AT_ONCE) <= timing.first_pause);
        let pause = pace.failed(Duration::from_secs(60));
        assert!(pause >= timing.longest_pause * 2 * 3 / 4);
        assert!(pause <= timing.longest_pause * 2);
    }

    #[test]
    fn a_consul_that_never_holds_a_query_is_asked_ever_less() {
        let timing = Timing::default();
        for (progress, held) in [
            (Progress::Same, Some(WAIT)),
            (Progress::Reset, Some(WAIT)),
            (Progress::Missing, None),
        ] {
            // Also one that takes its time.
            for took in [AT_ONCE, Duration::from_secs(2)] {
                let mut pace = Pace::new(&timing);
                let last = (0..12).map(|_| pace.answered(progress, held, took)).last();
                assert!(last.unwrap() >= timing.longest_pause * 3 / 4);
            }
        }
    }

    #[test]
    fn a_query_whose_time_is_over_is_held_again_at_once() {
        let mut pace = Pace::new(&Timing::default());
        for wait in [WAIT, Duration::from_secs(1)] {
            let pause = pace.answered(Progress::Same, Some(wait), wait);
            assert_eq!(pause, Duration::ZERO);
            assert!(pace.may_be_held());
        }
    }

    #[test]
    fn a_busy_catalogue_is_read_twice_a_second() {
        let timing = Timing::default();
        let mut pace = Pace::new(&timing);
        let pauses: Vec<_> = (0..12)
            .map(|_| pace.answered(Progress::Advanced, Some(WAIT), AT_ONCE))
            .collect();
        assert!(pauses[0] <= timing.gap);
        assert!(pauses[11] >= timing.gap * 10 * 3 / 4);
        assert!(pauses.iter().all(|pause| *pause <= timing.gap * 10));
        let pause = pace.answered(Progress::Advanced, Some(WAIT), timing.gap * QUIET);
        assert!(pause <= timing.gap, "{pause:?}");
    }

    #[test]
    fn in_a_series_of_changes_consul_is_timed() {
        let mut pace = Pace::new(&Timing::default());
        let held: Vec<_> = (0..8)
            .map(|_| {
                let held = pace.may_be_held();
                pace.answered(Progress::Advanced, held.then_some(WAIT), AT_ONCE);
                held
            })
            .collect();
        assert_eq!(held, [true, true, true, true, false, true, true, true]);
        assert!(!pace.may_be_held());
        // Nothing has changed: it waits for what comes next.
        assert_eq!(pace.answered(Progress::Same, None, AT_ONCE), AT_ONCE);
        assert!(pace.may_be_held());
    }

    #[test]
    fn a_consul_that_is_too_busy_is_asked_less() {
        let timing = Timing::default();
        let mut pace = Pace::new(&timing);
        let slow = Duration::from_millis(300);
        pace.answered(Progress::Advanced, None, slow);
        for _ in 0..10 {
            // A held answer that comes late says nothing: it could be the change.
            let held = pace.may_be_held().then_some(WAIT);
            let pause = pace.answered(Progress::Advanced, held, slow);
            assert!(pause >= slow * SHARE * 3 / 4, "{pause:?}");
        }
        assert!(!pace.may_be_held());
        let pause = pace.answered(Progress::Advanced, None, Duration::from_secs(60));
        assert!(pause <= timing.longest_pause);
        // It has recovered.
        let pause = pace.answered(Progress::Advanced, None, AT_ONCE);
        assert!(pause <= timing.gap * 10);
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
