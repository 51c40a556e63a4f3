//! Why a call got no answer.

use std::fmt;

/// The codes of faults. The negative ones are those of JSON-RPC 2.0, and its
/// range for servers from -32000 on; an application's own are 1 and above.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// -32700: the bytes are no MessagePack value.
    Parse,
    /// -32600: the value is no request.
    Request,
    /// -32601: no function of that name.
    UnknownFunction,
    /// -32602: the parameters do not fit the function.
    Parameters,
    /// -32603: the handler failed.
    Handler,
    /// -32001: the deadline passed before the handler began.
    Deadline,
    /// -32002: more calls than the server takes.
    Overloaded,
    /// -32003: the caller may not call this.
    Forbidden,
    /// -32004: the request or its answer is over the limit.
    TooLarge,
    /// -32005: the server shuts down, and has not begun the call.
    ShuttingDown,
    /// -32006: the call was cancelled.
    Cancelled,
    /// An application's own, 1 and above.
    Application(i64),
    /// Any other number a peer sent.
    Other(i64),
}

impl Code {
    /// The codes that the protocol names, in the order of their declaration.
    pub const NAMED: [Self; 11] = [
        Self::Parse,
        Self::Request,
        Self::UnknownFunction,
        Self::Parameters,
        Self::Handler,
        Self::Deadline,
        Self::Overloaded,
        Self::Forbidden,
        Self::TooLarge,
        Self::ShuttingDown,
        Self::Cancelled,
    ];

    /// The number on the wire.
    #[must_use]
    pub fn number(self) -> i64 {
        match self {
            Self::Parse => -32700,
            Self::Request => -32600,
            Self::UnknownFunction => -32601,
            Self::Parameters => -32602,
            Self::Handler => -32603,
            Self::Deadline => -32001,
            Self::Overloaded => -32002,
            Self::Forbidden => -32003,
            Self::TooLarge => -32004,
            Self::ShuttingDown => -32005,
            Self::Cancelled => -32006,
            Self::Application(number) | Self::Other(number) => number,
        }
    }

    /// The code for a number from the wire.
    #[must_use]
    pub fn from_number(number: i64) -> Self {
        Self::NAMED
            .into_iter()
            .find(|code| code.number() == number)
            .unwrap_or(if number >= 1 {
                Self::Application(number)
            } else {
                Self::Other(number)
            })
    }

    /// The name that goes with the code when the fault has none of its own.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Parse => "ParseError",
            Self::Request => "InvalidRequest",
            Self::UnknownFunction => "UnknownFunction",
            Self::Parameters => "InvalidParameters",
            Self::Handler => "HandlerFailed",
            Self::Deadline => "DeadlineExceeded",
            Self::Overloaded => "Overloaded",
            Self::Forbidden => "Forbidden",
            Self::TooLarge => "TooLarge",
            Self::ShuttingDown => "ShuttingDown",
            Self::Cancelled => "Cancelled",
            Self::Application(_) => "ApplicationError",
            Self::Other(_) => "Error",
        }
    }
}

/// What a caller gets in place of an answer: the same three things in every
/// dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What kind of failure.
    pub code: Code,
    /// A word for programs, such as `InvalidParameters` or a class name.
    pub name: String,
    /// A sentence for people.
    pub message: String,
}

/// The name of a fault whose handler's process ended under it.
const WORKER_DIED: &str = "WorkerDied";

impl Fault {
    /// The process that had the call has ended: the handler may have run.
    #[must_use]
    pub fn worker_died(message: impl Into<String>) -> Self {
        Self::named(Code::Handler, WORKER_DIED, message)
    }

    /// Whether it is such a one, in a dialect without codes too.
    #[must_use]
    pub fn is_worker_died(&self) -> bool {
        matches!(self.code, Code::Handler | Code::Other(0)) && self.name == WORKER_DIED
    }

    /// A fault under its code's own name.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self::named(code, code.name(), message)
    }

    /// A fault under a name of its own.
    #[must_use]
    pub fn named(code: Code, name: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code,
            name: name.into(),
            message: message.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.code.number(), self.name, self.message)
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_code_survives_its_number() {
        for code in Code::NAMED {
            assert_eq!(Code::from_number(code.number()), code);
        }
    }

    #[test]
    fn numbers_from_one_on_are_the_applications() {
        assert_eq!(Code::from_number(1), Code::Application(1));
        assert_eq!(Code::from_number(0), Code::Other(0));
        assert_eq!(Code::from_number(-1), Code::Other(-1));
        assert_eq!(Code::from_number(i64::MAX).number(), i64::MAX);
    }
}
