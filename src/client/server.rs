//! One of a client's servers.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::breaker::Breaker;
use super::dialect::Dialect;
use super::options::Options;
use crate::transport::Transport;

/// How long a server that goes away is left alone where its connection's end
/// cannot be seen.
const REST: Duration = Duration::from_secs(1);

/// See the module.
pub struct Server {
    pub transport: Box<dyn Transport>,
    pub endpoint: String,
    /// Calls that it has and that have not ended.
    pub in_flight: usize,
    /// Messages that it was sent; the last ones may turn out not to have left.
    pub sent: u64,
    pub breaker: Breaker,
    pub leaving: Option<Leaving>,
    /// Something that can be read came on this connection.
    pub heard: bool,
    /// When its socket was last looked at.
    pub looked_at: Instant,
    /// The number of the choice in which it was asked last.
    pub asked: u64,
    /// The service in whose list it is.
    pub service: Option<usize>,
    /// It has left that list: it gets no more calls.
    pub departed: bool,
    /// Events on the channels of its calls that it could not take yet: of each the call,
    /// and the room for items, or a heartbeat.
    pub unsent_events: VecDeque<(u64, Option<u32>)>,
}

/// It has said that it goes away: it gets no more calls on this connection.
#[derive(Clone, Copy, Debug)]
pub enum Leaving {
    /// The connection is let go when nothing is in flight there.
    UntilRenewed,
    /// The connection's end cannot be seen.
    Until(Instant),
}

impl Server {
    pub fn new(transport: Box<dyn Transport>, endpoint: String, options: &Options) -> Self {
        Self {
            transport,
            endpoint,
            in_flight: 0,
            sent: 0,
            breaker: Breaker::new(options.breaker_failures, options.breaker_pause),
            leaving: None,
            heard: false,
            looked_at: Instant::now(),
            asked: 0,
            service: None,
            departed: false,
            unsent_events: VecDeque::new(),
        }
    }

    /// Whether it may be sent a call, if it has a connection.
    #[inline]
    pub fn may_be_sent(&self, now: Instant) -> bool {
        !self.departed && self.breaker.allows(now) && !self.is_leaving(now)
    }

    /// Whether it goes away.
    #[inline]
    pub fn is_leaving(&self, now: Instant) -> bool {
        match self.leaving {
            None => false,
            Some(Leaving::UntilRenewed) => true,
            Some(Leaving::Until(until)) => now < until,
        }
    }

    /// When that changes by itself.
    pub fn next_change(&self, now: Instant) -> Option<Instant> {
        let rest = match self.leaving {
            Some(Leaving::Until(until)) => Some(until),
            Some(Leaving::UntilRenewed) | None => None,
        };
        self.breaker
            .open_until()
            .into_iter()
            .chain(rest)
            .filter(|time| *time > now)
            .min()
    }

    /// It has said that it goes away.
    pub fn goes_away(&mut self, now: Instant) {
        self.leaving = Some(if self.transport.sees_endings() {
            Leaving::UntilRenewed
        } else {
            Leaving::Until(now + REST)
        });
    }

    /// What is told besides of a call that had no answer: whoever is connected and has
    /// never said anything may not understand what it is told.
    pub fn silence(&mut self, dialect: Dialect) -> String {
        if self.heard || !self.transport.is_connected().unwrap_or(false) {
            return String::new();
        }
        let name = dialect.name();
        format!(
            "connected, but no answer ever came from it; does it speak the dialect '{name}'? \
             (option 'dialect')"
        )
    }

    /// Why it gets no calls now, as far as is known.
    pub fn trouble(&mut self, now: Instant) -> Option<String> {
        if let Some(until) = self.breaker.open_until() {
            let left = until.saturating_duration_since(now).as_millis();
            let failures = self.breaker.failures();
            return Some(format!(
                "left out for another {left} ms after {failures} failures in a row"
            ));
        }
        if self.departed {
            return Some("it has left the list of its service".to_string());
        }
        if self.is_leaving(now) {
            return Some("the server is going away".to_string());
        }
        self.transport.trouble()
    }
}
