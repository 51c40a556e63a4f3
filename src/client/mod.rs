//! A client: many calls in flight over one or more servers, each finished by
//! its deadline with an answer, a fault or an error; and streams of many answers.
//!
//! Every server has a socket of its own, and a call goes to one that is
//! connected, so a server that is away is passed over. A call's id travels
//! with it, as its dialect says; an answer whose id is not in
//! flight is counted and dropped, so a late one never reaches another call.
//!
//! A call that has not left, or that its server has not begun, is sent again. One
//! whose connection was lost may have run: it is sent again only if it was
//! declared idempotent.
//!
//! | file | holds |
//! |---|---|
//! | `arriving` | answers, lost connections, deadlines |
//! | `balance` | which server gets a call |
//! | `beating` | signs of life for calls in flight, where the dialect has them |
//! | `breaker` | leaves a server alone that has failed again and again |
//! | `budget` | how many calls may be tried again |
//! | `counters` | what was counted |
//! | `dialect` | how a call is written and what comes back is read |
//! | `health` | how a server is doing |
//! | `in_flight` | the calls that are not finished, by id and by deadline |
//! | `joining` | servers that come and go with the lists of services |
//! | `options` | limits, what to do about failures, the transport's options |
//! | `outcome` | how a call can end |
//! | `retry` | when a call is tried again |
//! | `sending` | calls on their way to servers |
//! | `server` | one of a client's servers |
//! | `service` | a service whose servers are found by name; `no_service` where that is left out |
//! | `streaming` | items taken one by one |
//! | `streams` | items that wait, and how many more may come |

mod arriving;
mod balance;
mod beating;
mod breaker;
mod budget;
mod counters;
mod dialect;
mod health;
mod in_flight;
mod joining;
mod options;
mod outcome;
mod retry;
mod sending;
mod server;
#[cfg(feature = "discovery")]
mod service;
#[cfg(not(feature = "discovery"))]
#[path = "no_service.rs"]
mod service;
mod streaming;
mod streams;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

pub use balance::Balance;
use budget::Budget;
pub use counters::Counters;
pub use dialect::Dialect;
use dialect::{Request, Speech};
pub use health::{Health, State};
pub use in_flight::Terms;
use in_flight::{InFlight, Pending};
pub use joining::endpoint;
pub use options::Options;
pub use outcome::{Outcome, Value, and};
pub use streams::Item;
use streams::Streams;

use retry::Retries;
use server::Server;
use service::Service;

use crate::msgpack::{self, Malformed, Reader};
use crate::numbered::Numbered;
use crate::transport::{self, Error, Watched, fork};

/// With this many calls in flight, a host begins the next one when one has
/// ended, and they go out together.
const MANY: usize = 16;
/// They wait for each other no longer than this while the host keeps coming
/// back.
const HELD: Duration = Duration::from_millis(2);
/// Nor do they where so few calls are in flight a server: hardly two go the same way,
/// and while they wait a thread keeps the socket of each.
const FEW_A_SERVER: usize = 4;

/// See the module.
pub struct Client {
    servers: Vec<Server>,
    /// Those that are followed, never fewer.
    services: Vec<Service>,
    /// A server has left its list and has calls yet.
    departing: bool,
    /// Whose turn it is.
    next: usize,
    speech: Speech,
    in_flight: InFlight,
    /// How many of them nobody waits for.
    one_way: usize,
    /// How many of them are streams.
    streaming: usize,
    streams: Streams,
    /// Calls that no server has taken yet, oldest first.
    unsent: VecDeque<u64>,
    /// Calls that are to be tried again after a pause.
    retries: Retries,
    budget: Budget,
    /// Counts the choices of a server.
    choices: u64,
    finished: Numbered<Outcome>,
    /// Finished calls in the order in which they finished.
    order: VecDeque<u64>,
    options: Options,
    /// What travels beside the parameters: a MessagePack map, or nothing.
    meta: Vec<u8>,
    counters: Counters,
    /// An event was sent since the last flush for its sake.
    said: bool,
    /// When a call was first left to go out with others.
    held_since: Option<Instant>,
    /// The process that made it, by `fork::generation`.
    process: u32,
}

impl Client {
    /// A client that is connected to nothing yet.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self {
            servers: Vec::new(),
            services: Vec::new(),
            departing: false,
            next: 0,
            speech: Speech::new(&options),
            in_flight: InFlight::default(),
            one_way: 0,
            streaming: 0,
            streams: Streams::default(),
            unsent: VecDeque::new(),
            retries: Retries::default(),
            budget: Budget::new(options.retry_budget, Instant::now()),
            choices: 0,
            finished: Numbered::default(),
            order: VecDeque::new(),
            options,
            meta: Vec::new(),
            counters: Counters::default(),
            said: false,
            held_since: None,
            process: fork::generation(),
        }
    }

    /// Sets what travels beside the parameters of calls that begin from now on:
    /// one MessagePack map, or nothing. In MessagePack-RPC a call with any ends as
    /// [`Outcome::Unsendable`].
    pub fn set_meta(&mut self, meta: &[u8]) -> Result<(), Malformed> {
        if !meta.is_empty() {
            msgpack::scan(meta, &self.options.limits)?;
            Reader::new(meta).map()?;
        }
        self.meta = meta.to_vec();
        Ok(())
    }

    /// The limits it was made with.
    #[must_use]
    pub fn limits(&self) -> &msgpack::Limits {
        &self.options.limits
    }

    /// How long a call may take when it does not say so itself.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.options.timeout
    }

    /// What was counted so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters {
            in_flight: self.in_flight.count() as u64,
            ..self.counters.clone()
        }
    }

    /// Begins a call and returns its id; never waits. It goes out with the next
    /// [`Client::leave`], or when anything is
    /// collected. `parameters` is one
    /// MessagePack value, which is sent as it is.
    pub fn submit(
        &mut self,
        function: &str,
        parameters: &[u8],
        timeout: Duration,
    ) -> Result<u64, Error> {
        self.submit_on(Terms::default(), function, parameters, timeout)
    }

    /// As [`Client::submit`], on other terms. A call that nobody waits for is
    /// never collected. Of a stream, whose items [`Client::stream_next`] gives,
    /// `timeout` is the longest wait for each of them.
    pub fn submit_on(
        &mut self,
        terms: Terms,
        function: &str,
        parameters: &[u8],
        timeout: Duration,
    ) -> Result<u64, Error> {
        let id = self.in_flight.next_id();
        let meta = &self.meta;
        let mut body = Vec::with_capacity(64 + function.len() + meta.len() + parameters.len());
        let request = Request {
            id,
            function,
            parameters,
            meta,
            timeout,
            terms,
        };
        let written = self.speech.write(&mut body, &request);
        let size = body.len();
        let limit = self.options.limits.bytes;
        let now = Instant::now();
        let deadline = now.checked_add(timeout);
        let pending = Pending {
            function: function.into(),
            terms,
            timeout,
            begun: now,
            deadline: deadline.filter(|_| !terms.stream),
            noted: *written.as_ref().unwrap_or(&usize::MAX),
            body,
            server: None,
            sequence: 0,
            history: None,
        };
        self.in_flight.insert(id, pending);
        self.counters.calls += 1;
        self.one_way += usize::from(terms.one_way);
        if terms.stream {
            self.streaming += 1;
            self.streams.begin(id, false);
        }
        self.budget.count_call(now);
        if let Err(reason) = written {
            self.finish(id, Outcome::Unsendable(reason));
            return Ok(id);
        }
        if size > limit {
            self.finish(id, Outcome::TooLarge { size, limit });
            return Ok(id);
        }
        self.unsent.push_back(id);
        self.follow()?;
        self.send_unsent_at(now)?;
        if terms.one_way && self.one_way >= MANY {
            // Nobody else may look for what the servers say to them.
            self.look(Some(now))?;
            self.settle_arrived()?;
        }
        Ok(id)
    }

    /// Waits until the call is finished, no longer than its deadline.
    pub fn collect(&mut self, id: u64) -> Result<Outcome, Error> {
        loop {
            if let Some(outcome) = self.take_finished(id) {
                return Ok(outcome);
            }
            let pending = self.in_flight.get(id);
            if pending.is_none_or(|pending| pending.terms.stream) {
                return Ok(Outcome::Unknown);
            }
            self.turn(None)?;
        }
    }

    /// Waits until any call is finished, no longer than `until`. Nothing comes
    /// back when the time is over first, or no call is in flight.
    pub fn collect_any(&mut self, until: Option<Instant>) -> Result<Option<(u64, Outcome)>, Error> {
        let mut looked = false;
        loop {
            if let Some(ended) = self.next_finished() {
                return Ok(Some(ended));
            }
            self.send_unsent()?;
            self.settle_arrived()?;
            if let Some(ended) = self.next_finished() {
                return Ok(Some(ended));
            }
            let now = Instant::now();
            let over = self.awaited() == 0 || until.is_some_and(|until| now >= until);
            if over && looked {
                return Ok(None);
            }
            // Only a wait finds out what has come, if only one for no time.
            self.turn(if over { Some(now) } else { until })?;
            looked = true;
        }
    }

    /// Begins a call and waits for its end.
    pub fn call(
        &mut self,
        function: &str,
        parameters: &[u8],
        timeout: Duration,
    ) -> Result<Outcome, Error> {
        let id = self.submit(function, parameters, timeout)?;
        self.collect(id)
    }

    /// Gives a call up, or a stream; what comes of it will be dropped. False when
    /// it is not known.
    pub fn cancel(&mut self, id: u64) -> bool {
        let was_stream = self.streams.remove(id).is_some();
        if self.take_finished(id).is_some() {
            return true;
        }
        let Some((_, server)) = self.end(id) else {
            return was_stream;
        };
        let given_up = server.and_then(|index| self.servers.get_mut(index));
        if let Some(server) = given_up
            && server.in_flight == 0
        {
            server.breaker.abandoned(Instant::now());
        }
        true
    }

    /// Gives up every call that somebody waits for, and every stream, and forgets
    /// how others have ended.
    pub fn cancel_all(&mut self) -> Result<(), Error> {
        self.finished.clear();
        self.order.clear();
        for id in self.in_flight.awaited() {
            self.cancel(id);
        }
        let in_flight = &self.in_flight;
        self.streams.retain(|id| in_flight.get(id).is_some());
        self.flush()
    }

    /// How many calls in flight are to be collected.
    #[must_use]
    pub fn awaited(&self) -> usize {
        self.in_flight.count() - self.one_way - self.streaming
    }

    /// The call that finished first, of those that are known to have and were
    /// not collected. Neither waits nor looks.
    pub fn next_finished(&mut self) -> Option<(u64, Outcome)> {
        while let Some(id) = self.order.pop_front() {
            if let Some(outcome) = self.finished.remove(&id) {
                return Some((id, outcome));
            }
        }
        None
    }

    fn take_finished(&mut self, id: u64) -> Option<Outcome> {
        let outcome = self.finished.remove(&id)?;
        // The id in `order` is skipped when its turn comes; here only those
        // in front are cleared, so that the queue does not grow for ever.
        while let Some(first) = self.order.front()
            && !self.finished.contains_key(first)
        {
            self.order.pop_front();
        }
        Some(outcome)
    }

    /// Sends and reads what is possible; if nothing was, waits.
    fn turn(&mut self, until: Option<Instant>) -> Result<(), Error> {
        self.follow()?;
        self.send_unsent_events()?;
        self.send_unsent()?;
        if self.settle_arrived()? > 0 {
            return Ok(());
        }
        let next = [
            until,
            self.in_flight.next_deadline(),
            self.retries.next(),
            self.next_change(),
            self.next_beat(),
        ];
        let deadline = next.into_iter().flatten().min();
        self.flush()?;
        self.look(deadline)
    }

    /// Waits until something happens at a server, or the time is over.
    fn look(&mut self, until: Option<Instant>) -> Result<(), Error> {
        let to_send = !self.unsent.is_empty();
        let now = Instant::now();
        let servers = self.servers.iter_mut();
        transport::wait_for_any(
            self.services.iter().map(Service::bell),
            servers.map(|server| Watched {
                to_send: to_send && server.may_be_sent(now) || !server.unsent_events.is_empty(),
                is_awaited: server.in_flight > 0,
                socket: &mut server.transport,
            }),
            until,
        )?;
        Ok(())
    }

    /// The host does something else now. Calls that were begun go out; those of
    /// many in flight may wait a few milliseconds for the next ones, because
    /// these follow soon.
    pub fn leave(&mut self) -> Result<(), Error> {
        if self.next_beat().is_some() {
            self.beat_if_due(Instant::now())?;
        }
        let enough = MANY.max(FEW_A_SERVER * self.servers.len());
        let mut many = self.in_flight.count() >= enough && !self.said;
        if many {
            let now = Instant::now();
            many = now.duration_since(*self.held_since.get_or_insert(now)) < HELD;
        }
        if !many {
            self.flush()?;
        }
        // A server that asks for signs of life gets them meanwhile, and so does
        // not drop what it has for this client.
        for server in &mut self.servers {
            if server.in_flight > 0 {
                server.transport.lend(many);
            }
        }
        Ok(())
    }

    /// Puts what was sent on its way.
    fn flush(&mut self) -> Result<(), Error> {
        self.held_since = None;
        self.said = false;
        for server in &mut self.servers {
            // What is lost is told by the connection's end.
            server.transport.flush()?;
        }
        Ok(())
    }

    /// Takes a call out of flight: its terms, and the server that had it; none when it
    /// was not.
    fn end(&mut self, id: u64) -> Option<(Terms, Option<usize>)> {
        let pending = self.in_flight.remove(id)?;
        self.one_way -= usize::from(pending.terms.one_way);
        self.streaming -= usize::from(pending.terms.stream);
        self.speech.forget(id, pending.noted);
        if let Some(server) = pending.server.and_then(|index| self.servers.get_mut(index)) {
            server.in_flight -= 1;
        }
        Some((pending.terms, pending.server))
    }

    fn finish(&mut self, id: u64, outcome: Outcome) {
        let terms = self.end(id).map(|(terms, _)| terms);
        match &outcome {
            Outcome::Answer(_) => self.counters.answers += 1,
            Outcome::Fault(_) => self.counters.faults += 1,
            Outcome::TimedOut { .. } => self.counters.timeouts += 1,
            Outcome::ConnectionLost { .. } => self.counters.unknown += 1,
            Outcome::NotConnected { .. } => self.counters.not_connected += 1,
            Outcome::Invalid(_) | Outcome::TooLarge { .. } | Outcome::Unsendable(_) => {
                self.counters.invalid += 1;
            }
            Outcome::Unknown => {}
        }
        match terms {
            Some(Terms { stream: true, .. }) => {
                if let Some(stream) = self.streams.get_mut(id) {
                    stream.end_with(outcome);
                }
                return;
            }
            Some(Terms { one_way: true, .. }) => {
                self.streams.remove(id);
                return;
            }
            _ => self.streams.remove(id),
        };
        self.finished.insert(id, outcome);
        self.order.push_back(id);
    }
}

impl Drop for Client {
    /// Calls that no server has taken yet go out, within linger: nobody may wait
    /// for them, but they were begun.
    fn drop(&mut self) {
        if self.process != fork::generation() || self.servers.is_empty() && self.services.is_empty()
        {
            return;
        }
        let until = Instant::now().checked_add(self.options.transport.linger);
        // Those whose time is over wait for nothing.
        self.unsent.retain(|id| self.in_flight.get(*id).is_some());
        while !self.unsent.is_empty() && until.is_some_and(|until| Instant::now() < until) {
            if matches!(self.turn(until), Err(error) if error != Error::Interrupted) {
                return;
            }
        }
    }
}
