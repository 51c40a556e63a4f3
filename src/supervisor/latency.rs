//! How long calls took, over the last minute.

use std::time::{Duration, Instant};

/// Windows of a minute, and how long each lasts.
const WINDOWS: usize = 6;
const WINDOW: Duration = Duration::from_secs(10);
/// Steps within each doubling: a figure is at most 12 % too high.
const STEPS: usize = 8;
/// From 1 µs on, to more than an hour.
const DOUBLINGS: usize = 33;

/// Counts by size, in windows that are used in turn.
#[derive(Default)]
pub struct Latency {
    windows: Vec<Window>,
    at: usize,
    began: Option<Instant>,
}

struct Window {
    counts: Box<[u32; STEPS * DOUBLINGS]>,
    longest: Duration,
}

impl Window {
    fn new() -> Self {
        Self {
            counts: Box::new([0; STEPS * DOUBLINGS]),
            longest: Duration::ZERO,
        }
    }
}

/// What callers saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub p50: Duration,
    pub p99: Duration,
    pub longest: Duration,
}

impl Latency {
    pub fn add(&mut self, took: Duration, now: Instant) {
        self.turn(now);
        if let Some(window) = self.windows.get_mut(self.at) {
            if let Some(count) = window.counts.get_mut(place(took)) {
                *count += 1;
            }
            window.longest = window.longest.max(took);
        }
    }

    /// Empties the windows whose minute is over.
    fn turn(&mut self, now: Instant) {
        if self.windows.is_empty() {
            self.windows.resize_with(WINDOWS, Window::new);
        }
        let began = *self.began.get_or_insert(now);
        let passed = now.saturating_duration_since(began).as_secs() / WINDOW.as_secs();
        for _ in 0..passed.min(WINDOWS as u64) {
            self.at = (self.at + 1) % WINDOWS;
            if let Some(window) = self.windows.get_mut(self.at) {
                *window = Window::new();
            }
        }
        if passed > 0 {
            self.began = Some(began + WINDOW * u32::try_from(passed).unwrap_or(u32::MAX));
        }
    }

    pub fn summary(&mut self, now: Instant) -> Summary {
        self.turn(now);
        let mut counts = [0_u64; STEPS * DOUBLINGS];
        for window in &self.windows {
            for (sum, count) in counts.iter_mut().zip(window.counts.iter()) {
                *sum += u64::from(*count);
            }
        }
        let longest = self.windows.iter().map(|window| window.longest).max();
        let longest = longest.unwrap_or_default();
        let total: u64 = counts.iter().sum();
        let percentile = |percent: u64| {
            let rank = (total * percent).div_ceil(100);
            let mut seen = 0;
            let place = counts.iter().position(|count| {
                seen += count;
                seen >= rank
            });
            place.map_or(Duration::ZERO, end).min(longest)
        };
        Summary {
            p50: percentile(50),
            p99: percentile(99),
            longest,
        }
    }
}

/// The place of a time: its doubling, and the step within it.
fn place(took: Duration) -> usize {
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1);
    let doubling = micros.ilog2() as usize;
    let step = ((micros << 3 >> doubling) & 7) as usize;
    (doubling * STEPS + step).min(STEPS * DOUBLINGS - 1)
}

/// The end of a place.
fn end(place: usize) -> Duration {
    let (doubling, step) = (place / STEPS, place % STEPS);
    Duration::from_micros(((STEPS + step + 1) as u64) << doubling >> 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_close_and_pass_with_time() {
        let now = Instant::now();
        let mut latency = Latency::default();
        assert_eq!(latency.summary(now), Summary::default());
        for micros in 1..=1000 {
            latency.add(Duration::from_micros(micros), now);
        }
        let summary = latency.summary(now);
        assert_eq!(summary.longest, Duration::from_millis(1));
        for (found, expected) in [(summary.p50, 500), (summary.p99, 990)] {
            let expected = Duration::from_micros(expected);
            assert!(found >= expected && found <= expected * 9 / 8, "{found:?}");
        }
        assert_eq!(latency.summary(now + Duration::from_secs(59)), summary);
        let later = latency.summary(now + Duration::from_secs(61));
        assert_eq!(later, Summary::default());
    }

    #[test]
    fn every_time_has_a_place() {
        for micros in [0, 1, 2, 7, 8, 9, 1 << 20, u64::MAX] {
            let took = Duration::from_micros(micros);
            assert!(place(took) < STEPS * DOUBLINGS);
        }
    }
}
