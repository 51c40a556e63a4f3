//! What every function of the ABI passes through.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::last_error;
use super::status::Status;
use crate::msgpack::{Incomplete, Malformed};
use crate::server::Refused;
use crate::transport::Error;

/// A status and the text that goes with it.
#[derive(Debug)]
pub struct Failure {
    pub status: Status,
    pub text: String,
    /// libzmq's error number behind it; 0 for none.
    pub number: i32,
}

impl Failure {
    pub fn new(status: Status, text: impl Into<String>) -> Self {
        Self {
            status,
            text: text.into(),
            number: 0,
        }
    }

    /// The same, with libzmq's error number.
    pub fn numbered(mut self, number: i32) -> Self {
        self.number = number;
        self
    }

    pub fn argument(text: impl Into<String>) -> Self {
        Self::new(Status::ZROUTE_BAD_ARGUMENT, text)
    }
}

/// Runs the body of an exported function. A failure becomes its status, with
/// the function's name before its text; a panic becomes `ZROUTE_PANIC`.
///
/// The bodies leave their objects whole at every point where they can panic,
/// or a handle's object is only looked at again by its owner: hence the
/// assertion of unwind safety.
#[inline]
pub fn gate(function: &str, body: impl FnOnce() -> Result<(), Failure>) -> Status {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => Status::ZROUTE_OK,
        Ok(Err(failure)) => fail(function, &failure),
        Err(panic) => {
            let reason = panic
                .downcast_ref::<&str>()
                .map(ToString::to_string)
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_else(|| "no reason was given".to_string());
            // Dropping what was thrown may throw again.
            std::mem::forget(panic);
            fail(
                function,
                &Failure::new(
                    Status::ZROUTE_PANIC,
                    format!("a defect in zroute, please report it: {reason}"),
                ),
            )
        }
    }
}

#[cold]
fn fail(function: &str, failure: &Failure) -> Status {
    last_error::set(format!("{function}: {}", failure.text), failure.number);
    failure.status
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let status = match &error {
            Error::Interrupted => Status::ZROUTE_INTERRUPTED,
            Error::Endpoint { .. } => Status::ZROUTE_BAD_ENDPOINT,
            Error::Unreachable { .. } => Status::ZROUTE_UNREACHABLE,
            Error::Option { .. } => Status::ZROUTE_BAD_OPTION,
            Error::Outdated { .. } => Status::ZROUTE_OUTDATED_LIBZMQ,
            Error::System { .. } => Status::ZROUTE_SYSTEM,
        };
        Self::new(status, error.to_string())
    }
}

impl From<Malformed> for Failure {
    fn from(malformed: Malformed) -> Self {
        let status = match malformed {
            Malformed::TooLarge { .. } => Status::ZROUTE_TOO_LARGE,
            Malformed::WrongType { .. } => Status::ZROUTE_WRONG_TYPE,
            _ => Status::ZROUTE_INVALID_VALUE,
        };
        Self::new(status, malformed.to_string())
    }
}

impl From<Incomplete> for Failure {
    fn from(incomplete: Incomplete) -> Self {
        let status = match incomplete {
            Incomplete::TooLarge { .. } => Status::ZROUTE_TOO_LARGE,
            _ => Status::ZROUTE_INVALID_VALUE,
        };
        Self::new(status, incomplete.to_string())
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        let status = match refused {
            Refused::Unknown => Status::ZROUTE_UNKNOWN_CALL,
            Refused::Malformed(Malformed::TooLarge { .. }) => Status::ZROUTE_TOO_LARGE,
            Refused::Malformed(_) => Status::ZROUTE_INVALID_VALUE,
            Refused::NoRoom => Status::ZROUTE_WOULD_BLOCK,
            Refused::RawStream | Refused::Stream => Status::ZROUTE_BAD_STATE,
            Refused::Reserved => Status::ZROUTE_RESERVED_VALUE,
            Refused::Transport(error) => return error.into(),
        };
        Self::new(status, refused.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_status() {
        assert_eq!(
            gate("zroute_test", || panic!("as the test wants")),
            Status::ZROUTE_PANIC
        );
        let number = 7;
        assert_eq!(
            gate("zroute_test", || std::panic::panic_any(number)),
            Status::ZROUTE_PANIC
        );
    }

    #[test]
    fn a_failure_carries_the_functions_name() {
        let status = gate("zroute_test", || Err(Failure::argument("too odd")));
        assert_eq!(status, Status::ZROUTE_BAD_ARGUMENT);
        let mut buffer = [0_u8; 64];
        // SAFETY: the buffer has the room that is said.
        let length = unsafe { last_error::zroute_last_error(buffer.as_mut_ptr().cast(), 64) };
        assert_eq!(&buffer[..length], b"zroute_test: too odd");
    }
}
