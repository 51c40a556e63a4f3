//! Why a plain socket did not do what was asked.

use std::fmt;

use crate::transport::plain::Errno;

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

    pub(super) fn with(operation: &'static str, subject: &str, number: Errno) -> Self {
        let advice = match (operation, number.0) {
            _ if number == Errno::BAD_STATE => {
                "; a REQ sends and receives in turn, a REP receives and sends in turn"
            }
            (_, libc::EADDRINUSE) => "; another process or socket has it",
            (_, libc::EADDRNOTAVAIL) => "; no interface of this machine has that address",
            ("unbind", libc::ENOENT) => {
                "; it is not bound there: expected the endpoint really bound"
            }
            ("disconnect", libc::ENOENT) => {
                "; it is not connected there: expected the endpoint as it was given to connect"
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
