//! Plain sockets.
//!
//! | file | holds |
//! |---|---|
//! | `event` | what a monitor reports |
//! | `life` | from new to free: endpoints and options |
//! | `message` | sending and receiving |
//! | `poll` | waiting for many |
//! | `proxy` | two sockets joined |

mod event;
mod life;
mod message;
mod poll;
mod proxy;

pub(super) use message::{receive_frame, send_frame, send_frames};

use std::ffi::{CString, c_int, c_void};

use super::gate::Failure;
use super::handle::{self, Entered, Object};
use super::status::Status;
use crate::socket::{DONTWAIT, Error, Socket};
use crate::transport::plain::{Errno, Message};

/// A plain socket of any of libzmq's types.
pub struct zroute_socket {
    _opaque: [u8; 0],
}

/// Bytes of one frame.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct zroute_frame {
    /// The bytes; NULL is fine for none.
    pub data: *const c_void,
    /// How many.
    pub size: usize,
}

/// The object behind the handle.
pub(super) struct Plain {
    socket: Socket,
    /// What the latest receive lent.
    message: Message,
    messages: Vec<Message>,
    frames: Vec<zroute_frame>,
    /// What the latest option or event lent.
    value: Vec<u8>,
    endpoint: CString,
}

// SAFETY: the pointers in `frames` lead to `messages` of the same object, which
// go with it.
unsafe impl Send for Plain {}

impl Object for Plain {
    const KIND: u8 = 9;
    const NAME: &'static str = "zroute_socket";
}

fn enter(socket: *const zroute_socket) -> Result<Entered<Plain>, Failure> {
    handle::enter::<Plain>(socket.cast())
}

fn status(number: Errno) -> Status {
    match number.0 {
        libc::EAGAIN => Status::ZROUTE_TIMEOUT,
        libc::EINTR => Status::ZROUTE_INTERRUPTED,
        libc::ENOTSUP | libc::EPROTONOSUPPORT => Status::ZROUTE_UNSUPPORTED,
        libc::EHOSTUNREACH => Status::ZROUTE_UNREACHABLE,
        libc::EINVAL => Status::ZROUTE_BAD_ARGUMENT,
        _ if number == Errno::OTHER_TYPES => Status::ZROUTE_UNSUPPORTED,
        _ if number == Errno::STOPPED => Status::ZROUTE_STOPPED,
        _ if number == Errno::BAD_STATE => Status::ZROUTE_BAD_STATE,
        _ => Status::ZROUTE_SYSTEM,
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let status = match (error.operation, error.number.0) {
            ("bind" | "connect" | "unbind" | "disconnect", libc::EINVAL) => {
                Status::ZROUTE_BAD_ENDPOINT
            }
            ("set" | "get", libc::EINVAL) => Status::ZROUTE_BAD_OPTION,
            ("bind" | "connect" | "unbind" | "disconnect", _)
                if status(error.number) == Status::ZROUTE_SYSTEM =>
            {
                Status::ZROUTE_UNREACHABLE
            }
            _ => status(error.number),
        };
        let number = error.number.0;
        Self::new(status, error.to_string()).numbered(number)
    }
}

/// A failed send or receive, which is often no more than "nothing yet".
#[cold]
fn refused(operation: &'static str, number: Errno) -> Failure {
    let words = match status(number) {
        Status::ZROUTE_TIMEOUT => "nothing could be done in time",
        Status::ZROUTE_INTERRUPTED => "a signal interrupted the wait; call again",
        Status::ZROUTE_STOPPED => "the context was shut down",
        Status::ZROUTE_BAD_STATE => {
            "not now: a REQ sends and receives in turn, a REP receives and sends in turn"
        }
        Status::ZROUTE_UNSUPPORTED => "sockets of this type cannot",
        _ => "",
    };
    let text = if words.is_empty() {
        format!("cannot {operation}: {number}")
    } else {
        format!("cannot {operation}: {words}")
    };
    Failure::new(status(number), text).numbered(number.0)
}

/// A failed send of a frame, the first of its message if it is for a peer that
/// is not there.
#[cold]
fn unsent(frame: &[u8], number: Errno) -> Failure {
    /// Of a text that is no routing id, and may be long.
    const SHOWN: usize = 64;
    if status(number) != Status::ZROUTE_UNREACHABLE {
        return refused("send", number);
    }
    let (shown, rest) = match frame.split_at_checked(SHOWN) {
        Some((shown, [_, ..])) => (shown, "…"),
        _ => (frame, ""),
    };
    let text = format!(
        "cannot send: no peer with the routing id '{}{rest}' is connected",
        shown.escape_ascii()
    );
    Failure::new(Status::ZROUTE_UNREACHABLE, text).numbered(number.0)
}

/// Flags of which the function knows all bits.
fn flags(given: c_int, known: c_int) -> Result<c_int, Failure> {
    if given & !known == 0 {
        return Ok(given);
    }
    let expected = if known == DONTWAIT {
        "0 or ZROUTE_DONTWAIT (1)"
    } else {
        "0, ZROUTE_DONTWAIT (1), ZROUTE_MORE (2) or their sum"
    };
    Err(Failure::argument(format!(
        "flags are expected to be {expected}, got {given}"
    )))
}
