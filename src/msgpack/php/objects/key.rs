//! Map keys, and what PHP makes of those that it does not have.

/// A map's key.
pub(super) enum Key<'a> {
    Integer(i64),
    Text(&'a [u8]),
    /// An integer above PHP's largest: its digits.
    Digits(String),
    /// A nil that has lost its meaning: it does not stand first.
    Mark,
    /// Anything else: PHP's string of it, if it has one.
    Illegal(Option<String>),
}

/// Whether `unserialize()` takes it for a property's name: one that begins with a
/// NUL names a class, then a NUL, then the property.
pub(super) fn is_property(name: &[u8]) -> bool {
    match name.split_first() {
        Some((0, rest)) => rest
            .iter()
            .position(|byte| *byte == 0)
            .is_some_and(|class| class > 0 && class + 1 < rest.len()),
        _ => true,
    }
}

/// A float as PHP's strings have it, with the 14 digits of its default settings.
pub(super) fn float_key(value: f64) -> String {
    const DIGITS: i32 = 14;
    if value.is_nan() {
        return "NAN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "INF" } else { "-INF" }.to_owned();
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    if value == 0.0 {
        return format!("{sign}0");
    }
    let scientific = format!("{:.13e}", value.abs());
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let digits = mantissa.replace('.', "");
    let digits = digits.trim_end_matches('0');
    let point = exponent.parse::<i32>().unwrap_or_default() + 1;
    if !(-3..=DIGITS).contains(&point) {
        let (first, rest) = digits.split_at(1);
        let rest = if rest.is_empty() { "0" } else { rest };
        return format!("{sign}{first}.{rest}E{:+}", point - 1);
    }
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or_default());
    let length = i32::try_from(digits.len()).unwrap_or(DIGITS);
    if point <= 0 {
        format!("{sign}0.{}{digits}", zeros(-point))
    } else if point >= length {
        format!("{sign}{digits}{}", zeros(point - length))
    } else {
        let (whole, part) = digits.split_at(usize::try_from(point).unwrap_or_default());
        format!("{sign}{whole}.{part}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_php_does() {
        for (value, text) in [
            (1.5, "1.5"),
            (0.1, "0.1"),
            (-0.0, "-0"),
            (100.0, "100"),
            (1.0 / 3.0, "0.33333333333333"),
            (0.0001, "0.0001"),
            (0.00001, "1.0E-5"),
            (1e14, "1.0E+14"),
            (1e13, "10000000000000"),
            (-1.25e25, "-1.25E+25"),
            (f64::INFINITY, "INF"),
            (f64::NEG_INFINITY, "-INF"),
            (f64::NAN, "NAN"),
        ] {
            assert_eq!(float_key(value), text);
        }
    }

    #[test]
    fn names_of_properties_may_name_a_class() {
        for name in [&b""[..], b"a", b"a\0b", b"\0*\0a", b"\0App\\A\0b"] {
            assert!(is_property(name), "{}", name.escape_ascii());
        }
        for name in [&b"\0"[..], b"\0\0", b"\0\0a", b"\0a", b"\0a\0"] {
            assert!(!is_property(name), "{}", name.escape_ascii());
        }
    }
}
