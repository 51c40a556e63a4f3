//! The transport on the system's libzmq, through the zmq crate.

use std::collections::{HashMap, VecDeque};
use std::ffi::{CStr, CString};
use std::os::fd::RawFd;
use std::time::{Duration, Instant};

use super::assembly::Assembly;
use super::gatekeeper::Gatekeeper;
use super::repeats::Repeats;
use super::wait::Waiting;
use super::{
    Curve, Endpoint, Error, Frame, Incoming, KeyPair, Options, Reassurance, Remaining, Sent,
    Transport, Waited, Wake, z85,
};
use crate::wire::Envelope;

/// Below this, libzmq can be overrun from outside.
const OLDEST: (i32, i32, i32) = (4, 3, 3);

/// How soon messages for slow readers are tried again. libzmq tells when any
/// peer has room, not when a certain one has.
const RETRY: Duration = Duration::from_millis(5);

/// The version of the libzmq that is loaded.
#[must_use]
pub fn version() -> (i32, i32, i32) {
    zmq::version()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Router,
    Dealer,
}

pub struct Libzmq {
    /// Kept until the end, and dropped before the socket: its own are of the same
    /// context.
    _gatekeeper: Option<Gatekeeper>,
    /// Holds its context too; when it is dropped, the context ends and waits
    /// for what is on its way, no longer than linger.
    socket: zmq::Socket,
    descriptor: RawFd,
    role: Role,
    send_buffer: usize,
    held: Held,
    /// What is sent again and again.
    repeats: Repeats,
    /// By peer, the streams that wait for it to catch up; and those that waited.
    lagging: HashMap<Vec<u8>, Vec<u64>>,
    caught_up: Vec<u64>,
    /// The last look for a message found none. Only then the descriptor tells of
    /// the next one.
    drained: bool,
    /// Since that look something was sent. libzmq may have taken in the ring of the
    /// descriptor with that, which then does not tell of what came before.
    sent: bool,
    /// When a message came last, as far as is known.
    heard: Option<Instant>,
    /// A dealer's view of its connection.
    connection: Option<Connection>,
}

/// Whether a dealer is connected, as its monitor tells.
///
/// libzmq could keep calls from servers that are away by itself (IMMEDIATE),
/// but with that a connection that goes takes along the answers that had come
/// on it and were not read yet.
struct Connection {
    monitor: zmq::Socket,
    descriptor: RawFd,
    up: bool,
    /// There was one: without any, nothing can be on its way.
    was_up: bool,
    /// Why there was none when it was tried last.
    trouble: Option<&'static str>,
}

/// Messages for peers whose pipe is full, by routing id and in order.
#[derive(Default)]
struct Held {
    peers: HashMap<Vec<u8>, VecDeque<(Envelope, Vec<u8>)>>,
    bytes: usize,
}

impl Libzmq {
    pub fn router(options: &Options) -> Result<Self, Error> {
        Self::new(options, Role::Router)
    }

    pub fn dealer(options: &Options) -> Result<Self, Error> {
        Self::new(options, Role::Dealer)
    }

    fn new(options: &Options, role: Role) -> Result<Self, Error> {
        if version() < OLDEST {
            return Err(Error::Outdated { found: version() });
        }
        let context = zmq::Context::new();
        let kind = match role {
            Role::Router => zmq::ROUTER,
            Role::Dealer => zmq::DEALER,
        };
        let mut socket = context.socket(kind).map_err(system("make a socket"))?;
        configure(&socket, options, role)?;
        let gatekeeper = match &options.curve {
            Some(Curve::Server {
                allowed: Some(allowed),
                ..
            }) if role == Role::Router => {
                Some(Gatekeeper::before(&mut socket, &context, allowed.clone())?)
            }
            _ => None,
        };
        let descriptor = socket.get_fd().map_err(system("get the descriptor"))?;
        let connection = match role {
            Role::Router => None,
            Role::Dealer => Some(Connection::watch(&context, &socket)?),
        };
        Ok(Self {
            _gatekeeper: gatekeeper,
            socket,
            descriptor,
            role,
            send_buffer: options.send_buffer,
            held: Held::default(),
            repeats: Repeats::default(),
            lagging: HashMap::new(),
            caught_up: Vec::new(),
            drained: false,
            sent: false,
            heard: None,
            connection,
        })
    }

    /// Sends what is due again, unless its peer has not taken what came before.
    fn send_repeats(&mut self) -> Result<(), Error> {
        let now = Instant::now();
        while let Some((key, envelope, body)) = self.repeats.take_due(now) {
            let peer = envelope.frames().next().unwrap_or_default();
            if self.held.peers.contains_key(peer) {
                continue;
            }
            if self.send(&envelope, &body)? == Sent::Lost {
                self.repeats.give_up(key);
            }
        }
        Ok(())
    }

    /// The next frame of a message whose first frame is already here, so this
    /// never waits; a signal is no reason to lose the message.
    fn receive_rest(&self, frame: &mut zmq::Message) -> Result<(), Error> {
        loop {
            match self.socket.recv(frame, zmq::DONTWAIT) {
                Err(zmq::Error::EINTR) => {}
                other => return other.map_err(system("receive a frame")),
            }
        }
    }

    /// Hands a whole message to libzmq or nothing of it.
    fn pass_on(&mut self, envelope: &Envelope, body: &[u8]) -> Result<Sent, Error> {
        let mut begun = false;
        self.sent = true;
        for frame in envelope.frames() {
            match self.send_frame(frame, zmq::SNDMORE) {
                Ok(()) => begun = true,
                // The first frame decides: it names the peer, or takes a pipe.
                Err(zmq::Error::EAGAIN) if !begun => return Ok(Sent::Full),
                Err(zmq::Error::EHOSTUNREACH) if !begun => return Ok(Sent::Lost),
                Err(error) => return Err(system("send a frame")(error)),
            }
        }
        match self.send_frame(body, 0) {
            Ok(()) => Ok(Sent::Done),
            Err(zmq::Error::EAGAIN) if !begun => Ok(Sent::Full),
            Err(error) => Err(system("send a frame")(error)),
        }
    }

    /// Sends a frame without a message object: they are small, and libzmq
    /// copies small ones anyway.
    fn send_frame(&mut self, frame: &[u8], more: i32) -> Result<(), zmq::Error> {
        let socket = self.socket.as_mut_ptr();
        loop {
            // SAFETY: the socket is open, as its owner is borrowed, and the
            // bytes are copied before the call returns.
            let sent = unsafe {
                zmq_sys::zmq_send(
                    socket,
                    frame.as_ptr().cast(),
                    frame.len(),
                    zmq::DONTWAIT | more,
                )
            };
            if sent >= 0 {
                return Ok(());
            }
            // SAFETY: it reads the thread's errno.
            match zmq::Error::from_raw(unsafe { zmq_sys::zmq_errno() }) {
                // Nothing waited and nothing was sent; half a message must
                // not stay behind.
                zmq::Error::EINTR => {}
                error => return Err(error),
            }
        }
    }
}

impl Connection {
    fn watch(context: &zmq::Context, socket: &zmq::Socket) -> Result<Self, Error> {
        const ENDPOINT: &str = "inproc://connection";
        let events = zmq::SocketEvent::HANDSHAKE_SUCCEEDED.to_raw()
            | zmq::SocketEvent::HANDSHAKE_FAILED_AUTH.to_raw()
            | zmq::SocketEvent::HANDSHAKE_FAILED_PROTOCOL.to_raw()
            | zmq::SocketEvent::HANDSHAKE_FAILED_NO_DETAIL.to_raw()
            | zmq::SocketEvent::DISCONNECTED.to_raw();
        socket
            .monitor(ENDPOINT, i32::from(events))
            .map_err(system("watch the connection"))?;
        let monitor = context.socket(zmq::PAIR).map_err(system("make a socket"))?;
        monitor
            .set_linger(0)
            .and_then(|()| monitor.connect(ENDPOINT))
            .map_err(system("watch the connection"))?;
        let descriptor = monitor.get_fd().map_err(system("get the descriptor"))?;
        Ok(Self {
            monitor,
            descriptor,
            up: false,
            was_up: false,
            trouble: None,
        })
    }

    /// Takes in what has happened: of each event the first frame, which begins
    /// with its number, and the endpoint, which is known.
    fn update(&mut self) -> Result<(), Error> {
        let mut frame = zmq::Message::new();
        loop {
            match self.monitor.recv(&mut frame, zmq::DONTWAIT) {
                Ok(()) => {}
                Err(zmq::Error::EAGAIN) => return Ok(()),
                Err(zmq::Error::EINTR) => return Err(Error::Interrupted),
                Err(error) => return Err(system("watch the connection")(error)),
            }
            if let (true, Some(number)) = (frame.get_more(), frame.first_chunk()) {
                let event = zmq::SocketEvent::from_raw(u16::from_ne_bytes(*number));
                self.up = event == zmq::SocketEvent::HANDSHAKE_SUCCEEDED;
                self.was_up |= self.up;
                self.trouble = match event {
                    zmq::SocketEvent::HANDSHAKE_SUCCEEDED => None,
                    zmq::SocketEvent::HANDSHAKE_FAILED_AUTH => {
                        Some("the peer refused the handshake")
                    }
                    zmq::SocketEvent::HANDSHAKE_FAILED_PROTOCOL => {
                        Some("the peer asks for another security mechanism, or for none")
                    }
                    zmq::SocketEvent::HANDSHAKE_FAILED_NO_DETAIL => {
                        Some("the peer ended the connection in the handshake")
                    }
                    // It follows a handshake that failed, and what was said of that stands.
                    _ => self.trouble,
                };
            }
        }
    }
}

impl Drop for Libzmq {
    /// libzmq lingers for a handshake that is not done, too, and there is nothing behind it.
    fn drop(&mut self) {
        if self.connection.as_ref().is_some_and(|it| !it.was_up) {
            // It waits longer, if that fails.
            let _ = self.socket.set_linger(0);
        }
    }
}

impl Transport for Libzmq {
    fn bind(&mut self, endpoint: &Endpoint) -> Result<String, Error> {
        if endpoint.is_taken_by_a_file() {
            // libzmq would remove it.
            return Err(Error::not_a_socket(endpoint));
        }
        attach(&mut self.socket, "bind", endpoint, zmq_sys::zmq_bind)?;
        match self.socket.get_last_endpoint() {
            Ok(Ok(bound)) => Ok(bound.trim_end_matches('\0').to_string()),
            Ok(Err(_)) => Ok(endpoint.to_string()),
            Err(error) => Err(system("get the endpoint")(error)),
        }
    }

    fn connect(&mut self, endpoint: &Endpoint) -> Result<(), Error> {
        attach(&mut self.socket, "connect", endpoint, zmq_sys::zmq_connect)
    }

    fn receive(&mut self) -> Result<Option<Incoming>, Error> {
        let mut frame = zmq::Message::new();
        match self.socket.recv(&mut frame, zmq::DONTWAIT) {
            Ok(()) => {
                if self.drained || self.heard.is_none() {
                    self.heard = Some(Instant::now());
                }
                self.drained = false;
            }
            Err(zmq::Error::EAGAIN) => {
                if !self.drained && self.heard.is_some() {
                    self.heard = Some(Instant::now());
                }
                self.drained = true;
                self.sent = false;
                return Ok(None);
            }
            Err(zmq::Error::EINTR) => return Err(Error::Interrupted),
            Err(error) => return Err(system("receive a message")(error)),
        }
        let mut assembly = match self.role {
            Role::Dealer => Assembly::default(),
            Role::Router => {
                let assembly = Assembly::from_peer(&frame);
                self.receive_rest(&mut frame)?;
                assembly
            }
        };
        loop {
            let more = frame.get_more();
            if let Some(incoming) = assembly.add(Frame::from(frame), more) {
                return Ok(Some(incoming));
            }
            frame = zmq::Message::new();
            self.receive_rest(&mut frame)?;
        }
    }

    fn came(&mut self) -> Option<Instant> {
        None
    }

    fn has_more(&mut self) -> bool {
        false
    }

    fn send(&mut self, envelope: &Envelope, body: &[u8]) -> Result<Sent, Error> {
        if let Some(connection) = &self.connection {
            if !connection.up {
                return Ok(Sent::Full);
            }
            return self.pass_on(envelope, body);
        }
        let Some(peer) = envelope.frames().next() else {
            return Ok(Sent::Lost);
        };
        // Messages to one peer stay in order, also behind one that is held.
        let behind = self.held.bytes > 0 && self.held.peers.contains_key(peer);
        if !behind {
            let sent = self.pass_on(envelope, body)?;
            if sent != Sent::Full {
                return Ok(sent);
            }
        }
        let size = envelope.size() + body.len();
        if self.held.bytes + size > self.send_buffer {
            return Ok(Sent::Lost);
        }
        self.held.bytes += size;
        self.held
            .peers
            .entry(peer.to_vec())
            .or_default()
            .push_back((envelope.clone(), body.to_vec()));
        Ok(Sent::Held)
    }

    fn flush(&mut self) -> Result<usize, Error> {
        if self.repeats.next().is_some() {
            self.send_repeats()?;
        }
        if self.held.bytes == 0 {
            return Ok(0);
        }
        let mut held = std::mem::take(&mut self.held);
        let mut lost = 0;
        let mut failure = None;
        held.peers.retain(|peer, messages| {
            while let Some((envelope, body)) = messages.front() {
                match self.pass_on(envelope, body) {
                    Ok(Sent::Full) => return true,
                    Ok(Sent::Lost) => lost += 1,
                    Ok(Sent::Done | Sent::Held) => {}
                    Err(error) => {
                        failure = Some(error);
                        return true;
                    }
                }
                held.bytes -= envelope.size() + body.len();
                messages.pop_front();
            }
            let waited = self.lagging.remove(peer);
            self.caught_up.extend(waited.into_iter().flatten());
            false
        });
        self.held = held;
        failure.map_or(Ok(lost), Err)
    }

    fn take_ended(&mut self) -> Option<usize> {
        // It sends what was not written to the next peer, and tells nobody.
        None
    }

    fn sees_endings(&self) -> bool {
        false
    }

    fn renew(&mut self) {
        // The server's end of the connection is the end of it.
    }

    fn is_connected(&mut self) -> Result<bool, Error> {
        match &mut self.connection {
            Some(connection) => {
                connection.update()?;
                Ok(connection.up)
            }
            None => Ok(false),
        }
    }

    fn trouble(&mut self) -> Option<String> {
        self.connection.as_ref()?.trouble.map(str::to_string)
    }

    fn address(&mut self, _: &[u8]) -> String {
        // libzmq tells it with each message, at the cost of a text for each.
        String::new()
    }

    fn say_goodbye(&mut self, _: &[u8]) -> Result<(), Error> {
        // zmq_unbind() would end the connections too, and nobody is known to
        // understand a message that it has not asked for.
        Ok(())
    }

    fn remaining(&mut self) -> Remaining {
        Remaining {
            told: None,
            others: self.heard.map(|heard| heard.elapsed()),
        }
    }

    fn listen_again(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn wait(
        &mut self,
        wake: Option<&Wake>,
        until: Option<Instant>,
        to_send: bool,
    ) -> Result<Waited, Error> {
        let mut waiting = Waiting::new(wake, until);
        self.prepare(to_send, &mut waiting)?;
        waiting.end()
    }

    fn prepare(&mut self, to_send: bool, waiting: &mut Waiting) -> Result<(), Error> {
        // This also makes the descriptor of connections quiet again.
        let connected = self.is_connected()?;
        if let Some(connection) = &self.connection {
            waiting.watch(connection.descriptor);
        }
        if !self.drained {
            waiting.is_over();
        }
        let to_send = to_send && connected;
        if to_send || self.sent {
            let events = match self.socket.get_events() {
                Ok(events) => events,
                Err(zmq::Error::EINTR) => return Err(Error::Interrupted),
                Err(error) => return Err(system("look for events")(error)),
            };
            self.sent = events.contains(zmq::POLLIN);
            if self.sent || to_send && !events.is_empty() {
                waiting.is_over();
            }
        }
        if self.held.bytes > 0 {
            waiting.retry_after(RETRY);
        }
        if let Some(due) = self.repeats.next() {
            waiting.retry_at(due);
        }
        waiting.watch(self.descriptor);
        Ok(())
    }

    fn look(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn repeat(
        &mut self,
        key: u64,
        envelope: &Envelope,
        body: &[u8],
        first: Instant,
        every: Duration,
    ) {
        self.repeats.add(key, envelope, body, first, every);
    }

    fn stop_repeating(&mut self, key: u64) {
        self.repeats.remove(key);
    }

    fn take_unrepeatable(&mut self) -> Option<u64> {
        self.repeats.take_gone()
    }

    fn lags(&mut self, key: u64, envelope: &Envelope) -> bool {
        // What libzmq itself has for a peer, up to its high water, nobody sees.
        let peer = envelope.frames().next().unwrap_or_default();
        let lags = self.held.bytes > 0 && self.held.peers.contains_key(peer);
        if lags {
            self.lagging.entry(peer.to_vec()).or_default().push(key);
        }
        lags
    }

    fn take_caught_up(&mut self) -> Option<u64> {
        self.caught_up.pop()
    }

    fn reassure(&mut self, _: Reassurance) {
        // What libzmq's thread has read, nobody sees before the owner is back.
    }

    fn lend(&mut self, _: bool) {
        // libzmq has a thread of its own.
    }
}

fn configure(socket: &zmq::Socket, options: &Options, role: Role) -> Result<(), Error> {
    let set = |name, result: zmq::Result<()>| {
        result.map_err(|error| Error::Option {
            name,
            reason: error.message().to_string(),
        })
    };
    set(
        "max_message",
        socket.set_maxmsgsize(i64::try_from(options.largest_frame).unwrap_or(i64::MAX)),
    )?;
    set(
        "send_high_water",
        socket.set_sndhwm(integer(options.send_high_water)),
    )?;
    set(
        "receive_high_water",
        socket.set_rcvhwm(integer(options.receive_high_water)),
    )?;
    set(
        "handshake_ms",
        socket.set_handshake_ivl(milliseconds(options.handshake)),
    )?;
    set("backlog", socket.set_backlog(integer(options.backlog)))?;
    set("linger_ms", socket.set_linger(milliseconds(options.linger)))?;
    set(
        "reconnect_ms",
        socket.set_reconnect_ivl(milliseconds(options.reconnect)),
    )?;
    set(
        "reconnect_max_ms",
        socket.set_reconnect_ivl_max(milliseconds(options.reconnect_longest)),
    )?;
    if !options.heartbeat.is_zero() {
        let patience = options.heartbeat.saturating_mul(3);
        set(
            "heartbeat_ms",
            socket
                .set_heartbeat_ivl(milliseconds(options.heartbeat))
                .and_then(|()| socket.set_heartbeat_timeout(milliseconds(patience)))
                .and_then(|()| socket.set_heartbeat_ttl(milliseconds(patience))),
        )?;
    }
    if let Some(credentials) = &options.credentials {
        match role {
            Role::Router => {
                return Err(Error::Option {
                    name: "plain_password",
                    reason: "a server on 'libzmq' checks no password; take 'zmtp'".to_string(),
                });
            }
            Role::Dealer => set(
                "plain_password",
                socket
                    .set_plain_username(Some(&credentials.username))
                    .and_then(|()| socket.set_plain_password(Some(&credentials.password))),
            )?,
        }
    }
    match role {
        // An answer to a peer that has left is reported, not swallowed.
        Role::Router => set("mandatory", socket.set_router_mandatory(true))?,
        Role::Dealer => {}
    }
    if let Some(curve) = &options.curve {
        set_curve(socket, curve)?;
    }
    Ok(())
}

fn set_curve(socket: &zmq::Socket, curve: &Curve) -> Result<(), Error> {
    let refuse = |name: &'static str, reason: &str| Error::Option {
        name,
        reason: reason.to_string(),
    };
    if zmq::has("curve") != Some(true) {
        return Err(refuse(
            "curve_secret_key",
            "the libzmq on this machine was built without CURVE",
        ));
    }
    // libzmq takes the text itself; the zmq crate's decoder leaks.
    let key = |name: &'static str, text: &str| {
        if text.len() == 40 && z85::decode(text.as_bytes()).is_some() {
            Ok(text.as_bytes().to_vec())
        } else {
            Err(refuse(name, "expected a CURVE key: 40 characters of Z85"))
        }
    };
    let bad = |name: &'static str| move |error: zmq::Error| refuse(name, error.message());
    match curve {
        Curve::Server { secret_key, .. } => {
            let secret = key("curve_secret_key", secret_key)?;
            socket
                .set_curve_server(true)
                .and_then(|()| socket.set_curve_secretkey(&secret))
                .map_err(bad("curve_secret_key"))
        }
        Curve::Client { server_key, pair } => {
            let fresh;
            let pair = if let Some(pair) = pair {
                pair
            } else {
                fresh = key_pair()?;
                &fresh
            };
            let public = key("curve_public_key", &pair.public_key)?;
            let secret = key("curve_secret_key", &pair.secret_key)?;
            socket
                .set_curve_serverkey(&key("curve_server_key", server_key)?)
                .and_then(|()| socket.set_curve_publickey(&public))
                .and_then(|()| socket.set_curve_secretkey(&secret))
                .map_err(bad("curve_server_key"))
        }
    }
}

/// A fresh CURVE key pair.
pub fn key_pair() -> Result<KeyPair, Error> {
    let failed = |reason: String| Error::System {
        operation: "make a CURVE key pair",
        reason,
    };
    let pair = zmq::CurveKeyPair::new().map_err(|error| failed(error.message().to_string()))?;
    let text = |key: &[u8]| zmq::z85_encode(key).map_err(|error| failed(error.to_string()));
    Ok(KeyPair {
        public_key: text(&pair.public_key)?,
        secret_key: text(&pair.secret_key)?,
    })
}

type Attach =
    unsafe extern "C" fn(*mut std::ffi::c_void, *const std::ffi::c_char) -> std::ffi::c_int;

/// Binds or connects. Not through the zmq crate, which panics on an errno that
/// it does not know, such as that of a missing folder.
fn attach(
    socket: &mut zmq::Socket,
    operation: &'static str,
    endpoint: &Endpoint,
    call: Attach,
) -> Result<(), Error> {
    let unreachable = |reason: String| Error::Unreachable {
        operation,
        endpoint: endpoint.to_string(),
        reason,
    };
    if endpoint.is_ipv6() {
        socket.set_ipv6(true).map_err(system("turn IPv6 on"))?;
    }
    let text = CString::new(endpoint.as_str()).map_err(|error| unreachable(error.to_string()))?;
    // SAFETY: the socket is open, as its owner is borrowed, and the text is
    // NUL-terminated and outlives the call.
    let result = unsafe { call(socket.as_mut_ptr(), text.as_ptr()) };
    if result == 0 {
        return Ok(());
    }
    // SAFETY: zmq_strerror returns a static text for every number.
    let reason = unsafe { CStr::from_ptr(zmq_sys::zmq_strerror(zmq_sys::zmq_errno())) };
    Err(unreachable(reason.to_string_lossy().into_owned()))
}

fn system(operation: &'static str) -> impl Fn(zmq::Error) -> Error {
    move |error| Error::System {
        operation,
        reason: error.message().to_string(),
    }
}

fn milliseconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX)
}

fn integer(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_before_something_was_sent_ends_the_wait_behind_it() {
        let options = Options::default();
        let mut router = Libzmq::router(&options).unwrap();
        let mut dealer = Libzmq::dealer(&options).unwrap();
        let endpoint = Endpoint::parse("tcp://127.0.0.1:*").unwrap();
        let bound = router.bind(&endpoint).unwrap();
        dealer.connect(&Endpoint::parse(&bound).unwrap()).unwrap();
        let until = Instant::now() + Duration::from_secs(60);
        let mut envelope = Envelope::new();
        assert!(envelope.push(b""));
        while dealer.send(&envelope, b"hello").unwrap() != Sent::Done {
            assert!(Instant::now() < until, "no connection");
            dealer.wait(None, Some(until), true).unwrap();
        }
        let hello = loop {
            if let Some(hello) = router.receive().unwrap() {
                break hello;
            }
            router.wait(None, Some(until), false).unwrap();
        };
        for _ in 0..10 {
            assert!(dealer.receive().unwrap().is_none());
            router.send(&hello.envelope, b"answer").unwrap();
            let mut waiting = Waiting::new(None, Some(until));
            waiting.watch(dealer.descriptor);
            assert_eq!(waiting.end().unwrap(), Waited::Ready, "it has come");
            // libzmq looks for that in a send only where it has not for a millisecond or so.
            let later = Instant::now() + Duration::from_millis(5);
            while router.receive().unwrap().is_some() || Instant::now() < later {
                router.wait(None, Some(later), false).unwrap();
            }
            assert_eq!(dealer.send(&envelope, b"another").unwrap(), Sent::Done);
            let soon = Instant::now() + Duration::from_secs(20);
            assert_eq!(dealer.wait(None, Some(soon), false), Ok(Waited::Ready));
            assert!(dealer.receive().unwrap().is_some());
        }
    }
}
