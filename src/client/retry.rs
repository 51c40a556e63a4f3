//! When a call is tried again.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use crate::chance::Chance;

/// Calls that wait for their next try.
#[derive(Debug, Default)]
pub struct Retries {
    waiting: BinaryHeap<Reverse<(Instant, u64)>>,
    chance: Chance,
}

impl Retries {
    /// The pause before a try: by chance between nothing and a bound that
    /// doubles with each, so that calls which failed together do not come back
    /// together.
    pub fn pause(&mut self, tries: u32, base: Duration, longest: Duration) -> Duration {
        let bound = base.saturating_mul(1_u32.checked_shl(tries).unwrap_or(u32::MAX));
        self.chance.up_to(bound.min(longest))
    }

    /// The call waits until then.
    pub fn add(&mut self, due: Instant, id: u64) {
        self.waiting.push(Reverse((due, id)));
    }

    /// Whether none waits.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// When the next one is due.
    #[inline]
    pub fn next(&self) -> Option<Instant> {
        self.waiting.peek().map(|Reverse((due, _))| *due)
    }

    /// One that is due. It may have ended meanwhile.
    pub fn due(&mut self, now: Instant) -> Option<u64> {
        if self.next()? > now {
            return None;
        }
        self.waiting.pop().map(|Reverse((_, id))| id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound_and_are_spread_from_zero() {
        let mut retries = Retries::default();
        let base = Duration::from_millis(50);
        let longest = Duration::from_secs(2);
        for (tries, bound) in [(0, 50), (1, 100), (5, 1600), (6, 2000), (40, 2000)] {
            let bound = Duration::from_millis(bound);
            let pauses: Vec<_> = (0..2000)
                .map(|_| retries.pause(tries, base, longest))
                .collect();
            assert!(pauses.iter().all(|pause| *pause <= bound), "{tries}");
            assert!(pauses.iter().any(|pause| *pause > bound * 9 / 10));
            assert!(pauses.iter().any(|pause| *pause < bound / 10));
        }
    }

    #[test]
    fn calls_come_up_when_they_are_due() {
        let now = Instant::now();
        let mut retries = Retries::default();
        retries.add(now + Duration::from_secs(2), 2);
        retries.add(now + Duration::from_secs(1), 1);
        assert_eq!(retries.due(now), None);
        assert_eq!(retries.due(now + Duration::from_secs(2)), Some(1));
        assert_eq!(retries.due(now + Duration::from_secs(2)), Some(2));
        assert!(retries.is_empty());
    }
}
