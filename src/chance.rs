//! Numbers by chance: to begin counting at, and to spread what would happen at
//! once. Nobody's secret may rest on them.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// A sequence of its own, whose beginning the system gives.
#[derive(Debug)]
pub struct Chance(u64);

impl Chance {
    /// A sequence that is unlike any other.
    #[must_use]
    pub fn new() -> Self {
        Self(RandomState::new().build_hasher().finish() | 1)
    }

    /// Any number but 0.
    pub fn number(&mut self) -> u64 {
        // Marsaglia's xorshift, good enough to spread.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A time from zero to `longest`.
    pub fn up_to(&mut self, longest: Duration) -> Duration {
        let most = u64::try_from(longest.as_nanos()).unwrap_or(u64::MAX - 1);
        Duration::from_nanos(self.number() % (most + 1))
    }

    /// About this time, give or take a quarter.
    pub fn about(&mut self, time: Duration) -> Duration {
        time * 3 / 4 + self.up_to(time / 2)
    }
}

impl Default for Chance {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_stay_within_their_bounds_and_differ() {
        let mut chance = Chance::new();
        let second = Duration::from_secs(1);
        let times: Vec<_> = (0..1000).map(|_| chance.about(second)).collect();
        assert!(times.iter().all(|time| *time >= second * 3 / 4));
        assert!(times.iter().all(|time| *time <= second * 5 / 4));
        assert!(times.iter().min() < times.iter().max());
        assert_eq!(chance.up_to(Duration::ZERO), Duration::ZERO);
        assert!(chance.up_to(second) <= second);
    }

    #[test]
    fn sequences_are_unlike_each_other() {
        assert_ne!(Chance::new().number(), Chance::new().number());
    }
}
