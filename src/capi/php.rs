//! Values between PHP's serialize format and MessagePack.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ffi::{c_int, c_void};

use super::gate::{Failure, gate};
use super::pointer::{Output, bytes};
use super::status::{Status, zroute_status};
use crate::msgpack::php::objects::{self, Allowed, Known, Packed, Settings};
use crate::msgpack::php::{from_php, to_php};
use crate::msgpack::{Limits, Malformed, scan, skim};

thread_local! {
    /// The latest result, borrowed by the caller until the next.
    static RESULT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Beyond this the memory of a result is given back with the next one.
const KEPT: usize = 1 << 20;

fn fill(
    fill: impl FnOnce(&mut Vec<u8>) -> Result<(), Failure>,
    data: Output<*const c_void>,
    size: Output<usize>,
) -> Result<(), Failure> {
    with_result(|result| {
        fill(result)?;
        data.write(result.as_ptr().cast());
        size.write(result.len());
        Ok(())
    })
}

/// Turns what PHP's serialize() wrote into MessagePack. The result is
/// borrowed: it is good until this thread's next zroute_php function.
///
/// ZROUTE_NOT_PLAIN when the value holds an object other than stdClass, a
/// reference, or, unless `plain` is other than 0, a 0 inside an array, because
/// serialize() writes a resource as 0. ZROUTE_INVALID_VALUE when it is nested
/// too deep or is not what serialize() writes; ZROUTE_TOO_LARGE.
///
/// Any thread.
///
/// # Safety
/// `serialized` leads to `serialized_size` bytes; `data` and `size` are NULL
/// or have room for their values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_php_pack(
    serialized: *const c_void,
    serialized_size: usize,
    plain: c_int,
    data: *mut *const c_void,
    size: *mut usize,
) -> zroute_status {
    gate("zroute_php_pack", || {
        // SAFETY: as the caller promises.
        let (serialized, data, size) = unsafe {
            (
                bytes("serialized", serialized, serialized_size)?,
                Output::new("data", data)?,
                Output::new("size", size)?,
            )
        };
        let pack = |result: &mut Vec<u8>| {
            let notes = from_php(serialized, result, &Limits::default())?;
            let bare = serialized.starts_with(b"i:");
            if notes.zero && plain == 0 && !bare {
                return Err(Failure::new(
                    Status::ZROUTE_NOT_PLAIN,
                    "a 0 in it may stand for a resource",
                ));
            }
            Ok(())
        };
        fill(pack, data, size)
    })
}

/// Turns one MessagePack value into what PHP's unserialize() reads. Nothing
/// but null, bool, int, float, string and array can come of it. The result is
/// borrowed: it is good until this thread's next zroute_php function.
///
/// ZROUTE_INVALID_VALUE when the bytes are not one value within the default
/// limits, or hold what PHP has no plain value for: an extension, or a map key
/// that is neither integer nor string. ZROUTE_TOO_LARGE.
///
/// Any thread.
///
/// # Safety
/// `packed` leads to `packed_size` bytes; `data` and `size` are NULL or have
/// room for their values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_php_unpack(
    packed: *const c_void,
    packed_size: usize,
    data: *mut *const c_void,
    size: *mut usize,
) -> zroute_status {
    gate("zroute_php_unpack", || {
        // SAFETY: as the caller promises.
        let (packed, data, size) = unsafe {
            (
                bytes("packed", packed, packed_size)?,
                Output::new("data", data)?,
                Output::new("size", size)?,
            )
        };
        let unpack = |result: &mut Vec<u8>| {
            let limits = Limits::default();
            scan(packed, &limits)?;
            Ok(to_php(packed, result, &limits)?)
        };
        fill(unpack, data, size)
    })
}

/// A result for PHP, borrowed as the function says.
#[repr(C)]
#[derive(Clone, Copy)]
#[allow(non_camel_case_types)]
pub struct zroute_php_text {
    /// The result.
    pub data: *const c_void,
    /// Its size in bytes, names that follow it not counted.
    pub size: usize,
    /// How many bytes of names follow it, with a NUL between two.
    pub names_size: usize,
    /// What there is to be said about it, as bits.
    pub remarks: u32,
}

/// The names that remarks tell of go behind the result.
fn fill_text<N: AsRef<[u8]>>(
    result: &mut Vec<u8>,
    names: &[N],
    remarks: u32,
    text: Output<zroute_php_text>,
) {
    let size = result.len();
    for (index, name) in names.iter().enumerate() {
        if index > 0 {
            result.push(0);
        }
        result.extend_from_slice(name.as_ref());
    }
    text.write(zroute_php_text {
        data: result.as_ptr().cast(),
        size,
        names_size: result.len() - size,
        remarks,
    });
}

/// A name as C and PHP write it, each NUL as `\000`.
fn without_nul(name: &[u8]) -> Cow<'_, [u8]> {
    if !name.contains(&0) {
        return Cow::Borrowed(name);
    }
    let parts: Vec<_> = name.split(|byte| *byte == 0).collect();
    Cow::Owned(parts.join(&b"\\000"[..]))
}

fn with_result<T>(fill: impl FnOnce(&mut Vec<u8>) -> Result<T, Failure>) -> Result<T, Failure> {
    RESULT.with_borrow_mut(|result| {
        if result.capacity() > KEPT {
            *result = Vec::new();
        }
        result.clear();
        fill(result)
    })
}

/// Turns what PHP's serialize() wrote into the packed form of PHP's msgpack
/// extension, objects and references included. The result is borrowed: it is
/// good until this thread's next zroute_php function.
///
/// `settings` are bits: 1 php_only, 2 use_str8_serialization, 4 force_f32,
/// 8 assoc; 32 says that what Serializable classes wrote shares no numbers with
/// the text around it. `known` is what the text does not tell about classes, in PHP's
/// serialize format, pair after pair: a class's name and i:0;, or i:1; if it has
/// __serialize(), or i:2; if it has __sleep(); or "Enum:Case" and the case's
/// value, N; if it has none. Remark 1: classes or cases are not known; there is
/// no result, their names follow. Remark 2: the value holds an integer 0, which
/// may be a resource, because serialize() writes one so. Remark 4: it holds
/// references, or an object at several places. Remark 8: what a Serializable
/// class wrote may go with this text only. Remark 16: and may refer to what is
/// outside of it.
///
/// ZROUTE_INVALID_VALUE when it is nested more than 1024 deep or is not what
/// serialize() writes; ZROUTE_TOO_LARGE.
///
/// Any thread.
///
/// # Safety
/// `serialized` leads to `serialized_size` bytes, `known` to `known_size`;
/// `text` is NULL or has room for its value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_php_pack_objects(
    serialized: *const c_void,
    serialized_size: usize,
    settings: u32,
    known: *const c_void,
    known_size: usize,
    text: *mut zroute_php_text,
) -> zroute_status {
    gate("zroute_php_pack_objects", || {
        // SAFETY: as the caller promises.
        let (serialized, known, text) = unsafe {
            (
                bytes("serialized", serialized, serialized_size)?,
                bytes("known", known, known_size)?,
                Output::new("text", text)?,
            )
        };
        with_result(|result| {
            match objects::pack(serialized, result, Settings(settings), Known::new(known))? {
                Packed::Whole {
                    zero,
                    references,
                    shared,
                    inward,
                } => {
                    let remarks = [false, zero, references, shared, inward]
                        .iter()
                        .enumerate()
                        .fold(0, |remarks, (bit, set)| remarks | u32::from(*set) << bit);
                    fill_text::<&[u8]>(result, &[], remarks, text);
                }
                Packed::Unknown(names) => fill_text(result, &names, 1, text),
            }
            Ok(())
        })
    })
}

/// Turns the first value of `packed`, in the packed form of PHP's msgpack
/// extension, into what PHP's unserialize() reads. The result is borrowed: it
/// is good until this thread's next zroute_php function.
///
/// `settings` are bits: 1 php_only, 8 assoc, 16 illegal_key_insert. `allowed` are
/// the classes that the bytes may name, in lower case with NULs around, NULL for
/// any; an object of another class becomes a stdClass object. `enums` are those
/// known to be enums, each after a =, and known to be none, each after a !, with
/// NULs around. What would take PHP more than about `memory` bytes is refused, as
/// malformed.
///
/// Remarks: 1, the bytes are malformed; the result is which limit they
/// pass, if any. 2, the bytes
/// end too early; there is no result. 4, bytes follow the value. 8, a map key
/// is neither integer nor string. 16, a back reference leads nowhere. 32, the
/// result names classes other than stdClass. 64, it holds objects that read
/// themselves (Serializable). 128, classes were named that are not allowed; their
/// names follow, each NUL in one as `\000`. 256, classes are perhaps enums; their names follow, and the
/// result is good if none of them is. 512, it holds objects of stdClass.
///
/// Any thread.
///
/// # Safety
/// `packed` leads to `packed_size` bytes, `allowed` to `allowed_size`, `enums` to
/// `enums_size`; `text` is NULL or has room for its value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_php_unpack_objects(
    packed: *const c_void,
    packed_size: usize,
    settings: u32,
    allowed: *const c_void,
    allowed_size: usize,
    enums: *const c_void,
    enums_size: usize,
    memory: usize,
    text: *mut zroute_php_text,
) -> zroute_status {
    gate("zroute_php_unpack_objects", || {
        // SAFETY: as the caller promises.
        let (packed, names, enums, text) = unsafe {
            (
                bytes("packed", packed, packed_size)?,
                bytes(
                    "allowed",
                    allowed,
                    if allowed.is_null() { 0 } else { allowed_size },
                )?,
                bytes("enums", enums, enums_size)?,
                Output::new("text", text)?,
            )
        };
        let allowed = Allowed::new((!allowed.is_null()).then_some(names), enums);
        with_result(|result| {
            match objects::unpack(packed, result, Settings(settings), allowed, memory) {
                Ok(unpacked) => {
                    // NULs stand between names.
                    let names: Vec<_> = unpacked.names.into_iter().map(without_nul).collect();
                    fill_text(result, &names, unpacked.remarks.0, text);
                }
                Err(Malformed::Empty | Malformed::Truncated { .. }) => {
                    fill_text::<&[u8]>(result, &[], 2, text);
                }
                Err(Malformed::ReservedByte { .. }) => fill_text::<&[u8]>(result, &[], 1, text),
                Err(error) => {
                    result.extend_from_slice(error.to_string().as_bytes());
                    fill_text::<&[u8]>(result, &[], 1, text);
                }
            }
            Ok(())
        })
    })
}

/// Passes over bytes of a value that may not be there whole yet, from `offset` on:
/// `*left` is how many values are still missing, 1 at the start, 0 when it is
/// whole. `*read` is how many of these bytes belong to it; the next call goes on
/// where those end.
///
/// ZROUTE_BAD_ARGUMENT when `offset` is beyond the end; ZROUTE_INVALID_VALUE at the byte 0xc1, or when *left would pass 2^63.
///
/// Any thread. Takes no memory.
///
/// # Safety
/// `packed` leads to `packed_size` bytes; `left` and `read` are NULL or lead to
/// their values, and `left` holds one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_msgpack_skim(
    packed: *const c_void,
    packed_size: usize,
    offset: usize,
    left: *mut u64,
    read: *mut usize,
) -> zroute_status {
    gate("zroute_msgpack_skim", || {
        // SAFETY: as the caller promises.
        let (packed, missing, read) = unsafe {
            (
                bytes("packed", packed, packed_size)?,
                Output::new("left", left)?,
                Output::new("read", read)?,
            )
        };
        let packed = packed
            .get(offset..)
            .ok_or_else(|| Failure::argument(format!("offset {offset} is beyond the end")))?;
        // SAFETY: not NULL, as was just seen, and a value is there.
        let skimmed = skim(packed, unsafe { left.read() })?;
        missing.write(skimmed.left);
        read.write(skimmed.read);
        Ok(())
    })
}
