//! Values of a PHP program, read and built in place.
//!
//! | file | holds |
//! |---|---|
//! | `values` | where PHP's values lie, and single values to and fro |
//! | `objects` | the same with objects and references, as ext-msgpack has them |
//! | `exchange` | the batches of a server and a client |
//! | `frames` | the frames of a plain socket |
//!
//! What PHP is handed is built after the gate: PHP's allocator may leave by
//! `longjmp`, and then no frame between here and PHP may own anything.

mod exchange;
mod frames;
mod objects;
mod values;

use std::cell::RefCell;
use std::ffi::c_int;

use super::gate::{Failure, gate};
use super::status::{Status, zroute_status};
use crate::zend::{self, Unbuilt, Unpackable, Unsupported};

impl From<Unsupported> for Failure {
    fn from(error: Unsupported) -> Self {
        Self::new(Status::ZROUTE_UNSUPPORTED, error.to_string())
    }
}

impl From<Unbuilt> for Failure {
    fn from(error: Unbuilt) -> Self {
        match error {
            // The bytes were checked, so this is a defect.
            Unbuilt::Malformed(malformed) => malformed.into(),
            Unbuilt::Memory => Self::new(
                Status::ZROUTE_TOO_LARGE,
                "the value does not fit PHP's memory limit",
            ),
            Unbuilt::NoEngine => Unsupported::NoSlots.into(),
        }
    }
}

impl From<Unpackable> for Failure {
    fn from(error: Unpackable) -> Self {
        let status = match error {
            Unpackable::Foreign { .. } | Unpackable::TooDeep { endless: true, .. } => {
                Status::ZROUTE_NOT_PLAIN
            }
            Unpackable::TooDeep { .. } | Unpackable::TooManyNodes { .. } => {
                Status::ZROUTE_INVALID_VALUE
            }
            Unpackable::TooLarge { .. } => Status::ZROUTE_TOO_LARGE,
        };
        Self::new(status, error.to_string())
    }
}

thread_local! {
    /// What is on its way to PHP. It stays where it is while PHP builds values
    /// from it, borrowed by nobody.
    static LANDED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Beyond this the memory is given back with the next value.
const KEPT: usize = 1 << 20;

/// What is to become a value of PHP's. Owns nothing.
#[derive(Clone, Copy)]
struct Parcel {
    data: *const u8,
    size: usize,
}

impl Parcel {
    fn new(bytes: &[u8]) -> Self {
        Self {
            data: bytes.as_ptr(),
            size: bytes.len(),
        }
    }

    /// # Safety
    /// The bytes are there, and stay as they are for `'a`.
    unsafe fn bytes<'a>(self) -> &'a [u8] {
        // SAFETY: as the caller promises.
        unsafe { std::slice::from_raw_parts(self.data, self.size) }
    }
}

/// Finds out whether this process runs a PHP whose values this library can read
/// and build in place, without a format in between: PHP_VERSION_ID 80100 to
/// 80599, 64-bit Linux, PHP_DEBUG 0, thread-safe or not. `version` is PHP's
/// PHP_VERSION_ID and `debug` its PHP_DEBUG. Nothing but a look-up happens, so a
/// program that is not PHP may call this too.
///
/// ZROUTE_UNSUPPORTED when it does not; zroute_last_error tells why. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_zend_attach(version: u32, debug: c_int) -> zroute_status {
    gate("zroute_zend_attach", || {
        zend::attach(version, debug != 0)?;
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::c_void;

    use super::exchange::{
        zroute_zend_client_exchange, zroute_zend_server_answer, zroute_zend_server_exchange,
    };
    use super::frames::zroute_zend_frames;
    use super::objects::zroute_zend_objects;
    use super::values::zroute_zend_slots;
    use super::*;
    use crate::capi::last_error::zroute_last_error;

    fn text() -> String {
        let mut buffer = [0_u8; 256];
        // SAFETY: the buffer has the room that is said.
        let length = unsafe { zroute_last_error(buffer.as_mut_ptr().cast(), buffer.len()) };
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    #[test]
    fn outside_php_every_function_says_so() {
        let unsupported = Status::ZROUTE_UNSUPPORTED;
        assert_eq!(zroute_zend_attach(80_236, 0), unsupported);
        assert_eq!(
            text(),
            "zroute_zend_attach: this process does not export PHP's _emalloc"
        );
        let null: *mut c_void = std::ptr::null_mut();
        // SAFETY: the outputs have room, the texts end, and without slots nothing
        // else is touched.
        unsafe {
            let (a, none) = (c"a".as_ptr(), std::ptr::null());
            assert_eq!(zroute_zend_slots(a, a, a, a), unsupported);
            for [o, i, p, u] in [
                [none, a, a, a],
                [a, none, a, a],
                [a, a, none, a],
                [a, a, a, none],
            ] {
                assert_eq!(zroute_zend_slots(o, i, p, u), Status::ZROUTE_BAD_ARGUMENT);
            }
            assert_eq!(zroute_zend_objects(a, a, a, 1, 1), unsupported);
            assert_eq!(zroute_zend_frames(a, 0), unsupported);
            assert_eq!(zroute_zend_frames(none, 0), Status::ZROUTE_BAD_ARGUMENT);
            assert_eq!(zroute_zend_server_exchange(null.cast(), 1, 0), unsupported);
            assert_eq!(zroute_zend_server_answer(null.cast(), 1), unsupported);
            assert_eq!(
                zroute_zend_client_exchange(null.cast(), 0, -2, 0),
                unsupported
            );
        }
    }
}
