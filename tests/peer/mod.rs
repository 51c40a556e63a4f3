//! A server on a thread of its own, and peers that say to it what they like.

// Not every test uses everything.
#![allow(dead_code)]

use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use zroute::msgpack::{Limits, Reader};
use zroute::server::{self, Server, Taken};
use zroute::transport::{self, Body, Endpoint, Sent, Stop, Transport};
use zroute::wire::{Code, Envelope, Fault, zerorpc};

pub const PATIENCE: Duration = Duration::from_secs(60);

/// A server: `plus` adds its parameters, `fail` fails, `later` answers its
/// parameters when somebody calls `now`.
pub struct Running {
    pub endpoint: String,
    stop: Stop,
    thread: Option<JoinHandle<server::Counters>>,
}

impl Running {
    pub fn start() -> Self {
        Self::with(|_, _| false)
    }

    /// With one more handler before the others; true when it has taken the call.
    pub fn with(mut handler: impl FnMut(&mut Server, &Taken) -> bool + Send + 'static) -> Self {
        Self::serving(&["stream", "held"], move |server, taken| {
            taken.is_some_and(|taken| handler(server, taken))
        })
    }

    /// As [`Running::with`]; the handler is also called when there was nothing to take,
    /// and then true when it has more to do.
    pub fn serving(
        functions: &'static [&'static str],
        handler: impl FnMut(&mut Server, Option<&Taken>) -> bool + Send + 'static,
    ) -> Self {
        Self::of(server::Options::default(), functions, handler)
    }

    /// As [`Running::serving`], with other options.
    pub fn of(
        options: server::Options,
        functions: &'static [&'static str],
        mut handler: impl FnMut(&mut Server, Option<&Taken>) -> bool + Send + 'static,
    ) -> Self {
        let (send, receive) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let mut server = Server::new(options).unwrap();
            for name in ["plus", "fail", "later", "now"].iter().chain(functions) {
                server.add_function(name);
            }
            let endpoint = server.bind("tcp://127.0.0.1:0").unwrap().to_string();
            send.send((endpoint, server.stop_handle())).unwrap();
            let mut later = Vec::new();
            loop {
                while let Some(taken) = server.take().unwrap() {
                    if !handler(&mut server, Some(&taken)) {
                        serve(&mut server, taken, &mut later);
                    }
                }
                // It stops when all that came before is done.
                if !handler(&mut server, None) {
                    if server.is_stopped() {
                        break;
                    }
                    server.wait(None).unwrap();
                }
            }
            server.counters()
        });
        let (endpoint, stop) = receive.recv_timeout(PATIENCE).unwrap();
        Self {
            endpoint,
            stop,
            thread: Some(thread),
        }
    }

    pub fn finish(mut self) -> server::Counters {
        self.stop.request();
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.request();
    }
}

fn serve(server: &mut Server, taken: Taken, later: &mut Vec<Taken>) {
    match taken.function() {
        b"plus" => {
            let mut parameters = Reader::new(taken.parameters());
            let count = parameters.array().unwrap_or(0);
            let sum = (0..count)
                .map(|_| parameters.unsigned().unwrap_or(0))
                .sum::<u64>();
            server
                .answer(taken.token, &[u8::try_from(sum % 128).unwrap()])
                .unwrap();
        }
        b"fail" => {
            let fault = Fault::named(Code::Application(7), "Broken", "as asked");
            server.fail(taken.token, &fault).unwrap();
        }
        b"later" => later.push(taken),
        b"now" => {
            for held in later.drain(..) {
                let _ = server.answer(held.token, held.parameters());
            }
            server.answer(taken.token, b"\xc0").unwrap();
        }
        _ => {}
    }
}

/// A DEALER that sends `["", body]`.
pub struct Peer {
    dealer: Box<dyn Transport>,
    events: u32,
}

impl Peer {
    pub fn of(server: &Running) -> Self {
        Self::at(&server.endpoint)
    }

    pub fn at(endpoint: &str) -> Self {
        let mut dealer = transport::dealer(&transport::Options::default()).unwrap();
        dealer.connect(&Endpoint::parse(endpoint).unwrap()).unwrap();
        let until = Instant::now() + PATIENCE;
        while !dealer.is_connected().unwrap() {
            assert!(Instant::now() < until, "no connection");
            // What it reads may be the end of the handshake, and then nothing more comes.
            assert!(dealer.receive().unwrap().is_none());
            let soon = Instant::now() + Duration::from_millis(1);
            dealer.wait(None, Some(soon), false).unwrap();
        }
        Self { dealer, events: 0 }
    }

    pub fn send(&mut self, body: &[u8]) {
        let mut envelope = Envelope::new();
        assert!(envelope.push(b""));
        let until = Instant::now() + PATIENCE;
        while self.dealer.send(&envelope, body).unwrap() == Sent::Full {
            assert!(Instant::now() < until, "the server takes nothing");
            self.dealer.flush().unwrap();
            self.dealer.wait(None, Some(until), true).unwrap();
        }
        self.dealer.flush().unwrap();
    }

    pub fn receive(&mut self) -> Vec<u8> {
        self.receive_within(PATIENCE).expect("no answer in time")
    }

    /// What comes next; none if nothing does in time.
    pub fn receive_within(&mut self, patience: Duration) -> Option<Vec<u8>> {
        let until = Instant::now() + patience;
        loop {
            if let Some(incoming) = self.dealer.receive().unwrap() {
                assert!(incoming.envelope.is_delimited());
                let Body::One(frame) = incoming.body else {
                    panic!("an answer has one body");
                };
                return Some(frame.as_ref().to_vec());
            }
            if Instant::now() >= until {
                return None;
            }
            self.dealer.wait(None, Some(until), false).unwrap();
        }
    }

    /// Opens a channel.
    pub fn call(&mut self, id: &[u8], function: &str, args: &[u8]) {
        let mut body = Vec::new();
        zerorpc::begin(&mut body, id, None, [].into_iter(), function.as_bytes()).unwrap();
        body.extend_from_slice(args);
        self.send(&body);
    }

    /// Sends an event of a channel.
    pub fn say(&mut self, channel: &[u8], name: &[u8], args: &[u8]) {
        self.events += 1;
        let id = [b"\xce", &self.events.to_be_bytes()[..]].concat();
        let mut body = Vec::new();
        zerorpc::begin(&mut body, &id, Some(channel), [].into_iter(), name).unwrap();
        body.extend_from_slice(args);
        self.send(&body);
    }

    /// Grants credit.
    pub fn more(&mut self, channel: &[u8], events: u32) {
        let mut args = Vec::new();
        zerorpc::credit_args(&mut args, events);
        self.say(channel, zerorpc::MORE, &args);
    }

    /// What comes next, beside heartbeats: a slow machine lets some come anywhere.
    pub fn event(&mut self) -> Event {
        loop {
            let event = self.event_or_heartbeat();
            if !event.is_heartbeat() {
                return event;
            }
        }
    }

    pub fn event_or_heartbeat(&mut self) -> Event {
        Event(self.receive())
    }

    /// As [`Peer::event_or_heartbeat`]; none if nothing comes in time.
    pub fn event_within(&mut self, patience: Duration) -> Option<Event> {
        self.receive_within(patience).map(Event)
    }
}

/// What a server has sent on a channel.
pub struct Event(Vec<u8>);

impl Event {
    fn read(&self) -> zerorpc::Event<'_> {
        zerorpc::read(&self.0, &Limits::default())
            .unwrap()
            .expect("an event")
    }

    pub fn name(&self) -> &str {
        std::str::from_utf8(self.read().name).unwrap()
    }

    pub fn is_heartbeat(&self) -> bool {
        self.read().name == zerorpc::HEARTBEAT
    }

    pub fn args(&self) -> &[u8] {
        self.read().args
    }

    pub fn response_to(&self) -> &[u8] {
        self.read().response_to.unwrap()
    }

    pub fn fault(&self) -> Fault {
        self.read().fault()
    }
}
