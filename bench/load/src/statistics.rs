//! Medians, spreads and percentiles.

/// One figure over several rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// The middle value, or the mean of the two middle ones.
    pub median: f64,
    /// The smallest value.
    pub min: f64,
    /// The largest value.
    pub max: f64,
}

impl Summary {
    /// Sums up finite values; nothing for no values.
    pub fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let above = sorted.len() / 2;
        let below = (sorted.len() - 1) / 2;
        Some(Self {
            median: f64::midpoint(sorted[below], sorted[above]),
            min,
            max,
        })
    }

    /// Half the distance from the smallest to the largest value, as a share of the median.
    pub fn spread(&self) -> f64 {
        (self.max - self.min) / 2.0 / self.median
    }
}

/// The smallest value that at least `percent` percent of the values do not exceed
/// (the nearest-rank percentile). Nothing for no values.
pub fn percentile<T: Copy + Ord>(values: &mut [T], percent: usize) -> Option<T> {
    let rank = (values.len() * percent).div_ceil(100).max(1);
    if rank > values.len() {
        return None;
    }
    let (_, value, _) = values.select_nth_unstable(rank - 1);
    Some(*value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_odd_count_is_the_middle_value() {
        let summary = Summary::of(&[9.0, 1.0, 2.0]).expect("values");
        assert_eq!(
            summary,
            Summary {
                median: 2.0,
                min: 1.0,
                max: 9.0
            }
        );
    }

    #[test]
    fn the_median_of_an_even_count_is_between_the_middle_values() {
        let summary = Summary::of(&[4.0, 1.0, 2.0, 100.0]).expect("values");
        assert!((summary.median - 3.0).abs() < 1e-12);
    }

    #[test]
    fn no_values_have_no_summary_and_no_percentile() {
        assert_eq!(Summary::of(&[]), None);
        assert_eq!(percentile::<u32>(&mut [], 50), None);
    }

    #[test]
    fn the_spread_is_half_the_range_relative_to_the_median() {
        let summary = Summary::of(&[90.0, 100.0, 130.0]).expect("values");
        assert!((summary.spread() - 0.2).abs() < 1e-12);
    }

    #[test]
    fn percentiles_are_values_that_occurred() {
        let mut values: Vec<u32> = (1..=200).rev().collect();
        assert_eq!(percentile(&mut values, 50), Some(100));
        assert_eq!(percentile(&mut values, 99), Some(198));
        assert_eq!(percentile(&mut values, 100), Some(200));
        assert_eq!(percentile(&mut [7], 99), Some(7));
    }
}
