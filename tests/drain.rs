//! How a server takes leave: of peers that are this library, and of others.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use zroute::server::{self, Drained, Route, Server};
use zroute::transport::Kind;
use zroute::wire::{Code, plain};

/// Longer than anything here takes; only a failure waits for it.
const PATIENCE: Duration = Duration::from_secs(60);
/// A call of `f`.
const CALL: &[u8] = b"\x82\xadfunction_name\xa1f\xaaparameters\xc0";
const CALLER: &[u8] = b"12345678";
const NOBODY: &[u8] = &[0; 8];

struct Fixture {
    server: Server,
    endpoint: String,
    route: Route,
}

impl Fixture {
    fn new() -> Self {
        let mut options = server::Options::default();
        options.transport.kind = Some(Kind::Zmtp);
        let mut server = Server::new(options).unwrap();
        let route = server.add_function("f");
        let endpoint = server.bind("tcp://127.0.0.1:0").unwrap().to_string();
        Self {
            server,
            endpoint,
            route,
        }
    }

    fn connect(&self) -> Peer {
        let address = self.endpoint.strip_prefix("tcp://").unwrap();
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_nonblocking(true).unwrap();
        Peer {
            stream,
            received: Vec::new(),
            closed: false,
        }
    }

    /// Lets the server work until something is so.
    fn until<T>(&mut self, what: &str, mut is: impl FnMut(&mut Server) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(so) = is(&mut self.server) {
                return so;
            }
            assert!(Instant::now() < end, "{what}");
            let soon = Instant::now() + Duration::from_millis(1);
            self.server.wait(Some(soon)).unwrap();
        }
    }

    /// A peer that has introduced itself, with properties of its own.
    fn peer(&mut self, properties: &[u8]) -> Peer {
        let mut peer = self.connect();
        peer.introduce(properties);
        self.until("the peer to be up", |server| {
            assert!(server.take().unwrap().is_none());
            peer.greeted()
        });
        peer
    }

    fn next(&mut self, peer: &mut Peer) -> [Vec<u8>; 3] {
        self.until("a message", |server| {
            assert!(server.take().unwrap().is_none());
            peer.message()
        })
    }
}

const IS_ZROUTE: &[u8] = b"\x08X-Zroute\0\0\0\x011";
const IS_NOT: &[u8] = b"";

struct Peer {
    stream: TcpStream,
    received: Vec<u8>,
    closed: bool,
}

impl Peer {
    fn introduce(&mut self, properties: &[u8]) {
        let mut bytes = vec![0; 64];
        bytes[0] = 0xff;
        bytes[9] = 0x7f;
        bytes[10] = 3;
        bytes[12..16].copy_from_slice(b"NULL");
        let data = [b"\x05READY\x0bSocket-Type\0\0\0\x06DEALER", properties].concat();
        bytes.extend([4, u8::try_from(data.len()).unwrap()]);
        bytes.extend(data);
        self.stream.write_all(&bytes).unwrap();
    }

    fn call(&mut self) {
        let frame =
            |flags: u8, body: &[u8]| [&[flags, u8::try_from(body.len()).unwrap()], body].concat();
        let bytes = [frame(1, CALLER), frame(1, b""), frame(0, CALL)].concat();
        self.stream.write_all(&bytes).unwrap();
    }

    fn hear(&mut self) {
        let mut buffer = [0; 4096];
        while let Ok(count) = self.stream.read(&mut buffer) {
            if count == 0 {
                self.closed = true;
                return;
            }
            self.received.extend_from_slice(&buffer[..count]);
        }
    }

    /// Takes the greeting and the READY.
    fn greeted(&mut self) -> Option<()> {
        self.hear();
        let size = usize::from(*self.received.get(65)?);
        let ready = self.received.get(64..66 + size)?;
        let told = ready.windows(IS_ZROUTE.len()).any(|part| part == IS_ZROUTE);
        assert!(told, "the server says what it is");
        self.received.drain(..66 + size);
        Some(())
    }

    /// Three frames that have come.
    fn message(&mut self) -> Option<[Vec<u8>; 3]> {
        self.hear();
        let mut rest = &self.received[..];
        let mut frames = [(); 3].map(|()| Vec::new());
        for (frame, flags) in frames.iter_mut().zip([1, 1, 0]) {
            let (header, after) = rest.split_first_chunk::<2>()?;
            assert_eq!(header[0], flags);
            let (body, after) = after.split_at_checked(usize::from(header[1]))?;
            frame.extend_from_slice(body);
            rest = after;
        }
        let left = rest.len();
        self.received.drain(..self.received.len() - left);
        Some(frames)
    }
}

fn is_not_begun([number, delimiter, body]: &[Vec<u8>; 3], of: &[u8]) {
    assert_eq!(number, of);
    assert_eq!(delimiter, b"");
    let answer = plain::read_answer(body, &zroute::msgpack::Limits::default()).unwrap();
    let plain::Answer::Fault(fault) = answer else {
        panic!("{body:?}");
    };
    assert_eq!(fault.code, Code::ShuttingDown);
}

#[test]
fn a_peer_of_this_library_is_told_and_the_server_is_done_when_it_has_left() {
    let mut fixture = Fixture::new();
    let mut peer = fixture.peer(IS_ZROUTE);
    let mut late = fixture.connect();
    fixture.server.begin_drain().unwrap();
    is_not_begun(&fixture.next(&mut peer), NOBODY);
    peer.call();
    is_not_begun(&fixture.next(&mut peer), CALLER);

    // One that had connected and not introduced itself is told when it does.
    late.introduce(IS_ZROUTE);
    fixture.until("the late peer to be up", |server| {
        assert!(server.take().unwrap().is_none());
        late.greeted()
    });
    is_not_begun(&fixture.next(&mut late), NOBODY);

    assert!(fixture.server.drains_until().is_some());
    drop((peer, late));
    let end = Instant::now() + PATIENCE;
    assert_eq!(fixture.server.drain(end), Ok(Drained::Over));
    assert_eq!(fixture.server.counters().calls, 0);
}

#[test]
fn others_are_told_with_the_answer_to_a_call_and_with_nothing_else() {
    let mut fixture = Fixture::new();
    let mut peer = fixture.peer(IS_NOT);
    fixture.server.begin_drain().unwrap();
    peer.call();
    is_not_begun(&fixture.next(&mut peer), CALLER);
    let end = Instant::now() + PATIENCE;
    assert_eq!(fixture.server.drain(end), Ok(Drained::Over));
    peer.hear();
    assert!(peer.received.is_empty() && !peer.closed);
}

#[test]
fn open_calls_are_waited_for_and_may_be_answered() {
    let mut fixture = Fixture::new();
    let mut peer = fixture.peer(IS_NOT);
    peer.call();
    let taken = fixture.until("the call", |server| server.take().unwrap());
    assert_eq!(taken.route, fixture.route);
    let server = &mut fixture.server;
    assert_eq!(server.drain(Instant::now()), Ok(Drained::TimedOut));
    server.stop_handle().request();
    assert_eq!(server.drain(Instant::now() + PATIENCE), Ok(Drained::Woken));
    server.resume();
    server.answer(taken.token, b"\x07").unwrap();
    assert_eq!(server.drain(Instant::now() + PATIENCE), Ok(Drained::Over));
    let answer = fixture.next(&mut peer);
    assert_eq!(answer, [CALLER, b"", b"\x07"].map(<[u8]>::to_vec));
}

#[test]
fn calls_that_were_taken_and_not_begun_can_be_given_back() {
    let mut fixture = Fixture::new();
    let mut peer = fixture.peer(IS_NOT);
    peer.call();
    let taken = fixture.until("the call", |server| server.take().unwrap());
    fixture.server.refuse_open().unwrap();
    is_not_begun(&fixture.next(&mut peer), CALLER);
    assert!(fixture.server.answer(taken.token, b"\x07").is_err());
}

#[test]
fn a_server_that_ends_says_which_calls_may_have_run() {
    let mut fixture = Fixture::new();
    let mut peer = fixture.peer(IS_NOT);
    peer.call();
    fixture.until("the call", |server| server.take().unwrap());
    peer.call();
    drop(fixture);
    let mut next = || {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(message) = peer.message() {
                return message;
            }
            assert!(Instant::now() < end);
            std::thread::yield_now();
        }
    };
    let [_, _, taken] = next();
    let answer = plain::read_answer(&taken, &zroute::msgpack::Limits::default()).unwrap();
    assert!(matches!(answer, plain::Answer::Fault(fault) if fault.code == Code::Handler));
    is_not_begun(&next(), CALLER);
}

#[test]
fn nobody_listens_meanwhile_and_the_endpoint_can_be_taken_again() {
    for endpoint in ["tcp://127.0.0.1:0", "ipc://*"] {
        let mut options = server::Options::default();
        options.transport.kind = Some(Kind::Zmtp);
        let mut server = Server::new(options.clone()).unwrap();
        let bound = server.bind(endpoint).unwrap().to_string();
        let mut other = Server::new(options).unwrap();
        assert!(other.bind(&bound).is_err());
        server.begin_drain().unwrap();
        assert_eq!(other.bind(&bound).unwrap(), bound);
        assert!(server.serve_again().is_err());
        drop(other);
        server.begin_drain().unwrap();
        server.serve_again().unwrap();
        let mut third = Server::new(server::Options::default()).unwrap();
        assert!(third.bind(&bound).is_err());
    }
}

#[test]
fn a_worker_tells_its_supervisor_and_waits_for_no_peer() {
    let mut fixture = Fixture::new();
    fixture.server.serve_supervisor();
    let mut supervisor = fixture.peer(IS_ZROUTE);
    supervisor.call();
    let taken = fixture.until("the call", |server| server.take().unwrap());
    assert_eq!(taken.token, u64::from_be_bytes(CALLER.try_into().unwrap()));
    let server = &mut fixture.server;
    assert_eq!(server.drain(Instant::now()), Ok(Drained::TimedOut));
    server.answer(taken.token, b"\x07").unwrap();
    assert_eq!(server.drain(Instant::now()), Ok(Drained::Over));
    is_not_begun(&fixture.next(&mut supervisor), NOBODY);
    let answer = fixture.next(&mut supervisor);
    assert_eq!(answer, [CALLER, b"", b"\x07"].map(<[u8]>::to_vec));
}
