//! Many times in little room. Times are counted in classes that are at most 1/64 of
//! their value wide, so a percentile is exact to 1.6 %; the largest one is kept as
//! it is.

use std::time::Duration;

/// Classes for each doubling.
const FINE: u32 = 6;

#[derive(Clone, Default)]
pub struct Histogram {
    classes: Vec<u64>,
    count: u64,
    most: u64,
    sum: u128,
}

impl Histogram {
    pub fn add(&mut self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let class = class_of(nanoseconds);
        if self.classes.len() <= class {
            self.classes.resize(class + 1, 0);
        }
        self.classes[class] += 1;
        self.count += 1;
        self.most = self.most.max(nanoseconds);
        self.sum += u128::from(nanoseconds);
    }

    pub fn merge(&mut self, other: &Self) {
        if self.classes.len() < other.classes.len() {
            self.classes.resize(other.classes.len(), 0);
        }
        for (mine, theirs) in self.classes.iter_mut().zip(&other.classes) {
            *mine += theirs;
        }
        self.count += other.count;
        self.most = self.most.max(other.most);
        self.sum += other.sum;
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn most(&self) -> Duration {
        Duration::from_nanos(self.most)
    }

    /// Zero when there is none.
    pub fn mean(&self) -> Duration {
        let mean = self.sum.checked_div(self.count.into()).unwrap_or(0);
        Duration::from_nanos(u64::try_from(mean).unwrap_or(u64::MAX))
    }

    /// The time that so many of a thousand did not exceed.
    pub fn per_mille(&self, mille: u64) -> Duration {
        let rank = (u128::from(self.count) * u128::from(mille)).div_ceil(1000);
        let mut seen = 0;
        for (class, count) in self.classes.iter().enumerate() {
            seen += u128::from(*count);
            if seen >= rank {
                return Duration::from_nanos(largest_in(class).min(self.most));
            }
        }
        self.most()
    }
}

/// Below 2^FINE every value is a class; from there on, each doubling has 2^FINE.
#[allow(clippy::cast_possible_truncation)] // It is below 2^13.
fn class_of(value: u64) -> usize {
    let doublings = value.checked_ilog2().unwrap_or(0).saturating_sub(FINE);
    let fine = value >> doublings;
    ((u64::from(doublings) << FINE) + fine) as usize
}

fn largest_in(class: usize) -> u64 {
    let class = class as u64;
    let doublings = (class >> FINE).saturating_sub(1);
    let fine = class - (doublings << FINE);
    u64::try_from(((u128::from(fine) + 1) << doublings) - 1).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_in_its_class() {
        let mut last = 0;
        for shift in 0..64 {
            for value in [
                1_u64 << shift,
                (1 << shift) + (1 << shift) / 3,
                u64::MAX >> (63 - shift),
            ] {
                let class = class_of(value);
                assert!(class >= last, "{value}");
                last = class;
                let largest = largest_in(class);
                assert!(largest >= value, "{value}: {largest}");
                assert!(largest - value <= value / 64, "{value}: {largest}");
                if class > 0 {
                    assert!(largest_in(class - 1) < value);
                }
            }
        }
    }

    #[test]
    fn percentiles_of_a_thousand() {
        let mut one = Histogram::default();
        let mut other = Histogram::default();
        for milliseconds in 1..=1000 {
            let half = if milliseconds % 2 == 0 {
                &mut one
            } else {
                &mut other
            };
            half.add(Duration::from_millis(milliseconds));
        }
        one.merge(&other);
        assert_eq!(one.count(), 1000);
        assert_eq!(one.mean(), Duration::from_micros(500_500));
        assert_eq!(one.most(), Duration::from_secs(1));
        assert_eq!(one.per_mille(1000), one.most());
        for mille in [1, 500, 900, 990, 999] {
            let exact = Duration::from_millis(mille);
            let told = one.per_mille(mille);
            assert!(told >= exact && told <= exact.mul_f64(1.016), "{told:?}");
        }
    }

    #[test]
    fn nothing_has_no_times() {
        assert_eq!(Histogram::default().per_mille(990), Duration::ZERO);
        assert_eq!(Histogram::default().mean(), Duration::ZERO);
    }
}
