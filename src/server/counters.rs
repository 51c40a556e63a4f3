//! What a server counted.

use crate::wire::Code;

/// All numbers since the server was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Messages that came, of any kind.
    pub requests: u64,
    /// Those that went to a handler.
    pub calls: u64,
    /// Calls that were answered with a value.
    pub answers: u64,
    /// Faults sent, in the order of [`Code::NAMED`].
    pub faults: [u64; Code::NAMED.len()],
    /// Faults sent with a code of the application.
    pub application_faults: u64,
    /// Messages that were answered with a fault before any handler.
    pub refused: u64,
    /// Answers and faults whose peer had left, or would not read.
    pub undeliverable: u64,
    /// Calls that wait for their answer now.
    pub open: u64,
    /// Bytes of the bodies received.
    pub bytes_received: u64,
    /// Bytes of the bodies sent.
    pub bytes_sent: u64,
}

impl Counters {
    pub(super) fn count_fault(&mut self, code: Code) {
        match Code::NAMED.iter().position(|named| *named == code) {
            Some(index) => {
                if let Some(count) = self.faults.get_mut(index) {
                    *count += 1;
                }
            }
            None => self.application_faults += 1,
        }
    }
}
