//! How connections end, and what happens to them with time.

use std::time::{Duration, Instant};

use super::super::command;
use super::super::connection::{Connection, Phase};
use super::super::handshake::Role;
use super::super::refusal::Refusal;
use super::super::timers::Timer;
use super::reading::is_ahead;
use super::{Engine, MISSED, index, is_behind};
use crate::transport::Sent;
use crate::wire::Envelope;

impl Engine {
    /// Ends a connection, after telling the peer why where the protocol can.
    pub(super) fn refuse(&mut self, key: u64, refusal: Refusal) {
        if let Some(peer) = self.connections.get_mut(index(key))
            && peer.key == key
        {
            if refusal.told && matches!(peer.phase, Phase::Handshaking(_)) {
                let before = peer.output.pending();
                command::write_error(peer.output.bytes(), refusal.reason);
                self.queued += peer.output.pending() - before;
                let before = peer.output.pending();
                let _ = peer.output.flush(&peer.stream);
                self.queued -= before - peer.output.pending();
            }
            self.close(key, refusal.reason);
        }
    }

    /// Forgets a connection. What was not written goes with it.
    pub(super) fn close(&mut self, key: u64, trouble: &str) {
        let Some(mut peer) = self.connections.try_remove(index(key)) else {
            return;
        };
        // Closing takes it out of the epoll too.
        let timers = &mut self.timers;
        timers.clear(&mut peer.handshake_due, Timer::Handshake(key));
        timers.clear(&mut peer.heartbeat_due, Timer::Heartbeat(key));
        timers.clear(&mut peer.silence_due, Timer::Silence(key));
        self.queued -= peer.output.pending();
        self.held -= peer.input.held();
        if peer.output.pending() > 0 {
            self.lost += peer.output.messages();
        }
        if self.connector.is_some() && peer.is_up() {
            let unwritten = std::mem::take(&mut self.unwritten);
            let whole = unwritten + peer.output.whole_messages();
            self.ended = self.options.tells_endings.then_some(whole);
        }
        peer.output.discard();
        peer.output.give_back(&mut self.spare);
        if !peer.is_up() {
            self.introducing -= 1;
        }
        self.pinging -= usize::from(peer.pings);
        if peer.lags {
            self.catches_up(key);
        }
        if let Some(connector) = &mut self.connector
            && connector.ended(key, trouble)
        {
            // Another address is tried at once, the same one after a pause.
            self.reconnect(false);
        }
        if self.scarce {
            self.scarce = false;
        }
    }

    /// Ends the connection that takes up most of something.
    pub(super) fn close_worst(&mut self, of: impl Fn(&Connection) -> usize, trouble: &str) {
        let peers = self.connections.iter().map(|(_, peer)| peer);
        if let Some(key) = peers.max_by_key(|peer| of(peer)).map(|peer| peer.key) {
            self.close(key, trouble);
        }
    }

    /// Does what is due; true when anything was.
    pub(super) fn run_timers(&mut self) -> bool {
        let now = Instant::now();
        let mut any = false;
        while let Some((due, timer)) = self.timers.due(now) {
            any = true;
            match timer {
                Timer::Connect => self.reconnect(true),
                Timer::Accept => self.scarce = false,
                Timer::Handshake(key) => self.close(key, "the handshake took too long"),
                Timer::Heartbeat(key) => self.ask_for_life(key, now, now - due),
                Timer::Silence(key) => self.check_silence(key, now),
            }
        }
        any | self.send_repeats(now)
    }

    /// Sends what is due again, unless its peer leaves too much unread anyway.
    fn send_repeats(&mut self, now: Instant) -> bool {
        let mut any = false;
        // Sending may have to look after others, and comes here again then.
        let mut repeats = std::mem::take(&mut self.repeats);
        while let Some((key, envelope, body)) = repeats.take_due(now) {
            any = true;
            let peer = self.peer(&envelope);
            if peer.is_some_and(|peer| is_behind(peer, &self.options)) {
                continue;
            }
            if self.send(&envelope, &body) == Sent::Lost {
                if is_ahead(key) {
                    // The owner does not know it.
                    repeats.remove(key);
                } else {
                    repeats.give_up(key);
                }
            }
        }
        self.repeats = repeats;
        any
    }

    /// Whom an envelope leads to.
    pub(super) fn peer(&self, envelope: &Envelope) -> Option<&Connection> {
        let key = u64::from_be_bytes(envelope.frames().next()?.try_into().ok()?);
        let peer = self.connections.get(index(key))?;
        (peer.key == key).then_some(peer)
    }

    /// Sends a PING.
    fn ask_for_life(&mut self, key: u64, now: Instant, late: Duration) {
        let heartbeat = self.options.heartbeat;
        let Some(peer) = self.connections.get_mut(index(key)) else {
            return;
        };
        if late > heartbeat
            && let Some(just_now) = now.checked_sub(heartbeat)
        {
            // Nobody was here to ask, so the peer was right to be silent.
            peer.heard = peer.heard.max(just_now);
        }
        if !is_behind(peer, &self.options) {
            let before = peer.output.pending();
            // A server that gave up a client that does something else for a
            // while would lose that client's calls.
            let ttl = match self.role {
                Role::Router => heartbeat * MISSED,
                Role::Dealer => Duration::ZERO,
            };
            command::write_ping(peer.output.bytes(), ttl);
            self.queued += peer.output.pending() - before;
        }
        peer.heartbeat_due = None;
        let due = now + heartbeat;
        self.timers
            .set(&mut peer.heartbeat_due, due, Timer::Heartbeat(key));
        self.mark_dirty(key);
    }

    /// Lets a peer go that was silent for too long. What it has sent and nobody
    /// has read counts.
    fn check_silence(&mut self, key: u64, now: Instant) {
        let Some(peer) = self.connections.get_mut(index(key)) else {
            return;
        };
        peer.silence_due = None;
        let Some(patience) = peer.patience else {
            return;
        };
        if peer.readable || !peer.input.is_used_up() {
            peer.heard = now;
        }
        let due = peer.heard + patience;
        if due > now {
            self.timers
                .set(&mut peer.silence_due, due, Timer::Silence(key));
        } else {
            self.close(key, "the peer gave no sign of life");
        }
    }
}
