//! The channels of zerorpc, one for each open call: who is still there, and how much
//! each takes.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use crate::wire::Envelope;

/// How often each end of a channel says that it is there; zerorpc's default.
pub const HEARTBEAT: Duration = Duration::from_secs(5);
/// A caller that was silent for as long has gone.
const PATIENCE: Duration = Duration::from_secs(10);
/// One that was not heard yet: some say nothing before they were told something, and
/// then wait for another heartbeat's time.
const FIRST_PATIENCE: Duration = Duration::from_secs(11);
/// After an absence of this host as long as this, callers have as long to be heard
/// before any is given up: what they have said meanwhile is to be read first.
const ABSENCE: Duration = Duration::from_millis(500);

/// A channel, as long as its call is open.
pub struct Channel {
    /// What all its events carry, one MessagePack value.
    pub id: Box<[u8]>,
    /// Events that the caller takes now.
    pub credit: u32,
    /// Events that wait for the caller to take more.
    pub waiting: VecDeque<Vec<u8>>,
    /// The last of its events is among them, or was sent.
    pub has_ended: bool,
    /// Its host gives items, and wants to hear of the caller's end.
    pub is_stream: bool,
    /// The host waits for room.
    pub is_awaited: bool,
    /// When the caller is given up unless it is heard before.
    pub patience: Instant,
}

impl Channel {
    pub fn new(id: &[u8], now: Instant) -> Self {
        Self {
            id: id.into(),
            // One for the first event; a call that is answered needs no more.
            credit: 1,
            waiting: VecDeque::new(),
            has_ended: false,
            is_stream: false,
            is_awaited: false,
            patience: now + FIRST_PATIENCE,
        }
    }

    /// The caller is there.
    pub fn heard(&mut self, now: Instant) {
        self.patience = self.patience.max(now + PATIENCE);
    }

    /// How many bytes wait.
    pub fn waiting_bytes(&self) -> usize {
        self.waiting.iter().map(Vec::len).sum()
    }
}

/// What happened to a stream whose host waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamNews {
    /// The caller takes as many items now.
    Room(u32),
    /// The caller has gone, and the call with it.
    Gone,
}

/// Which call a channel belongs to, and what is to be done for all of them.
#[derive(Default)]
pub struct Channels {
    tokens: HashMap<Box<[u8]>, u64>,
    /// Those whose callers are not told yet, again and again, that their server is
    /// there.
    pub unannounced: Vec<u64>,
    pub news: VecDeque<(u64, StreamNews)>,
    /// No caller's patience ends before.
    look_at: Option<Instant>,
    left_at: Option<Instant>,
    back_at: Option<Instant>,
}

/// Names a channel among those of all peers.
pub fn key(envelope: &Envelope, id: &[u8]) -> Box<[u8]> {
    let peer = envelope.frames().next().unwrap_or_default();
    let length = u16::try_from(peer.len()).unwrap_or(u16::MAX);
    [&length.to_ne_bytes()[..], peer, id].concat().into()
}

impl Channels {
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    pub fn find(&self, key: &[u8]) -> Option<u64> {
        self.tokens.get(key).copied()
    }

    pub fn open(&mut self, key: Box<[u8]>, token: u64, patience: Instant) {
        self.tokens.insert(key, token);
        self.unannounced.push(token);
        self.look_at = Some(self.look_at.map_or(patience, |at| at.min(patience)));
    }

    pub fn close(&mut self, key: &[u8]) {
        self.tokens.remove(key);
        if self.tokens.is_empty() {
            self.look_at = None;
            self.unannounced.clear();
        }
    }

    pub fn tokens(&self) -> Vec<u64> {
        self.tokens.values().copied().collect()
    }

    /// The host leaves to run handlers.
    #[inline]
    pub fn leave(&mut self) {
        if !self.is_empty() {
            self.left_at = Some(Instant::now());
        }
    }

    /// The host is here, and has read all that it knows to have come. Whether a
    /// caller may have to be given up.
    pub fn is_due(&mut self, now: Instant) -> bool {
        if let Some(left) = self.left_at.take()
            && now.saturating_duration_since(left) > ABSENCE
        {
            self.back_at = Some(now);
        }
        self.next_look().is_some_and(|at| at <= now)
    }

    /// When that may be next.
    #[inline]
    pub fn next_look(&self) -> Option<Instant> {
        let back = self.back_at.map(|back| back + ABSENCE);
        self.look_at.map(|at| back.map_or(at, |back| at.max(back)))
    }

    /// All were looked at; the next one's patience ends then.
    pub fn looked(&mut self, next: Option<Instant>) {
        self.look_at = next;
        self.back_at = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(peer: &[u8]) -> Envelope {
        let mut envelope = Envelope::new();
        assert!(envelope.push(peer) && envelope.push(b""));
        envelope
    }

    #[test]
    fn a_channel_is_its_callers_alone() {
        assert_ne!(key(&envelope(b"a"), b"b"), key(&envelope(b"b"), b"b"));
        assert_ne!(key(&envelope(b"a"), b"bc"), key(&envelope(b"ab"), b"c"));
    }

    #[test]
    fn a_caller_has_time_to_be_heard_after_an_absence() {
        let now = Instant::now();
        let mut channels = Channels::default();
        channels.open(key(&envelope(b"a"), b"b"), 1, now);
        assert!(channels.is_due(now));
        channels.left_at = Some(now);
        let back = now + Duration::from_secs(60);
        assert!(!channels.is_due(back));
        assert_eq!(channels.next_look(), Some(back + ABSENCE));
        assert!(channels.is_due(back + ABSENCE));
    }

    #[test]
    fn each_sign_of_life_buys_time() {
        let now = Instant::now();
        let mut channel = Channel::new(b"\x01", now);
        channel.heard(now);
        assert_eq!(channel.patience, now + FIRST_PATIENCE);
        channel.heard(now + PATIENCE);
        assert_eq!(channel.patience, now + PATIENCE * 2);
    }
}
