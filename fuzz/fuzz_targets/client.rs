//! A hostile server, which the client leaves for a good one at the same place.
#![no_main]

use std::collections::VecDeque;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use zroute::client::{Client, Dialect, Item, Options, Outcome, Terms};
use zroute::msgpack::Limits;
use zroute::transport::{self, Credentials, Kind};
use zroute::wire::{messagepack_rpc, zerorpc};
use zroute_fuzz::{
    COMMAND, Counted, MORE, PASSWORD, Peer, Steps, USERNAME, frame, greeting, metadata,
};

#[global_allocator]
static MEMORY: Counted = Counted;

const PATIENCE: Duration = Duration::from_secs(60);
const HELLO: &[u8] = b"\xa5hello";
/// More than what all limits below allow for together.
const MEMORY_LIMIT: usize = 16 << 20;
/// So many requests can be answered in their dialect.
const REQUESTS: usize = 16;

struct Session {
    client: Client,
    dialect: Dialect,
    listener: UnixListener,
    plain: bool,
    server: Option<Peer>,
    /// The frames before the body of the request that came last.
    envelope: Vec<u8>,
    /// The ids of requests, the last one first; of a dialect that has ids.
    ids: VecDeque<Vec<u8>>,
    calls: usize,
    streams: Vec<u64>,
    before: usize,
}

impl Session {
    fn start(options: u8) -> Self {
        let before = Counted::live();
        let plain = options & 1 != 0;
        let dialect = match (options >> 2) & 3 {
            1 => Dialect::MessagePackRpc,
            2 => Dialect::Zerorpc,
            _ => Dialect::Plain,
        };
        let name = format!("zroute-fuzz-client-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let listener = UnixListener::bind_addr(&address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let mut client = Client::new(Options {
            dialect,
            limits: Limits {
                bytes: 256 << 10,
                ..Limits::default()
            },
            transport: transport::Options {
                kind: Some(Kind::Zmtp),
                linger: Duration::ZERO,
                reconnect: Duration::from_micros(1),
                reconnect_longest: Duration::from_micros(1),
                heartbeat: Duration::from_secs(if options & 2 != 0 { 1 } else { 0 }),
                credentials: plain.then(|| Credentials {
                    username: USERNAME.to_string(),
                    password: PASSWORD.to_string(),
                }),
                ..transport::Options::default()
            },
            ..Options::default()
        });
        client.connect(&format!("ipc://@{name}")).unwrap();
        Self {
            client,
            dialect,
            listener,
            plain,
            server: None,
            envelope: Vec::new(),
            ids: VecDeque::new(),
            calls: 0,
            streams: Vec::new(),
            before,
        }
    }

    fn turn(&mut self) {
        while let Some((_, outcome)) = self.client.collect_any(Some(Instant::now())).unwrap() {
            self.calls -= 1;
            assert_is_said(&outcome);
        }
        let client = &mut self.client;
        self.streams.retain(|id| {
            loop {
                match client.stream_next(*id, Some(Instant::now())).unwrap() {
                    None => return true,
                    Some(Item::Value(_)) => {}
                    Some(Item::End) => return false,
                    Some(Item::Broken(outcome)) => {
                        assert_is_said(&outcome);
                        return false;
                    }
                }
            }
        });
        let memory = Counted::live() - self.before;
        assert!(memory < MEMORY_LIMIT, "{memory} bytes are held");
    }

    fn accept(&mut self) {
        if let Ok((stream, _)) = self.listener.accept() {
            self.server = Some(Peer::new(stream));
        }
    }

    /// Takes in what the client sent; whether a request was there.
    fn hear(&mut self) -> bool {
        let Some(server) = &mut self.server else {
            return false;
        };
        server.hear();
        let mut heard = false;
        let mut envelope = Vec::new();
        while let Some((flags, body)) = server.next_frame() {
            if flags & COMMAND == 0 {
                if flags & MORE == 0 {
                    if !note_id(self.dialect, &mut self.ids, &body) {
                        // A heartbeat, or room for items.
                        envelope.clear();
                        continue;
                    }
                    self.envelope = std::mem::take(&mut envelope);
                    heard = true;
                } else {
                    envelope.extend(frame(flags, &body));
                }
            }
        }
        heard
    }

    fn introduce(&mut self) {
        if let Some(server) = &mut self.server {
            server.send(&greeting(self.plain, true));
            if self.plain {
                server.send(&frame(COMMAND, b"\x07WELCOME"));
            }
            server.send(&metadata(b"READY", b"ROUTER"));
        }
    }

    fn submit(&mut self) -> u64 {
        self.calls += 1;
        self.client.submit("f", PARAMETERS, PATIENCE).unwrap()
    }

    fn begin_stream(&mut self) {
        let terms = Terms {
            stream: true,
            ..Terms::default()
        };
        let begun = self.client.submit_on(terms, "f", PARAMETERS, PATIENCE);
        self.streams.push(begun.unwrap());
    }

    /// An answer to a request, of which `said` is what follows the id.
    fn answer(&self, request: usize, said: &[u8]) -> Vec<u8> {
        let id = self.ids.get(request).map_or(&b"\xc0"[..], Vec::as_slice);
        let head: &[u8] = match self.dialect {
            Dialect::Plain => return [&self.envelope[..], &frame(0, said)].concat(),
            Dialect::MessagePackRpc => b"\x94\x01",
            Dialect::Zerorpc => b"\x93\x83\xaamessage_id\x01\xa1v\x03\xabresponse_to",
        };
        [&self.envelope[..], &frame(0, &[head, id, said].concat())].concat()
    }

    /// The client finds a good server and gets its answer there.
    fn check(&mut self) {
        self.server = None;
        while self.listener.accept().is_ok() {}
        let end = Instant::now() + Duration::from_secs(5);
        // A call that is made before it is known that the connection has gone
        // goes with it.
        while self.server.is_none() && Instant::now() < end {
            self.turn();
            self.accept();
        }
        let wanted = self.submit();
        self.introduce();
        while Instant::now() < end {
            while let Some((id, outcome)) = self.client.collect_any(Some(Instant::now())).unwrap() {
                if id == wanted {
                    match outcome {
                        Outcome::Answer(value) => assert_eq!(value.as_ref(), HELLO),
                        other => panic!("the good server's answer became {other:?}"),
                    }
                    return;
                }
            }
            if self.server.as_ref().is_none_or(|server| server.closed) {
                self.accept();
                self.introduce();
            } else if self.hear() {
                let answer = self.answer(
                    0,
                    match self.dialect {
                        Dialect::Plain => HELLO,
                        Dialect::MessagePackRpc => b"\xc0\xa5hello",
                        Dialect::Zerorpc => b"\xa2OK\x91\xa5hello",
                    },
                );
                if let Some(server) = &mut self.server {
                    server.send(&answer);
                }
            }
        }
        panic!("the client did not get to the good server");
    }
}

/// As plain as the plain dialect has it, and a list as the others want it.
const PARAMETERS: &[u8] = b"\x91\xa5hello";

/// How it ended is the server's doing.
fn assert_is_said(outcome: &Outcome) {
    assert!(
        !matches!(
            outcome,
            Outcome::TimedOut { .. } | Outcome::NotConnected { .. } | Outcome::Unknown
        ),
        "{outcome:?}"
    );
}

/// Notes the id of a request; false for what is none.
fn note_id(dialect: Dialect, ids: &mut VecDeque<Vec<u8>>, body: &[u8]) -> bool {
    let limits = Limits::default();
    let id = match dialect {
        Dialect::Plain => return true,
        Dialect::MessagePackRpc => match messagepack_rpc::read(body, &limits).unwrap() {
            messagepack_rpc::Message::Request { id, .. } => id,
            other => panic!("the client sent {other:?}"),
        },
        Dialect::Zerorpc => {
            let event = zerorpc::read(body, &limits).unwrap().unwrap();
            if event.response_to.is_some() {
                return false;
            }
            event.message_id.unwrap()
        }
    };
    ids.push_front(id.to_vec());
    ids.truncate(REQUESTS);
    true
}

fuzz_target!(|input: &[u8]| {
    let mut steps = Steps::new(input);
    let Some(options) = steps.byte() else {
        return;
    };
    let mut session = Session::start(options);
    session.turn();
    session.accept();
    while let Some(step) = steps.byte() {
        match step & 15 {
            0..=3 => {
                let bytes = steps.bytes();
                if let Some(server) = &mut session.server {
                    server.send(bytes);
                }
                if step & 1 != 0 {
                    session.turn();
                }
            }
            // The same bytes one by one.
            4 => {
                for byte in steps.bytes().iter().take(256) {
                    if let Some(server) = &mut session.server {
                        server.send(&[*byte]);
                    }
                    session.turn();
                }
            }
            // Many times the same.
            5 => {
                let bytes = steps.bytes();
                let bytes = bytes.repeat((16 << 10) / bytes.len().max(64));
                if let Some(server) = &mut session.server {
                    server.send(&bytes);
                }
            }
            6 => session.server = None,
            7 => {
                if let Some(server) = &mut session.server {
                    server.end();
                }
            }
            8 => {
                session.turn();
                session.accept();
            }
            9 => session.introduce(),
            // An answer to the request that came last.
            10 => {
                let bytes = steps.bytes();
                let answer = [&session.envelope[..], bytes].concat();
                if let Some(server) = &mut session.server {
                    server.send(&answer);
                }
                session.turn();
            }
            11 if session.calls < 16 => {
                session.submit();
            }
            12 => {
                session.hear();
            }
            // An answer in the dialect, of which the input has what follows the id.
            13 => {
                let answer = session.answer(usize::from(step >> 4), steps.bytes());
                if let Some(server) = &mut session.server {
                    server.send(&answer);
                }
                session.turn();
            }
            14 if step >> 4 & 1 == 0 => {
                if session.dialect == Dialect::Zerorpc && session.streams.len() < 8 {
                    session.begin_stream();
                }
            }
            14 => {
                if let Some(id) = session.streams.pop() {
                    assert!(session.client.cancel(id));
                }
            }
            _ => session.turn(),
        }
    }
    session.check();
});
