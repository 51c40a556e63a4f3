//! What peers send: handshakes, commands and messages.

use std::io;
use std::time::{Duration, Instant};

use super::super::command::{self, Command};
use super::super::connection::Phase;
use super::super::greeting;
use super::super::handshake::Role;
use super::super::header;
use super::super::refusal::Refusal;
use super::super::timers::Timer;
use super::{Ahead, Engine, MISSED, PUSH_BACK, index, is_behind};
use crate::transport::assembly::Assembly;
use crate::transport::{Body, Incoming};

/// What the keys of repeated messages have that are not the owner's.
const AHEAD: u64 = 1 << 63;

/// Whether a key is that of a message which its owner has not taken.
pub fn is_ahead(key: u64) -> bool {
    key & AHEAD != 0
}

/// What a step with one connection led to.
enum Step {
    Message(Incoming),
    /// Nothing more can be done with it now.
    Idle,
    /// There is more; others have their turn first.
    Again,
    Over(Refusal),
}

impl Engine {
    /// The next message that is known to be here.
    #[inline]
    pub fn receive(&mut self) -> Option<Incoming> {
        if let Some(ahead) = self.arrived.pop_front() {
            if self.arrived.is_empty() {
                self.arrived_bytes = 0;
            }
            if let Some(key) = ahead.reassured {
                self.repeats.remove(key);
            }
            self.came = Some(ahead.came);
            return Some(ahead.incoming);
        }
        if self.came.is_some() {
            self.came = None;
        }
        self.next_message()
    }

    fn next_message(&mut self) -> Option<Incoming> {
        // A peer that sends without end must not keep its owner here.
        let mut turns = 0;
        while let Some(&key) = self.ready.front() {
            match self.advance(key) {
                Step::Message(incoming) => return Some(incoming),
                Step::Idle => {
                    self.ready.pop_front();
                    if let Some(peer) = self.connections.get_mut(index(key))
                        && peer.key == key
                    {
                        peer.listed = false;
                        peer.served = false;
                    }
                }
                Step::Again => {
                    self.ready.rotate_left(1);
                    turns += 1;
                    // Others may have come meanwhile, or wait for what was
                    // sent. What goes wrong here goes wrong again in the next
                    // wait, which can tell.
                    self.flush();
                    let _ = self.look(Some(Duration::ZERO));
                    if turns > self.ready.len() {
                        return None;
                    }
                }
                Step::Over(refusal) => {
                    self.ready.pop_front();
                    self.refuse(key, refusal);
                }
            }
        }
        None
    }

    /// Takes the next message from a connection, or whatever comes before it.
    #[inline]
    fn advance(&mut self, key: u64) -> Step {
        loop {
            let Some(peer) = self.connections.get_mut(index(key)) else {
                return Step::Idle;
            };
            if peer.key != key {
                return Step::Idle;
            }
            // A dealer reads whatever happens: its server may be waiting for that.
            if self.role == Role::Router && is_behind(peer, &self.options) {
                peer.paused = true;
                return Step::Idle;
            }
            let step = if peer.is_up() {
                let held = peer.input.held();
                let next = peer.input.next(self.options.largest_frame);
                self.held = self.held + peer.input.held() - held;
                match next {
                    Ok(Some((header, body))) if !header.command => {
                        let assembly = peer.assembly.get_or_insert_with(|| match self.role {
                            Role::Router => Assembly::from_peer(&key.to_be_bytes()),
                            Role::Dealer => Assembly::default(),
                        });
                        let added = assembly.add(body, header.more);
                        if added.is_some() {
                            peer.assembly = None;
                        }
                        added.map(Step::Message)
                    }
                    Ok(Some((_, body))) => self.obey(key, &body),
                    Ok(None) => self.read(key),
                    Err(refusal) => Some(Step::Over(refusal)),
                }
            } else {
                self.introduce(key)
            };
            if let Some(step) = step {
                return step;
            }
        }
    }

    /// Reads from a connection whose input is used up.
    fn read(&mut self, key: u64) -> Option<Step> {
        let Some(peer) = self.connections.get_mut(index(key)) else {
            return Some(Step::Idle);
        };
        if !peer.readable {
            return Some(Step::Idle);
        }
        if peer.served {
            peer.served = false;
            return Some(Step::Again);
        }
        if self.held > self.options.receive_buffer {
            self.close_worst(
                |peer| peer.input.held(),
                "messages that are not complete take up the receive buffer",
            );
            return None;
        }
        let held = peer.input.held();
        let read = peer.input.read(&peer.stream, &mut self.chunk);
        self.held = self.held + peer.input.held() - held;
        match read {
            Ok(read) if read.count == 0 => Some(Step::Over(Refusal::silent(
                "the peer closed the connection",
            ))),
            Ok(read) => {
                // At its end, the next read tells so.
                peer.readable = !read.drained || peer.ended;
                peer.served = peer.readable;
                peer.read_at = self.looked_at;
                if peer.patience.is_some() {
                    peer.heard = Instant::now();
                }
                None
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && !peer.ended => {
                peer.readable = false;
                Some(Step::Idle)
            }
            Err(_) => Some(Step::Over(Refusal::silent("the connection was lost"))),
        }
    }

    /// Goes on with a handshake.
    fn introduce(&mut self, key: u64) -> Option<Step> {
        let credentials = self.options.credentials.as_ref();
        let peer = self.connections.get_mut(index(key))?;
        let Phase::Handshaking(handshake) = &mut peer.phase else {
            return Some(Step::Idle);
        };
        let (before, held) = (peer.output.pending(), peer.input.held());
        let taken = if handshake.awaits_greeting() {
            let whole = peer.input.collect_to(greeting::SIZE);
            let checked = handshake.check_greeting(peer.input.collected(), credentials);
            match checked {
                Err(refusal) => Err(refusal),
                Ok(()) if whole => {
                    peer.input.take_collected();
                    handshake.greeted(credentials, peer.output.bytes());
                    Ok(Some(false))
                }
                Ok(()) => Ok(None),
            }
        } else {
            match peer.input.next(command::LARGEST) {
                Ok(Some((header, body))) if header.command => {
                    let taken = handshake.take(&body, credentials, peer.output.bytes());
                    taken.map(Some)
                }
                Ok(Some(_)) => Err(Refusal::told("a message came before the handshake's end")),
                Ok(None) => Ok(None),
                Err(refusal) => Err(refusal),
            }
        };
        self.queued += peer.output.pending() - before;
        self.held = self.held + peer.input.held() - held;
        self.mark_dirty(key);
        match taken {
            Ok(Some(true)) => self.has_come_up(key),
            Ok(Some(false)) => {}
            Ok(None) => return self.read(key),
            Err(refusal) => return Some(Step::Over(refusal)),
        }
        None
    }

    /// A handshake is done.
    fn has_come_up(&mut self, key: u64) {
        self.introducing -= 1;
        if let Some(connector) = &mut self.connector {
            connector.succeeded(key, &self.options);
        }
        let heartbeat = self.options.heartbeat;
        if let Some(peer) = self.connections.get_mut(index(key)) {
            if let Phase::Handshaking(handshake) = &peer.phase {
                peer.is_zroute = handshake.is_zroute;
            }
            peer.phase = Phase::Up;
            peer.output.begin_messages();
            let timers = &mut self.timers;
            timers.clear(&mut peer.handshake_due, Timer::Handshake(key));
            if !heartbeat.is_zero() {
                let now = Instant::now();
                let due = now + heartbeat;
                timers.set(&mut peer.heartbeat_due, due, Timer::Heartbeat(key));
                // A client asks by default, so its server may be one that knows
                // no heartbeats: its first answer to one shows that it does.
                match (self.role, peer.is_zroute) {
                    // A client of this library reads only while it is called,
                    // and must not lose its calls because it does something
                    // else. Its system answers for it.
                    (Role::Router, true) => peer.stream.keep_alive(heartbeat, MISSED),
                    (Role::Router, false) | (Role::Dealer, true) => {
                        self.expect_life(key, heartbeat * MISSED);
                    }
                    (Role::Dealer, false) => {}
                }
            }
        }
        self.tell_goodbye(key);
    }

    /// From now on a peer is given up after so much silence.
    fn expect_life(&mut self, key: u64, patience: Duration) {
        let Some(peer) = self.connections.get_mut(index(key)) else {
            return;
        };
        if peer.patience == Some(patience) {
            return;
        }
        let now = Instant::now();
        let silence = Timer::Silence(key);
        self.timers.clear(&mut peer.silence_due, silence);
        self.timers
            .set(&mut peer.silence_due, now + patience, silence);
        peer.heard = now;
        peer.patience = Some(patience);
    }

    /// Does what a command asks for.
    fn obey(&mut self, key: u64, body: &[u8]) -> Option<Step> {
        let peer = self.connections.get_mut(index(key))?;
        match Command::read(body) {
            Ok(Command::Ping { ttl, context }) => {
                self.pinging += usize::from(!std::mem::replace(&mut peer.pings, true));
                // One that does not read needs no more to read.
                if !is_behind(peer, &self.options) {
                    let before = peer.output.pending();
                    header::write_command(peer.output.bytes(), "PONG", context);
                    self.queued += peer.output.pending() - before;
                }
                let own = self.options.heartbeat * MISSED;
                let patience = [ttl, own].into_iter().filter(|time| !time.is_zero()).min();
                match patience {
                    Some(patience) => self.expect_life(key, patience),
                    None => peer.patience = None,
                }
                self.mark_dirty(key);
                None
            }
            Ok(Command::Pong) => {
                let own = self.options.heartbeat * MISSED;
                if peer.patience.is_none() && !own.is_zero() {
                    self.expect_life(key, own);
                }
                None
            }
            Ok(Command::Unknown) => None,
            Ok(Command::Error { .. }) => Some(Step::Over(Refusal::silent(
                "the peer ended the connection with an error",
            ))),
            Ok(_) => Some(Step::Over(Refusal::silent(
                "a command of the handshake came after its end",
            ))),
            Err(refusal) => Some(Step::Over(refusal)),
        }
    }

    /// Takes in messages ahead of its owner, who is away, so that commands
    /// among them are obeyed. Within bounds: what is beyond them waits. True
    /// when there is more that can be taken in.
    pub fn read_ahead(&mut self) -> bool {
        while self.arrived_bytes < PUSH_BACK
            && self.arrived.len() < self.options.receive_high_water as usize
        {
            let Some(incoming) = self.next_message() else {
                return !self.ready.is_empty();
            };
            self.arrived_bytes += incoming.size();
            let came = Instant::now();
            let reassured = self.reassure(&incoming, came);
            self.arrived.push_back(Ahead {
                incoming,
                came,
                reassured,
            });
        }
        false
    }

    /// Has the sender of a message told, until that is taken, what it wants to hear. Returns
    /// the key to end it with.
    fn reassure(&mut self, incoming: &Incoming, came: Instant) -> Option<u64> {
        let reassurance = self.reassurance.as_ref()?;
        let Body::One(frame) = &incoming.body else {
            return None;
        };
        let body = (reassurance.body)(frame.as_ref())?;
        self.reassured += 1;
        let key = AHEAD | self.reassured;
        let (first, every) = (came + reassurance.first, reassurance.every);
        self.repeats
            .add(key, &incoming.envelope, &body, first, every);
        Some(key)
    }
}
