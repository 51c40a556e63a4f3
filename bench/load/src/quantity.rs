//! Figures as people read them.

/// Three significant digits with k or M: `47.5 k`, `1.24 M`.
pub fn count(value: f64) -> String {
    if value >= 999_500.0 {
        format!("{} M", significant(value / 1e6))
    } else if value >= 999.5 {
        format!("{} k", significant(value / 1e3))
    } else {
        significant(value)
    }
}

/// Three significant digits, no more than two of them after the point.
pub fn significant(value: f64) -> String {
    if value >= 99.95 {
        format!("{value:.0}")
    } else if value >= 9.995 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

/// A figure without the zeros at the end of its decimals: `2.50 M` is `2.5 M`.
pub fn without_zeros(figure: &str) -> String {
    let (number, unit) = figure.split_at(figure.find(' ').unwrap_or(figure.len()));
    let number = if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        number
    };
    format!("{number}{unit}")
}

/// How many times better: `1.52×`.
pub fn times(ratio: f64) -> String {
    format!("{}×", significant(ratio))
}

/// A share as a whole percentage.
pub fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_three_digits_and_a_unit() {
        assert_eq!(count(0.5), "0.50");
        assert_eq!(count(999.4), "999");
        assert_eq!(count(999.9), "1.00 k");
        assert_eq!(count(47_512.0), "47.5 k");
        assert_eq!(count(607_000.0), "607 k");
        assert_eq!(count(999_600.0), "1.00 M");
        assert_eq!(count(1_240_000.0), "1.24 M");
    }

    #[test]
    fn rounding_up_does_not_add_a_digit() {
        assert_eq!(significant(9.996), "10.0");
        assert_eq!(significant(99.97), "100");
    }

    #[test]
    fn only_zeros_that_say_nothing_are_left_out() {
        for (figure, expected) in [
            ("2.50 M", "2.5 M"),
            ("15.0 k", "15 k"),
            ("0.00", "0"),
            ("500 k", "500 k"),
            ("100", "100"),
        ] {
            assert_eq!(without_zeros(figure), expected);
        }
    }

    #[test]
    fn ratios_and_shares_carry_their_sign() {
        assert_eq!(times(1.517), "1.52×");
        assert_eq!(percent(0.034), "3 %");
    }
}
