//! Which library this is.

use std::ffi::{CStr, c_char, c_int};

use crate::transport::libzmq_version;

const fn number(text: &str) -> u32 {
    let mut value = 0;
    let bytes = text.as_bytes();
    let mut index = 0;
    while index < bytes.len() {
        value = value * 10 + (bytes[index] - b'0') as u32;
        index += 1;
    }
    value
}

const NUMBER: u32 = number(env!("CARGO_PKG_VERSION_MAJOR")) * 10_000
    + number(env!("CARGO_PKG_VERSION_MINOR")) * 100
    + number(env!("CARGO_PKG_VERSION_PATCH"));

const TEXT: &CStr =
    match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
        Ok(text) => text,
        Err(_) => panic!("the version has a NUL"),
    };

/// The library's version, such as "0.1.0". The text is static. Any thread may
/// call this.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_version() -> *const c_char {
    TEXT.as_ptr()
}

/// The library's version as a number that can be compared: major * 10000 +
/// minor * 100 + patch. Any thread may call this.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_version_number() -> u32 {
    NUMBER
}

/// The version of the libzmq that is loaded, each part where its pointer is not
/// NULL. Any thread may call this.
///
/// # Safety
/// Each pointer is NULL or has room for its value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_libzmq_version(
    major: *mut c_int,
    minor: *mut c_int,
    patch: *mut c_int,
) {
    let found = libzmq_version();
    for (output, value) in [(major, found.0), (minor, found.1), (patch, found.2)] {
        if !output.is_null() {
            // SAFETY: not NULL, and with room, as the caller promises.
            unsafe { output.write(value) };
        }
    }
}
