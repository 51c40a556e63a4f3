//! Why a plain socket did not do what was asked.

use std::ffi::{CStr, c_int};
use std::fmt;

use crate::transport::plain::Errno;

const OTHER_TYPES: c_int = Errno::OTHER_TYPES.0;

/// What libzmq refused, and to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What was tried.
    pub operation: &'static str,
    /// The endpoint, option or type it was tried with; empty for none.
    pub subject: String,
    /// libzmq's number.
    pub number: Errno,
    /// What to do about it; empty when libzmq's words say it all.
    pub advice: &'static str,
}

impl Error {
    /// An operation that has no subject.
    pub(super) fn of(operation: &'static str) -> impl Fn(Errno) -> Self {
        move |number| Self::with(operation, "", number)
    }

    /// An operation on an endpoint, which may be an empty text.
    pub(super) fn at(operation: &'static str, endpoint: &CStr, number: Errno) -> Self {
        let endpoint = endpoint.to_string_lossy();
        let named = if endpoint.is_empty() { "''" } else { &endpoint };
        Self::with(operation, named, number)
    }

    pub(super) fn with(operation: &'static str, subject: &str, number: Errno) -> Self {
        let advice = match (operation, number.0) {
            _ if number == Errno::BAD_STATE => {
                "; a REQ sends and receives in turn, a REP receives and sends in turn"
            }
            (_, libc::EADDRINUSE) => "; another process or socket has it",
            (_, libc::EADDRNOTAVAIL) => "; no interface of this machine has that address",
            ("bind", libc::EINVAL | libc::EPROTONOSUPPORT | OTHER_TYPES) => {
                "; expected tcp://address:port (either may be *), ipc://path or inproc://name"
            }
            ("connect", libc::EINVAL | libc::EPROTONOSUPPORT | OTHER_TYPES) => {
                "; expected tcp://host:port, ipc://path or inproc://name"
            }
            ("unbind", libc::EINVAL) => "; expected the endpoint really bound",
            ("unbind", libc::ENOENT) => {
                "; it is not bound there: expected the endpoint really bound"
            }
            ("disconnect", libc::EINVAL) => "; expected the endpoint as it was given to connect",
            ("disconnect", libc::ENOENT) => {
                "; it is not connected there: expected the endpoint as it was given to connect"
            }
            ("watch a socket at", libc::EINVAL | libc::EPROTONOSUPPORT) => {
                "; expected inproc://name"
            }
            ("set", libc::EINVAL) if matches!(subject, "ZMQ_SUBSCRIBE" | "ZMQ_UNSUBSCRIBE") => {
                "; expected a ZMQ_SUB, or a ZMQ_XPUB with ZMQ_XPUB_MANUAL"
            }
            ("set", libc::EINVAL) => {
                "; zmq_setsockopt(3) says which values it takes, and on which types of socket"
            }
            ("get", libc::EINVAL) => {
                "; zmq_getsockopt(3) says which options can be read, and of which types of socket"
            }
            _ => "",
        };
        Self {
            operation,
            subject: subject.to_string(),
            number,
            advice,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let space = if self.subject.is_empty() { "" } else { " " };
        write!(
            f,
            "cannot {}{space}{}: {}{}",
            self.operation, self.subject, self.number, self.advice
        )
    }
}

impl std::error::Error for Error {}
