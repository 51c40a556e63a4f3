//! Values between PHP's serialize format and MessagePack.

use std::cell::RefCell;
use std::ffi::{c_int, c_void};

use super::gate::{Failure, gate};
use super::pointer::{Output, bytes};
use super::status::{Status, zroute_status};
use crate::msgpack::php::{from_php, to_php};
use crate::msgpack::{Limits, scan};

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
    RESULT.with_borrow_mut(|result| {
        if result.capacity() > KEPT {
            *result = Vec::new();
        }
        result.clear();
        fill(result)?;
        data.write(result.as_ptr().cast());
        size.write(result.len());
        Ok(())
    })
}

/// Turns what PHP's serialize() wrote into MessagePack. The result is
/// borrowed: it is good until this thread's next zroute_php_pack or
/// zroute_php_unpack.
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
/// borrowed: it is good until this thread's next zroute_php_pack or
/// zroute_php_unpack.
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
