//! Hostile clients of a server. Beside them a good one gets its answers.
#![no_main]

use std::io::ErrorKind;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use zroute::msgpack::{Limits, Reader};
use zroute::server::{Options, Refused, Route, Server, StreamNews, Taken};
use zroute::transport::{self, Credentials, Error, Kind};
use zroute::wire::zerorpc;
use zroute::wire::{Code, Fault};
use zroute_fuzz::{Counted, MORE, PASSWORD, Peer, Steps, USERNAME, frame, greeting, metadata};

#[global_allocator]
static MEMORY: Counted = Counted;

const HELLO: &[u8] = b"\xa5hello";
/// More than what all limits below allow for together.
const MEMORY_LIMIT: usize = 24 << 20;
/// No stream has more items.
const MOST_ITEMS: u64 = 50;
/// A caller whose connection has ended is given up from then on.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// A call of `count`, which gives each item when its caller takes it.
struct Stream {
    token: u64,
    left: u64,
}

struct Session {
    server: Server,
    began: Instant,
    streams: Vec<Stream>,
    /// Streams that have been ended; their callers may not have taken all of it.
    ended: Vec<u64>,
    address: SocketAddr,
    plain: bool,
    /// Calls that are answered later.
    kept: Vec<Taken>,
    /// Large answers that may still be given.
    large: u32,
    before: usize,
}

impl Session {
    fn start(options: u8) -> Self {
        let before = Counted::live();
        let plain = options & 1 != 0;
        let credentials = plain.then(|| Credentials {
            username: USERNAME.to_string(),
            password: PASSWORD.to_string(),
        });
        let heartbeat = Duration::from_secs(if options & 2 != 0 { 1 } else { 0 });
        let mut server = Server::new(Options {
            limits: Limits {
                bytes: if options & 4 != 0 { 1 << 10 } else { 256 << 10 },
                ..Limits::default()
            },
            // More than an input has room for.
            open_calls: 512,
            transport: transport::Options {
                kind: Some(Kind::Zmtp),
                send_buffer: 4 << 20,
                receive_buffer: 4 << 10,
                linger: Duration::ZERO,
                backlog: if options & 8 != 0 { 2 } else { 16 },
                heartbeat,
                credentials,
                ..transport::Options::default()
            },
            ..Options::default()
        })
        .unwrap();
        for function in ["f", "plus", "count", "push"] {
            server.add_function(function);
        }
        server.accept_raw();
        let name = format!("zroute-fuzz-{}", std::process::id());
        server.bind(&format!("ipc://@{name}")).unwrap();
        Self {
            server,
            began: Instant::now(),
            streams: Vec::new(),
            ended: Vec::new(),
            address: SocketAddr::from_abstract_name(name).unwrap(),
            plain,
            kept: Vec::new(),
            large: 8,
            before,
        }
    }

    fn connect(&mut self) -> Peer {
        // The system's queue may be full of those that have gone again, and this
        // would wait for ever.
        for _ in 0..3 {
            self.serve(false);
        }
        loop {
            match UnixStream::connect_addr(&self.address) {
                Ok(stream) => return Peer::new(stream),
                // By the fuzzer's own clock.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Whether a stream's call was open; it is not if its caller has gone, and that
    /// is counted.
    fn is_open(&self, done: Result<(), Refused>) -> bool {
        match done {
            Ok(()) => true,
            Err(Refused::Unknown) if self.server.counters().undeliverable > 0 => false,
            Err(refused) => panic!("{refused}"),
        }
    }

    fn answer(&mut self, taken: Taken) {
        match taken.function() {
            b"count" if taken.route != Route::Raw => return self.begin_stream(&taken),
            b"push" if taken.route != Route::Raw => return self.push_stream(&taken),
            _ => {}
        }
        let large;
        let mut body = match taken.route {
            Route::Raw => taken.parameters(),
            Route::Function(_) => b"\xc0",
        };
        if body.starts_with(b"large") && self.large > 0 && self.server.limits().bytes > 200_000 {
            self.large -= 1;
            large = vec![0; 200_000];
            body = &large;
        }
        match self.server.answer(taken.token, body) {
            Ok(()) => {}
            // Its caller was silent for long.
            Err(Refused::Unknown) if self.began.elapsed() > HEARTBEAT => {}
            Err(refused) => panic!("{refused}"),
        }
    }

    fn begin_stream(&mut self, taken: &Taken) {
        self.streams.push(Stream {
            token: taken.token,
            left: items(taken),
        });
        self.advance_streams();
    }

    /// All items at once, whatever the caller takes.
    fn push_stream(&mut self, taken: &Taken) {
        for _ in 0..items(taken) {
            let pushed = self.server.push(taken.token, HELLO);
            if !self.is_open(pushed) {
                return;
            }
        }
        self.end_stream(taken.token);
    }

    fn end_stream(&mut self, token: u64) {
        let ended = self.server.end_stream(token);
        if self.is_open(ended) {
            self.ended.push(token);
        }
    }

    /// Gives each caller what it takes.
    fn advance_streams(&mut self) {
        while let Some((token, news)) = self.server.take_news() {
            match news {
                StreamNews::Room(room) => {
                    assert!(room > 0);
                    assert!(self.streams.iter().any(|stream| stream.token == token));
                }
                StreamNews::Gone => self.streams.retain(|stream| stream.token != token),
            }
        }
        for mut stream in std::mem::take(&mut self.streams) {
            loop {
                if stream.left == 0 {
                    self.end_stream(stream.token);
                    break;
                }
                match self.server.stream(stream.token, HELLO) {
                    Ok(_) => stream.left -= 1,
                    Err(Refused::NoRoom) => {
                        self.streams.push(stream);
                        break;
                    }
                    done => {
                        assert!(!self.is_open(done.map(|_| ())));
                        break;
                    }
                }
            }
        }
    }

    fn serve(&mut self, keep: bool) {
        while let Some(taken) = self.server.take().unwrap() {
            if keep && self.kept.len() < 32 {
                self.kept.push(taken);
            } else {
                self.answer(taken);
            }
        }
        match self.server.wait(Some(Instant::now())) {
            Ok(_) | Err(Error::Interrupted) => {}
            Err(error) => panic!("{error}"),
        }
        self.advance_streams();
        let memory = Counted::live() - self.before;
        assert!(memory < MEMORY_LIMIT, "{memory} bytes are held");
    }

    /// A good client gets its answers, in each dialect.
    fn check(&mut self) {
        let mut good = self.connect();
        good.send(&greeting(self.plain, false));
        if self.plain {
            good.send(&frame(4, b"\x05HELLO\x04name\x06secret"));
            good.send(&metadata(b"INITIATE", b"DEALER"));
        } else {
            good.send(&metadata(b"READY", b"DEALER"));
        }
        self.ask(&mut good, HELLO);
        assert_eq!(self.heard_by(&mut good), HELLO);
        self.ask(&mut good, b"\x94\x00\xc4\x02id\xa4plus\x91\x01");
        assert_eq!(self.heard_by(&mut good), b"\x94\x01\xc4\x02id\xc0\xc0");
        let mut call = Vec::new();
        zerorpc::begin(&mut call, ID, None, [].into_iter(), "count".as_bytes()).unwrap();
        call.extend_from_slice(b"\x91\x02");
        self.ask(&mut good, &call);
        self.expect_event(&mut good, zerorpc::STREAM, HELLO);
        let mut more = Vec::new();
        zerorpc::begin(&mut more, b"\x01", Some(ID), [].into_iter(), zerorpc::MORE).unwrap();
        zerorpc::credit_args(&mut more, 2);
        self.ask(&mut good, &more);
        self.expect_event(&mut good, zerorpc::STREAM, HELLO);
        self.expect_event(&mut good, zerorpc::STREAM_DONE, b"\xc0");
    }

    fn ask(&mut self, good: &mut Peer, body: &[u8]) {
        good.send(&frame(MORE, b""));
        good.send(&frame(0, body));
    }

    fn expect_event(&mut self, good: &mut Peer, name: &[u8], args: &[u8]) {
        let body = self.heard_by(good);
        let event = zerorpc::read(&body, &Limits::default()).unwrap().unwrap();
        assert_eq!((event.name, event.args), (name, args));
        assert_eq!(event.response_to, Some(ID));
    }

    /// The next body that a good client gets.
    fn heard_by(&mut self, good: &mut Peer) -> Vec<u8> {
        for _ in 0..200 {
            self.serve(false);
            good.hear();
            while let Some((flags, body)) = good.next_frame() {
                if flags == 0 {
                    return body;
                }
            }
            assert!(!good.closed, "the good client was thrown out");
        }
        panic!("the good client got no answer");
    }

    /// All that the host has begun is ended.
    fn end(&mut self) {
        for taken in std::mem::take(&mut self.kept) {
            self.answer(taken);
        }
        for stream in std::mem::take(&mut self.streams) {
            let fault = Fault::new(Code::Cancelled, "the end");
            let failed = self.server.fail(stream.token, &fault);
            if self.is_open(failed) {
                self.ended.push(stream.token);
            }
        }
        self.server.flush().unwrap();
        // What is open yet waits for its caller to take the rest.
        let waiting = self
            .ended
            .iter()
            .filter_map(|token| self.server.backlog(*token));
        let waiting = waiting.inspect(|(events, _)| assert!(*events > 0)).count();
        assert_eq!(self.server.counters().open, waiting as u64);
    }
}

/// The channel of the good client.
const ID: &[u8] = b"\xc4\x02id";

/// How many items a call asks for.
fn items(taken: &Taken) -> u64 {
    let mut parameters = Reader::new(taken.parameters());
    match parameters.array().and_then(|_| parameters.unsigned()) {
        Ok(count) => count.min(MOST_ITEMS),
        Err(_) => 3,
    }
}

fuzz_target!(|input: &[u8]| {
    let mut steps = Steps::new(input);
    let Some(options) = steps.byte() else {
        return;
    };
    let mut session = Session::start(options);
    let backlog = if options & 8 != 0 { 2 } else { 16 };
    let mut peers: [Option<Peer>; 8] = Default::default();
    // A good client can only get in beside those that never introduce
    // themselves while there is room for one more.
    let slots = peers.len().min(backlog - 1);
    while let Some(step) = steps.byte() {
        let place = usize::from(step >> 4) % slots;
        match step & 15 {
            0..=3 => {
                let bytes = steps.bytes();
                if peers[place].as_ref().is_none_or(|peer| peer.closed) {
                    peers[place] = Some(session.connect());
                }
                if let Some(peer) = &mut peers[place] {
                    peer.send(bytes);
                }
                if step & 1 != 0 {
                    session.serve(false);
                }
            }
            // The same bytes one by one.
            4 => {
                for byte in steps.bytes().iter().take(256) {
                    if let Some(peer) = &mut peers[place] {
                        peer.send(&[*byte]);
                    }
                    session.serve(false);
                }
            }
            // Many times the same.
            5 => {
                let bytes = steps.bytes();
                let bytes = bytes.repeat((16 << 10) / bytes.len().max(64));
                if let Some(peer) = &mut peers[place] {
                    peer.send(&bytes);
                }
            }
            6 => peers[place] = None,
            7 => {
                if let Some(peer) = &mut peers[place] {
                    peer.end();
                }
            }
            8..=10 => {
                if let Some(peer) = &mut peers[place] {
                    peer.hear();
                    while peer.next_frame().is_some() {}
                }
            }
            11 => session.serve(true),
            12 => {
                if let Some(taken) = session.kept.pop() {
                    session.answer(taken);
                }
            }
            13 => session.server.flush().unwrap(),
            14 => {
                // Only what is taken moves on; nothing new is looked for.
                if let Some(taken) = session.server.take().unwrap() {
                    session.answer(taken);
                }
            }
            _ => session.serve(false),
        }
    }
    session.check();
    session.end();
    for peer in peers.iter_mut().flatten() {
        peer.hear();
        while peer.next_frame().is_some() {}
    }
    drop(peers);
    session.check();
});
