//! The tokens of PHP's serialize format, as they are written.

#[inline]
pub(super) fn nil(out: &mut Vec<u8>) {
    out.extend_from_slice(b"N;");
}

#[inline]
pub(super) fn boolean(out: &mut Vec<u8>, value: bool) {
    out.extend_from_slice(if value { b"b:1;" } else { b"b:0;" });
}

#[inline]
pub(super) fn integer(out: &mut Vec<u8>, value: i64) {
    if !short(out, &INTEGERS, value) {
        long(out, b"i:", value, b";");
    }
}

pub(super) fn float(out: &mut Vec<u8>, value: f64) {
    out.extend_from_slice(b"d:");
    if value.is_finite() {
        // The shortest digits that give the same bits back.
        let mut digits = ryu::Buffer::new();
        out.extend_from_slice(digits.format_finite(value).as_bytes());
    } else if value.is_nan() {
        out.extend_from_slice(b"NAN");
    } else if value > 0.0 {
        out.extend_from_slice(b"INF");
    } else {
        out.extend_from_slice(b"-INF");
    }
    out.push(b';');
}

#[inline]
pub(super) fn string(out: &mut Vec<u8>, value: &[u8]) {
    if !short(out, &STRINGS, value.len()) {
        long(out, b"s:", value.len(), b":\"");
    }
    out.extend_from_slice(value);
    out.extend_from_slice(b"\";");
}

/// Up to the first key; a `}` goes after the last value.
#[inline]
pub(super) fn array(out: &mut Vec<u8>, entries: u32) {
    if !short(out, &ARRAYS, entries) {
        long(out, b"a:", entries, b":{");
    }
}

/// Up to the first key; a `}` goes after the last value.
#[inline]
pub(super) fn object(out: &mut Vec<u8>, class: &[u8], properties: u32) {
    quoted(out, b"O:", class);
    long(out, b":", properties, b":{");
}

/// An object whose class reads `payload` itself.
pub(super) fn custom_object(out: &mut Vec<u8>, class: &[u8], payload: &[u8]) {
    quoted(out, b"C:", class);
    long(out, b":", payload.len(), b":{");
    out.extend_from_slice(payload);
    out.push(b'}');
}

/// A case of an enum.
pub(super) fn enum_case(out: &mut Vec<u8>, class: &[u8], case: &[u8]) {
    long(out, b"E:", class.len() + 1 + case.len(), b":\"");
    out.extend_from_slice(class);
    out.push(b':');
    out.extend_from_slice(case);
    out.extend_from_slice(b"\";");
}

/// The value of slot `slot` again, as a reference: both become one.
pub(super) fn reference(out: &mut Vec<u8>, slot: usize) {
    long(out, b"R:", slot, b";");
}

/// The object of slot `slot` again.
pub(super) fn same_object(out: &mut Vec<u8>, slot: usize) {
    long(out, b"r:", slot, b";");
}

#[inline]
fn quoted(out: &mut Vec<u8>, before: &[u8], text: &[u8]) {
    long(out, before, text.len(), b":\"");
    out.extend_from_slice(text);
    out.push(b'"');
}

/// A number and what surrounds it, ready to copy; the last byte is the length.
///
/// Most numbers are small, and eight bytes at once are copied faster than two.
type Short = [u8; 8];

static INTEGERS: [Short; 128] = shorts(*b"i:", b";");
static STRINGS: [Short; 128] = shorts(*b"s:", b":\"");
static ARRAYS: [Short; 128] = shorts(*b"a:", b":{");

const fn shorts(before: [u8; 2], after: &[u8]) -> [Short; 128] {
    let mut table = [[0; 8]; 128];
    let mut number = 0;
    while number < table.len() {
        let mut short = [before[0], before[1], 0, 0, 0, 0, 0, 2];
        let mut unit = if number > 99 {
            100
        } else if number > 9 {
            10
        } else {
            1
        };
        while unit > 0 {
            #[allow(clippy::cast_possible_truncation)] // A digit.
            push(&mut short, b'0' + (number / unit % 10) as u8);
            unit /= 10;
        }
        let mut index = 0;
        while index < after.len() {
            push(&mut short, after[index]);
            index += 1;
        }
        table[number] = short;
        number += 1;
    }
    table
}

const fn push(short: &mut Short, byte: u8) {
    short[short[7] as usize] = byte;
    short[7] += 1;
}

/// Writes a number with what surrounds it, if the table has it.
#[inline]
fn short(out: &mut Vec<u8>, table: &[Short; 128], value: impl TryInto<usize>) -> bool {
    let Some(short) = value.try_into().ok().and_then(|value| table.get(value)) else {
        return false;
    };
    let end = out.len() + usize::from(short[7]);
    out.extend_from_slice(short);
    out.truncate(end);
    true
}

fn long(out: &mut Vec<u8>, before: &[u8], value: impl itoa::Integer, after: &[u8]) {
    let mut digits = itoa::Buffer::new();
    out.extend_from_slice(before);
    out.extend_from_slice(digits.format(value).as_bytes());
    out.extend_from_slice(after);
}
