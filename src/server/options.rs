//! What a server is made with.

use std::time::Duration;

use super::open_calls::OpenCalls;
use crate::msgpack::Limits;
use crate::transport;

/// Limits of one server. The defaults keep it alive on an open network.
#[derive(Clone, Debug)]
pub struct Options {
    /// What it calls itself to zerorpc's tools.
    pub name: String,
    /// Bounds on one message, request or answer.
    pub limits: Limits,
    /// Calls that may wait for their answer at once; more are told
    /// [`crate::wire::Code::Overloaded`].
    pub open_calls: usize,
    /// How long a host that ends takes leave; not at all with zero. The host's
    /// to obey: see [`super::Server::drain`].
    pub drain: Duration,
    /// How long a caller may take no item of a stream that has one for it; for ever with
    /// zero.
    pub stream_stall: Duration,
    /// Options of the socket. Its `largest_frame` is set from the limits.
    pub transport: transport::Options,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            name: "zroute".to_string(),
            limits: Limits::default(),
            open_calls: 65_536,
            drain: Duration::from_secs(5),
            stream_stall: Duration::from_secs(300),
            transport: transport::Options::default(),
        }
    }
}

impl Options {
    /// The socket's options. It lets through twice the limit, because what it
    /// stops itself ends the connection and its sender is never told why.
    pub(super) fn transport(&self) -> transport::Options {
        transport::Options {
            largest_frame: self.limits.bytes.saturating_mul(2),
            ..self.transport.clone()
        }
    }

    /// The largest useful value of `open_calls`.
    pub const MOST_OPEN_CALLS: i64 = OpenCalls::CAPACITY;
}
