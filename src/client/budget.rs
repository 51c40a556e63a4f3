//! How many calls may be tried again: a part of those that were begun lately.
//! Retries without a bound keep a server down that has too much to do.

use std::time::{Duration, Instant};

/// Seconds that count.
const WINDOW: usize = 10;
/// So many in the window are allowed however few calls there were.
const LEAST: u32 = 10;

/// See the module.
#[derive(Debug)]
pub struct Budget {
    percent: u32,
    epoch: Instant,
    /// The second that is counted now, and when it is over.
    second: u64,
    over_at: Instant,
    calls: [u32; WINDOW],
    retries: [u32; WINDOW],
}

impl Budget {
    /// `percent` retries for a hundred calls.
    pub fn new(percent: u32, now: Instant) -> Self {
        Self {
            percent,
            epoch: now,
            second: 0,
            over_at: now + Duration::from_secs(1),
            calls: [0; WINDOW],
            retries: [0; WINDOW],
        }
    }

    /// A call was begun.
    #[inline]
    pub fn count_call(&mut self, now: Instant) {
        let place = self.place(now);
        if let Some(calls) = self.calls.get_mut(place) {
            *calls = calls.saturating_add(1);
        }
    }

    /// Takes a retry from the budget; false when there is none.
    pub fn take(&mut self, now: Instant) -> bool {
        let place = self.place(now);
        let total = |counts: &[u32]| counts.iter().map(|count| u64::from(*count)).sum::<u64>();
        let allowed = total(&self.calls) * u64::from(self.percent) / 100;
        if total(&self.retries) >= allowed.max(u64::from(LEAST)) {
            return false;
        }
        if let Some(retries) = self.retries.get_mut(place) {
            *retries += 1;
        }
        true
    }

    /// The place of the present second, after forgetting what is too old.
    #[inline]
    fn place(&mut self, now: Instant) -> usize {
        if now < self.over_at {
            return place_of(self.second);
        }
        let second = now.saturating_duration_since(self.epoch).as_secs();
        self.over_at = self.epoch + Duration::from_secs(second + 1);
        while self.second < second {
            // Of a long silence only the window matters.
            self.second = (self.second + 1).max(second.saturating_sub(WINDOW as u64 - 1));
            let place = place_of(self.second);
            for counts in [&mut self.calls, &mut self.retries] {
                if let Some(count) = counts.get_mut(place) {
                    *count = 0;
                }
            }
        }
        place_of(self.second)
    }
}

fn place_of(second: u64) -> usize {
    // Smaller than the window.
    #[allow(clippy::cast_possible_truncation)]
    let place = (second % WINDOW as u64) as usize;
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(budget: &mut Budget, now: Instant) -> usize {
        (0..1000).take_while(|_| budget.take(now)).count()
    }

    #[test]
    fn a_few_are_allowed_however_few_calls_there_were() {
        let now = Instant::now();
        let mut budget = Budget::new(20, now);
        assert_eq!(taken(&mut budget, now), 10);
        assert_eq!(taken(&mut budget, now + Duration::from_secs(9)), 0);
        assert_eq!(taken(&mut budget, now + Duration::from_secs(10)), 10);
    }

    #[test]
    fn it_is_a_part_of_the_calls_of_the_last_seconds() {
        let now = Instant::now();
        let mut budget = Budget::new(20, now);
        for second in 0..10 {
            for _ in 0..100 {
                budget.count_call(now + Duration::from_secs(second));
            }
        }
        let end = now + Duration::from_secs(9);
        assert_eq!(taken(&mut budget, end), 200);
        // A second leaves the window, its retries do not.
        assert_eq!(taken(&mut budget, end + Duration::from_secs(1)), 0);
        let long_after = end + Duration::from_secs(3600);
        assert_eq!(taken(&mut budget, long_after), 10);
    }
}
