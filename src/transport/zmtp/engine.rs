//! All connections of one socket, on one epoll.
//!
//! Nothing is read before it is asked for: what a peer sends waits in the
//! system until the messages that came before are taken, so a peer that sends
//! too fast is held up by TCP itself. What is sent is gathered for each peer
//! and written with [`Engine::flush`].

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};
use slab::Slab;
use socket2::Socket;

use super::address;
use super::command::{self, Command};
use super::connection::{Connection, Phase};
use super::connector::{Connector, Wanted};
use super::greeting;
use super::handshake::{Handshake, Role};
use super::header;
use super::input;
use super::listener::{Listener, reason};
use super::refusal::Refusal;
use super::timers::{Timer, Timers};
use crate::transport::assembly::Assembly;
use crate::transport::{Endpoint, Error, Incoming, Options, Sent};
use crate::wire::Envelope;

/// Events that one look takes in.
const EVENTS: usize = 1024;
/// Connections that are accepted before those that are there have their turn.
const ACCEPTED: usize = 64;
/// A peer that leaves this much unread is not read from until it has caught up.
const PUSH_BACK: usize = 1 << 20;
/// How long all the peers that leave too much unread, together, may take to
/// read anything, before the worst of them is let go.
const PATIENCE: Duration = Duration::from_millis(100);
/// The pause after descriptors or memory have run out.
const SCARCE: Duration = Duration::from_millis(100);

const BELL: Token = Token(usize::MAX - 1);
const WAKER: Token = Token(usize::MAX - 2);
/// Listeners count up from here; keys of connections are smaller.
const LISTENERS: usize = 1 << 63;

/// What a step with one connection led to.
enum Step {
    Message(Incoming),
    /// Nothing more can be done with it now.
    Idle,
    /// There is more; others have their turn first.
    Again,
    Over(Refusal),
}

/// See the module.
pub struct Engine {
    role: Role,
    options: Options,
    poll: Poll,
    events: Events,
    connections: Slab<Connection>,
    /// Counts connections, so that no two ever have the same key.
    serial: u32,
    /// Those that may have a message.
    ready: VecDeque<u64>,
    /// Those that have something to be written.
    dirty: Vec<u64>,
    chunk: BytesMut,
    spare: Vec<Vec<u8>>,
    listeners: Vec<Listener>,
    /// Descriptors ran out; a timer or the end of a connection ends this.
    scarce: bool,
    connector: Option<Connector>,
    timers: Timers,
    /// Connections that are not up yet.
    introducing: usize,
    /// Messages that were taken in while the owner was away.
    arrived: VecDeque<(u64, Incoming)>,
    arrived_bytes: usize,
    /// Bytes of frames that are not complete, all together.
    held: usize,
    /// Bytes that wait to be written, all together.
    queued: usize,
    /// Messages that went down with their connections.
    lost: usize,
    bell: Option<RawFd>,
    rung: bool,
    waker: Option<Arc<Waker>>,
    /// Somebody has sent a PING.
    heartbeats: bool,
}

impl Engine {
    pub fn new(role: Role, options: &Options) -> Result<Self, Error> {
        Ok(Self {
            role,
            options: options.clone(),
            poll: Poll::new().map_err(|error| system("make an epoll", &error))?,
            events: Events::with_capacity(EVENTS),
            connections: Slab::new(),
            serial: 0,
            ready: VecDeque::new(),
            dirty: Vec::new(),
            chunk: BytesMut::new(),
            spare: Vec::new(),
            listeners: Vec::new(),
            scarce: false,
            connector: None,
            timers: Timers::default(),
            introducing: 0,
            arrived: VecDeque::new(),
            arrived_bytes: 0,
            held: 0,
            queued: 0,
            lost: 0,
            bell: None,
            rung: false,
            waker: None,
            heartbeats: false,
        })
    }

    pub fn bind(&mut self, endpoint: &Endpoint) -> Result<String, Error> {
        let listener = Listener::bind(endpoint, &self.options)?;
        let token = Token(LISTENERS + self.listeners.len());
        self.register(&listener.socket, token, Interest::READABLE)
            .map_err(|error| system("watch an endpoint", &error))?;
        let bound = listener.endpoint.clone();
        self.listeners.push(listener);
        Ok(bound)
    }

    pub fn connect(&mut self, endpoint: &Endpoint) -> Result<(), Error> {
        // What can never be connected to is told at once.
        address::to_connect(endpoint.address()).map_err(|error| Error::Unreachable {
            operation: "connect",
            endpoint: endpoint.to_string(),
            reason: reason(&error),
        })?;
        self.connector = Some(Connector::new(endpoint.clone(), &self.options));
        self.reconnect(true);
        Ok(())
    }

    fn register(&self, socket: &Socket, token: Token, interest: Interest) -> io::Result<()> {
        self.poll
            .registry()
            .register(&mut SourceFd(&socket.as_raw_fd()), token, interest)
    }

    /// The descriptor that is readable when [`Engine::look`] has something to
    /// take in.
    pub fn descriptor(&self) -> RawFd {
        self.poll.as_raw_fd()
    }

    /// Rings when it should look although no socket asks for it.
    pub fn waker(&mut self) -> io::Result<Arc<Waker>> {
        waker(&mut self.waker, &self.poll)
    }

    /// Also ends waits when this descriptor becomes readable.
    pub fn watch_bell(&mut self, bell: RawFd) -> Result<(), Error> {
        if self.bell == Some(bell) {
            return Ok(());
        }
        self.poll
            .registry()
            .register(&mut SourceFd(&bell), BELL, Interest::READABLE)
            .map_err(|error| system("watch for a stop", &error))?;
        self.bell = Some(bell);
        Ok(())
    }

    /// Whether the bell was rung since the last time.
    pub fn was_rung(&mut self) -> bool {
        std::mem::take(&mut self.rung)
    }

    /// Whether there may be something without another look.
    pub fn has_something(&self) -> bool {
        self.rung || !self.ready.is_empty() || !self.arrived.is_empty()
    }

    /// A dealer's connection, unless its server is known to have gone: what it
    /// sent before is still read from one that has.
    #[inline]
    fn server(&self) -> Option<&Connection> {
        let key = self.connector.as_ref()?.up()?;
        self.connections.get(index(key)).filter(|peer| !peer.ended)
    }

    /// Whether a dealer has a connection.
    pub fn is_connected(&self) -> bool {
        self.server().is_some()
    }

    /// Why a dealer has none, as far as is known.
    pub fn trouble(&self) -> Option<&str> {
        if self.is_connected() {
            return None;
        }
        self.connector.as_ref()?.trouble.as_deref()
    }

    /// Whether a dealer can take a message now.
    #[inline]
    pub fn can_send(&self) -> bool {
        self.server()
            .is_some_and(|peer| !is_behind(peer, &self.options))
    }

    /// When it wants to look again by itself.
    pub fn next_timer(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Whether a peer has ever asked for signs of life.
    pub fn has_heartbeats(&self) -> bool {
        self.heartbeats
    }

    /// How many messages were lost since the last time.
    pub fn take_lost(&mut self) -> usize {
        std::mem::take(&mut self.lost)
    }

    /// The next message that is known to be here.
    #[inline]
    pub fn receive(&mut self) -> Option<Incoming> {
        if let Some((_, incoming)) = self.arrived.pop_front() {
            if self.arrived.is_empty() {
                self.arrived_bytes = 0;
            }
            return Some(incoming);
        }
        self.next_message()
    }

    fn next_message(&mut self) -> Option<Incoming> {
        while let Some(&key) = self.ready.front() {
            match self.advance(key) {
                Step::Message(incoming) => return Some(incoming),
                Step::Idle => {
                    self.ready.pop_front();
                    if let Some(peer) = self.connections.get_mut(index(key)) {
                        peer.listed = false;
                        peer.served = false;
                    }
                }
                Step::Again => self.ready.rotate_left(1),
                Step::Over(refusal) => {
                    self.ready.pop_front();
                    self.refuse(key, refusal);
                }
            }
        }
        None
    }

    /// Takes the next message from a connection, or whatever comes before it.
    #[inline]
    fn advance(&mut self, key: u64) -> Step {
        loop {
            let Some(peer) = self.connections.get_mut(index(key)) else {
                return Step::Idle;
            };
            if peer.key != key {
                return Step::Idle;
            }
            // A dealer reads whatever happens: its server may be waiting for that.
            if self.role == Role::Router && is_behind(peer, &self.options) {
                peer.paused = true;
                return Step::Idle;
            }
            let step = if peer.is_up() {
                let held = peer.input.held();
                let next = peer.input.next(self.options.largest_frame);
                self.held = self.held + peer.input.held() - held;
                match next {
                    Ok(Some((header, body))) if !header.command => {
                        let assembly = peer.assembly.get_or_insert_with(|| match self.role {
                            Role::Router => Assembly::from_peer(&key.to_be_bytes()),
                            Role::Dealer => Assembly::default(),
                        });
                        let added = assembly.add(body, header.more);
                        if added.is_some() {
                            peer.assembly = None;
                        }
                        added.map(Step::Message)
                    }
                    Ok(Some((_, body))) => self.obey(key, &body),
                    Ok(None) => self.read(key),
                    Err(refusal) => Some(Step::Over(refusal)),
                }
            } else {
                self.introduce(key)
            };
            if let Some(step) = step {
                return step;
            }
        }
    }

    /// Reads from a connection whose input is used up.
    fn read(&mut self, key: u64) -> Option<Step> {
        let Some(peer) = self.connections.get_mut(index(key)) else {
            return Some(Step::Idle);
        };
        if !peer.readable {
            return Some(Step::Idle);
        }
        if peer.served {
            peer.served = false;
            return Some(Step::Again);
        }
        if self.held > self.options.receive_buffer && peer.input.held() > input::CHUNK {
            return Some(Step::Over(Refusal::silent(
                "frames that are not complete take up the receive buffer",
            )));
        }
        let held = peer.input.held();
        let read = peer.input.read(&peer.stream, &mut self.chunk);
        self.held = self.held + peer.input.held() - held;
        match read {
            Ok(read) if read.count == 0 => Some(Step::Over(Refusal::silent(
                "the peer closed the connection",
            ))),
            Ok(read) => {
                // At its end, the next read tells so.
                peer.readable = !read.drained || peer.ended;
                peer.served = peer.readable;
                if peer.patience.is_some() {
                    peer.heard = Instant::now();
                }
                None
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                peer.readable = false;
                Some(Step::Idle)
            }
            Err(_) => Some(Step::Over(Refusal::silent("the connection was lost"))),
        }
    }

    /// Goes on with a handshake.
    fn introduce(&mut self, key: u64) -> Option<Step> {
        let credentials = self.options.credentials.as_ref();
        let peer = self.connections.get_mut(index(key))?;
        let Phase::Handshaking(handshake) = &mut peer.phase else {
            return Some(Step::Idle);
        };
        let (before, held) = (peer.output.pending(), peer.input.held());
        let taken = if handshake.awaits_greeting() {
            let whole = peer.input.collect_to(greeting::SIZE);
            let checked = handshake.check_greeting(peer.input.collected(), credentials);
            match checked {
                Err(refusal) => Err(refusal),
                Ok(()) if whole => {
                    peer.input.take_collected();
                    handshake.greeted(credentials, peer.output.bytes());
                    Ok(Some(false))
                }
                Ok(()) => Ok(None),
            }
        } else {
            match peer.input.next(command::LARGEST) {
                Ok(Some((header, body))) if header.command => {
                    let taken = handshake.take(&body, credentials, peer.output.bytes());
                    taken.map(Some)
                }
                Ok(Some(_)) => Err(Refusal::told("a message came before the handshake's end")),
                Ok(None) => Ok(None),
                Err(refusal) => Err(refusal),
            }
        };
        self.queued += peer.output.pending() - before;
        self.held = self.held + peer.input.held() - held;
        self.mark_dirty(key);
        match taken {
            Ok(Some(true)) => self.is_up(key),
            Ok(Some(false)) => {}
            Ok(None) => return self.read(key),
            Err(refusal) => return Some(Step::Over(refusal)),
        }
        None
    }

    /// A handshake is done.
    fn is_up(&mut self, key: u64) {
        self.introducing -= 1;
        if let Some(connector) = &mut self.connector {
            connector.succeeded(key, &self.options);
        }
        let heartbeat = self.options.heartbeat;
        if let Some(peer) = self.connections.get_mut(index(key)) {
            peer.phase = Phase::Up;
            if !heartbeat.is_zero() {
                let now = Instant::now();
                self.timers.add(now + heartbeat, Timer::Heartbeat(key));
                peer.heard = now;
                peer.patience = Some(heartbeat * 3);
                self.timers.add(now + heartbeat * 3, Timer::Silence(key));
            }
        }
    }

    /// Does what a command asks for.
    fn obey(&mut self, key: u64, body: &[u8]) -> Option<Step> {
        let peer = self.connections.get_mut(index(key))?;
        match Command::read(body) {
            Ok(Command::Ping { ttl, context }) => {
                let before = peer.output.pending();
                header::write_command(peer.output.bytes(), "PONG", context);
                self.queued += peer.output.pending() - before;
                self.heartbeats = true;
                if !ttl.is_zero() && peer.patience.is_none_or(|patience| ttl < patience) {
                    let now = Instant::now();
                    peer.heard = now;
                    peer.patience = Some(ttl);
                    self.timers.add(now + ttl, Timer::Silence(key));
                }
                self.mark_dirty(key);
                None
            }
            Ok(Command::Pong | Command::Unknown) => None,
            Ok(Command::Error { .. }) => Some(Step::Over(Refusal::silent(
                "the peer ended the connection with an error",
            ))),
            Ok(_) => Some(Step::Over(Refusal::silent(
                "a command of the handshake came after its end",
            ))),
            Err(refusal) => Some(Step::Over(refusal)),
        }
    }

    /// Ends a connection, after telling the peer why where the protocol can.
    fn refuse(&mut self, key: u64, refusal: Refusal) {
        if let Some(peer) = self.connections.get_mut(index(key))
            && peer.key == key
        {
            if refusal.told && matches!(peer.phase, Phase::Handshaking(_)) {
                let before = peer.output.pending();
                command::write_error(peer.output.bytes(), refusal.reason);
                self.queued += peer.output.pending() - before;
                let before = peer.output.pending();
                let _ = peer.output.flush(&peer.stream);
                self.queued -= before - peer.output.pending();
            }
            self.close(key, refusal.reason);
        }
    }

    /// Forgets a connection. What was not written goes with it.
    fn close(&mut self, key: u64, trouble: &str) {
        let Some(mut peer) = self.connections.try_remove(index(key)) else {
            return;
        };
        // Closing takes it out of the epoll too.
        self.queued -= peer.output.pending();
        self.held -= peer.input.held();
        if peer.output.pending() > 0 {
            self.lost += peer.output.messages();
        }
        peer.output.discard();
        peer.output.give_back(&mut self.spare);
        if !peer.is_up() {
            self.introducing -= 1;
        }
        if let Some(connector) = &mut self.connector
            && connector.ended(key, trouble)
        {
            // Another address is tried at once, the same one after a pause.
            self.reconnect(false);
        }
        if self.scarce {
            self.scarce = false;
        }
    }

    fn mark_dirty(&mut self, key: u64) {
        if let Some(peer) = self.connections.get_mut(index(key))
            && !peer.dirty
        {
            peer.dirty = true;
            self.dirty.push(key);
        }
    }

    /// Queues a message, to be written with the next flush.
    #[inline]
    pub fn send(&mut self, envelope: &Envelope, body: &[u8]) -> Sent {
        let mut frames = envelope.frames();
        let key = match &self.connector {
            Some(connector) if self.can_send() => connector.up(),
            Some(_) => return Sent::Full,
            None => frames
                .next()
                .and_then(|id| id.try_into().ok())
                .map(u64::from_be_bytes),
        };
        let Some(key) = key else {
            return Sent::Lost;
        };
        let Some(peer) = self
            .connections
            .get_mut(index(key))
            .filter(|peer| peer.key == key)
        else {
            return Sent::Lost;
        };
        let before = peer.output.pending();
        peer.output.borrow(&mut self.spare);
        let added = peer.output.add(&peer.stream, frames, body);
        self.queued = self.queued + peer.output.pending() - before;
        if !peer.dirty {
            peer.dirty = true;
            self.dirty.push(key);
        }
        if added.is_err() {
            // This message is counted by the one who hears of its loss.
            self.close(key, "the connection was lost");
            self.lost = self.lost.saturating_sub(1);
            return Sent::Lost;
        }
        if peer.output.pending() > input::CHUNK && !peer.output.blocked {
            self.write(key);
        }
        if self.queued > self.options.send_buffer {
            self.make_room();
        }
        Sent::Done
    }

    /// Writes what waits.
    pub fn flush(&mut self) {
        let mut dirty = std::mem::take(&mut self.dirty);
        for key in dirty.drain(..) {
            if let Some(peer) = self.connections.get_mut(index(key))
                && peer.key == key
            {
                peer.dirty = false;
                self.write(key);
            }
        }
        // Closing one may have begun another.
        dirty.append(&mut self.dirty);
        self.dirty = dirty;
    }

    /// Writes what waits for one peer, as far as it takes it.
    fn write(&mut self, key: u64) {
        let Some(peer) = self.connections.get_mut(index(key)) else {
            return;
        };
        if matches!(peer.phase, Phase::Connecting) {
            return;
        }
        let before = peer.output.pending();
        let written = peer.output.flush(&peer.stream);
        self.queued -= before - peer.output.pending();
        if written.is_err() {
            // What it has sent may still be here; the reading side finds out.
            self.lost += peer.output.messages();
            self.queued -= peer.output.pending();
            peer.output.discard();
            peer.readable = true;
            self.list(key);
            return;
        }
        peer.output.give_back(&mut self.spare);
        if peer.paused && !is_behind(peer, &self.options) {
            peer.paused = false;
            self.list(key);
        }
    }

    fn list(&mut self, key: u64) {
        if let Some(peer) = self.connections.get_mut(index(key))
            && !peer.listed
        {
            peer.listed = true;
            self.ready.push_back(key);
        }
    }

    /// Lets peers that left too much unread catch up, or lets the worst of them
    /// go.
    fn make_room(&mut self) {
        let mut least = self.queued;
        let mut until = Instant::now() + PATIENCE;
        while self.queued > self.options.send_buffer {
            let now = Instant::now();
            if now < until {
                if self.look(Some(until - now)).is_err() {
                    // A signal, most likely; time goes on.
                    std::thread::yield_now();
                }
                self.flush();
                if self.queued < least {
                    least = self.queued;
                    until = now + PATIENCE;
                }
                continue;
            }
            let worst = self
                .connections
                .iter()
                .max_by_key(|(_, peer)| peer.output.pending())
                .map(|(_, peer)| peer.key);
            match worst {
                Some(key) => self.close(key, "the peer left its answers unread"),
                None => return,
            }
        }
    }

    /// Takes in what has happened, after waiting for it no longer than
    /// `timeout`; for ever without one. True when anything has.
    pub fn look(&mut self, timeout: Option<Duration>) -> Result<bool, Error> {
        let timeout = if self.has_pending_listener() {
            Some(Duration::ZERO)
        } else {
            timeout
        };
        match self.poll.poll(&mut self.events, timeout) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                return Err(Error::Interrupted);
            }
            Err(error) => return Err(system("wait for events", &error)),
        }
        let events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        for event in &events {
            match event.token() {
                BELL => self.rung = true,
                WAKER => self.reconnect(false),
                Token(listener) if listener >= LISTENERS => {
                    if let Some(listener) = self.listeners.get_mut(listener - LISTENERS) {
                        listener.pending = true;
                    }
                }
                Token(key) => self.take_event(
                    key as u64,
                    event.is_readable() || event.is_error(),
                    event.is_writable(),
                    event.is_read_closed() || event.is_error(),
                ),
            }
        }
        let mut happened = !events.is_empty();
        self.events = events;
        if self.has_pending_listener() {
            happened = true;
            self.accept();
        }
        if self.timers.next().is_some() {
            happened |= self.run_timers();
        }
        Ok(happened)
    }

    fn take_event(&mut self, key: u64, readable: bool, writable: bool, ended: bool) {
        let Some(peer) = self.connections.get_mut(index(key)) else {
            return;
        };
        if peer.key != key {
            return;
        }
        if matches!(peer.phase, Phase::Connecting) {
            if readable || writable || ended {
                self.is_connecting_done(key);
            }
            return;
        }
        peer.ended |= ended;
        if readable || ended {
            peer.readable = true;
        }
        let listed = (readable || ended) && !peer.paused;
        // Else a peer that has gone would stay for as long as it is paused.
        let gone = ended && peer.paused;
        if writable && peer.output.blocked {
            peer.output.blocked = false;
            self.write(key);
        }
        if listed {
            self.list(key);
        } else if gone
            && self
                .connections
                .get(index(key))
                .is_some_and(|peer| peer.paused)
        {
            self.close(key, "the peer closed the connection");
        }
    }

    /// The system has said how connecting went.
    fn is_connecting_done(&mut self, key: u64) {
        let Some(peer) = self.connections.get_mut(index(key)) else {
            return;
        };
        let trouble = match peer.stream.take_error() {
            Ok(None) => match peer.stream.peer_addr() {
                Ok(_) => None,
                // Not yet.
                Err(error) if error.kind() == io::ErrorKind::NotConnected => return,
                Err(error) => Some(error),
            },
            Ok(Some(error)) | Err(error) => Some(error),
        };
        if let Some(error) = trouble {
            self.close(key, &reason(&error));
            return;
        }
        let credentials = self.options.credentials.as_ref();
        let handshake = Handshake::begin(self.role, credentials, peer.output.bytes());
        self.queued += peer.output.pending();
        peer.phase = Phase::Handshaking(handshake);
        peer.readable = true;
        self.mark_dirty(key);
        self.list(key);
    }

    fn has_pending_listener(&self) -> bool {
        !self.scarce
            && self.introducing < self.options.backlog as usize
            && self.listeners.iter().any(|listener| listener.pending)
    }

    fn accept(&mut self) {
        for place in 0..self.listeners.len() {
            for _ in 0..ACCEPTED {
                let Some(listener) = self.listeners.get_mut(place) else {
                    break;
                };
                if !listener.pending || self.introducing >= self.options.backlog as usize {
                    break;
                }
                match listener.socket.accept() {
                    Ok((stream, _)) => self.adopt(stream),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        listener.pending = false;
                    }
                    Err(error) if is_scarcity(&error) => {
                        self.scarce = true;
                        self.timers.add(Instant::now() + SCARCE, Timer::Accept);
                        return;
                    }
                    // That connection is gone before it was there.
                    Err(_) => {}
                }
            }
        }
    }

    fn adopt(&mut self, stream: Socket) {
        // Of a unix socket this fails, and need not be.
        let _ = stream.set_tcp_nodelay(true);
        if stream.set_nonblocking(true).is_err() {
            return;
        }
        let Some(key) = self.add(stream, Phase::Connecting) else {
            return;
        };
        self.is_connecting_done(key);
    }

    /// Adds a connection. None if the system cannot watch it.
    fn add(&mut self, stream: Socket, phase: Phase) -> Option<u64> {
        // A key stays below the listeners' tokens.
        self.serial = (self.serial + 1) & (u32::MAX >> 2);
        let entry = self.connections.vacant_entry();
        let key = u64::from(self.serial) << 32 | entry.key() as u64 & u64::from(u32::MAX);
        let token = Token(usize::try_from(key).ok()?);
        let interest = Interest::READABLE | Interest::WRITABLE;
        let fd = stream.as_raw_fd();
        let registry = self.poll.registry();
        registry
            .register(&mut SourceFd(&fd), token, interest)
            .ok()?;
        let now = Instant::now();
        entry.insert(Connection::new(key, stream, phase, now));
        self.introducing += 1;
        if !self.options.handshake.is_zero() {
            self.timers
                .add(now + self.options.handshake, Timer::Handshake(key));
        }
        Some(key)
    }

    /// Makes a dealer's connection, if it has none and it is time.
    fn reconnect(&mut self, fresh: bool) {
        let Self {
            connector: Some(connector),
            waker: own_waker,
            poll,
            options,
            ..
        } = self
        else {
            return;
        };
        match connector.next(fresh, options, || waker(own_waker, poll)) {
            Wanted::Connection(stream) => {
                let _ = stream.set_tcp_nodelay(true);
                if let Some(key) = self.add(stream, Phase::Connecting)
                    && let Some(connector) = &mut self.connector
                {
                    connector.trying(key);
                } else {
                    self.timers.add(Instant::now() + SCARCE, Timer::Connect);
                }
            }
            Wanted::Pause(pause) => self.timers.add(Instant::now() + pause, Timer::Connect),
            Wanted::Nothing => {}
        }
    }

    /// Does what is due; true when anything was.
    fn run_timers(&mut self) -> bool {
        let now = Instant::now();
        let mut any = false;
        while let Some(timer) = self.timers.due(now) {
            any = true;
            match timer {
                Timer::Connect => self.reconnect(true),
                Timer::Accept => self.scarce = false,
                Timer::Handshake(key) => {
                    if self.is(key, |peer| !peer.is_up()) {
                        self.close(key, "the handshake took too long");
                    }
                }
                Timer::Heartbeat(key) => self.ask_for_life(key, now),
                Timer::Silence(key) => self.check_silence(key, now),
            }
        }
        any
    }

    fn is(&self, key: u64, what: impl FnOnce(&Connection) -> bool) -> bool {
        self.connections
            .get(index(key))
            .is_some_and(|peer| peer.key == key && what(peer))
    }

    fn ask_for_life(&mut self, key: u64, now: Instant) {
        let heartbeat = self.options.heartbeat;
        let Some(peer) = self
            .connections
            .get_mut(index(key))
            .filter(|peer| peer.key == key)
        else {
            return;
        };
        // A peer that was not asked, because nobody was here, is not late.
        if let Some(asked_in_time) = now.checked_sub(heartbeat) {
            peer.heard = peer.heard.max(asked_in_time);
        }
        if !is_behind(peer, &self.options) {
            let before = peer.output.pending();
            command::write_ping(peer.output.bytes(), heartbeat * 3);
            self.queued += peer.output.pending() - before;
            self.mark_dirty(key);
        }
        self.timers.add(now + heartbeat, Timer::Heartbeat(key));
    }

    fn check_silence(&mut self, key: u64, now: Instant) {
        let Some(peer) = self.connections.get(index(key)) else {
            return;
        };
        let (true, Some(patience)) = (peer.key == key, peer.patience) else {
            return;
        };
        let due = peer.heard + patience;
        let unheard = peer.readable || !peer.input.is_used_up();
        if unheard {
            self.timers.add(now + patience, Timer::Silence(key));
        } else if due > now {
            self.timers.add(due, Timer::Silence(key));
        } else {
            self.close(key, "the peer gave no sign of life");
        }
    }

    /// Takes in messages ahead of its owner, who is away, so that commands
    /// among them are obeyed. Within bounds: what is beyond them waits.
    pub fn read_ahead(&mut self) {
        while self.arrived_bytes < PUSH_BACK
            && self.arrived.len() < self.options.receive_high_water as usize
        {
            let Some(incoming) = self.next_message() else {
                break;
            };
            self.arrived_bytes += incoming.size();
            self.arrived.push_back((0, incoming));
        }
    }

    /// Writes what waits, no longer than `linger`.
    pub fn drain(&mut self, linger: Duration) {
        let until = Instant::now() + linger;
        self.flush();
        while self.queued > 0 {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            if matches!(self.look(Some(left)), Err(Error::System { .. })) {
                return;
            }
            self.flush();
        }
    }
}

/// Whether a peer leaves too much unread.
#[inline]
fn is_behind(peer: &Connection, options: &Options) -> bool {
    peer.output.pending() > PUSH_BACK
        || peer.output.blocked && peer.output.messages() > options.send_high_water as usize
}

fn waker(waker: &mut Option<Arc<Waker>>, poll: &Poll) -> io::Result<Arc<Waker>> {
    if let Some(waker) = waker {
        return Ok(Arc::clone(waker));
    }
    let fresh = Arc::new(Waker::new(poll.registry(), WAKER)?);
    Ok(Arc::clone(waker.insert(fresh)))
}

/// A connection's place; its key tells whether it is still the same one.
#[inline]
fn index(key: u64) -> usize {
    // Its lower half; there are never more connections than that.
    #[allow(clippy::cast_possible_truncation)]
    let place = (key & u64::from(u32::MAX)) as usize;
    place
}

fn is_scarcity(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM)
    )
}

fn system(operation: &'static str, error: &io::Error) -> Error {
    Error::System {
        operation,
        reason: reason(error),
    }
}
