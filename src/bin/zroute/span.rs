//! Spans of time as people write them: `250ms`, `2s`, `1.5`, `3m`.

use std::time::Duration;

/// A number and `us`, `ms`, `s`, `m` or `h`; without a unit it is seconds.
pub fn parse(text: &str) -> Result<Duration, String> {
    const LONGEST: f64 = 86_400.0 * 24.0;
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..).unwrap_or_default() {
        "us" => 1e-6,
        "ms" => 1e-3,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        other => return Err(format!("'{other}' is none of us, ms, s, m, h")),
    };
    let number: f64 = digits
        .parse()
        .map_err(|_| "expected a number and a unit, such as 250ms or 2s".to_string())?;
    let seconds = number * unit;
    if !(0.0..=LONGEST).contains(&seconds) {
        return Err("expected a span from 0 to 24 days".to_string());
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// As `parse`, but not 0.
pub fn parse_some(text: &str) -> Result<Duration, String> {
    match parse(text)? {
        Duration::ZERO => Err("expected a span that is longer than 0".to_string()),
        span => Ok(span),
    }
}

/// A span in the unit that fits it, with three digits: `12.3 ms`.
pub fn show(span: Duration) -> String {
    let seconds = span.as_secs_f64();
    let (number, unit) = match seconds {
        s if s < 1e-3 => (s * 1e6, "µs"),
        s if s < 1.0 => (s * 1e3, "ms"),
        s => (s, "s"),
    };
    match number {
        n if n < 10.0 => format!("{n:.2} {unit}"),
        n if n < 100.0 => format!("{n:.1} {unit}"),
        n => format!("{n:.0} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read() {
        for (text, milliseconds) in [
            ("250ms", 250.0),
            ("2s", 2000.0),
            ("1.5", 1500.0),
            ("3m", 180_000.0),
            ("1h", 3_600_000.0),
            ("500us", 0.5),
            ("0", 0.0),
        ] {
            assert_eq!(
                parse(text).unwrap(),
                Duration::from_secs_f64(milliseconds / 1e3)
            );
        }
    }

    #[test]
    fn what_is_no_span_is_refused() {
        for text in ["", "s", "-1", "1d", "1e30", "nan", "inf", "1 s", "ms1"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse_some("0ms").is_err());
    }

    #[test]
    fn a_span_is_shown_in_its_unit() {
        assert_eq!(show(Duration::from_nanos(41_200)), "41.2 µs");
        assert_eq!(show(Duration::from_micros(1234)), "1.23 ms");
        assert_eq!(show(Duration::from_millis(123_456)), "123 s");
    }
}
