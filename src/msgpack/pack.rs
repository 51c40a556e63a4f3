//! The shortest form of every type, appended to a `Vec`.
//!
//! rmp's functions return an error because a writer may fail; a `Vec` can't, so
//! these drop it.

use rmp::encode;

use super::malformed::Malformed;

pub(crate) fn nil(out: &mut Vec<u8>) {
    let _ = encode::write_nil(out);
}

pub(crate) fn boolean(out: &mut Vec<u8>, value: bool) {
    let _ = encode::write_bool(out, value);
}

#[inline]
pub(crate) fn integer(out: &mut Vec<u8>, value: i64) {
    // Most integers are small: rmp would come to the same byte by a longer way.
    match i8::try_from(value) {
        Ok(small @ -32..) => out.push(small.cast_unsigned()),
        _ => {
            let _ = encode::write_sint(out, value);
        }
    }
}

pub(crate) fn unsigned(out: &mut Vec<u8>, value: u64) {
    let _ = encode::write_uint(out, value);
}

pub(crate) fn float32(out: &mut Vec<u8>, value: f32) {
    let _ = encode::write_f32(out, value);
}

pub(crate) fn float64(out: &mut Vec<u8>, value: f64) {
    let _ = encode::write_f64(out, value);
}

pub(crate) fn text(out: &mut Vec<u8>, value: &[u8]) -> Result<(), Malformed> {
    let _ = encode::write_str_len(out, length(value)?);
    out.extend_from_slice(value);
    Ok(())
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

pub(crate) fn array(out: &mut Vec<u8>, values: u32) {
    let _ = encode::write_array_len(out, values);
}

pub(crate) fn map(out: &mut Vec<u8>, pairs: u32) {
    let _ = encode::write_map_len(out, pairs);
}

fn length(payload: &[u8]) -> Result<u32, Malformed> {
    u32::try_from(payload.len()).map_err(|_| Malformed::TooLarge {
        size: payload.len(),
        limit: u32::MAX as usize,
    })
}
