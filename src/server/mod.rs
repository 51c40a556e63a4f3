//! A server: it takes calls from a router, answers what needs no handler, and
//! hands out the rest, each under a token with which its answer comes back.
//!
//! It never runs a handler itself. So a host may call handlers from its own
//! loop, in batches or one by one, with no frame of this library below them.
//!
//! | file | holds |
//! |---|---|
//! | `board` | the page that a supervisor and its worker share |
//! | `builtins` | the functions that every server has |
//! | `channels` | zerorpc's channels: who is there, and how much each takes |
//! | `counters` | what was counted |
//! | `drain` | when a server that takes leave may go |
//! | `given_up` | callers that were given up |
//! | `introspection` | what zerorpc's tools ask |
//! | `open_calls` | the calls that wait for their answer, by token |
//! | `options` | limits and the transport's options |
//! | `pace` | how long handlers take |
//! | `reply` | answers in the dialect that their call came in |
//! | `routes` | the functions' names |
//! | `streams` | calls that are answered with many values |

mod board;
mod builtins;
mod channels;
mod counters;
mod drain;
mod given_up;
mod introspection;
mod open_calls;
mod options;
mod pace;
mod reply;
mod routes;
mod streams;

use std::fmt;
use std::ops::Range;
use std::time::{Duration, Instant};

pub use board::Board;
use builtins::Builtin;
use channels::Channels;
pub use channels::StreamNews;
pub use counters::Counters;
pub use drain::Drained;
use given_up::GivenUps;
pub use given_up::{GivenUp, Loss};
use open_calls::{OpenCall, OpenCalls};
pub use options::Options;
use pace::Paces;
use reply::Reply;
pub use routes::Route;
use routes::{Description, Routes};

use crate::msgpack::{self, Malformed};
use crate::transport::keys::NoKey;
use crate::transport::{
    self, Body, Curve, Endpoint, Error, Frame, Incoming, Stop, Transport, Waited, Waiting, Wake,
};
use crate::wire::{Call, Code, Dialect, Envelope, Fault, Request, plain, zerorpc};

/// See the module.
pub struct Server {
    transport: Box<dyn Transport>,
    wake: Wake,
    routes: Routes,
    open: OpenCalls,
    channels: Channels,
    given_up: GivenUps,
    options: Options,
    counters: Counters,
    paces: Paces,
    endpoints: Vec<String>,
    scratch: Vec<u8>,
    /// Counts the events that it sends.
    events: u64,
    began: Instant,
    /// Since when it takes leave.
    draining: Option<Instant>,
}

/// Messages that need no handler and are answered in a row.
const MOST_REFUSED: usize = 1000;

/// A call for a handler.
#[derive(Debug)]
pub struct Taken {
    /// What [`Server::answer`] and [`Server::fail`] want back.
    pub token: u64,
    /// Whose call it is.
    pub route: Route,
    /// When the caller stops waiting, if it said so.
    pub deadline: Option<Instant>,
    body: Frame,
    function: Range<usize>,
    parameters: Range<usize>,
    meta: Range<usize>,
}

impl Taken {
    /// The function's name as the caller wrote it; nothing for a raw body.
    #[must_use]
    pub fn function(&self) -> &[u8] {
        self.part(&self.function)
    }

    /// What travels beside the parameters, a checked MessagePack map; nothing if
    /// the caller sent none.
    #[must_use]
    pub fn meta(&self) -> &[u8] {
        self.part(&self.meta)
    }

    /// Bytes of the request.
    #[must_use]
    pub fn size(&self) -> usize {
        self.body.as_ref().len()
    }

    fn part(&self, range: &Range<usize>) -> &[u8] {
        self.body.as_ref().get(range.clone()).unwrap_or_default()
    }

    /// Moves the parameters to memory of their own, for a call that stays open
    /// for long: in place, a small one keeps all that was read together with
    /// it.
    pub fn detach(&mut self) {
        let body = std::mem::take(&mut self.body);
        self.body = body.detached();
    }

    /// Gives the parameters' memory back.
    pub fn release(&mut self) {
        self.body = Frame::default();
    }

    /// The parameters, one checked MessagePack value; for the raw handler the
    /// whole body, unchecked.
    #[must_use]
    pub fn parameters(&self) -> &[u8] {
        self.part(&self.parameters)
    }
}

/// Where a call comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Who called: `192.0.2.7:50000`, `ipc`, or nothing where it is not known.
    pub peer: String,
    /// In which dialect; nothing for a raw body.
    pub dialect: String,
}

/// Why an answer was not sent. The call is still open after all but
/// [`Refused::Unknown`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No open call has this token: it was answered already, or never taken.
    Unknown,
    /// The answer is not one MessagePack value within the limits.
    Malformed(Malformed),
    /// The answer is a map with the reserved key alone.
    Reserved,
    /// The caller takes no more items now.
    NoRoom,
    /// A raw body is answered with bytes, not with items.
    RawStream,
    /// Items were given: the stream is to be ended, or to fail.
    Stream,
    /// The transport failed.
    Transport(Error),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("no open call has this token; each is answered once"),
            Self::Malformed(malformed) => {
                write!(
                    f,
                    "the answer is expected to be one MessagePack value: {malformed}"
                )
            }
            Self::Reserved => f.write_str(
                "the answer is a map with the one key '__error__', which is reserved for faults",
            ),
            Self::NoRoom => f.write_str("the caller takes no more items of this stream now"),
            Self::RawStream => f.write_str("a raw body is answered with bytes, not with items"),
            Self::Stream => {
                f.write_str("the call is answered with a stream, which ends or fails as such")
            }
            Self::Transport(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Refused {}

impl Server {
    /// A server with no function and no endpoint yet.
    pub fn new(options: Options) -> Result<Self, Error> {
        let mut transport = transport::router(&options.transport())?;
        transport.reassure(channels::reassurance(&options.limits));
        Ok(Self {
            transport,
            wake: Wake::new()?,
            routes: Routes::default(),
            open: OpenCalls::default(),
            channels: Channels::default(),
            given_up: GivenUps::default(),
            options,
            counters: Counters::default(),
            paces: Paces::default(),
            endpoints: Vec::new(),
            scratch: Vec::new(),
            events: 0,
            began: Instant::now(),
            draining: None,
        })
    }

    /// Serves an endpoint, besides those bound before. Returns the endpoint
    /// really bound: `tcp://127.0.0.1:*` becomes one with a port.
    pub fn bind(&mut self, endpoint: &str) -> Result<&str, Error> {
        let endpoint = Endpoint::parse(endpoint)?;
        let bound = self.transport.bind(&endpoint)?;
        self.endpoints.push(bound);
        Ok(self.endpoints.last().map_or("", String::as_str))
    }

    /// The endpoints bound so far.
    #[must_use]
    pub fn endpoints(&self) -> &[String] {
        &self.endpoints
    }

    /// Adds a function, or finds the one of that name; its calls come with
    /// this route.
    pub fn add_function(&mut self, name: &str) -> Route {
        self.routes.add(name.as_bytes())
    }

    /// Removes the function of that name, if there is one. Calls that were taken go on
    /// and count for it; when it is added again it has the same route.
    pub fn remove_function(&mut self, name: &str) {
        self.routes.remove(name.as_bytes());
    }

    /// Says how a function describes itself in `zroute.list`: a MessagePack map
    /// whose keys are texts. Nothing happens for a route that is no function's.
    pub fn describe(&mut self, route: Route, description: &[u8]) -> Result<(), Malformed> {
        let description = Description::read(description, &self.options.limits)?;
        if let Some(function) = self.routes.function(route) {
            function.description = description;
        }
        Ok(())
    }

    /// The route of a function that was added.
    #[must_use]
    pub fn route(&self, name: &str) -> Option<Route> {
        self.routes.find(name.as_bytes())
    }

    /// Hands bodies that are no call to the host, under [`Route::Raw`].
    pub fn accept_raw(&mut self) {
        self.routes.accept_raw();
    }

    /// Serves a supervisor: its numbers of the calls are their tokens, and what
    /// it says of where they came from is believed.
    pub fn serve_supervisor(&mut self) {
        self.open.take_numbers();
    }

    /// The limits it was made with.
    #[must_use]
    pub fn limits(&self) -> &msgpack::Limits {
        &self.options.limits
    }

    /// What was counted so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters {
            open: self.open.count() as u64,
            ..self.counters.clone()
        }
    }

    /// Whether its endpoints speak CURVE.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.options.transport.curve.is_some()
    }

    /// Reads the file with its clients' keys again, if it has one. After an error the
    /// list is as it was.
    pub fn reload_keys(&self) -> Result<(), NoKey> {
        match &self.options.transport.curve {
            Some(Curve::Server {
                allowed: Some(allowed),
                ..
            }) => allowed.reload(),
            _ => Ok(()),
        }
    }

    /// Whether its clients tell a password.
    #[must_use]
    pub fn asks_for_password(&self) -> bool {
        self.options.transport.credentials.is_some()
    }

    /// Ends a wait from elsewhere.
    #[must_use]
    pub fn stop_handle(&self) -> Stop {
        self.wake.stop()
    }

    /// Whether a stop was asked for.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.wake.is_stopped()
    }

    /// Forgets a stop, so that the server can run again.
    pub fn resume(&self) {
        self.wake.resume();
    }

    /// Where a call comes from; to be asked before it is answered. From a
    /// supervisor, what that says of it.
    pub fn origin(&mut self, taken: &Taken) -> Origin {
        if taken.route != Route::Raw && self.open.takes_numbers() {
            let (peer, dialect) = plain::read_origin(taken.body.as_ref());
            let text = |part: Option<&[u8]>| {
                String::from_utf8_lossy(part.unwrap_or_default()).into_owned()
            };
            return Origin {
                peer: text(peer),
                dialect: dialect.map_or_else(|| plain::NAME.to_string(), |name| text(Some(name))),
            };
        }
        let open = self.open.get(taken.token);
        let peer = open.and_then(|call| call.envelope.frames().next());
        let reply = open.and_then(|call| call.reply.as_deref());
        Origin {
            peer: peer.map_or_else(String::new, |id| self.transport.address(id)),
            dialect: match taken.route {
                Route::Function(_) => Reply::dialect(reply).to_string(),
                Route::Raw => String::new(),
            },
        }
    }

    /// Takes leave: accepts no more peers (with the transport `libzmq`, only no
    /// more calls), tells those that are this library to go, and answers new
    /// calls with [`Code::ShuttingDown`]. Open calls may still be answered.
    pub fn begin_drain(&mut self) -> Result<(), Error> {
        if self.draining.is_none() {
            self.draining = Some(Instant::now());
            let mut goodbye = Vec::new();
            plain::write_fault(&mut goodbye, &shutting_down());
            self.transport.say_goodbye(&goodbye)?;
        }
        Ok(())
    }

    /// Whether nothing is left to wait for: none if so, else when to look again
    /// at the latest. For a host with a loop of its own; [`Server::take`]
    /// answers those that still call.
    pub fn drains_until(&mut self) -> Option<Instant> {
        let now = Instant::now();
        let since = now - self.draining?;
        let patience = if self.open.takes_numbers() {
            // A supervisor knows which calls are its own again.
            None
        } else {
            drain::patience(self.transport.remaining(), since)
        };
        match patience {
            Some(patience) => Some(now + patience),
            None if self.open.count() > 0 => Some(now + Duration::from_secs(1)),
            None => None,
        }
    }

    /// Takes leave, and waits until no call is open and nobody is left who would
    /// send one, no longer than `until`. A host that still has calls to answer
    /// rings the wake, hands them in, and comes again.
    ///
    /// [`Server::serve_again`] ends the leave; without it the server is only
    /// good to be dropped.
    pub fn drain(&mut self, until: Instant) -> Result<Drained, Error> {
        self.begin_drain()?;
        loop {
            // Nothing is handed out any more.
            self.take()?;
            self.flush()?;
            let Some(soon) = self.drains_until() else {
                return Ok(Drained::Over);
            };
            if Instant::now() >= until {
                return Ok(Drained::TimedOut);
            }
            let wake = Some(&self.wake);
            if self.transport.wait(wake, Some(soon.min(until)), false)? == Waited::Woken {
                return Ok(Drained::Woken);
            }
        }
    }

    /// Ends the leave, if one was taken, and accepts peers and calls again.
    pub fn serve_again(&mut self) -> Result<(), Error> {
        if self.draining.is_some() {
            self.transport.listen_again()?;
            self.draining = None;
        }
        Ok(())
    }

    /// The next call that is already here. What needs no handler is answered
    /// on the way.
    pub fn take(&mut self) -> Result<Option<Taken>, Error> {
        // One who sends nothing but nonsense must not keep the host here.
        for _ in 0..MOST_REFUSED {
            let Some(incoming) = self.transport.receive()? else {
                self.look_after_channels();
                break;
            };
            let admitted = self.admit(incoming);
            if !matches!(admitted, Ok(None)) {
                return admitted;
            }
        }
        Ok(None)
    }

    /// Whether there is another one, as far as is known without asking the
    /// system.
    pub fn has_more(&mut self) -> bool {
        self.transport.has_more()
    }

    /// The host runs handlers now, and comes back with [`Server::back`]. What
    /// was answered goes out, and callers are looked after meanwhile.
    pub fn leave(&mut self) -> Result<(), Error> {
        self.flush()?;
        self.paces.release();
        self.lend();
        Ok(())
    }

    #[inline]
    fn lend(&mut self) {
        let mut long = self.paces.begin();
        if !self.channels.is_empty() {
            self.announce();
            self.leave_channels();
            // What goes wrong here goes wrong again in the next wait, which can tell.
            let _ = self.catch_up();
            long = true;
        }
        self.transport.lend(long);
    }

    /// The host is away again, having given an item of a stream. That goes out with the
    /// next [`Server::flush`], or sooner.
    pub fn stay_away(&mut self) {
        self.lend();
    }

    /// [`Server::leave`] for a host that takes calls one by one. Answers may stay here a
    /// moment longer, to go out together with those of quick functions that
    /// follow.
    #[inline]
    pub fn leave_shortly(&mut self) -> Result<(), Error> {
        if !self.paces.may_hold() {
            self.flush()?;
            self.paces.release();
        }
        self.lend();
        Ok(())
    }

    /// The handlers of all calls that were taken have run.
    #[inline]
    pub fn back(&mut self) {
        self.paces.end();
    }

    /// Waits for something to take, until the deadline; for ever without one.
    /// Call it when [`Server::take`] has just returned nothing: only a wait, if
    /// only for no time, finds out what has come since.
    #[allow(clippy::inline_always)] // In lockstep it is a part of each call.
    #[inline(always)]
    pub fn wait(&mut self, deadline: Option<Instant>) -> Result<Waited, Error> {
        if self.is_stopped() {
            return Ok(Waited::Woken);
        }
        self.flush()?;
        self.paces.measure();
        self.paces.release();
        if self.channels.is_empty() {
            return self.transport.wait(Some(&self.wake), deadline, false);
        }
        self.wait_with_channels(deadline)
    }

    fn wait_with_channels(&mut self, deadline: Option<Instant>) -> Result<Waited, Error> {
        self.announce();
        if self.catch_up()? {
            return Ok(Waited::Ready);
        }
        let look = self.channels.next_look();
        let until = deadline.into_iter().chain(look).min();
        let waited = self.transport.wait(Some(&self.wake), until, false)?;
        Ok(match waited {
            // There are callers to look after.
            Waited::TimedOut if until != deadline => Waited::Ready,
            waited => waited,
        })
    }

    /// Tells a wait for other things too what concerns this server; then comes
    /// [`Server::look`].
    pub fn prepare(&mut self, waiting: &mut Waiting<'_>) -> Result<(), Error> {
        self.flush()?;
        self.announce();
        if let Some(look) = self.channels.next_look() {
            waiting.retry_at(look);
        }
        if !self.channels.is_empty() && self.catch_up()? {
            waiting.is_over();
        }
        self.transport.prepare(false, waiting)
    }

    /// Takes in what happened during a wait for other things too.
    pub fn look(&mut self) -> Result<(), Error> {
        self.transport.look()
    }

    /// Answers a call with one MessagePack value; a raw one with any bytes.
    pub fn answer(&mut self, token: u64, value: &[u8]) -> Result<(), Refused> {
        let raw = self.open.get(token).ok_or(Refused::Unknown)?.is_raw();
        check_answer(value, raw, &self.options.limits)?;
        self.answer_checked(token, value)
    }

    /// The same for a value that this library has just written.
    pub(crate) fn answer_checked(&mut self, token: u64, value: &[u8]) -> Result<(), Refused> {
        let call = self.open.get(token).ok_or(Refused::Unknown)?;
        check_size(value, &self.options.limits)?;
        if plain::is_reserved(value) && !call.is_raw() {
            return Err(Refused::Reserved);
        }
        if call.reply.as_deref().is_some_and(Reply::is_stream) {
            return Err(Refused::Stream);
        }
        if let Some(call) = self.remove(token) {
            self.counters.answers += 1;
            self.send_answer(&call, value).map_err(Refused::Transport)?;
        }
        Ok(())
    }

    /// Tells a caller that its call failed.
    pub fn fail(&mut self, token: u64, fault: &Fault) -> Result<(), Refused> {
        if self.fail_stream(token, fault).map_err(Refused::Transport)? {
            return Ok(());
        }
        let call = self.remove(token).ok_or(Refused::Unknown)?;
        self.end_with(&call, fault).map_err(Refused::Transport)
    }

    /// Whether the token is that of a raw body, whose answer is bytes.
    #[must_use]
    pub fn is_raw(&self, token: u64) -> bool {
        self.open.get(token).is_some_and(OpenCall::is_raw)
    }

    /// Puts the answers on their way.
    pub fn flush(&mut self) -> Result<(), Error> {
        let lost = self.transport.flush()?;
        self.counters.undeliverable += lost as u64;
        Ok(())
    }

    /// Decides what one message gets: a handler, or an answer at once.
    #[allow(clippy::inline_always)] // Else a call is built in memory and copied.
    #[inline(always)]
    fn admit(&mut self, incoming: Incoming) -> Result<Option<Taken>, Error> {
        let Incoming { envelope, body } = incoming;
        self.counters.requests += 1;
        let Body::One(frame) = body else {
            return self.refuse_frames(&envelope, &body).map(|()| None);
        };
        let body = frame.as_ref();
        self.counters.bytes_received += body.len() as u64;
        if self.open.takes_numbers()
            && let Some(number) = envelope.number_beside()
        {
            return self.hear_supervisor(number, body).map(|()| None);
        }
        let call = match Request::read(body, &self.options.limits) {
            Request::Call(call) if self.draining.is_none() => call,
            other => {
                if !self.is_for_raw_handler(&envelope, body.len(), &other)? {
                    return Ok(None);
                }
                let parameters = 0..body.len();
                return Ok(Some(self.take_raw(envelope, frame, parameters)));
            }
        };
        let Some(route) = self.routes.find(call.function) else {
            return self.answer_itself(&envelope, &call).map(|()| None);
        };
        let deadline = match call.budget {
            None => None,
            Some(Duration::ZERO) => {
                let reason = "the deadline had passed before the call was sent";
                let fault = Fault::new(Code::Deadline, reason);
                return self.refuse(&envelope, call.dialect, &fault);
            }
            // Too far away to be told as a time is no deadline.
            Some(budget) => Instant::now().checked_add(budget),
        };
        if self.open.count() >= self.options.open_calls {
            let fault = self.overload();
            return self.refuse(&envelope, call.dialect, &fault);
        }
        let within = |part: &[u8]| {
            let start = part.as_ptr().addr() - body.as_ptr().addr();
            start..start + part.len()
        };
        let (function, parameters) = (within(call.function), within(call.parameters));
        let meta = call.meta.map_or(0..0, within);
        if matches!(call.dialect, Dialect::Plain) && call.told_dialect.is_none() {
            return Ok(Some(Taken {
                token: self.open_call(envelope, route, None),
                route,
                deadline,
                body: frame,
                function,
                parameters,
                meta,
            }));
        }
        let Some((token, own_meta)) = self.open_in_dialect(envelope, route, &call) else {
            self.counters.dropped += 1;
            return Ok(None);
        };
        let (body, meta) = match own_meta {
            None => (frame, meta),
            // It does not lie in the request as it is.
            Some(map) => {
                let whole = [body, &map].concat();
                let meta = body.len()..whole.len();
                (whole.into(), meta)
            }
        };
        Ok(Some(Taken {
            token,
            route,
            deadline,
            body,
            function,
            parameters,
            meta,
        }))
    }

    /// Opens a call that needs more for its answer than its envelope. Its token, and its
    /// meta map where its dialect has that in another form; none for a channel that is
    /// open already.
    fn open_in_dialect(
        &mut self,
        envelope: Envelope,
        route: Route,
        call: &Call<'_>,
    ) -> Option<(u64, Option<Box<[u8]>>)> {
        if self.is_within_channel(&envelope, call.dialect) {
            return None;
        }
        let own_meta = match call.dialect {
            Dialect::Zerorpc { header, .. } => zerorpc::meta_map(header),
            _ => None,
        };
        let reply = if self.open.takes_numbers() {
            Reply::relayed(call.told_dialect)
        } else {
            Reply::new(call.dialect, || self.transport.came())
        };
        Some((self.open_call_with(envelope, route, reply), own_meta))
    }

    /// What is not one frame is no request.
    #[cold]
    fn refuse_frames(&mut self, envelope: &Envelope, body: &Body) -> Result<(), Error> {
        let fault = if self.draining.is_some() {
            shutting_down()
        } else {
            Fault::new(
                Code::Request,
                match body {
                    Body::Several(count) => {
                        format!("the message has {count} frames where one body is expected")
                    }
                    _ => "the message has a delimiter and no body".to_string(),
                },
            )
        };
        self.refuse(envelope, Dialect::Plain, &fault).map(drop)
    }

    /// Whether what is no call that can be served is for the raw handler. All else is
    /// answered here.
    #[cold]
    fn is_for_raw_handler(
        &mut self,
        envelope: &Envelope,
        size: usize,
        request: &Request<'_>,
    ) -> Result<bool, Error> {
        if let Request::Event(event) = request {
            return self.hear(envelope, event).map(|()| false);
        }
        if self.draining.is_some() {
            return self.refuse_all(envelope, request).map(|_| false);
        }
        let limit = self.options.limits.bytes;
        let refused = match request {
            Request::Other(_) if size > limit => {
                let fault = Malformed::TooLarge { size, limit }.into();
                self.refuse(envelope, Dialect::Plain, &fault)
            }
            Request::Other(_) if self.routes.takes_raw() => {
                if self.open.count() < self.options.open_calls {
                    return Ok(true);
                }
                let fault = self.overload();
                self.refuse(envelope, Dialect::Plain, &fault)
            }
            Request::Other(fault) => self.refuse(envelope, Dialect::Plain, fault),
            Request::Refused(fault, dialect) => self.refuse(envelope, *dialect, fault),
            Request::Call(_) | Request::Event(_) | Request::Unanswerable => {
                self.counters.dropped += 1;
                Ok(None)
            }
        };
        refused.map(|_| false)
    }

    fn take_raw(&mut self, envelope: Envelope, body: Frame, parameters: Range<usize>) -> Taken {
        let route = Route::Raw;
        Taken {
            token: self.open_call_with(envelope, route, None),
            route,
            deadline: None,
            body,
            function: 0..0,
            parameters,
            meta: 0..0,
        }
    }

    fn overload(&self) -> Fault {
        let text = format!("{} calls are being served already", self.open.count());
        Fault::new(Code::Overloaded, text)
    }

    /// [`Self::open_call`] out of line, for calls that are not plain.
    #[inline(never)]
    fn open_call_with(
        &mut self,
        envelope: Envelope,
        route: Route,
        reply: Option<Box<Reply>>,
    ) -> u64 {
        self.open_call(envelope, route, reply)
    }

    /// Notes a call that goes to a handler.
    #[allow(clippy::inline_always)] // Else the envelope is copied once more for each call.
    #[inline(always)]
    fn open_call(&mut self, envelope: Envelope, route: Route, reply: Option<Box<Reply>>) -> u64 {
        self.counters.calls += 1;
        self.paces.include(route);
        let has_channel = reply.as_deref().is_some_and(Reply::is_channel);
        let token = self.open.insert(OpenCall {
            envelope,
            route,
            reply,
        });
        if has_channel {
            self.open_channel(token);
        }
        if let Some(function) = self.routes.function(route) {
            function.calls += 1;
        }
        token
    }

    /// Answers a call of a function that the host has not added.
    fn answer_itself(&mut self, envelope: &Envelope, call: &Call<'_>) -> Result<(), Error> {
        if self.is_within_channel(envelope, call.dialect) {
            self.counters.dropped += 1;
            return Ok(());
        }
        let mut answer = Vec::new();
        let written = match Builtin::find(call.function, self.open.takes_numbers()) {
            None => match call.dialect {
                Dialect::Zerorpc { .. } => {
                    let functions = self.routes.functions();
                    let (asked, name) = (call.function, &self.options.name);
                    introspection::answer(&mut answer, asked, call.parameters, name, functions)
                }
                _ => None,
            }
            .unwrap_or_else(|| Err(unknown_function(call.function))),
            Some(Builtin::Ping) => {
                builtins::write_ping(&mut answer);
                Ok(())
            }
            Some(of @ (Builtin::List | Builtin::Functions)) => builtins::write_list(
                &mut answer,
                call.parameters,
                of == Builtin::Functions,
                self.routes.functions(),
            ),
            Some(Builtin::Stats) => {
                let counters = self.counters();
                let uptime = self.began.elapsed();
                builtins::write_stats(&mut answer, &counters, uptime, self.routes.functions());
                Ok(())
            }
        };
        match written.and_then(|()| Ok(check_length(&answer, &self.options.limits)?)) {
            Ok(()) => {
                self.counters.answers += 1;
                self.write_answer(envelope, call.dialect, &answer)
            }
            Err(fault) => self.refuse(envelope, call.dialect, &fault).map(drop),
        }
    }

    fn refuse(
        &mut self,
        envelope: &Envelope,
        dialect: Dialect<'_>,
        fault: &Fault,
    ) -> Result<Option<Taken>, Error> {
        if self.is_within_channel(envelope, dialect) {
            self.counters.dropped += 1;
            return Ok(None);
        }
        self.counters.refused += 1;
        self.send_fault(envelope, dialect, fault).map(|()| None)
    }

    /// Tells those who still call a server that takes leave.
    fn refuse_all(
        &mut self,
        envelope: &Envelope,
        request: &Request<'_>,
    ) -> Result<Option<Taken>, Error> {
        let dialect = match request {
            Request::Call(call) => call.dialect,
            Request::Refused(_, dialect) => *dialect,
            Request::Other(_) => Dialect::Plain,
            Request::Event(_) | Request::Unanswerable => {
                self.counters.dropped += 1;
                return Ok(None);
            }
        };
        self.refuse(envelope, dialect, &shutting_down())
    }

    fn end_with(&mut self, call: &OpenCall, fault: &Fault) -> Result<(), Error> {
        if call.channel().is_some_and(|channel| channel.has_ended) {
            // It was counted at the stream's end, of which its caller does not get all.
            self.counters.undeliverable += 1;
            return self.write_fault(&call.envelope, call.dialect(), fault);
        }
        if let Some(function) = self.routes.function(call.route) {
            function.faults += 1;
        }
        self.send_fault(&call.envelope, call.dialect(), fault)
    }

    /// Tells the callers of all open calls that they were not begun, and may be
    /// sent elsewhere: for a host that ends with calls taken. Those that it has
    /// begun, it fails first.
    pub fn refuse_open(&mut self) -> Result<(), Error> {
        self.end_open(&shutting_down())
    }

    fn end_open(&mut self, fault: &Fault) -> Result<(), Error> {
        self.close_channels();
        let cut_short = Fault::new(
            Code::Cancelled,
            "the server stopped before the stream ended",
        );
        for call in self.open.take_all() {
            // A stream that has given items has begun, whatever the host takes it for.
            let is_stream = call.channel().is_some_and(|channel| channel.is_stream);
            self.end_with(&call, if is_stream { &cut_short } else { fault })?;
        }
        Ok(())
    }

    /// Answers whatever is still here, so that nobody waits in vain. Only the
    /// host knows which of the open calls it has begun, and none may run twice.
    fn close(&mut self) -> Result<(), Error> {
        self.end_open(&Fault::new(
            Code::Handler,
            "the server ended before the call was answered",
        ))?;
        self.transport
            .wait(None, Some(Instant::now()), false)
            .map(drop)?;
        // No more than a few queues' worth: a client that keeps sending must
        // not keep the server from closing.
        for _ in 0..self.options.open_calls {
            let Some(incoming) = self.transport.receive()? else {
                break;
            };
            let fault = shutting_down();
            match &incoming.body {
                Body::One(frame) => {
                    let request = Request::read(frame.as_ref(), &self.options.limits);
                    self.refuse_all(&incoming.envelope, &request)?;
                }
                _ => self.send_fault(&incoming.envelope, Dialect::Plain, &fault)?,
            }
        }
        self.flush()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nobody is left to tell; what could be sent was sent.
        let _ = self.close();
    }
}

/// Whether a value can be sent as an answer.
pub fn check_answer(value: &[u8], raw: bool, limits: &msgpack::Limits) -> Result<(), Refused> {
    if raw {
        return check_size(value, limits);
    }
    msgpack::scan(value, limits).map_err(Refused::Malformed)?;
    if plain::is_reserved(value) {
        return Err(Refused::Reserved);
    }
    Ok(())
}

fn check_size(value: &[u8], limits: &msgpack::Limits) -> Result<(), Refused> {
    check_length(value, limits).map_err(Refused::Malformed)
}

fn check_length(value: &[u8], limits: &msgpack::Limits) -> Result<(), Malformed> {
    let (size, limit) = (value.len(), limits.bytes);
    if size > limit {
        return Err(Malformed::TooLarge { size, limit });
    }
    Ok(())
}

/// What is told of a call that was not begun.
fn shutting_down() -> Fault {
    Fault::new(Code::ShuttingDown, "the server shuts down")
}

fn unknown_function(name: &[u8]) -> Fault {
    const LONGEST: usize = 200;
    let name = String::from_utf8_lossy(name.get(..LONGEST).unwrap_or(name));
    Fault::new(
        Code::UnknownFunction,
        format!("no function is called '{}' here", name.escape_debug()),
    )
}
