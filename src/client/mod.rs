//! A client: many calls in flight over one or more servers, each finished by
//! its deadline with an answer, a fault or an error.
//!
//! Every server has a socket of its own, and a call goes to the next one that
//! is connected, so a server that is away is passed over. A call's id travels
//! in the envelope, which every server echoes; an answer whose id is not in
//! flight is counted and dropped, so a late one never reaches another call.
//!
//! | file | holds |
//! |---|---|
//! | `counters` | what was counted |
//! | `in_flight` | the calls that are not finished, by id and by deadline |
//! | `options` | limits and the transport's options |
//! | `outcome` | how a call can end |

mod counters;
mod in_flight;
mod options;
mod outcome;

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

pub use counters::Counters;
use in_flight::{InFlight, Pending};
pub use options::Options;
pub use outcome::{Outcome, Value};

use crate::msgpack;
use crate::transport::{self, Body, Endpoint, Error, Frame, Incoming, Sent, Transport, fork};
use crate::wire::{Envelope, plain};

/// With this many calls in flight, a host begins the next one when one has
/// ended, and they go out together.
const MANY: usize = 16;
/// They wait for each other no longer than this while the host keeps coming
/// back.
const HELD: Duration = Duration::from_millis(2);

/// See the module.
pub struct Client {
    servers: Vec<Server>,
    /// Whose turn it is.
    next: usize,
    in_flight: InFlight,
    /// Calls that no server has taken yet, oldest first.
    unsent: VecDeque<u64>,
    finished: HashMap<u64, Outcome>,
    /// Finished calls in the order in which they finished.
    order: VecDeque<u64>,
    options: Options,
    counters: Counters,
    /// When a call was first left to go out with others.
    held_since: Option<Instant>,
    /// The process that made it, by `fork::generation`.
    process: u32,
}

struct Server {
    transport: Box<dyn Transport>,
    endpoint: String,
    /// Calls that it has and that have not ended.
    in_flight: usize,
}

impl Client {
    /// A client that is connected to nothing yet.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self {
            servers: Vec::new(),
            next: 0,
            in_flight: InFlight::default(),
            unsent: VecDeque::new(),
            finished: HashMap::new(),
            order: VecDeque::new(),
            options,
            counters: Counters::default(),
            held_since: None,
            process: fork::generation(),
        }
    }

    /// Adds a server. The connection is made in the background, now and again
    /// whenever it is lost.
    pub fn connect(&mut self, endpoint: &str) -> Result<(), Error> {
        let endpoint = Endpoint::parse(endpoint)?;
        let mut transport = transport::dealer(&self.options.transport())?;
        transport.connect(&endpoint)?;
        self.servers.push(Server {
            transport,
            endpoint: endpoint.to_string(),
            in_flight: 0,
        });
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
        let mut body = Vec::with_capacity(64 + function.len() + parameters.len());
        let written = plain::write_request(&mut body, function, parameters, timeout);
        let size = body.len();
        let limit = self.options.limits.bytes;
        let id = self.in_flight.insert(Pending {
            function: function.into(),
            timeout,
            deadline: Instant::now().checked_add(timeout),
            body: Some(body),
            server: None,
        });
        self.counters.calls += 1;
        if written.is_err() || size > limit {
            self.finish(id, Outcome::TooLarge { size, limit });
            return Ok(id);
        }
        self.unsent.push_back(id);
        self.send_unsent()?;
        Ok(id)
    }

    /// Waits until the call is finished, no longer than its deadline.
    pub fn collect(&mut self, id: u64) -> Result<Outcome, Error> {
        loop {
            if let Some(outcome) = self.take_finished(id) {
                return Ok(outcome);
            }
            if self.in_flight.get(id).is_none() {
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
            let over = self.in_flight.count() == 0 || until.is_some_and(|until| now >= until);
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

    /// Gives a call up; its answer will be dropped. False when it is not known.
    pub fn cancel(&mut self, id: u64) -> bool {
        self.take_finished(id).is_some() || self.end(id)
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
        self.send_unsent()?;
        if self.settle_arrived()? > 0 {
            return Ok(());
        }
        let deadline = match (self.in_flight.next_deadline(), until) {
            (Some(deadline), Some(until)) => Some(deadline.min(until)),
            (deadline, until) => deadline.or(until),
        };
        self.flush()?;
        transport::wait_for_any(
            self.servers.iter_mut().map(|server| &mut server.transport),
            deadline,
            !self.unsent.is_empty(),
        )
        .map(drop)
    }

    /// The host does something else now. Calls that were begun go out; those of
    /// many in flight may wait a few milliseconds for the next ones, because
    /// these follow soon.
    pub fn leave(&mut self) -> Result<(), Error> {
        if self.in_flight.count() < MANY {
            return self.flush();
        }
        let now = Instant::now();
        if now.duration_since(*self.held_since.get_or_insert(now)) >= HELD {
            return self.flush();
        }
        for server in &mut self.servers {
            server.transport.lend(true);
        }
        Ok(())
    }

    /// Puts what was sent on its way.
    fn flush(&mut self) -> Result<(), Error> {
        self.held_since = None;
        for server in &mut self.servers {
            // A call that was lost ends by its deadline.
            server.transport.flush()?;
        }
        Ok(())
    }

    /// Hands waiting calls to servers that take them.
    fn send_unsent(&mut self) -> Result<(), Error> {
        while let Some(&id) = self.unsent.front() {
            let Some(pending) = self.in_flight.get_mut(id) else {
                self.unsent.pop_front();
                continue;
            };
            let body = pending.body.as_deref().unwrap_or_default();
            let mut envelope = Envelope::new();
            let _ = envelope.push(&id.to_be_bytes()) && envelope.push(b"");
            let mut taken = None;
            for step in 0..self.servers.len() {
                let index = (self.next + step) % self.servers.len();
                let Some(server) = self.servers.get_mut(index) else {
                    break;
                };
                // A connection that has gone without being noticed would keep
                // the call; with others in flight a wait will notice soon.
                if server.in_flight == 0 && !server.transport.is_connected()? {
                    continue;
                }
                if server.transport.send(&envelope, body)? == Sent::Done {
                    server.in_flight += 1;
                    taken = Some(index);
                    break;
                }
            }
            let Some(index) = taken else {
                return Ok(());
            };
            self.next = (index + 1) % self.servers.len();
            self.counters.bytes_sent += body.len() as u64;
            pending.server = Some(index);
            pending.body = None;
            self.unsent.pop_front();
        }
        Ok(())
    }

    /// Ends the calls whose answers are here or whose deadlines have passed;
    /// returns how many messages and ends there were.
    fn settle_arrived(&mut self) -> Result<usize, Error> {
        let mut count = self.read()?;
        let now = Instant::now();
        if self
            .in_flight
            .next_deadline()
            .is_some_and(|deadline| deadline <= now)
        {
            // An answer that came in time counts, though nobody has looked for it.
            let servers = self.servers.iter_mut();
            let transports = servers.map(|server| &mut server.transport);
            transport::wait_for_any(transports, Some(now), false)?;
            count += self.read()?;
        }
        Ok(count + self.expire(now))
    }

    /// Reads every answer that is here; returns how many messages there were.
    fn read(&mut self) -> Result<usize, Error> {
        let mut count = 0;
        for index in 0..self.servers.len() {
            while let Some(server) = self.servers.get_mut(index)
                && let Some(incoming) = server.transport.receive()?
            {
                count += 1;
                self.settle(index, incoming);
            }
        }
        Ok(count)
    }

    /// Gives an answer to the call it belongs to.
    fn settle(&mut self, server: usize, incoming: Incoming) {
        let id = answered_id(&incoming.envelope);
        // An answer counts only from the server that has the call.
        let expected = id.and_then(|id| self.in_flight.get(id));
        let (Some(id), Some(pending)) = (id, expected) else {
            self.counters.unmatched += 1;
            return;
        };
        if pending.server != Some(server) {
            self.counters.unmatched += 1;
            return;
        }
        let outcome = match incoming.body {
            Body::One(frame) => self.read_answer(frame),
            Body::Missing => Outcome::Invalid("the answer has no body".to_string()),
            Body::Several(count) => {
                Outcome::Invalid(format!("the answer has {count} frames, expected one"))
            }
        };
        self.finish(id, outcome);
    }

    fn read_answer(&mut self, frame: Frame) -> Outcome {
        self.counters.bytes_received += frame.as_ref().len() as u64;
        match plain::read_answer(frame.as_ref(), &self.options.limits) {
            Ok(plain::Answer::Value) => Outcome::Answer(Value::new(frame)),
            Ok(plain::Answer::Fault(fault)) => Outcome::Fault(fault),
            Err(malformed) => Outcome::Invalid(format!(
                "the answer is expected to be one MessagePack value: {malformed}"
            )),
        }
    }

    /// Ends the calls whose deadline has passed; returns how many.
    fn expire(&mut self, now: Instant) -> usize {
        let mut count = 0;
        while let Some(id) = self.in_flight.expired(now) {
            let Some(pending) = self.in_flight.get(id) else {
                continue;
            };
            let endpoint = match pending.server.and_then(|index| self.servers.get(index)) {
                Some(server) => server.endpoint.clone(),
                None => self
                    .servers
                    .iter()
                    .map(|server| server.endpoint.as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
            };
            let function = pending.function.clone();
            let waited = pending.timeout;
            let outcome = if pending.server.is_some() {
                Outcome::TimedOut {
                    function,
                    endpoint,
                    waited,
                }
            } else {
                Outcome::NotConnected {
                    function,
                    endpoint,
                    trouble: self
                        .servers
                        .iter_mut()
                        .filter_map(|server| server.transport.trouble())
                        .collect(),
                    waited,
                }
            };
            self.finish(id, outcome);
            count += 1;
        }
        count
    }

    /// Takes a call out of flight; false when it was not.
    fn end(&mut self, id: u64) -> bool {
        let Some(pending) = self.in_flight.remove(id) else {
            return false;
        };
        if let Some(server) = pending.server.and_then(|index| self.servers.get_mut(index)) {
            server.in_flight -= 1;
        }
        true
    }

    fn finish(&mut self, id: u64, outcome: Outcome) {
        self.end(id);
        match &outcome {
            Outcome::Answer(_) => self.counters.answers += 1,
            Outcome::Fault(_) => self.counters.faults += 1,
            Outcome::TimedOut { .. } => self.counters.timeouts += 1,
            Outcome::NotConnected { .. } => self.counters.not_connected += 1,
            Outcome::Invalid(_) | Outcome::TooLarge { .. } => self.counters.invalid += 1,
            Outcome::Unknown => {}
        }
        self.finished.insert(id, outcome);
        self.order.push_back(id);
    }
}

impl Drop for Client {
    /// Calls that no server has taken yet go out, within linger: nobody may wait
    /// for them, but they were begun.
    fn drop(&mut self) {
        if self.process != fork::generation() || self.servers.is_empty() {
            return;
        }
        let until = Instant::now().checked_add(self.options.transport.linger);
        while !self.unsent.is_empty() && until.is_some_and(|until| Instant::now() < until) {
            if matches!(self.turn(until), Err(error) if error != Error::Interrupted) {
                return;
            }
        }
    }
}

/// The id in an envelope of ours: eight bytes and the delimiter.
fn answered_id(envelope: &Envelope) -> Option<u64> {
    let mut frames = envelope.frames();
    let id = frames.next()?.try_into().ok()?;
    (frames.next()?.is_empty() && frames.next().is_none()).then_some(u64::from_be_bytes(id))
}
