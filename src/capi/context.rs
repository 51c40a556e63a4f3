//! Contexts of plain sockets.

use std::ffi::{c_char, c_void};

use super::gate::{Failure, gate};
use super::handle::{self, Object};
use super::pointer::{Output, text};
use super::status::{Status, zroute_status};
use crate::socket::{Context, Ended, context_option};

/// What plain sockets of one process share: sockets of one context can talk
/// over inproc.
pub struct zroute_context {
    _opaque: [u8; 0],
}

impl Object for Context {
    const KIND: u8 = 8;
    const NAME: &'static str = "zroute_context";
}

const WAIT: &str = "wait_ms";

fn option(name: &str) -> Result<i32, Failure> {
    context_option(name).ok_or_else(|| {
        Failure::new(
            Status::ZROUTE_BAD_OPTION,
            format!("no option of a context is called '{name}'; expected ZMQ_IO_THREADS, ZMQ_MAX_SOCKETS, … or {WAIT}"),
        )
    })
}

/// Makes a context. Its threads start with its first socket. Free it with
/// zroute_context_free.
///
/// Any thread. Several threads may make sockets in one context.
///
/// # Safety
/// `context` is NULL or has room for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_context_new(context: *mut *mut zroute_context) -> zroute_status {
    gate("zroute_context_new", || {
        // SAFETY: as the caller promises.
        let output = unsafe { Output::new("context", context)? };
        output.write(handle::insert(Context::new()?)?.cast());
        Ok(())
    })
}

/// Sets an option of a context by libzmq's name, such as ZMQ_IO_THREADS, before
/// its first socket. `wait_ms` is ours: for how many milliseconds in all
/// zroute_context_free waits for what the linger of its sockets still holds; -1,
/// the default, is without a bound.
///
/// ZROUTE_BAD_OPTION when no option has this name, or it does not take the value.
///
/// # Safety
/// `name` is NULL or a NUL-terminated text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_context_set(
    context: *mut zroute_context,
    name: *const c_char,
    value: i64,
) -> zroute_status {
    gate("zroute_context_set", || {
        let context = handle::enter_shared::<Context>(context.cast::<c_void>())?;
        // SAFETY: as the caller promises.
        let name = unsafe { text("name", name)? };
        if name == WAIT {
            if value < -1 {
                return Err(Failure::new(
                    Status::ZROUTE_BAD_OPTION,
                    format!("{WAIT} is expected to be -1 or more, got {value}"),
                ));
            }
            context.set_wait(value);
            return Ok(());
        }
        let number = option(name)?;
        let refused = |reason: &str| {
            Failure::new(
                Status::ZROUTE_BAD_OPTION,
                format!("{name} does not take {value}: {reason}"),
            )
        };
        let value =
            i32::try_from(value).map_err(|_| refused("out of range").numbered(libc::EINVAL))?;
        context
            .set(number, value)
            .map_err(|errno| refused(&errno.to_string()).numbered(errno.0))
    })
}

/// An option of a context by libzmq's name, or `wait_ms`.
///
/// ZROUTE_BAD_OPTION when there is no such option, or it cannot be read.
///
/// # Safety
/// `name` is NULL or a NUL-terminated text; `value` is NULL or has room for its
/// value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_context_get(
    context: *const zroute_context,
    name: *const c_char,
    value: *mut i64,
) -> zroute_status {
    gate("zroute_context_get", || {
        let context = handle::enter_shared::<Context>(context.cast::<c_void>())?;
        // SAFETY: as the caller promises.
        let (name, value) = unsafe { (text("name", name)?, Output::new("value", value)?) };
        if name == WAIT {
            value.write(context.wait());
            return Ok(());
        }
        let number = option(name)?;
        let found = context.get(number).map_err(|errno| {
            Failure::new(
                Status::ZROUTE_BAD_OPTION,
                format!("{name} cannot be read: {errno}"),
            )
            .numbered(errno.0)
        })?;
        value.write(i64::from(found));
        Ok(())
    })
}

/// Ends every call that waits in one of its sockets, and every later one, with
/// ZROUTE_STOPPED. Any thread, while others are inside the sockets.
///
/// # Safety
/// None beyond the contract of handles.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_context_shutdown(context: *const zroute_context) -> zroute_status {
    gate("zroute_context_shutdown", || {
        let context = handle::enter_shared::<Context>(context.cast::<c_void>())?;
        Ok(context.shut_down()?)
    })
}

/// Frees a context. With sockets open, it returns at once and the last socket to
/// be freed ends the context; else it ends here: waits for what its closed
/// sockets still have to send, as long as their linger says, and `wait_ms` at
/// most. NULL is fine.
///
/// ZROUTE_TIMEOUT when `wait_ms` was over: the handle is freed, and what is left
/// goes out while the process lives. ZROUTE_INTERRUPTED when a signal came: the
/// handle is good, call again to wait on.
///
/// # Safety
/// None beyond the contract of handles.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_context_free(context: *mut zroute_context) -> zroute_status {
    gate("zroute_context_free", || {
        if context.is_null() {
            return Ok(());
        }
        let context = handle::enter_shared::<Context>(context.cast::<c_void>())?;
        let ended = context.end()?;
        let context = context.remove();
        match ended {
            Ended::Done => drop(context),
            // A socket may have been freed since the look: then it is ended here
            // or there, by whoever is last.
            Ended::Later => match context.leave() {
                Ended::GivenUp => return Err(given_up()),
                Ended::Done | Ended::Later => {}
            },
            Ended::GivenUp => return Err(given_up()),
        }
        Ok(())
    })
}

pub(super) fn given_up() -> Failure {
    Failure::new(
        Status::ZROUTE_TIMEOUT,
        "wait_ms was over before everything was sent; what is left goes out while the process lives",
    )
}
