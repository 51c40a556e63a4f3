//! ZMTP 3.1 over tcp and unix sockets, on the caller's own thread.
//!
//! libzmq hands every message from the caller to its I/O thread and back; in
//! lockstep these hand-overs are most of a round trip. Here the caller itself
//! reads and writes the sockets whenever it sends, receives or waits.
//!
//! Sources: RFC 37 (ZMTP 3.1), RFC 23 (ZMTP 3.0), RFC 24 (PLAIN), RFC 28
//! (which socket types talk to each other), <https://rfc.zeromq.org>.
//!
//! | file | holds |
//! |---|---|
//! | `address` | from endpoints to addresses of the system |
//! | `command` | commands and what they carry |
//! | `connection` | one peer |
//! | `connector` | a dealer's way to its server |
//! | `engine` | all connections of one socket, on one epoll |
//! | `greeting` | the first 64 bytes of each side |
//! | `handshake` | how two peers get to know each other |
//! | `header` | what stands before each frame |
//! | `input` | what a peer sends, cut into frames |
//! | `keeper` | looks after the connections while their owner is away |
//! | `listener` | a bound endpoint |
//! | `output` | what waits to be written to one peer |
//! | `refusal` | why a peer is turned away |
//! | `socket` | a socket of this process alone |
//! | `timers` | what is to happen at which time |

mod address;
mod command;
mod connection;
mod connector;
mod engine;
mod greeting;
mod handshake;
mod header;
mod input;
mod keeper;
mod listener;
mod output;
mod refusal;
mod socket;
mod timers;

use std::time::{Duration, Instant};

use self::engine::Engine;
use self::handshake::Role;
use self::keeper::Keeper;
use super::{
    Endpoint, Error, Incoming, Options, Reassurance, Remaining, Sent, Transport, Waited, Waiting,
    Wake, fork,
};
use crate::wire::Envelope;

/// See the module.
pub struct Zmtp {
    /// None while it is lent to the keeper.
    engine: Option<Box<Engine>>,
    keeper: Keeper,
    linger: Duration,
    /// The process that made it, by `fork::generation`.
    process: u32,
}

impl Zmtp {
    pub fn router(options: &Options) -> Result<Self, Error> {
        Self::new(Role::Router, options)
    }

    pub fn dealer(options: &Options) -> Result<Self, Error> {
        Self::new(Role::Dealer, options)
    }

    fn new(role: Role, options: &Options) -> Result<Self, Error> {
        fork::watch();
        Ok(Self {
            engine: Some(Box::new(Engine::new(role, options)?)),
            keeper: Keeper::default(),
            linger: options.linger,
            process: fork::generation(),
        })
    }

    #[inline]
    fn engine(&mut self) -> &mut Engine {
        self.engine.get_or_insert_with(|| self.keeper.take_back())
    }
}

impl Transport for Zmtp {
    fn bind(&mut self, endpoint: &Endpoint) -> Result<String, Error> {
        self.engine().bind(endpoint)
    }

    fn connect(&mut self, endpoint: &Endpoint) -> Result<(), Error> {
        self.engine().connect(endpoint)
    }

    #[inline]
    fn receive(&mut self) -> Result<Option<Incoming>, Error> {
        Ok(self.engine().receive())
    }

    fn came(&mut self) -> Option<Instant> {
        self.engine().came
    }

    #[inline]
    fn has_more(&mut self) -> bool {
        self.engine().has_something()
    }

    #[inline]
    fn send(&mut self, envelope: &Envelope, body: &[u8]) -> Result<Sent, Error> {
        Ok(self.engine().send(envelope, body))
    }

    fn flush(&mut self) -> Result<usize, Error> {
        let engine = self.engine();
        engine.flush();
        Ok(engine.take_lost())
    }

    #[inline]
    fn take_ended(&mut self) -> Option<usize> {
        self.engine().take_ended()
    }

    fn sees_endings(&self) -> bool {
        true
    }

    fn renew(&mut self) {
        self.engine().leave();
    }

    fn is_connected(&mut self) -> Result<bool, Error> {
        let engine = self.engine();
        engine.look(Some(Duration::ZERO))?;
        Ok(engine.is_connected())
    }

    fn trouble(&mut self) -> Option<String> {
        self.engine().trouble().map(ToString::to_string)
    }

    fn address(&mut self, routing_id: &[u8]) -> String {
        self.engine().address(routing_id)
    }

    fn say_goodbye(&mut self, goodbye: &[u8]) -> Result<(), Error> {
        self.engine().say_goodbye(goodbye)
    }

    fn remaining(&mut self) -> Remaining {
        self.engine().remaining()
    }

    fn listen_again(&mut self) -> Result<(), Error> {
        self.engine().listen_again()
    }

    fn wait(
        &mut self,
        wake: Option<&Wake>,
        until: Option<Instant>,
        to_send: bool,
    ) -> Result<Waited, Error> {
        let engine = self.engine();
        if let Some(wake) = wake {
            engine.watch_bell(wake.descriptor())?;
        }
        // Handshakes and heartbeats write too.
        engine.flush();
        let ready = engine.has_something() || to_send && engine.can_send();
        let end = [until, engine.next_timer()].into_iter().flatten().min();
        let timeout = if ready {
            Some(Duration::ZERO)
        } else {
            end.map(|end| end.saturating_duration_since(Instant::now()))
        };
        let happened = engine.look(timeout)?;
        if let Some(wake) = wake
            && engine.was_rung()
        {
            wake.clear();
            return Ok(Waited::Woken);
        }
        if ready || happened || end != until {
            return Ok(Waited::Ready);
        }
        Ok(Waited::TimedOut)
    }

    fn prepare(&mut self, to_send: bool, waiting: &mut Waiting) -> Result<(), Error> {
        let engine = self.engine();
        // A bell of a wait for this socket alone: who waits for several watches it
        // beside them, and would wait no more as long as it counts here.
        engine.was_rung();
        engine.flush();
        if engine.has_something() || engine.is_accepting() || to_send && engine.can_send() {
            waiting.is_over();
        }
        if let Some(time) = engine.next_timer() {
            waiting.retry_at(time);
        }
        waiting.watch(engine.descriptor());
        Ok(())
    }

    fn look(&mut self) -> Result<(), Error> {
        self.engine().look(Some(Duration::ZERO)).map(drop)
    }

    fn repeat(
        &mut self,
        key: u64,
        envelope: &Envelope,
        body: &[u8],
        first: Instant,
        every: Duration,
    ) {
        let engine = self.engine();
        engine.repeats.add(key, envelope, body, first, every);
    }

    fn stop_repeating(&mut self, key: u64) {
        self.engine().repeats.remove(key);
    }

    fn take_unrepeatable(&mut self) -> Option<u64> {
        self.engine().repeats.take_gone()
    }

    fn lags(&mut self, key: u64, envelope: &Envelope) -> bool {
        self.engine().lags(key, envelope)
    }

    fn take_caught_up(&mut self) -> Option<u64> {
        self.engine().caught_up.pop()
    }

    fn reassure(&mut self, reassurance: Reassurance) {
        self.engine().reassurance = Some(reassurance);
    }

    #[inline]
    fn lend(&mut self, long: bool) {
        if let Some(engine) = self
            .engine
            .take_if(|engine| long || engine.has_heartbeats())
        {
            self.engine = self.keeper.lend(engine);
        }
    }
}

impl Drop for Zmtp {
    fn drop(&mut self) {
        if self.process != fork::generation() {
            // Its descriptors are closed here, and its thread does not exist.
            std::mem::forget(self.engine.take());
            std::mem::forget(std::mem::take(&mut self.keeper));
            return;
        }
        let linger = self.linger;
        self.engine().drain(linger);
    }
}
