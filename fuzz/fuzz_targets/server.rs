//! Hostile clients of a server. Beside them a good one gets its answers.
#![no_main]

use std::io::ErrorKind;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use zroute::msgpack::Limits;
use zroute::server::{Options, Route, Server, Taken};
use zroute::transport::{self, Credentials, Error, Kind};
use zroute_fuzz::{Counted, MORE, PASSWORD, Peer, Steps, USERNAME, frame, greeting, metadata};

#[global_allocator]
static MEMORY: Counted = Counted;

const HELLO: &[u8] = b"\xa5hello";
/// More than what all limits below allow for together.
const MEMORY_LIMIT: usize = 24 << 20;

struct Session {
    server: Server,
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
            open_calls: 64,
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
        })
        .unwrap();
        server.add_function("f");
        server.accept_raw();
        let name = format!("zroute-fuzz-{}", std::process::id());
        server.bind(&format!("ipc://@{name}")).unwrap();
        Self {
            server,
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

    fn answer(&mut self, taken: Taken) {
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
        self.server.answer(taken.token, body).unwrap();
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
        let memory = Counted::live() - self.before;
        assert!(memory < MEMORY_LIMIT, "{memory} bytes are held");
    }

    /// A good client gets its answer.
    fn check(&mut self) {
        let mut good = self.connect();
        good.send(&greeting(self.plain, false));
        if self.plain {
            good.send(&frame(4, b"\x05HELLO\x04name\x06secret"));
            good.send(&metadata(b"INITIATE", b"REQ"));
        } else {
            good.send(&metadata(b"READY", b"REQ"));
        }
        good.send(&frame(MORE, b""));
        good.send(&frame(0, HELLO));
        for _ in 0..200 {
            self.serve(false);
            good.hear();
            while let Some((flags, body)) = good.next_frame() {
                if flags == 0 {
                    assert_eq!(body, HELLO);
                    return;
                }
            }
            assert!(!good.closed, "the good client was thrown out");
        }
        panic!("the good client got no answer");
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
    for taken in std::mem::take(&mut session.kept) {
        session.answer(taken);
    }
    session.server.flush().unwrap();
    assert_eq!(session.server.counters().open, 0);
    for peer in peers.iter_mut().flatten() {
        peer.hear();
        while peer.next_frame().is_some() {}
    }
    drop(peers);
    session.check();
});
