//! Which server gets a call.

use std::time::Instant;

use super::server::Server;

/// How calls are shared out among servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Balance {
    /// To the one with the fewest calls in flight, in turn among equals.
    #[default]
    LeastPending,
    /// To each in turn.
    RoundRobin,
}

impl Balance {
    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "least-pending" => Some(Self::LeastPending),
            "round-robin" => Some(Self::RoundRobin),
            _ => None,
        }
    }
}

/// A choice that is being made for one call.
pub struct Choice {
    pub balance: Balance,
    /// Whose turn it is.
    pub next: usize,
    /// The server that has just failed with this call: the last choice.
    pub avoid: Option<usize>,
    pub now: Instant,
    /// Numbers the choices, so that a server says no once in each.
    pub number: u64,
}

impl Choice {
    /// The best of the servers that have not said no.
    #[inline]
    pub fn best(&self, servers: &[Server]) -> Option<usize> {
        let count = servers.len();
        if let [server] = servers {
            let asked = server.asked == self.number;
            return (!asked && server.may_be_sent(self.now)).then_some(0);
        }
        servers
            .iter()
            .enumerate()
            .filter(|(_, server)| server.asked != self.number && server.may_be_sent(self.now))
            .min_by_key(|(index, server)| {
                let load = match self.balance {
                    Balance::LeastPending => server.in_flight,
                    Balance::RoundRobin => 0,
                };
                let turn = (index + count - self.next) % count;
                (self.avoid == Some(*index), load, turn)
            })
            .map(|(index, _)| index)
    }
}
