//! What goes to peers.

use std::net::Shutdown;
use std::time::{Duration, Instant};

use super::super::connection::Phase;
use super::super::input::{self, Input};
use super::{Engine, SHARE, STREAMED, index, is_behind};
use crate::transport::{Error, Sent};
use crate::wire::Envelope;

/// How long all the peers that leave too much unread, together, may take to
/// read anything, before the worst of them is let go.
pub(super) const PATIENCE: Duration = Duration::from_millis(100);

/// What a system holds at most for one socket that is not read from.
const UNREAD: usize = 8 << 20;

impl Engine {
    /// Whether a dealer can take a message now.
    #[inline]
    pub fn can_send(&self) -> bool {
        self.server()
            .is_some_and(|peer| !is_behind(peer, &self.options))
    }

    /// Queues a message, to be written with the next flush.
    #[inline]
    pub fn send(&mut self, envelope: &Envelope, body: &[u8]) -> Sent {
        let mut frames = envelope.frames();
        let key = match &self.connector {
            Some(connector) if self.can_send() => connector.up(),
            Some(_) => return Sent::Full,
            None => frames
                .next()
                .and_then(|id| id.try_into().ok())
                .map(u64::from_be_bytes),
        };
        let Some(key) = key else {
            return Sent::Lost;
        };
        let Some(peer) = self
            .connections
            .get_mut(index(key))
            .filter(|peer| peer.key == key)
        else {
            return Sent::Lost;
        };
        let before = peer.output.pending();
        peer.output.borrow(&mut self.spare);
        let added = peer.output.add(&peer.stream, frames, body);
        self.queued = self.queued + peer.output.pending() - before;
        if !peer.dirty {
            peer.dirty = true;
            self.dirty.push(key);
        }
        if added.is_err() {
            // This message is counted by the one who hears of its loss.
            self.cannot_write(key);
            self.lost = self.lost.saturating_sub(1);
            return Sent::Lost;
        }
        if peer.output.pending() > input::CHUNK && !peer.output.blocked {
            self.write(key);
        }
        if self.queued > self.options.send_buffer {
            self.make_room();
        }
        Sent::Done
    }

    pub(super) fn mark_dirty(&mut self, key: u64) {
        if let Some(peer) = self.connections.get_mut(index(key))
            && !peer.dirty
        {
            peer.dirty = true;
            self.dirty.push(key);
        }
    }

    /// Writes what waits.
    pub fn flush(&mut self) {
        let mut dirty = std::mem::take(&mut self.dirty);
        for key in dirty.drain(..) {
            if let Some(peer) = self.connections.get_mut(index(key))
                && peer.key == key
            {
                peer.dirty = false;
                self.write(key);
            }
        }
        // Writing marks none; the list's memory is used again.
        self.dirty = dirty;
    }

    /// Writes what waits for one peer, as far as it takes it.
    pub(super) fn write(&mut self, key: u64) {
        let Some(peer) = self.connections.get_mut(index(key)) else {
            return;
        };
        if matches!(peer.phase, Phase::Connecting) {
            return;
        }
        let before = peer.output.pending();
        let written = peer.output.flush(&peer.stream);
        self.queued -= before - peer.output.pending();
        if written.is_err() {
            self.cannot_write(key);
            return;
        }
        peer.output.give_back(&mut self.spare);
        if peer.paused || peer.lags {
            self.has_written(key);
        }
    }

    /// A peer that was waited for has read something.
    #[cold]
    fn has_written(&mut self, key: u64) {
        let Some(peer) = self.connections.get_mut(index(key)) else {
            return;
        };
        if peer.paused && !is_behind(peer, &self.options) {
            peer.paused = false;
            self.list(key);
        }
        if self
            .connections
            .get(index(key))
            .is_some_and(|peer| peer.lags)
            && !self.is_lagging(key)
        {
            self.catches_up(key);
        }
    }

    /// See `Transport::lags`.
    pub fn lags(&mut self, stream: u64, envelope: &Envelope) -> bool {
        let Some((key, blocked)) = self
            .peer(envelope)
            .map(|peer| (peer.key, peer.output.blocked))
        else {
            return false;
        };
        if !blocked && self.is_lagging(key) {
            // It was not tried yet.
            self.write(key);
        }
        if !self.is_lagging(key) {
            return false;
        }
        if let Some(peer) = self.connections.get_mut(index(key)) {
            peer.lags = true;
        }
        self.lagging.entry(key).or_default().push(stream);
        true
    }

    fn is_lagging(&self, key: u64) -> bool {
        let free = self.options.send_buffer.saturating_sub(self.queued);
        self.connections.get(index(key)).is_some_and(|peer| {
            peer.output.pending() > STREAMED.min(free / SHARE)
                || peer.output.blocked
                    && peer.output.messages() > self.options.send_high_water as usize / 2
        })
    }

    /// The streams of a peer go on.
    pub(super) fn catches_up(&mut self, key: u64) {
        if let Some(peer) = self.connections.get_mut(index(key)) {
            peer.lags = false;
        }
        self.caught_up
            .extend(self.lagging.remove(&key).into_iter().flatten());
    }

    /// A peer takes nothing any more. What it has sent may still be here; the
    /// reading side finds out.
    pub(super) fn cannot_write(&mut self, key: u64) {
        let Some(peer) = self.connections.get_mut(index(key)) else {
            return;
        };
        if self.connector.is_some() {
            self.unwritten += peer.output.whole_messages();
        }
        self.lost += peer.output.messages();
        self.queued -= peer.output.pending();
        peer.output.discard();
        peer.readable = true;
        peer.ended = true;
        peer.paused = false;
        self.list(key);
    }

    /// Lets peers that left too much unread catch up, as long as together they
    /// read the whole buffer in a second; else the worst of them is let go.
    ///
    /// Nobody else is served meanwhile, so patience is a credit for all of them:
    /// it comes back with what they read, and with time at a tenth of its pace.
    fn make_room(&mut self) {
        let limit = self.options.send_buffer;
        let now = Instant::now();
        let earned = now.saturating_duration_since(self.patience_at) / 10;
        self.patience = (self.patience + earned).min(PATIENCE);
        self.patience_at = now;
        loop {
            self.flush();
            if self.queued <= limit {
                return;
            }
            if self.patience.is_zero() {
                self.close_worst(
                    |peer| peer.output.pending(),
                    "the peer left its answers unread",
                );
                continue;
            }
            let (before, began) = (self.queued, Instant::now());
            if self.look(Some(self.patience)).is_err() {
                // A signal, most likely; time goes on.
                std::thread::yield_now();
            }
            let taken = before.saturating_sub(self.queued) as u64;
            let earned = Duration::from_millis(taken.saturating_mul(1000) / limit.max(1) as u64);
            self.patience = (self.patience + earned)
                .saturating_sub(began.elapsed())
                .min(PATIENCE);
        }
    }

    /// Writes what waits, no longer than `linger`, and leaves nothing unread: the
    /// system would take back from a peer what it has not read either.
    pub fn drain(&mut self, linger: Duration) {
        self.drain_output(linger);
        for (_, peer) in &mut self.connections {
            let _ = peer.stream.shutdown(Shutdown::Write);
            // No more than a system holds for one socket: a peer may go on sending.
            for _ in 0..UNREAD / input::CHUNK {
                self.chunk.clear();
                let read = peer.input.read(&peer.stream, &mut self.chunk);
                peer.input = Input::default();
                if !read.is_ok_and(|read| read.count > 0) {
                    break;
                }
            }
        }
    }

    fn drain_output(&mut self, linger: Duration) {
        let until = Instant::now() + linger;
        self.flush();
        while self.queued > 0 {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            if matches!(self.look(Some(left)), Err(Error::System { .. })) {
                return;
            }
            self.flush();
        }
    }
}
