//! What C hands in, checked.

use std::ffi::{CStr, c_char, c_void};

use super::gate::Failure;

/// A text argument.
///
/// # Safety
/// `pointer` is NULL or leads to a NUL-terminated text that stays through the
/// call.
pub unsafe fn text<'a>(name: &str, pointer: *const c_char) -> Result<&'a str, Failure> {
    if pointer.is_null() {
        return Err(Failure::argument(format!("{name} is NULL")));
    }
    // SAFETY: not NULL, and terminated, as the caller promises.
    unsafe { CStr::from_ptr(pointer) }
        .to_str()
        .map_err(|_| Failure::argument(format!("{name} is expected to be UTF-8")))
}

/// Bytes as an argument; NULL is fine for none.
///
/// # Safety
/// `pointer` leads to `size` bytes that stay, unchanged, through the call.
pub unsafe fn bytes<'a>(
    name: &str,
    pointer: *const c_void,
    size: usize,
) -> Result<&'a [u8], Failure> {
    if size == 0 {
        return Ok(&[]);
    }
    if pointer.is_null() {
        return Err(Failure::argument(format!(
            "{name} is NULL, with a size of {size}"
        )));
    }
    if size > isize::MAX.cast_unsigned() {
        return Err(Failure::argument(format!(
            "{name} has an impossible size, {size}"
        )));
    }
    // SAFETY: not NULL, a possible size, and readable, as the caller promises.
    Ok(unsafe { std::slice::from_raw_parts(pointer.cast(), size) })
}

/// An output, written on success alone.
pub struct Output<T>(*mut T);

impl<T> Output<T> {
    /// Refuses NULL.
    ///
    /// # Safety
    /// `pointer` is NULL or has room for a `T` through the call.
    pub unsafe fn new(name: &str, pointer: *mut T) -> Result<Self, Failure> {
        if pointer.is_null() {
            return Err(Failure::argument(format!("{name} is NULL")));
        }
        Ok(Self(pointer))
    }

    pub fn write(self, value: T) {
        // SAFETY: whoever made it promised the room; what C has there needs no
        // drop.
        unsafe { self.0.write(value) }
    }
}
