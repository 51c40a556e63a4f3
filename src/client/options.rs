//! What a client is made with.

use std::time::Duration;

use crate::msgpack::Limits;
use crate::transport;

/// Limits of one client.
#[derive(Clone, Debug)]
pub struct Options {
    /// Bounds on one message, call or answer.
    pub limits: Limits,
    /// How long a call may take when it does not say so itself.
    pub timeout: Duration,
    /// Options of the sockets. Their `largest_frame` is set from the limits.
    pub transport: transport::Options,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            timeout: Duration::from_secs(30),
            transport: transport::Options::default(),
        }
    }
}

impl Options {
    /// The sockets' options. They let through twice the limit, so that the
    /// call is told that its answer is too large instead of losing it.
    pub(super) fn transport(&self) -> transport::Options {
        transport::Options {
            largest_frame: self.limits.bytes.saturating_mul(2),
            ..self.transport.clone()
        }
    }
}
