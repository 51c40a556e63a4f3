//! How a server is doing, as its client sees it.

use std::time::Instant;

use super::Client;

/// Whether a server gets calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// There is no connection; one is being made, now and again.
    Away,
    /// It gets calls.
    Up,
    /// It has said that it goes away, or has left the list of its service: it
    /// gets no more calls.
    Leaving,
    /// It has failed again and again, and is left alone for a while.
    LeftOut,
    /// It was, and one call shows whether it answers again.
    OnProbation,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Where it is.
    pub endpoint: String,
    /// Whether it gets calls.
    pub state: State,
    /// Calls that it has now.
    pub in_flight: usize,
    /// Failures since its last answer: calls with no answer in time, and
    /// connections that were lost with calls on them.
    pub failures: u32,
    /// Why it gets no calls, as far as is known.
    pub trouble: Option<String>,
}

impl Client {
    /// How a server is doing, by its place in the order in which they were
    /// added; those that a list brings come and go. Sends and takes in what is possible, and never waits.
    pub fn health(&mut self, index: usize) -> Result<Option<Health>, crate::transport::Error> {
        if index >= self.servers.len() {
            return Ok(None);
        }
        let now = Instant::now();
        self.turn(Some(now))?;
        self.settle_arrived()?;
        self.send_unsent()?;
        self.flush()?;
        let Some(server) = self.servers.get_mut(index) else {
            return Ok(None);
        };
        let state = if server.departed {
            State::Leaving
        } else if server.breaker.open_until().is_some_and(|until| until > now) {
            State::LeftOut
        } else if server.breaker.is_half_open() {
            State::OnProbation
        } else if server.is_leaving(now) {
            State::Leaving
        } else if server.transport.is_connected()? {
            State::Up
        } else {
            State::Away
        };
        let trouble = match state {
            State::Up | State::OnProbation => None,
            _ => server.trouble(now),
        };
        Ok(Some(Health {
            endpoint: server.endpoint.clone(),
            state,
            in_flight: server.in_flight,
            failures: server.breaker.failures(),
            trouble,
        }))
    }
}
