//! What a server counted.

use crate::wire::Code;

/// All numbers since the server was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Messages that came, of any kind.
    pub requests: u64,
    /// Those that went to a handler.
    pub calls: u64,
    /// Calls that were answered with a value, those of the server's own
    /// functions too.
    pub answers: u64,
    /// Faults sent, in the order of [`Code::NAMED`].
    pub faults: [u64; Code::NAMED.len()],
    /// Faults sent with a code of the application.
    pub application_faults: u64,
    /// Messages that were answered with a fault before any handler.
    pub refused: u64,
    /// Answers and faults whose peer had left, or would not read.
    pub undeliverable: u64,
    /// What nobody was to be told of: refused notifications, calls without an id,
    /// events of channels that are not open.
    pub dropped: u64,
    /// Callers of zerorpc that were given up: they fell silent, or their connection was
    /// lost. Only while their calls were open.
    pub callers_lost: u64,
    /// Callers of zerorpc that were let go: they took nothing of a stream.
    pub callers_stalled: u64,
    /// Calls that wait for their answer now.
    pub open: u64,
    /// Bytes of the bodies received.
    pub bytes_received: u64,
    /// Bytes of the bodies sent.
    pub bytes_sent: u64,
}

/// The names of the counters of faults, in the order of [`Code::NAMED`].
const FAULTS: [&str; Code::NAMED.len()] = [
    "faults_parse",
    "faults_request",
    "faults_unknown_function",
    "faults_parameters",
    "faults_handler",
    "faults_deadline",
    "faults_overloaded",
    "faults_forbidden",
    "faults_too_large",
    "faults_shutting_down",
    "faults_cancelled",
];

impl Counters {
    /// All of them by the names that every interface has for them.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let own = [
            ("requests", self.requests),
            ("calls", self.calls),
            ("answers", self.answers),
            ("refused", self.refused),
            ("undeliverable", self.undeliverable),
            ("dropped", self.dropped),
            ("callers_lost", self.callers_lost),
            ("callers_stalled", self.callers_stalled),
            ("open", self.open),
            ("bytes_received", self.bytes_received),
            ("bytes_sent", self.bytes_sent),
        ];
        let faults = FAULTS.into_iter().zip(self.faults);
        let application = [("faults_application", self.application_faults)];
        own.into_iter().chain(faults).chain(application)
    }

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
