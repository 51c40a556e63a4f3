//! How a call can end.

use std::time::Duration;

use crate::transport::Frame;
use crate::wire::Fault;

/// How a call ended. The first two came from the server, the others did not.
#[derive(Debug)]
pub enum Outcome {
    /// The function's answer.
    Answer(Value),
    /// The call failed there.
    Fault(Fault),
    /// The call was sent, and no answer came by the deadline. The function may
    /// have run.
    TimedOut {
        /// The function that was called.
        function: Box<str>,
        /// Where the call was sent.
        endpoint: String,
        /// What the time does not tell: that nothing ever came from there. A clause
        /// without a full stop, or nothing.
        trouble: String,
        /// The whole time that the call had.
        waited: Duration,
    },
    /// The call was sent, and its connection was lost before an answer came.
    /// The function may have run.
    ConnectionLost {
        /// The function that was called.
        function: Box<str>,
        /// Where the call was sent.
        endpoint: String,
        /// How the connection ended.
        trouble: String,
        /// For how long the call was under way.
        waited: Duration,
    },
    /// No server was connected by the deadline. The function did not run.
    NotConnected {
        /// The function that was to be called.
        function: Box<str>,
        /// The endpoints that were tried.
        endpoint: String,
        /// What is known of why, for each of them.
        trouble: Vec<String>,
        /// The whole time that the call had.
        waited: Duration,
    },
    /// There is no such request in the client's dialect: it was not sent, for this
    /// reason.
    Unsendable(String),
    /// The request is over the client's limit and was not sent.
    TooLarge {
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// Something came that is no answer; what was wrong with it.
    Invalid(String),
    /// No call has this id: it was never made, was cancelled or was collected.
    Unknown,
}

/// A clause that follows others, if there is one.
#[must_use]
pub fn and(trouble: &str) -> String {
    if trouble.is_empty() {
        String::new()
    } else {
        format!("; {trouble}")
    }
}

/// An answer: one checked MessagePack value, held as it came.
#[derive(Debug)]
pub struct Value {
    frame: Frame,
    /// Where it begins; it ends with the frame.
    start: usize,
}

impl Value {
    /// All of a frame.
    pub(super) fn whole(frame: Frame) -> Self {
        Self { frame, start: 0 }
    }

    /// The last bytes of a frame, so many.
    pub(super) fn end_of(frame: Frame, length: usize) -> Self {
        let start = frame.as_ref().len().saturating_sub(length);
        Self { frame, start }
    }
}

impl AsRef<[u8]> for Value {
    fn as_ref(&self) -> &[u8] {
        self.frame.as_ref().get(self.start..).unwrap_or_default()
    }
}
