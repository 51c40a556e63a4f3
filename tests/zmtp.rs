//! Sessions by hand, byte by byte, against a server and a client of this
//! library: what ZMTP allows, what it does not, and what a hostile peer may try.
#![cfg(target_os = "linux")]

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use zroute::client::{self, Client, Outcome};
use zroute::server::{self, Server};
use zroute::transport::{self, Credentials, Kind};

/// Longer than anything here takes; only a failure waits for it.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long one step of a loop waits for something to happen.
const STEP: Duration = Duration::from_millis(1);
/// A body that is no call, so the raw handler gets it; and no MessagePack map.
const HELLO: &[u8] = b"\xa5hello";

const MORE: u8 = 1;
const LONG: u8 = 2;
const COMMAND: u8 = 4;

/// A frame with a short header.
fn frame(flags: u8, body: &[u8]) -> Vec<u8> {
    let size = u8::try_from(body.len()).unwrap();
    [&[flags, size], body].concat()
}

/// A frame with a long header.
fn long_frame(flags: u8, body: &[u8]) -> Vec<u8> {
    let size = (body.len() as u64).to_be_bytes();
    [&[flags | LONG], &size[..], body].concat()
}

fn command(name: &str, data: &[u8]) -> Vec<u8> {
    let length = [u8::try_from(name.len()).unwrap()];
    frame(COMMAND, &[&length, name.as_bytes(), data].concat())
}

fn greeting(mechanism: &str) -> Vec<u8> {
    let mut bytes = vec![0; 64];
    bytes[0] = 0xff;
    bytes[9] = 0x7f;
    bytes[10] = 3;
    bytes[11] = 1;
    bytes[12..12 + mechanism.len()].copy_from_slice(mechanism.as_bytes());
    bytes
}

fn metadata(socket_type: &str) -> Vec<u8> {
    let size = u32::try_from(socket_type.len()).unwrap().to_be_bytes();
    [b"\x0bSocket-Type", &size[..], socket_type.as_bytes()].concat()
}

fn ready(socket_type: &str) -> Vec<u8> {
    command("READY", &metadata(socket_type))
}

fn ping(tenths: u16, context: &[u8]) -> Vec<u8> {
    command("PING", &[&tenths.to_be_bytes(), context].concat())
}

/// All that a REQ sends before its first request.
fn introduction() -> Vec<u8> {
    [greeting("NULL"), ready("REQ")].concat()
}

/// A request of a REQ.
fn request(body: &[u8]) -> Vec<u8> {
    [frame(MORE, b""), long_frame(0, body)].concat()
}

/// A frame that came: its flags without the one of its length, and its body.
type Came = (u8, Vec<u8>);

/// A peer whose bytes are made by hand. It never blocks.
struct Peer {
    stream: UnixStream,
    received: Vec<u8>,
    closed: bool,
}

impl Peer {
    fn new(stream: UnixStream) -> Self {
        stream.set_nonblocking(true).unwrap();
        Self {
            stream,
            received: Vec::new(),
            closed: false,
        }
    }

    fn connect(endpoint: &str) -> Self {
        Self::new(UnixStream::connect_addr(&address(endpoint)).unwrap())
    }

    /// Sends as much as the other side takes; returns how much that was.
    fn send(&mut self, bytes: &[u8]) -> usize {
        let mut sent = 0;
        while let Some(rest) = bytes.get(sent..)
            && !rest.is_empty()
        {
            match self.stream.write(rest) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => {
                    self.closed = true;
                    break;
                }
            }
        }
        sent
    }

    /// Sends what is left of some bytes; true when nothing is.
    fn send_rest(&mut self, rest: &mut Vec<u8>) -> bool {
        let sent = self.send(rest);
        rest.drain(..sent);
        rest.is_empty() && !self.closed
    }

    /// Takes in what has come.
    fn hear(&mut self) {
        let mut buffer = vec![0; 65_536];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => self.closed = true,
                Ok(count) => {
                    self.received.extend_from_slice(&buffer[..count]);
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => self.closed = true,
            }
            return;
        }
    }

    fn is_closed(&mut self) -> bool {
        self.hear();
        self.closed
    }

    /// The next frame that has come whole. A greeting must be taken before.
    fn next(&mut self) -> Option<Came> {
        self.hear();
        let flags = *self.received.first()?;
        let (header, size) = if flags & LONG == 0 {
            (2, usize::from(*self.received.get(1)?))
        } else {
            let size = self.received.get(1..9)?.try_into().unwrap();
            (9, usize::try_from(u64::from_be_bytes(size)).unwrap())
        };
        let body = self.received.get(header..header + size)?.to_vec();
        self.received.drain(..header + size);
        Some((flags & !LONG, body))
    }

    fn take_greeting(&mut self) -> bool {
        self.hear();
        let whole = self.received.len() >= 64;
        if whole {
            assert_eq!(self.received[..10], greeting("")[..10]);
            self.received.drain(..64);
        }
        whole
    }
}

fn address(endpoint: &str) -> SocketAddr {
    let name = endpoint.strip_prefix("ipc://@").unwrap();
    SocketAddr::from_abstract_name(name).unwrap()
}

fn endpoint() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("ipc://@zroute-test-{}-{number}", std::process::id())
}

fn zmtp() -> transport::Options {
    transport::Options {
        kind: Some(Kind::Zmtp),
        // Whoever is let go is let go for another reason.
        handshake: PATIENCE * 10,
        ..transport::Options::default()
    }
}

/// A server that echoes, driven by whoever waits for something.
struct Echo {
    server: Server,
    endpoint: String,
}

impl Echo {
    fn start(transport: transport::Options) -> Self {
        let mut server = Server::new(server::Options {
            transport,
            ..server::Options::default()
        })
        .unwrap();
        server.accept_raw();
        let endpoint = server.bind(&endpoint()).unwrap().to_string();
        Self { server, endpoint }
    }

    /// Serves what is here.
    fn serve(&mut self) {
        while let Some(taken) = self.server.take().unwrap() {
            self.server.answer(taken.token, taken.parameters()).unwrap();
        }
        let _ = self.server.wait(Some(Instant::now() + STEP));
    }

    /// Serves until something comes true.
    fn until<T>(&mut self, what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(done) = condition() {
                return done;
            }
            self.serve();
        }
        panic!("in vain: {what}");
    }

    /// Serves until all that this peer sent before is certainly taken in: a
    /// good one that came later has its answer.
    fn settle(&mut self) {
        let mut good = self.peer();
        self.ask(&mut good, HELLO);
    }

    /// A peer with its handshake done.
    fn peer(&mut self) -> Peer {
        let mut peer = Peer::connect(&self.endpoint);
        peer.send(&introduction());
        self.up(&mut peer);
        peer
    }

    fn up(&mut self, peer: &mut Peer) {
        self.until("a greeting", || peer.take_greeting().then_some(()));
        let (flags, body) = self.next(peer);
        assert_eq!(flags, COMMAND);
        assert!(body.starts_with(b"\x05READY"), "{body:?}");
    }

    fn next(&mut self, peer: &mut Peer) -> Came {
        self.until("a frame", || peer.next())
    }

    /// Sends all of it, however slowly it is read.
    fn send(&mut self, peer: &mut Peer, bytes: &[u8]) {
        let mut sent = 0;
        self.until("all to be sent", || {
            sent += peer.send(&bytes[sent..]);
            (sent == bytes.len() || peer.closed).then_some(())
        });
    }

    fn ask(&mut self, peer: &mut Peer, body: &[u8]) {
        self.send(peer, &request(body));
        self.is_answered(peer, body);
    }

    fn is_answered(&mut self, peer: &mut Peer, body: &[u8]) {
        assert_eq!(self.next(peer), (MORE, Vec::new()));
        assert_eq!(self.next(peer), (0, body.to_vec()));
    }

    fn is_let_go(&mut self, peer: &mut Peer) {
        self.until("a connection to be closed", || {
            peer.is_closed().then_some(())
        });
    }
}

#[test]
fn a_silent_peer_is_given_up_when_heartbeats_are_asked_for() {
    let mut echo = Echo::start(transport::Options {
        heartbeat: Duration::from_secs(1),
        ..zmtp()
    });
    let mut silent = echo.peer();
    let mut talking = echo.peer();
    echo.until("the silent one to be let go", || {
        while let Some((flags, body)) = talking.next() {
            assert_eq!((flags, &body[..5]), (COMMAND, &b"\x04PING"[..]));
            talking.send(&command("PONG", &[]));
        }
        assert!(!talking.closed, "it has answered every PING");
        silent.is_closed().then_some(())
    });
    talking.next();
    assert!(!talking.closed);
}

#[test]
fn a_session_may_come_in_single_bytes() {
    let mut echo = Echo::start(zmtp());
    let mut peer = Peer::connect(&echo.endpoint);
    for byte in [introduction(), request(HELLO)].concat() {
        peer.send(&[byte]);
        echo.serve();
    }
    echo.up(&mut peer);
    echo.is_answered(&mut peer, HELLO);
}

#[test]
fn a_session_may_be_split_anywhere() {
    let mut echo = Echo::start(zmtp());
    let session = [introduction(), request(HELLO), request(b"\xc0")].concat();
    for place in 0..=session.len() {
        let (first, second) = session.split_at(place);
        let mut peer = Peer::connect(&echo.endpoint);
        peer.send(first);
        echo.settle();
        peer.send(second);
        echo.up(&mut peer);
        echo.is_answered(&mut peer, HELLO);
        echo.is_answered(&mut peer, b"\xc0");
    }
}

#[test]
fn a_greeting_of_another_kind_ends_the_connection_without_a_word() {
    let mut older = greeting("NULL");
    older[10] = 1;
    let mut echo = Echo::start(zmtp());
    for wrong in [
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        b"\0".to_vec(),
        b"\xff\0\0\0\0\0\0\0\0\x7e".to_vec(),
        older,
        greeting("CURVE"),
        greeting("PLAIN"),
        greeting("NULLNULL"),
    ] {
        let mut peer = Peer::connect(&echo.endpoint);
        peer.send(&wrong);
        echo.is_let_go(&mut peer);
        // At most the greeting, which goes out at once.
        assert!(peer.received.len() <= 64, "{:?}", peer.received);
    }
    echo.settle();
}

#[test]
fn a_handshake_that_goes_wrong_ends_with_the_reason() {
    let mut echo = Echo::start(zmtp());
    for (wrong, reason) in [
        (ready("PUB"), "cannot talk"),
        (ready(""), "cannot talk"),
        (command("READY", b""), "no Socket-Type"),
        (command("READY", b"\x01a\0\0\0\x09b"), "metadata"),
        (command("HELLO", b"\0\0"), "unexpected"),
        (command("PING", b"\0\0"), "unexpected"),
        (command("", b""), "unexpected"),
        (frame(COMMAND, b""), "malformed"),
        (frame(COMMAND, b"\x05REA"), "malformed"),
        (request(HELLO), "before"),
    ] {
        let mut peer = Peer::connect(&echo.endpoint);
        peer.send(&[greeting("NULL"), wrong.clone()].concat());
        echo.up(&mut peer);
        let (flags, body) = echo.next(&mut peer);
        let body = String::from_utf8(body).unwrap();
        assert_eq!(flags, COMMAND);
        assert!(body.starts_with("\x05ERROR"), "{wrong:?}: {body:?}");
        assert!(body.contains(reason), "{wrong:?}: {body:?}");
        echo.is_let_go(&mut peer);
    }
    echo.settle();
}

#[test]
fn a_peer_that_breaks_the_protocol_later_is_let_go() {
    let claimed = |size: u64| [&[LONG][..], &size.to_be_bytes()].concat();
    let handshake_command = claimed(0);
    let mut echo = Echo::start(zmtp());
    for wrong in [
        frame(0x08, b""),
        frame(0x80, b""),
        frame(COMMAND | MORE, b"\x04PONG"),
        claimed(u64::MAX),
        claimed(1 << 62),
        claimed(1 << 40),
        ready("REQ"),
        command("HELLO", b"\0\0"),
        command("ERROR", b"\x02no"),
        command("PING", b"\0"),
        command("PING", &[0; 19]),
        frame(COMMAND, b""),
    ] {
        let mut peer = echo.peer();
        peer.send(&wrong);
        echo.is_let_go(&mut peer);
        assert!(peer.next().is_none(), "{wrong:?}");
    }
    // A frame of no bytes behind a long header is none of them.
    let mut peer = echo.peer();
    peer.send(&[frame(MORE, b""), handshake_command].concat());
    echo.is_answered(&mut peer, b"");
    // A large command is refused only while the two sides introduce themselves.
    let mut large = Peer::connect(&echo.endpoint);
    let mut size = claimed(100_000);
    size[0] |= COMMAND;
    large.send(&[greeting("NULL"), size].concat());
    echo.is_let_go(&mut large);
}

#[test]
fn messages_that_are_no_request_are_answered_with_a_fault() {
    let mut echo = Echo::start(zmtp());
    let many = [frame(MORE, b"x").repeat(99), frame(0, b"x")].concat();
    let large = [frame(MORE, &[1; 255]).repeat(40), frame(0, b"")].concat();
    for wrong in [
        frame(0, b""),
        [frame(MORE, b"id"), frame(0, b"")].concat(),
        [frame(MORE, b""), frame(MORE, b"a"), frame(0, b"b")].concat(),
        [frame(MORE, b""), many.clone()].concat(),
        many,
        large,
    ] {
        let mut peer = echo.peer();
        echo.send(&mut peer, &wrong);
        let answer = loop {
            let (flags, body) = echo.next(&mut peer);
            if flags == 0 {
                break body;
            }
        };
        let reserved = b"__error__";
        assert!(
            answer.windows(reserved.len()).any(|at| at == reserved),
            "{answer:?}"
        );
        echo.ask(&mut peer, HELLO);
    }
}

#[test]
fn a_ping_is_answered_with_its_context_even_within_a_message() {
    let mut echo = Echo::start(zmtp());
    let mut peer = echo.peer();
    for context in [&b""[..], b"c", &[9; 16]] {
        peer.send(&ping(0, context));
        let (flags, body) = echo.next(&mut peer);
        assert_eq!(flags, COMMAND);
        assert_eq!(body, [b"\x04PONG", context].concat());
    }
    peer.send(&frame(MORE, b""));
    peer.send(&command("PONG", b""));
    peer.send(&command("LATER", b"something"));
    peer.send(&ping(0, b"in"));
    peer.send(&frame(0, HELLO));
    assert_eq!(echo.next(&mut peer), (COMMAND, b"\x04PONGin".to_vec()));
    echo.is_answered(&mut peer, HELLO);
}

#[test]
fn a_silent_peer_is_let_go_after_its_time_and_a_talking_one_stays() {
    let mut echo = Echo::start(zmtp());
    let mut silent = echo.peer();
    let mut talking = echo.peer();
    silent.send(&ping(1, b""));
    // Each shortens it; only the last one counts.
    for tenths in (20..=200).rev() {
        talking.send(&ping(tenths, b""));
    }
    echo.until("the silent one to be let go", || {
        talking.send(&command("PONG", b""));
        silent.is_closed().then_some(())
    });
    assert!(!talking.is_closed());
    while talking.next().is_some() {}
    echo.ask(&mut talking, HELLO);
    echo.is_let_go(&mut talking);
}

#[test]
fn a_peer_that_does_not_introduce_itself_is_let_go() {
    let mut echo = Echo::start(transport::Options {
        handshake: Duration::from_secs(2),
        ..zmtp()
    });
    let mut up = echo.peer();
    let mut silent = Peer::connect(&echo.endpoint);
    let mut slow = Peer::connect(&echo.endpoint);
    let mut half = Peer::connect(&echo.endpoint);
    half.send(&greeting("NULL"));
    let mut bytes = introduction().into_iter();
    echo.until("all three to be let go", || {
        if bytes.len() > introduction().len() - 60 {
            slow.send(&[bytes.next().unwrap()]);
        }
        (silent.is_closed() && slow.is_closed() && half.is_closed()).then_some(())
    });
    echo.ask(&mut up, HELLO);
}

#[test]
fn others_get_in_beside_more_silent_connections_than_may_introduce_themselves() {
    let mut echo = Echo::start(transport::Options {
        handshake: Duration::from_secs(1),
        backlog: 4,
        ..zmtp()
    });
    let mut silent = Vec::new();
    for _ in 0..7 {
        silent.push(Peer::connect(&echo.endpoint));
        echo.serve();
    }
    let mut good = Peer::connect(&echo.endpoint);
    good.send(&[introduction(), request(HELLO)].concat());
    echo.up(&mut good);
    echo.is_answered(&mut good, HELLO);
    for peer in &mut silent {
        echo.is_let_go(peer);
    }
    echo.ask(&mut good, HELLO);
}

#[test]
fn requests_that_never_come_whole_take_up_no_more_than_the_receive_buffer() {
    const PART: usize = 150_000;
    let limit = 256 << 10;
    let mut echo = Echo::start(transport::Options {
        receive_buffer: limit,
        ..zmtp()
    });
    let mut hoarders: Vec<_> = (0..8).map(|_| echo.peer()).collect();
    let mut part = request(&vec![0; 1 << 20]);
    part.truncate(PART);
    for hoarder in &mut hoarders {
        echo.send(hoarder, &part);
    }
    // What one read brings may be beyond the limit.
    let most = limit / PART + 1;
    echo.until("some of them to be let go", || {
        let open = hoarders.iter_mut().filter(|peer| !peer.closed);
        let open = open.filter_map(|peer| (!peer.is_closed()).then_some(()));
        (open.count() <= most).then_some(())
    });
    let mut good = echo.peer();
    // It has less than each of them, and comes in several pieces.
    echo.ask(&mut good, &vec![1; 140_000]);
}

#[test]
fn a_peer_that_does_not_read_is_held_up_until_it_does() {
    const COUNT: usize = 300;
    let mut echo = Echo::start(zmtp());
    let mut slow = echo.peer();
    let mut good = echo.peer();
    let body = vec![7; 60_000];
    let requests = request(&body).repeat(COUNT);
    let mut sent = 0;
    let mut still = 0;
    // Nothing else is going on: once it is held up, many rounds change nothing.
    while still < 50 {
        let count = slow.send(&requests[sent..]);
        sent += count;
        still = if count > 0 { 0 } else { still + 1 };
        assert!(sent < requests.len(), "all was taken and nothing read");
        echo.ask(&mut good, HELLO);
    }
    let mut answers = 0;
    echo.until("all answers", || {
        sent += slow.send(&requests[sent..]);
        while let Some((flags, came)) = slow.next() {
            if flags == 0 {
                assert_eq!(came, body);
                answers += 1;
            }
        }
        assert!(!slow.closed);
        (answers == COUNT).then_some(())
    });
    echo.ask(&mut good, HELLO);
}

#[test]
fn a_peer_that_does_not_read_is_let_go_when_the_send_buffer_is_full() {
    let mut echo = Echo::start(transport::Options {
        send_buffer: 300_000,
        ..zmtp()
    });
    let mut good = echo.peer();
    let mut slow = echo.peer();
    let requests = request(&vec![7; 60_000]).repeat(300);
    let mut sent = 0;
    echo.until("the slow one to be let go", || {
        sent += slow.send(&requests[sent..]);
        slow.closed.then_some(())
    });
    assert!(sent < requests.len());
    echo.ask(&mut good, HELLO);
    assert!(echo.server.counters().undeliverable > 0);
}

fn credentials() -> Credentials {
    Credentials {
        username: "name".to_string(),
        password: "secret".to_string(),
    }
}

#[test]
fn a_name_and_a_password_are_asked_for() {
    let mut echo = Echo::start(transport::Options {
        credentials: Some(credentials()),
        ..zmtp()
    });
    let mut peer = Peer::connect(&echo.endpoint);
    peer.send(&greeting("PLAIN"));
    peer.send(&command("HELLO", b"\x04name\x06secret"));
    peer.send(&command("INITIATE", &metadata("DEALER")));
    peer.send(&request(HELLO));
    echo.until("a greeting", || peer.take_greeting().then_some(()));
    assert_eq!(echo.next(&mut peer), (COMMAND, b"\x07WELCOME".to_vec()));
    assert!(echo.next(&mut peer).1.starts_with(b"\x05READY"));
    echo.is_answered(&mut peer, HELLO);

    for wrong in [
        command("HELLO", b"\x04name\x06secreT"),
        command("HELLO", b"\x00\x00"),
        command("INITIATE", &metadata("DEALER")),
        ready("DEALER"),
    ] {
        let mut peer = Peer::connect(&echo.endpoint);
        peer.send(&greeting("PLAIN"));
        peer.send(&wrong);
        peer.send(&request(HELLO));
        echo.until("a greeting", || peer.take_greeting().then_some(()));
        let (flags, body) = echo.next(&mut peer);
        assert_eq!(flags, COMMAND);
        assert!(body.starts_with(b"\x05ERROR"), "{wrong:?}: {body:?}");
        echo.is_let_go(&mut peer);
        assert!(peer.next().is_none());
    }
}

/// A server on a thread of its own, and some that flood it with the same bytes.
/// The calls of another client must come through, and then a stop.
fn is_served_beside_a_flood_of(bytes: &[u8]) {
    const FLOODS: usize = 3;
    /// So much has come of them before anything is called.
    const ENOUGH: usize = 1 << 20;
    let mut server = Server::new(server::Options {
        transport: zmtp(),
        ..server::Options::default()
    })
    .unwrap();
    server.accept_raw();
    let endpoint = server.bind("tcp://127.0.0.1:*").unwrap().to_string();
    let stop = server.stop_handle();
    let flood = bytes.repeat((64 << 10) / bytes.len());
    let (flood, sent) = (&flood, &AtomicUsize::new(0));
    let hostile: Vec<_> = (0..FLOODS)
        .map(|_| TcpStream::connect(endpoint.replace("tcp://", "")).unwrap())
        .collect();
    std::thread::scope(|scope| {
        let serving = scope.spawn(move || {
            while !server.is_stopped() {
                while let Some(taken) = server.take().unwrap()
                    && !server.is_stopped()
                {
                    server.answer(taken.token, taken.parameters()).unwrap();
                }
                let _ = server.wait(None);
            }
        });
        for mut stream in &hostile {
            scope.spawn(move || {
                let _ = stream.write_all(&introduction());
                while stream.write_all(flood).is_ok() {
                    sent.fetch_add(flood.len(), Ordering::Relaxed);
                }
            });
            scope.spawn(move || {
                let mut buffer = vec![0; 65_536];
                while stream.read(&mut buffer).is_ok_and(|count| count > 0) {}
            });
        }
        let flooded = eventually(|| (sent.load(Ordering::Relaxed) > ENOUGH).then_some(()));
        let mut client = Client::new(client::Options {
            transport: zmtp(),
            ..client::Options::default()
        });
        client.connect(&endpoint).unwrap();
        let outcome = client.call("nobody", HELLO, PATIENCE);
        stop.request();
        let stopped = eventually(|| serving.is_finished().then_some(()));
        for stream in &hostile {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
        assert!(flooded.is_some());
        // The server has no such function, and says so.
        assert!(matches!(outcome, Ok(Outcome::Fault(_))), "{outcome:?}");
        assert!(stopped.is_some(), "the server heard of no stop");
    });
}

/// Looks again and again, within bounds, for something that another thread does.
fn eventually<T>(mut condition: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        if let Some(done) = condition() {
            return Some(done);
        }
        std::thread::yield_now();
    }
    None
}

#[test]
fn others_are_served_beside_a_flood_of_commands() {
    is_served_beside_a_flood_of(&command("PONG", b""));
}

#[test]
fn others_are_served_beside_a_message_without_end() {
    is_served_beside_a_flood_of(&frame(MORE, b"x"));
}

#[test]
fn others_are_served_beside_a_flood_of_messages_that_are_no_request() {
    is_served_beside_a_flood_of(&frame(0, b""));
}

#[test]
fn others_are_served_beside_one_who_always_has_another_request() {
    const MOST: usize = 20_000;
    let mut echo = Echo::start(zmtp());
    let mut busy = echo.peer();
    let mut good = None;
    let requests = request(&vec![0xc0; 1000]);
    // What did not fit is sent next, so that the stream stays whole.
    let mut rest = Vec::new();
    for round in 0..MOST {
        if round == MOST / 10 {
            let mut late = Peer::connect(&echo.endpoint);
            late.send(&[introduction(), request(HELLO)].concat());
            good = Some(late);
        }
        while busy.send_rest(&mut rest) {
            rest.extend_from_slice(&requests);
        }
        busy.hear();
        busy.received.clear();
        if let Some(taken) = echo.server.take().unwrap() {
            let token = taken.token;
            echo.server.answer(token, taken.parameters()).unwrap();
        } else {
            let _ = echo.server.wait(Some(Instant::now()));
        }
        if let Some(good) = &mut good {
            good.hear();
            if good.received.ends_with(HELLO) {
                assert!(!busy.closed);
                return;
            }
        }
    }
    panic!("the other one has no answer after {MOST} of the busy one's");
}

/// A listener and a client that calls there.
struct Away {
    client: Client,
    listener: UnixListener,
}

impl Away {
    fn start() -> Self {
        let endpoint = endpoint();
        let listener = UnixListener::bind_addr(&address(&endpoint)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let mut client = Client::new(client::Options {
            transport: transport::Options {
                reconnect: Duration::from_millis(1),
                reconnect_longest: Duration::from_millis(8),
                ..zmtp()
            },
            ..client::Options::default()
        });
        client.connect(&endpoint).unwrap();
        Self { client, listener }
    }

    /// Lets the client work until something comes true.
    fn until<T>(&mut self, what: &str, mut condition: impl FnMut(&mut Self) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(done) = condition(self) {
                return done;
            }
            let soon = Instant::now() + STEP;
            let ended = self.client.collect_any(Some(soon)).unwrap();
            assert!(ended.is_none(), "{ended:?}");
        }
        panic!("in vain: {what}");
    }

    fn accept(&mut self) -> Peer {
        self.until("a connection", |away| {
            let (stream, _) = away.listener.accept().ok()?;
            Some(Peer::new(stream))
        })
    }

    /// Answers the call that is in flight as a good server does.
    fn answer(&mut self, peer: &mut Peer) {
        peer.send(&[greeting("NULL"), ready("ROUTER")].concat());
        self.until("a greeting", |_| peer.take_greeting().then_some(()));
        let mut frames = Vec::new();
        self.until("a request", |_| {
            while let Some(came) = peer.next() {
                if came.0 & COMMAND == 0 {
                    frames.push(came);
                }
            }
            frames
                .last()
                .is_some_and(|(flags, _)| *flags == 0)
                .then_some(())
        });
        for (flags, body) in &frames[..frames.len() - 1] {
            peer.send(&frame(*flags, body));
        }
        peer.send(&frame(0, HELLO));
    }

    fn submit(&mut self) -> u64 {
        self.client.submit("f", b"\xc0", PATIENCE).unwrap()
    }

    fn is_answered(&mut self, id: u64) {
        match self.client.collect(id).unwrap() {
            Outcome::Answer(value) => assert_eq!(value.as_ref(), HELLO),
            other => panic!("expected an answer, got {other:?}"),
        }
    }
}

#[test]
fn a_client_tries_again_until_it_gets_through() {
    let mut away = Away::start();
    let call = away.submit();
    for _ in 0..10 {
        drop(away.accept());
    }
    let mut server = away.accept();
    away.answer(&mut server);
    away.is_answered(call);
    // Also when a connection was good.
    drop(server);
    let mut server = away.accept();
    let call = away.submit();
    away.answer(&mut server);
    away.is_answered(call);
}

#[test]
fn a_server_that_sends_garbage_is_left() {
    let up = [greeting("NULL"), ready("ROUTER")].concat();
    for garbage in [
        b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
        vec![0xff; 200],
        greeting("CURVE"),
        [greeting("NULL"), ready("PUB")].concat(),
        [greeting("NULL"), command("ERROR", b"\x02no")].concat(),
        [up.clone(), frame(0xf0, b"")].concat(),
        [up.clone(), ready("ROUTER")].concat(),
        [up, [&[LONG][..], &[0xff; 8]].concat()].concat(),
    ] {
        let mut away = Away::start();
        let mut server = away.accept();
        server.send(&garbage);
        away.until("the client to leave", |_| server.is_closed().then_some(()));
        let call = away.submit();
        let mut server = away.accept();
        away.answer(&mut server);
        away.is_answered(call);
    }
}

#[test]
fn answers_that_belong_to_no_call_are_dropped() {
    let mut away = Away::start();
    let call = away.submit();
    let mut server = away.accept();
    for stray in [
        frame(0, HELLO),
        frame(0, b""),
        request(HELLO),
        [frame(MORE, &[0; 8]), request(HELLO)].concat(),
        [frame(MORE, &[0; 9]), request(HELLO)].concat(),
        [frame(MORE, b"x").repeat(3), frame(0, b"x")].concat(),
    ] {
        server.received.clear();
        if away.client.counters().unmatched == 0 {
            server.send(&[greeting("NULL"), ready("ROUTER")].concat());
        }
        let before = away.client.counters().unmatched;
        server.send(&stray);
        away.until("it to be dropped", |away| {
            (away.client.counters().unmatched > before).then_some(())
        });
    }
    assert_eq!(away.client.counters().in_flight, 1);
    assert!(away.client.cancel(call));
}

#[test]
fn a_call_to_a_server_that_never_greets_ends_by_its_deadline() {
    let mut away = Away::start();
    let time = Duration::from_millis(100);
    let call = away.client.submit("f", b"\xc0", time).unwrap();
    let _silent = away.listener.accept().unwrap();
    let outcome = away.client.collect(call).unwrap();
    assert!(
        matches!(&outcome, Outcome::NotConnected { waited, .. } if *waited == time),
        "{outcome:?}"
    );
}

#[test]
fn a_call_to_a_name_that_nobody_knows_ends_by_its_deadline() {
    let mut client = Client::new(client::Options {
        transport: zmtp(),
        ..client::Options::default()
    });
    // It never resolves (RFC 6761).
    client.connect("tcp://nobody.invalid:5555").unwrap();
    let outcome = client
        .call("f", b"\xc0", Duration::from_millis(300))
        .unwrap();
    let Outcome::NotConnected { trouble, .. } = outcome else {
        panic!("expected no connection, got {outcome:?}");
    };
    // A resolver that is slow has not said so yet.
    for reason in trouble {
        assert!(reason.contains("the name is not known"), "{reason}");
    }
}

/// A good session of a REQ or a DEALER.
fn good_sessions() -> Vec<Vec<u8>> {
    let dealer = [greeting("NULL"), ready("DEALER")].concat();
    let numbered = [frame(MORE, b"12345678"), request(HELLO)].concat();
    vec![
        [introduction(), request(HELLO), request(b"\xc0")].concat(),
        [dealer.clone(), numbered.repeat(20)].concat(),
        [
            dealer.clone(),
            ping(50, b"context"),
            numbered.clone(),
            command("PONG", b""),
        ]
        .concat(),
        [dealer.clone(), request(&vec![0xc0; 20_000]), numbered].concat(),
        [dealer, frame(MORE, b"frame").repeat(99), frame(0, b"frame")].concat(),
    ]
}

/// How the bytes of a session are changed.
#[derive(Clone, Debug)]
enum Change {
    Replace(u8),
    Insert(u8),
    Remove(usize),
    Repeat(usize),
    Cut,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        any::<u8>().prop_map(Change::Replace),
        // Flags and sizes say more than any bytes.
        (0_u8..8).prop_map(Change::Replace),
        any::<u8>().prop_map(Change::Insert),
        (1_usize..100).prop_map(Change::Remove),
        (1_usize..100).prop_map(Change::Repeat),
        Just(Change::Cut),
    ]
}

fn changed(mut bytes: Vec<u8>, changes: &[(prop::sample::Index, Change)]) -> Vec<u8> {
    for (place, change) in changes {
        if bytes.is_empty() {
            break;
        }
        let at = place.index(bytes.len());
        let some = |count: usize| at..(at + count).min(bytes.len());
        match *change {
            Change::Replace(byte) => bytes[at] = byte,
            Change::Insert(byte) => bytes.insert(at, byte),
            Change::Remove(count) => drop(bytes.drain(some(count))),
            Change::Repeat(count) => bytes.extend_from_within(some(count)),
            Change::Cut => bytes.truncate(at),
        }
    }
    bytes
}

#[test]
fn whatever_a_peer_sends_the_one_beside_it_is_served() {
    let config = ProptestConfig {
        cases: 4000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let session = (
        prop::sample::select(good_sessions()),
        prop::collection::vec((any::<prop::sample::Index>(), change()), 0..6),
        1_usize..2000,
    );
    let mut echo = Echo::start(zmtp());
    let mut good = echo.peer();
    let echo = std::cell::RefCell::new((&mut echo, &mut good));
    proptest!(config, |((bytes, changes, piece) in session)| {
        let (echo, good) = &mut *echo.borrow_mut();
        let mut peer = Peer::connect(&echo.endpoint);
        let bytes = changed(bytes, &changes);
        let piece = piece.max(bytes.len() / 20);
        for piece in bytes.chunks(piece) {
            peer.send(piece);
            echo.serve();
            peer.hear();
        }
        echo.ask(good, HELLO);
        peer.hear();
        if changes.is_empty() {
            let answers = peer.received.windows(HELLO.len()).filter(|at| at == &HELLO);
            let asked = bytes.windows(HELLO.len()).filter(|at| at == &HELLO);
            prop_assert_eq!(answers.count(), asked.count());
        }
    });
    let (echo, _) = echo.into_inner();
    assert_eq!(echo.server.counters().open, 0);
}
