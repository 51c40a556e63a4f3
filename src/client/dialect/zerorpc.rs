//! zerorpc. A call is a channel: an id of its own for each time it is sent, and
//! heartbeats in both directions as long as it is open.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::{Dialect, Request, Said, check_is_list, one_frame, unreadable};
use crate::client::{Outcome, Value};
use crate::msgpack::{Limits, Reader, pack};
use crate::transport::Body;
use crate::wire::zerorpc as wire;

/// A channel's id is a text: the call's id and how often it was sent, in hex.
const CALL_DIGITS: usize = 16;
const TIMES_DIGITS: usize = 8;

/// The channels of a client.
pub struct Channels {
    /// How long from one heartbeat to the next; none for no heartbeats.
    every: Option<Duration>,
    open: HashMap<u64, Channel>,
    /// When the channels are looked at next.
    due: Option<Instant>,
    /// When they were looked at.
    watched: Instant,
    /// Numbers the events that are no calls.
    events: u64,
}

/// One that is open.
struct Channel {
    /// How often its call was sent.
    times: u32,
    /// When its server was heard.
    heard: Instant,
    /// When it sends the next heartbeat.
    next_beat: Option<Instant>,
}

/// What is kept: where the id of the channel ends in the request.
pub fn write(out: &mut Vec<u8>, request: &Request<'_>) -> Result<usize, String> {
    check_is_list(Dialect::Zerorpc, request.parameters)?;
    let mut meta = Reader::new(request.meta);
    let count = meta.map().unwrap_or(0);
    let mut entries = Vec::new();
    for _ in 0..count {
        if let (Ok(key), Ok(value)) = (meta.slice(), meta.slice()) {
            if let Ok(b"message_id" | b"response_to" | b"v") = Reader::new(key).text_or_binary() {
                return Err("meta may not have the keys message_id, response_to and v".to_string());
            }
            entries.push((key, value));
        }
    }
    let id = channel_id(request.id, 0);
    let function = request.function.as_bytes();
    let start = out.len();
    wire::begin(out, &id, None, entries.into_iter(), function)
        .map_err(|malformed| malformed.to_string())?;
    let place = out[start..].windows(id.len()).position(|at| at == id);
    out.extend_from_slice(request.parameters);
    Ok(start + place.unwrap_or_default() + id.len())
}

/// As MessagePack.
fn channel_id(call: u64, times: u32) -> Vec<u8> {
    let mut id = Vec::with_capacity(1 + CALL_DIGITS + TIMES_DIGITS);
    let _ = pack::text(&mut id, format!("{call:016x}{times:08x}").as_bytes());
    id
}

/// The call's id, and how often it was sent.
fn read_channel_id(value: &[u8]) -> Option<(u64, u32)> {
    let digits = std::str::from_utf8(Reader::new(value).text_or_binary().ok()?).ok()?;
    let (call, times) = digits.split_at_checked(CALL_DIGITS)?;
    if times.len() != TIMES_DIGITS {
        return None;
    }
    let call = u64::from_str_radix(call, 16).ok()?;
    Some((call, u32::from_str_radix(times, 16).ok()?))
}

impl Channels {
    /// With heartbeats so often; zero for none.
    pub fn new(every: Duration) -> Self {
        Self {
            every: (!every.is_zero()).then_some(every),
            open: HashMap::new(),
            due: None,
            watched: Instant::now(),
            events: 0,
        }
    }

    /// A call is about to be sent, for the first time or again: it becomes another
    /// channel.
    pub fn open(&mut self, id: u64, body: &mut [u8], noted: usize, now: Instant) {
        let times = self.open.get(&id).map_or(0, |channel| channel.times) + 1;
        let digits = format!("{times:08x}");
        let place = noted.checked_sub(TIMES_DIGITS);
        if let Some(place) = place.and_then(|start| body.get_mut(start..noted)) {
            place.copy_from_slice(digits.as_bytes());
        }
        if self.open.is_empty() {
            self.watched = now;
        }
        let next_beat = self.every.and_then(|every| now.checked_add(every));
        self.due = [self.due, next_beat].into_iter().flatten().min();
        self.open.insert(
            id,
            Channel {
                times,
                heard: now,
                next_beat,
            },
        );
    }

    pub fn forget(&mut self, id: u64) {
        self.open.remove(&id);
        if self.open.is_empty() {
            self.due = None;
        }
    }

    pub fn read(&mut self, body: Body, limits: &Limits) -> Option<(u64, Said)> {
        let unreadable_for = |outcome| Some((0, Said::Unreadable(outcome)));
        let frame = match one_frame(body) {
            Ok(frame) => frame,
            Err(outcome) => return unreadable_for(outcome),
        };
        let event = match wire::read(frame.as_ref(), limits) {
            Ok(Some(event)) => event,
            Ok(None) => return unreadable_for(unreadable("an event of zerorpc", &"it is not")),
            Err(malformed) => {
                return unreadable_for(unreadable("an event of zerorpc", &malformed));
            }
        };
        let (id, times) = read_channel_id(event.response_to?)?;
        let channel = self.open.get_mut(&id)?;
        if channel.times != times {
            return None;
        }
        if self.every.is_some() {
            channel.heard = Instant::now();
        }
        let said = match event.name {
            wire::OK => match event.result().map(<[u8]>::len) {
                Some(length) => Said::Ended(Outcome::Answer(Value::end_of(frame, length))),
                None => Said::Ended(Outcome::Invalid(
                    "the args of OK are expected to be a list of one".to_string(),
                )),
            },
            wire::ERROR => Said::Ended(Outcome::Fault(event.fault())),
            wire::STREAM => {
                let length = event.args.len();
                Said::Item(Value::end_of(frame, length))
            }
            wire::STREAM_DONE => Said::Done,
            wire::HEARTBEAT | wire::MORE => Said::Alive,
            _ => return None,
        };
        Some((id, said))
    }

    /// When heartbeats are due; none while no channel is open.
    #[inline]
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// How long a server may be silent.
    pub fn patience(&self) -> Duration {
        self.every.unwrap_or_default().saturating_mul(2)
    }

    /// The channels that have to send a heartbeat now, and those whose servers
    /// were silent for too long. What has come was read before.
    pub fn look(&mut self, now: Instant) -> (Vec<u64>, Vec<u64>) {
        let (mut to_beat, mut lost) = (Vec::new(), Vec::new());
        let Some(every) = self.every else {
            return (to_beat, lost);
        };
        // Who did not look cannot say that there was nothing.
        let was_away = now.saturating_duration_since(self.watched) > every.saturating_mul(2);
        self.watched = now;
        // Those that are nearly due go out with the others.
        let soon = now + every / 10;
        self.due = now.checked_add(every);
        for (id, channel) in &mut self.open {
            if was_away {
                channel.heard = now;
            }
            if now.saturating_duration_since(channel.heard) > every.saturating_mul(2) {
                lost.push(*id);
                continue;
            }
            if channel.next_beat.is_some_and(|beat| beat <= soon) {
                to_beat.push(*id);
                channel.next_beat = now.checked_add(every);
            }
            let ends = channel.heard.checked_add(every.saturating_mul(2));
            let next = [self.due, channel.next_beat, ends.map(|end| end + MOMENT)];
            self.due = next.into_iter().flatten().min();
        }
        (to_beat, lost)
    }

    /// An event of a channel: a heartbeat, or room for so many more events.
    pub fn event(&mut self, id: u64, credit: Option<u32>) -> Vec<u8> {
        let times = self.open.get(&id).map_or(0, |channel| channel.times);
        self.events += 1;
        let mut message_id = Vec::new();
        let _ = pack::text(
            &mut message_id,
            format!("{id:016x}.{:x}", self.events).as_bytes(),
        );
        let mut out = Vec::with_capacity(128);
        let name = if credit.is_some() {
            wire::MORE
        } else {
            wire::HEARTBEAT
        };
        let first = channel_id(id, times);
        // Short texts can be written.
        let _ = wire::begin(&mut out, &message_id, Some(&first), [].into_iter(), name);
        match credit {
            Some(events) => wire::credit_args(&mut out, events),
            None => wire::heartbeat_args(&mut out),
        }
        out
    }
}

/// The clock may stand where it stood.
const MOMENT: Duration = Duration::from_millis(1);
