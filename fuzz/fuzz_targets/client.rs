//! A hostile server, which the client leaves for a good one at the same place.
#![no_main]

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use zroute::client::{Client, Options, Outcome};
use zroute::msgpack::Limits;
use zroute::transport::{self, Credentials, Kind};
use zroute_fuzz::{
    COMMAND, Counted, MORE, PASSWORD, Peer, Steps, USERNAME, frame, greeting, metadata,
};

#[global_allocator]
static MEMORY: Counted = Counted;

const PATIENCE: Duration = Duration::from_secs(60);
const HELLO: &[u8] = b"\xa5hello";
/// More than what all limits below allow for together.
const MEMORY_LIMIT: usize = 16 << 20;

struct Session {
    client: Client,
    listener: UnixListener,
    plain: bool,
    server: Option<Peer>,
    /// The frames before the body of the request that came last.
    envelope: Vec<u8>,
    calls: usize,
    before: usize,
}

impl Session {
    fn start(options: u8) -> Self {
        let before = Counted::live();
        let plain = options & 1 != 0;
        let name = format!("zroute-fuzz-client-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let listener = UnixListener::bind_addr(&address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let mut client = Client::new(Options {
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
            listener,
            plain,
            server: None,
            envelope: Vec::new(),
            calls: 0,
            before,
        }
    }

    fn turn(&mut self) {
        while let Some((_, outcome)) = self.client.collect_any(Some(Instant::now())).unwrap() {
            self.calls -= 1;
            assert!(
                !matches!(
                    outcome,
                    Outcome::TimedOut { .. } | Outcome::NotConnected { .. }
                ),
                "{outcome:?}"
            );
        }
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
        self.client.submit("f", HELLO, PATIENCE).unwrap()
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
                let answer = [&self.envelope[..], &frame(0, HELLO)].concat();
                if let Some(server) = &mut self.server {
                    server.send(&answer);
                }
            }
        }
        panic!("the client did not get to the good server");
    }
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
            12 | 13 => {
                session.hear();
            }
            _ => session.turn(),
        }
    }
    session.check();
});
