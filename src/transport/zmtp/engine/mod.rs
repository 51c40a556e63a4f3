//! All connections of one socket, on one epoll.
//!
//! Nothing is read before it is asked for: what a peer sends waits in the
//! system until the messages that came before are taken, so a peer that sends
//! too fast is held up by TCP itself. What is sent is gathered for each peer
//! and written with [`Engine::flush`].
//!
//! | file | holds |
//! |---|---|
//! | `arriving` | how connections come to be |
//! | `ending` | how they end, and what happens to them with time |
//! | `leaving` | how a server takes leave of its peers |
//! | `reading` | what peers send: handshakes, commands and messages |
//! | `writing` | what goes to peers |

mod arriving;
mod ending;
mod leaving;
mod reading;
mod writing;

use std::collections::{HashMap, VecDeque};
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};
use slab::Slab;

use super::address;
use super::connection::{Connection, Phase};
use super::connector::Connector;
use super::handshake::Role;
use super::listener::{Listener, reason};
use super::socket::Socket;
use super::timers::Timers;
use crate::transport::repeats::Repeats;
use crate::transport::{Endpoint, Error, Incoming, Options, Reassurance};

/// Events that one look takes in.
const EVENTS: usize = 1024;
/// A peer that leaves this much unread is not read from until it has caught up.
const PUSH_BACK: usize = 1 << 20;
/// A peer that leaves this much unread gets no more of its streams: well below what
/// would keep its signs of life from being read.
const STREAMED: usize = PUSH_BACK / 2;
/// Nor does one that leaves more unread than one part in so many of what is free of the
/// send buffer: however many peers lag, they do not fill it.
const SHARE: usize = 4;
/// A peer is given up after as many heartbeats without a sign of life.
const MISSED: u32 = 3;
const BELL: Token = Token(usize::MAX - 1);
const WAKER: Token = Token(usize::MAX - 2);
/// Listeners count up from here; keys of connections are smaller.
const LISTENERS: usize = 1 << 63;

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
    /// A dealer's connection that was up has ended, and its owner does not know
    /// yet: how many messages were still whole here.
    ended: Option<usize>,
    /// Of the connection that is ending: messages that could not be written.
    unwritten: usize,
    timers: Timers,
    /// What is sent again and again.
    pub repeats: Repeats,
    /// What of that is for those whose messages are in `arrived`.
    pub reassurance: Option<Reassurance>,
    /// By peer, the streams that wait for it to catch up.
    lagging: HashMap<u64, Vec<u64>>,
    /// Those that waited.
    pub caught_up: Vec<u64>,
    /// Counts the messages whose senders were reassured.
    reassured: u64,
    /// See `Transport::came`.
    pub came: Option<Instant>,
    /// When a connection is to be made again.
    connect_due: Option<Instant>,
    /// Connections that are not up yet.
    introducing: usize,
    /// Messages that were taken in while the owner was away.
    arrived: VecDeque<Ahead>,
    arrived_bytes: usize,
    /// Bytes of frames that are not complete, all together.
    held: usize,
    /// Bytes that wait to be written, all together.
    queued: usize,
    /// How long the peers that left too much unread may still take, and when
    /// that was so.
    patience: Duration,
    patience_at: Instant,
    /// Messages that went down with their connections.
    lost: usize,
    bell: Option<RawFd>,
    rung: bool,
    waker: Option<Arc<Waker>>,
    /// Connections whose peer asks for signs of life.
    pinging: usize,
    /// When it looked last, in milliseconds of a clock that costs nothing.
    looked_at: u64,
    /// What peers that know it are told, once it takes leave.
    goodbye: Option<Box<[u8]>>,
}

/// A message that was taken in while the owner was away.
struct Ahead {
    incoming: Incoming,
    came: Instant,
    /// Under which key its sender is reassured.
    reassured: Option<u64>,
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
            ended: None,
            unwritten: 0,
            timers: Timers::default(),
            repeats: Repeats::default(),
            reassurance: None,
            lagging: HashMap::new(),
            caught_up: Vec::new(),
            reassured: 0,
            came: None,
            connect_due: None,
            introducing: 0,
            arrived: VecDeque::new(),
            arrived_bytes: 0,
            held: 0,
            queued: 0,
            patience: writing::PATIENCE,
            patience_at: Instant::now(),
            lost: 0,
            bell: None,
            rung: false,
            waker: None,
            pinging: 0,
            looked_at: coarse_clock(),
            goodbye: None,
        })
    }

    pub fn bind(&mut self, endpoint: &Endpoint) -> Result<String, Error> {
        let listener = Listener::bind(endpoint, &self.options)?;
        self.watch_listener(&listener, self.listeners.len())?;
        let bound = listener.endpoint.clone();
        self.listeners.push(listener);
        Ok(bound)
    }

    fn watch_listener(&self, listener: &Listener, place: usize) -> Result<(), Error> {
        let Some(socket) = &listener.socket else {
            return Ok(());
        };
        self.register(socket, Token(LISTENERS + place), Interest::READABLE)
            .map_err(|error| system("watch an endpoint", &error))
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
        self.rung || !self.ready.is_empty() || !self.arrived.is_empty() || self.ended.is_some()
    }

    /// A dealer's connection, unless its server is known to have gone: what it
    /// sent before is still read from one that has, and the next one is not
    /// used before the owner knows how the last one ended.
    #[inline]
    fn server(&self) -> Option<&Connection> {
        if self.ended.is_some() {
            return None;
        }
        let key = self.connector.as_ref()?.up()?;
        self.connections.get(index(key)).filter(|peer| !peer.ended)
    }

    /// See `Transport::take_ended`.
    #[inline]
    pub fn take_ended(&mut self) -> Option<usize> {
        if self.arrived.is_empty() {
            self.ended.take()
        } else {
            None
        }
    }

    /// Lets a dealer's connection go; the next one is made after a pause.
    pub fn leave(&mut self) {
        if let Some(key) = self.connector.as_ref().and_then(Connector::up) {
            self.flush();
            self.close(key, "the server is going away");
        }
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

    /// The address of a peer, by its routing id; nothing when it has left.
    pub fn address(&mut self, routing_id: &[u8]) -> String {
        let key = routing_id.try_into().map_or(u64::MAX, u64::from_be_bytes);
        let peer = self.connections.get_mut(index(key));
        let Some(peer) = peer.filter(|peer| peer.key == key) else {
            return String::new();
        };
        if peer.address.is_none()
            && let Ok(address) = peer.stream.peer_addr()
        {
            let address = address.as_socket().map(|address| address.to_string());
            peer.address = Some(address.unwrap_or_else(|| "ipc".to_string()).into());
        }
        peer.address.as_deref().unwrap_or_default().to_string()
    }

    /// When it wants to look again by itself.
    pub fn next_timer(&self) -> Option<Instant> {
        let repeat = self.repeats.next();
        self.timers.next().map_or(repeat, |next| {
            Some(repeat.map_or(next, |repeat| repeat.min(next)))
        })
    }

    /// Whether a peer asks for signs of life.
    pub fn has_heartbeats(&self) -> bool {
        self.pinging > 0
    }

    /// How many messages were lost since the last time.
    pub fn take_lost(&mut self) -> usize {
        std::mem::take(&mut self.lost)
    }

    fn list(&mut self, key: u64) {
        if let Some(peer) = self.connections.get_mut(index(key))
            && !peer.listed
        {
            peer.listed = true;
            self.ready.push_back(key);
        }
    }

    /// Takes in what has happened, after waiting for it no longer than
    /// `timeout`; for ever without one. True when anything has.
    pub fn look(&mut self, timeout: Option<Duration>) -> Result<bool, Error> {
        let timeout = if self.is_accepting() {
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
        self.looked_at = coarse_clock();
        let events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        for event in &events {
            match event.token() {
                BELL => self.rung = true,
                // The keeper's owner rings it too.
                WAKER if self.is_resolving() => self.reconnect(false),
                WAKER => {}
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
        if self.is_accepting() {
            happened = true;
            self.accept();
        }
        if self.next_timer().is_some() {
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
        if gone && self.connector.is_some() {
            // What it has answered before is for its caller to read.
            self.cannot_write(key);
            return;
        }
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
}

/// Whether a peer leaves too much unread.
#[inline]
fn is_behind(peer: &Connection, options: &Options) -> bool {
    peer.output.pending() > PUSH_BACK
        || peer.output.blocked && peer.output.messages() > options.send_high_water as usize
}

/// Milliseconds since some time, as of the system's latest tick: no more than a
/// few old, and read without asking the hardware.
fn coarse_clock() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the system writes the time to the place given, which has room.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &raw mut time) };
    time.tv_sec.cast_unsigned() * 1000 + time.tv_nsec.cast_unsigned() / 1_000_000
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

fn system(operation: &'static str, error: &io::Error) -> Error {
    Error::System {
        operation,
        reason: reason(error),
    }
}
