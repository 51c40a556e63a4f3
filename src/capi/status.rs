//! The numbers that functions return.

use std::ffi::{CStr, c_char};

/// What became of a call of this library. The numbers never change, and one
/// that is retired is never used again. Values over 0 are failures, or, from
/// 1 to 9, things that did not happen and may be asked for again.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum zroute_status {
    /// It is done, and the outputs are written.
    ZROUTE_OK = 0,
    /// The time was over before anything came.
    ZROUTE_TIMEOUT = 1,
    /// A signal ended the wait; nothing is lost, call again.
    ZROUTE_INTERRUPTED = 2,
    /// The server was asked to stop.
    ZROUTE_STOPPED = 3,
    /// There is nothing more to read or to collect.
    ZROUTE_END = 4,
    /// The caller of a stream takes no more items now.
    ZROUTE_WOULD_BLOCK = 5,
    /// A NULL, a text that is not UTF-8, or a number out of range.
    ZROUTE_BAD_ARGUMENT = 10,
    /// The handle names nothing: it is NULL, was freed, is of another type or
    /// never was a handle.
    ZROUTE_BAD_HANDLE = 11,
    /// Another thread is inside this handle.
    ZROUTE_BUSY = 12,
    /// The handle was made by the process that this one was forked from.
    ZROUTE_FORKED = 13,
    /// A defect in this library; the handle may be spoilt, the process is not.
    ZROUTE_PANIC = 14,
    /// More handles than this library can hold.
    ZROUTE_TOO_MANY_HANDLES = 15,
    /// Not here: the type of socket cannot do this, or libzmq has not this transport,
    /// or the process does not run a PHP whose values are known.
    ZROUTE_UNSUPPORTED = 16,
    /// The endpoint's text cannot be used.
    ZROUTE_BAD_ENDPOINT = 20,
    /// The endpoint could not be bound or connected.
    ZROUTE_UNREACHABLE = 21,
    /// No option has this name here, or it does not take this value.
    ZROUTE_BAD_OPTION = 22,
    /// The libzmq on this machine is too old.
    ZROUTE_OUTDATED_LIBZMQ = 23,
    /// The operating system refused something.
    ZROUTE_SYSTEM = 24,
    /// This cannot be done now: a REQ socket that waits for its answer does not
    /// send, a call that is answered with a stream takes no other answer, and a
    /// server that has bound nothing does not wait for calls for ever.
    ZROUTE_BAD_STATE = 25,
    /// The call was sent, and its connection was lost before an answer came: the
    /// function may have run.
    ZROUTE_OUTCOME_UNKNOWN = 26,
    /// The bytes are not one MessagePack value within the limits.
    ZROUTE_INVALID_VALUE = 30,
    /// The value is of another type than was asked for.
    ZROUTE_WRONG_TYPE = 31,
    /// The message is over the limit.
    ZROUTE_TOO_LARGE = 32,
    /// No open call has this token or id; each is answered, and collected, once.
    ZROUTE_UNKNOWN_CALL = 33,
    /// A map with the one key `__error__` is reserved for faults.
    ZROUTE_RESERVED_VALUE = 34,
    /// A PHP value has to be looked at in PHP: it holds an object, a
    /// reference, or a 0 that may stand for a resource.
    ZROUTE_NOT_PLAIN = 35,
    /// The call failed at the server: the fault tells how.
    ZROUTE_FAULT = 40,
    /// No server was connected in time; the function did not run.
    ZROUTE_NOT_CONNECTED = 41,
    /// What came from the server is no answer.
    ZROUTE_INVALID_ANSWER = 42,
}

pub(super) use zroute_status as Status;

impl Status {
    const ALL: [(Self, &'static CStr); 29] = {
        use zroute_status::{
            ZROUTE_BAD_ARGUMENT, ZROUTE_BAD_ENDPOINT, ZROUTE_BAD_HANDLE, ZROUTE_BAD_OPTION,
            ZROUTE_BAD_STATE, ZROUTE_BUSY, ZROUTE_END, ZROUTE_FAULT, ZROUTE_FORKED,
            ZROUTE_INTERRUPTED, ZROUTE_INVALID_ANSWER, ZROUTE_INVALID_VALUE, ZROUTE_NOT_CONNECTED,
            ZROUTE_NOT_PLAIN, ZROUTE_OK, ZROUTE_OUTCOME_UNKNOWN, ZROUTE_OUTDATED_LIBZMQ,
            ZROUTE_PANIC, ZROUTE_RESERVED_VALUE, ZROUTE_STOPPED, ZROUTE_SYSTEM, ZROUTE_TIMEOUT,
            ZROUTE_TOO_LARGE, ZROUTE_TOO_MANY_HANDLES, ZROUTE_UNKNOWN_CALL, ZROUTE_UNREACHABLE,
            ZROUTE_UNSUPPORTED, ZROUTE_WOULD_BLOCK, ZROUTE_WRONG_TYPE,
        };
        [
            (ZROUTE_OK, c"ZROUTE_OK"),
            (ZROUTE_TIMEOUT, c"ZROUTE_TIMEOUT"),
            (ZROUTE_INTERRUPTED, c"ZROUTE_INTERRUPTED"),
            (ZROUTE_STOPPED, c"ZROUTE_STOPPED"),
            (ZROUTE_END, c"ZROUTE_END"),
            (ZROUTE_WOULD_BLOCK, c"ZROUTE_WOULD_BLOCK"),
            (ZROUTE_BAD_ARGUMENT, c"ZROUTE_BAD_ARGUMENT"),
            (ZROUTE_BAD_HANDLE, c"ZROUTE_BAD_HANDLE"),
            (ZROUTE_BUSY, c"ZROUTE_BUSY"),
            (ZROUTE_FORKED, c"ZROUTE_FORKED"),
            (ZROUTE_PANIC, c"ZROUTE_PANIC"),
            (ZROUTE_TOO_MANY_HANDLES, c"ZROUTE_TOO_MANY_HANDLES"),
            (ZROUTE_UNSUPPORTED, c"ZROUTE_UNSUPPORTED"),
            (ZROUTE_BAD_ENDPOINT, c"ZROUTE_BAD_ENDPOINT"),
            (ZROUTE_UNREACHABLE, c"ZROUTE_UNREACHABLE"),
            (ZROUTE_BAD_OPTION, c"ZROUTE_BAD_OPTION"),
            (ZROUTE_OUTDATED_LIBZMQ, c"ZROUTE_OUTDATED_LIBZMQ"),
            (ZROUTE_SYSTEM, c"ZROUTE_SYSTEM"),
            (ZROUTE_BAD_STATE, c"ZROUTE_BAD_STATE"),
            (ZROUTE_OUTCOME_UNKNOWN, c"ZROUTE_OUTCOME_UNKNOWN"),
            (ZROUTE_INVALID_VALUE, c"ZROUTE_INVALID_VALUE"),
            (ZROUTE_WRONG_TYPE, c"ZROUTE_WRONG_TYPE"),
            (ZROUTE_TOO_LARGE, c"ZROUTE_TOO_LARGE"),
            (ZROUTE_UNKNOWN_CALL, c"ZROUTE_UNKNOWN_CALL"),
            (ZROUTE_RESERVED_VALUE, c"ZROUTE_RESERVED_VALUE"),
            (ZROUTE_NOT_PLAIN, c"ZROUTE_NOT_PLAIN"),
            (ZROUTE_FAULT, c"ZROUTE_FAULT"),
            (ZROUTE_NOT_CONNECTED, c"ZROUTE_NOT_CONNECTED"),
            (ZROUTE_INVALID_ANSWER, c"ZROUTE_INVALID_ANSWER"),
        ]
    };
}

/// The name of a status, such as `ZROUTE_TIMEOUT`; `unknown status` for a
/// number that is none.
///
/// The text is static. Any thread may call this.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_status_name(status: i32) -> *const c_char {
    Status::ALL
        .iter()
        .find(|(known, _)| *known as i32 == status)
        .map_or(c"unknown status", |(_, name)| name)
        .as_ptr()
}
