//! When the next process is started for a worker.

use std::time::{Duration, Instant};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A worker that was up is replaced at once: whatever ended it, callers wait.
/// One that does not come up is tried again after pauses that double.
#[derive(Default)]
pub struct Restarts {
    failures: u32,
    not_before: Option<Instant>,
    /// How often a process was started, but for the first.
    pub count: u64,
}

impl Restarts {
    pub fn came_up(&mut self) {
        self.failures = 0;
        self.not_before = None;
    }

    /// It ended before it was up. The pause that follows.
    pub fn failed(&mut self, now: Instant) -> Duration {
        let pause = FIRST_PAUSE * 2_u32.saturating_pow(self.failures.min(16));
        let pause = pause.min(LONGEST_PAUSE);
        self.failures += 1;
        self.not_before = Some(now + pause);
        pause
    }

    /// How often in a row it did not come up.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// When the next may be started; none for now.
    pub fn not_before(&self) -> Option<Instant> {
        self.not_before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit() {
        let now = Instant::now();
        let mut restarts = Restarts::default();
        assert_eq!(restarts.not_before(), None);
        assert_eq!(restarts.failed(now), FIRST_PAUSE);
        assert_eq!(restarts.failed(now), FIRST_PAUSE * 2);
        for _ in 0..40 {
            restarts.failed(now);
        }
        assert_eq!(restarts.failed(now), LONGEST_PAUSE);
        assert_eq!(restarts.not_before(), Some(now + LONGEST_PAUSE));
        restarts.came_up();
        assert_eq!(restarts.failed(now), FIRST_PAUSE);
    }
}
