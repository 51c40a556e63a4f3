//! The channels of zerorpc, one for each open call: who is still there, and how much
//! each takes.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use crate::msgpack::Limits;
use crate::transport::Reassurance;
use crate::wire::{Envelope, zerorpc};

/// How often each end of a channel says that it is there; zerorpc's default.
pub const HEARTBEAT: Duration = Duration::from_secs(5);
/// How soon it is said for the first time. Some callers say nothing before they were told
/// something, and then wait for another heartbeat's time: that has to be well within
/// [`PATIENCE`].
pub const FIRST_HEARTBEAT: Duration = Duration::from_millis(2500);
/// A caller that was silent for as long has gone.
const PATIENCE: Duration = Duration::from_secs(10);
/// After an absence of this host as long as this, callers have as long to be heard
/// before any is given up: what they have said meanwhile is to be read first.
const ABSENCE: Duration = Duration::from_millis(500);

/// A channel, as long as its call is open.
// Each is true or false for a reason of its own; together they are no state.
#[allow(clippy::struct_excessive_bools)]
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
    /// The caller leaves much unread: whatever it has granted, it gets no more until the
    /// transport says that it has caught up.
    pub lags: bool,
    /// When the call came.
    pub opened: Instant,
    /// When the caller is given up unless it is heard before.
    pub patience: Instant,
    /// When the caller is let go unless it takes something before; none while nothing
    /// waits for it.
    pub stalls_at: Option<Instant>,
}

impl Channel {
    pub fn new(id: &[u8], opened: Instant) -> Self {
        Self {
            id: id.into(),
            // One for the first event; a call that is answered needs no more.
            credit: 1,
            waiting: VecDeque::new(),
            has_ended: false,
            is_stream: false,
            is_awaited: false,
            lags: false,
            opened,
            patience: opened + PATIENCE,
            stalls_at: None,
        }
    }

    /// The caller was there at that time.
    pub fn heard(&mut self, at: Instant) {
        self.patience = self.patience.max(at + PATIENCE);
    }

    /// Whether something waits for the caller to take it.
    pub fn is_stalled(&self) -> bool {
        (self.credit == 0 || self.lags) && (self.is_awaited || !self.waiting.is_empty())
    }

    /// When the caller is to be looked after at the latest.
    pub fn due(&self) -> Instant {
        let stalls_at = self.stalls_at.unwrap_or(self.patience);
        self.patience.min(stalls_at)
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
    /// No caller is to be looked after before.
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

/// Signs of life for those whose calls nobody has taken yet.
pub fn reassurance(limits: &Limits) -> Reassurance {
    let limits = limits.clone();
    Reassurance {
        body: Box::new(move |body| zerorpc::early_heartbeat(body, &limits)),
        first: FIRST_HEARTBEAT,
        every: HEARTBEAT,
    }
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
        self.look_by(patience);
    }

    /// A caller is to be looked after at that time.
    pub fn look_by(&mut self, due: Instant) {
        self.look_at = Some(self.look_at.map_or(due, |at| at.min(due)));
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

    /// The host leaves to run handlers. Whether a caller may have to be given up although not
    /// all is read: for a host that is so busy that there is always more.
    #[inline]
    pub fn leave(&mut self) -> bool {
        let now = Instant::now();
        self.note_absence(now);
        self.left_at = Some(now);
        self.look_at.is_some_and(|at| at + ABSENCE <= now)
    }

    /// The time by which callers are judged then. All that came before `came` was read; with
    /// none it is not known what waits to be read, least of all after an absence.
    pub fn judged_by(&self, came: Option<Instant>) -> Option<Instant> {
        let now = Instant::now();
        came.or_else(|| {
            let at = self.next_look()?;
            (at + ABSENCE <= now).then_some(now)
        })
    }

    fn note_absence(&mut self, now: Instant) {
        if let Some(left) = self.left_at.take()
            && now.saturating_duration_since(left) > ABSENCE
        {
            self.back_at = Some(now);
        }
    }

    /// The host is here, and has read all that it knows to have come. Whether a
    /// caller may have to be given up.
    pub fn is_due(&mut self, now: Instant) -> bool {
        self.note_absence(now);
        self.next_look().is_some_and(|at| at <= now)
    }

    /// When that may be next.
    #[inline]
    pub fn next_look(&self) -> Option<Instant> {
        let back = self.back_at.map(|back| back + ABSENCE);
        self.look_at.map(|at| back.map_or(at, |back| at.max(back)))
    }

    /// All were looked at; the next one is due then.
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
    fn a_host_that_always_has_more_to_read_gives_callers_up_too() {
        let ago = |seconds| Instant::now().checked_sub(Duration::from_secs(seconds));
        let mut channels = Channels::default();
        channels.open(key(&envelope(b"a"), b"b"), 1, ago(2).unwrap());
        assert!(channels.leave());
        assert!(channels.judged_by(None).is_some());
        // What came meanwhile may be all unread, unless something later was read.
        channels.left_at = ago(60);
        assert!(channels.leave());
        assert_eq!(channels.judged_by(None), None);
        let came = ago(1);
        assert_eq!(channels.judged_by(came), came);
        channels.looked(None);
        assert!(!channels.leave());
    }

    #[test]
    fn an_absence_is_known_though_callers_were_given_up_at_its_beginning() {
        let now = Instant::now();
        let mut channels = Channels::default();
        let patience = now.checked_sub(ABSENCE).unwrap();
        channels.open(key(&envelope(b"a"), b"b"), 1, patience);
        assert!(channels.leave());
        channels.looked(Some(now));
        let back = now + ABSENCE * 3;
        assert!(!channels.is_due(back));
        assert!(channels.is_due(back + ABSENCE));
    }

    #[test]
    fn each_sign_of_life_buys_time() {
        let now = Instant::now();
        let mut channel = Channel::new(b"\x01", now);
        assert_eq!(channel.due(), now + PATIENCE);
        channel.heard(now + HEARTBEAT);
        assert_eq!(channel.due(), now + HEARTBEAT + PATIENCE);
        // One that was read late tells of an earlier time.
        channel.heard(now);
        assert_eq!(channel.due(), now + HEARTBEAT + PATIENCE);
    }

    #[test]
    fn a_caller_that_is_not_heard_of_before_the_first_heartbeat_has_time_to_answer_it() {
        assert!(FIRST_HEARTBEAT + HEARTBEAT + Duration::from_secs(2) < PATIENCE);
    }
}
