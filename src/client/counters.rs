//! What a client counted.

/// All numbers since the client was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Calls begun.
    pub calls: u64,
    /// Calls that ended with an answer.
    pub answers: u64,
    /// Calls that failed at the server.
    pub faults: u64,
    /// Calls that were sent and had no answer by their deadline.
    pub timeouts: u64,
    /// Calls that were sent and whose connection was lost before an answer.
    pub unknown: u64,
    /// Calls that found no server by their deadline.
    pub not_connected: u64,
    /// Calls that got something that is no answer, or were too large to send.
    pub invalid: u64,
    /// Tries of calls beyond their first.
    pub retries: u64,
    /// Messages that belong to no call in flight: late, doubled or foreign.
    pub unmatched: u64,
    /// Calls that are not finished now.
    pub in_flight: u64,
    /// Bytes of the bodies sent.
    pub bytes_sent: u64,
    /// Bytes of the bodies received.
    pub bytes_received: u64,
}
