//! The shortest form of every type, appended to a `Vec`.
//!
//! rmp's functions return an error because a writer may fail; a `Vec` can't, so
//! these drop it.

use rmp::{Marker, encode};

use super::malformed::Malformed;

// The first bytes that hold a length: rmp's `to_u8` is a function that is not inlined.
const FIXSTR: u8 = Marker::FixStr(0).to_u8();
const FIXARRAY: u8 = Marker::FixArray(0).to_u8();
const FIXMAP: u8 = Marker::FixMap(0).to_u8();
const STR16: u8 = Marker::Str16.to_u8();
const NULL: u8 = Marker::Null.to_u8();
const FALSE: u8 = Marker::False.to_u8();
const TRUE: u8 = Marker::True.to_u8();
const U8: u8 = Marker::U8.to_u8();
const U16: u8 = Marker::U16.to_u8();
const F64: u8 = Marker::F64.to_u8();

#[inline]
pub(crate) fn nil(out: &mut Vec<u8>) {
    out.push(NULL);
}

#[inline]
pub(crate) fn boolean(out: &mut Vec<u8>, value: bool) {
    out.push(if value { TRUE } else { FALSE });
}

#[inline]
pub(crate) fn integer(out: &mut Vec<u8>, value: i64) {
    // Most integers are small: rmp would come to the same bytes by a longer way.
    if let Ok(small @ -32..) = i8::try_from(value) {
        out.push(small.cast_unsigned());
    } else if let Ok(small) = u8::try_from(value) {
        out.extend_from_slice(&[U8, small]);
    } else if let Ok(small) = u16::try_from(value) {
        let [a, b] = small.to_be_bytes();
        out.extend_from_slice(&[U16, a, b]);
    } else {
        let _ = encode::write_sint(out, value);
    }
}

pub(crate) fn unsigned(out: &mut Vec<u8>, value: u64) {
    let _ = encode::write_uint(out, value);
}

pub(crate) fn float32(out: &mut Vec<u8>, value: f32) {
    let _ = encode::write_f32(out, value);
}

#[inline]
pub(crate) fn float64(out: &mut Vec<u8>, value: f64) {
    let mut bytes = [F64; 9];
    if let Some((_, digits)) = bytes.split_first_chunk_mut::<1>() {
        digits.copy_from_slice(&value.to_be_bytes());
    }
    out.extend_from_slice(&bytes);
}

#[inline]
pub(crate) fn text(out: &mut Vec<u8>, value: &[u8]) -> Result<(), Malformed> {
    if let Ok(length @ 0..32) = u8::try_from(value.len()) {
        out.push(FIXSTR | length);
        short(out, value);
    } else {
        let _ = encode::write_str_len(out, length(value)?);
        out.extend_from_slice(value);
    }
    Ok(())
}

/// Appends a string of 32 to 255 bytes as those do who know no str8.
pub(crate) fn text_without_str8(out: &mut Vec<u8>, value: &[u8]) {
    let [_, _, high, low] = u32::try_from(value.len()).unwrap_or_default().to_be_bytes();
    out.extend_from_slice(&[STR16, high, low]);
    out.extend_from_slice(value);
}

/// Appends what is shorter than 32 bytes, without a call of memcpy, which would
/// take longer than the copy.
#[inline]
fn short(out: &mut Vec<u8>, bytes: &[u8]) {
    if !(ends::<16>(out, bytes) || ends::<8>(out, bytes) || ends::<4>(out, bytes)) {
        for byte in bytes {
            out.push(*byte);
        }
    }
}

/// Appends N to 2 N bytes: the first N, then over them the last N.
#[inline]
fn ends<const N: usize>(out: &mut Vec<u8>, bytes: &[u8]) -> bool {
    let (Some(first), Some(last)) = (bytes.first_chunk::<N>(), bytes.last_chunk::<N>()) else {
        return false;
    };
    let start = out.len();
    out.extend_from_slice(first);
    out.truncate(start + bytes.len() - N);
    out.extend_from_slice(last);
    true
}

pub(crate) fn binary(out: &mut Vec<u8>, value: &[u8]) -> Result<(), Malformed> {
    let _ = encode::write_bin_len(out, length(value)?);
    out.extend_from_slice(value);
    Ok(())
}

pub(crate) fn extension(out: &mut Vec<u8>, kind: i8, payload: &[u8]) -> Result<(), Malformed> {
    let _ = encode::write_ext_meta(out, length(payload)?, kind);
    out.extend_from_slice(payload);
    Ok(())
}

#[inline]
pub(crate) fn array(out: &mut Vec<u8>, values: u32) {
    match u8::try_from(values) {
        Ok(few @ 0..16) => out.push(FIXARRAY | few),
        _ => {
            let _ = encode::write_array_len(out, values);
        }
    }
}

#[inline]
pub(crate) fn map(out: &mut Vec<u8>, pairs: u32) {
    match u8::try_from(pairs) {
        Ok(few @ 0..16) => out.push(FIXMAP | few),
        _ => {
            let _ = encode::write_map_len(out, pairs);
        }
    }
}

fn length(payload: &[u8]) -> Result<u32, Malformed> {
    u32::try_from(payload.len()).map_err(|_| Malformed::TooLarge {
        size: payload.len(),
        limit: u32::MAX as usize,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_are_those_of_rmp() {
        let source: Vec<u8> = (0..70).collect();
        for size in 0..source.len() {
            let mut expected = b"before".to_vec();
            encode::write_str_len(&mut expected, length(&source[..size]).unwrap()).unwrap();
            expected.extend_from_slice(&source[..size]);
            let mut out = b"before".to_vec();
            text(&mut out, &source[..size]).unwrap();
            assert_eq!(out, expected, "{size}");
            let count = u32::try_from(size).unwrap();
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            array(&mut ours, count);
            map(&mut ours, count);
            encode::write_array_len(&mut theirs, count).unwrap();
            encode::write_map_len(&mut theirs, count).unwrap();
            assert_eq!(ours, theirs, "{size}");
        }
        for power in 0..63 {
            for value in [
                1_i64 << power,
                (1 << power) - 1,
                -(1 << power),
                -(1 << power) - 1,
            ] {
                let (mut ours, mut theirs) = (Vec::new(), Vec::new());
                integer(&mut ours, value);
                encode::write_sint(&mut theirs, value).unwrap();
                assert_eq!(ours, theirs, "{value}");
            }
        }
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        float64(&mut ours, 0.1);
        boolean(&mut ours, true);
        boolean(&mut ours, false);
        nil(&mut ours);
        encode::write_f64(&mut theirs, 0.1).unwrap();
        encode::write_bool(&mut theirs, true).unwrap();
        encode::write_bool(&mut theirs, false).unwrap();
        encode::write_nil(&mut theirs).unwrap();
        assert_eq!(ours, theirs);
    }
}
