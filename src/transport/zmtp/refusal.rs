//! Why a peer is turned away.

/// The reason, and whether the peer can be told: only during the handshake,
/// with an ERROR command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub reason: &'static str,
    pub told: bool,
}

impl Refusal {
    /// The connection ends without a word: the protocol has none here.
    pub const fn silent(reason: &'static str) -> Self {
        Self {
            reason,
            told: false,
        }
    }

    /// An ERROR command says why.
    pub const fn told(reason: &'static str) -> Self {
        Self { reason, told: true }
    }
}
