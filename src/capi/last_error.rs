//! The thread's error text.

use std::cell::{Cell, RefCell};
use std::ffi::{c_char, c_int};

use crate::transport::plain::Errno;

thread_local! {
    static TEXT: RefCell<String> = const { RefCell::new(String::new()) };
    static NUMBER: Cell<c_int> = const { Cell::new(0) };
}

pub(super) fn set(text: String, number: c_int) {
    NUMBER.set(number);
    // A thread that is ending has no text any more, and nobody to read it.
    let _ = TEXT.try_with(|cell| cell.replace(text));
}

/// Copies the text of this thread's latest failure into `buffer`: always
/// NUL-terminated, and cut where it does not fit. Returns the length of the
/// whole text in bytes without its NUL, so a return of `capacity` or more
/// means that it was cut. A success leaves the text of the failure before it.
///
/// `buffer` may be NULL when `capacity` is 0. Any thread may call this.
///
/// # Safety
/// `buffer` has room for `capacity` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_last_error(buffer: *mut c_char, capacity: usize) -> usize {
    TEXT.try_with(|cell| {
        let text = cell.borrow();
        if !buffer.is_null() && capacity > 0 {
            let end = (0..=text.len().min(capacity - 1))
                .rev()
                .find(|end| text.is_char_boundary(*end))
                .unwrap_or(0);
            // SAFETY: the buffer has room for `capacity` bytes, as the caller
            // promises, and `end` is less; the text is another place.
            unsafe {
                std::ptr::copy_nonoverlapping(text.as_ptr(), buffer.cast(), end);
                *buffer.add(end) = 0;
            }
        }
        text.len()
    })
    .unwrap_or(0)
}

/// libzmq's error number behind this thread's latest failure, such as EAGAIN;
/// 0 when it was none of libzmq's. Only the plain sockets' functions set it.
///
/// Any thread may call this.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_last_error_number() -> c_int {
    NUMBER.get()
}

/// libzmq's words for an error number of libzmq's or the system's.
///
/// The text is static. Any thread may call this.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_error_number_text(number: c_int) -> *const c_char {
    Errno(number).text().as_ptr()
}
