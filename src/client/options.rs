//! What a client is made with.

use std::time::Duration;

use super::balance::Balance;
use super::dialect::Dialect;
use crate::msgpack::Limits;
use crate::transport;

/// A server that gives no sign of life for three times as long is left out.
const HEARTBEAT: Duration = Duration::from_millis(800);

/// Limits of one client, and how it copes with failures.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is spoken.
    pub dialect: Dialect,
    /// How long from one heartbeat of zerorpc to the next; a server that sends
    /// none for twice as long is taken for lost. Zero for none.
    pub zerorpc_heartbeat: Duration,
    /// Bounds on one message, call or answer.
    pub limits: Limits,
    /// How long a call may take when it does not say so itself.
    pub timeout: Duration,
    /// How often a call that is declared idempotent is tried again at most.
    pub retries: u32,
    /// The bound of the first pause before that; it doubles with each.
    pub retry_base: Duration,
    /// The bound of the longest such pause.
    pub retry_longest: Duration,
    /// How many retries there may be for a hundred calls, in ten seconds; ten
    /// are always allowed.
    pub retry_budget: u32,
    /// How calls are shared out among servers.
    pub balance: Balance,
    /// A server is left alone after so many failures in a row; 0 for never.
    pub breaker_failures: u32,
    /// For how long at first.
    pub breaker_pause: Duration,
    /// Options of the sockets. Their `largest_frame` is set from the limits.
    pub transport: transport::Options,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            dialect: Dialect::default(),
            zerorpc_heartbeat: Duration::from_secs(5),
            limits: Limits::default(),
            timeout: Duration::from_secs(30),
            retries: 3,
            retry_base: Duration::from_millis(50),
            retry_longest: Duration::from_secs(2),
            retry_budget: 20,
            balance: Balance::default(),
            breaker_failures: 5,
            breaker_pause: Duration::from_secs(1),
            transport: transport::Options {
                heartbeat: HEARTBEAT,
                ..transport::Options::default()
            },
        }
    }
}

impl Options {
    /// The sockets' options. They let through twice the limit, so that the
    /// call is told that its answer is too large instead of losing it.
    pub(super) fn transport(&self) -> transport::Options {
        transport::Options {
            largest_frame: self.limits.bytes.saturating_mul(2),
            tells_endings: true,
            ..self.transport.clone()
        }
    }
}
