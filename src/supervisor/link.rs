//! The calls that one worker has, and the way there and back.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::queue::Call;
use crate::msgpack::{Malformed, Reader, pack};
use crate::server::{Board, Origin};
use crate::transport::{self, Body, Endpoint, Error, Frame, Sent, Transport, Waiting};
use crate::wire::{Code, Envelope, Fault, plain};

/// A worker that does not go on for as long gives back what it has not begun.
pub const STALLED: Duration = Duration::from_millis(5);

/// Items of a stream that a worker may send before it is told that there is room for more,
/// and bytes of them, by the size of those that came.
const ITEMS_AHEAD: u32 = 1024;
const BYTES_AHEAD: usize = 256 << 10;

/// See the module.
pub struct Link {
    dealer: Box<dyn Transport>,
    board: Board,
    /// By number, from `next - calls.len()` on.
    calls: VecDeque<Place>,
    /// The number of the next call.
    next: i64,
    /// Places that are not free.
    open: usize,
    /// Those of them whose calls are streams.
    streams: usize,
    /// What the open calls are expected to cost.
    expected: Duration,
    /// When it last went on: an answer came, or the first call went there.
    progress: Instant,
    /// Calls were taken back, and not all that it had are answered.
    taken_back: bool,
    /// How long its handlers had run when it was last looked at, in nanoseconds.
    worked: i64,
    /// Calls since then, and their functions.
    unpriced: u32,
    unpriced_functions: Vec<usize>,
    /// Where in the wait it is watched.
    watched: std::ops::Range<usize>,
    scratch: Vec<u8>,
}

// Nearly all of them hold a call.
#[allow(clippy::large_enum_variant)]
enum Place {
    Free,
    /// A call of the supervisor's own.
    Question,
    Held(Held),
    /// Somebody else's now.
    TakenBack,
}

/// A call and what its worker was told.
pub struct Held {
    pub call: Call,
    pub sent: Instant,
    cost: Duration,
    /// Items that the worker may still send of it.
    granted: u32,
    /// How large they are: the largest one, which is forgotten with those that follow.
    item_size: usize,
    /// It has sent any.
    pub streams: bool,
}

/// What came from a worker.
pub enum Came {
    /// The answer to a question of the supervisor's own, or none.
    Told(Option<Frame>),
    /// A value.
    Answer(Held, Frame),
    /// An item of the stream of a call, by the caller's token: a list of one.
    Item(i64, u64, Frame),
    /// The end of a stream.
    StreamEnd(Held),
    /// A fault of the function, or of the worker for it.
    Fault(Held, Fault),
    /// A call that was not begun.
    Back(Call),
    /// The worker ends, and begins no more.
    Goodbye,
}

impl Link {
    pub fn new(
        board: Board,
        endpoint: &str,
        options: &transport::Options,
        now: Instant,
    ) -> Result<Self, Error> {
        let mut dealer = transport::dealer(options)?;
        dealer.connect(&Endpoint::parse(endpoint)?)?;
        Ok(Self {
            dealer,
            board,
            calls: VecDeque::new(),
            next: 1,
            open: 0,
            streams: 0,
            expected: Duration::ZERO,
            progress: now,
            taken_back: false,
            worked: 0,
            unpriced: 0,
            unpriced_functions: Vec::new(),
            watched: 0..0,
            scratch: Vec::new(),
        })
    }

    pub fn is_idle(&self) -> bool {
        self.open == 0
    }

    /// Whether it has nothing to do but to go on with streams, which it does a little at
    /// a time.
    pub fn is_free(&self) -> bool {
        self.open == self.streams
    }

    pub fn open(&self) -> usize {
        self.open
    }

    pub fn expected(&self) -> Duration {
        self.expected
    }

    /// How long its handlers have run.
    pub fn worked(&self) -> Duration {
        Duration::from_nanos(u64::try_from(self.worked).unwrap_or(0))
    }

    /// How long it has not gone on.
    pub fn progress(&self) -> Instant {
        self.progress
    }

    /// Whether it takes calls.
    pub fn is_open(&self) -> bool {
        !self.taken_back
    }

    /// Whether it has calls that may not have begun.
    pub fn may_take_back(&self) -> bool {
        self.open - self.streams > 1 && !self.taken_back
    }

    pub fn is_connected(&mut self) -> bool {
        self.dealer.is_connected().unwrap_or(false)
    }

    /// Asks a question of the supervisor's own.
    pub fn ask(&mut self, function: &str, parameters: &[u8], patience: Duration) -> bool {
        let mut body = std::mem::take(&mut self.scratch);
        body.clear();
        let written = plain::write_request(&mut body, function, patience, &[], parameters);
        let sent = written.is_ok() && self.send(&body, Instant::now());
        if sent {
            self.place(Place::Question);
        }
        self.scratch = body;
        sent
    }

    /// Sends a call there; gives it back if that cannot be.
    pub fn give(
        &mut self,
        call: Call,
        origin: &Origin,
        cost: Duration,
        now: Instant,
    ) -> Option<Call> {
        let mut body = std::mem::take(&mut self.scratch);
        body.clear();
        let sent = write(&mut body, &call, origin, now).is_ok() && self.send(&body, now);
        self.scratch = body;
        if !sent {
            return Some(call);
        }
        self.expected += cost;
        self.place(Place::Held(Held {
            call,
            sent: now,
            cost,
            granted: 1,
            item_size: 0,
            streams: false,
        }));
        None
    }

    fn place(&mut self, place: Place) {
        self.next += 1;
        self.open += 1;
        self.calls.push_back(place);
    }

    fn send(&mut self, body: &[u8], now: Instant) -> bool {
        let mut envelope = Envelope::new();
        let whole = envelope.push(&self.next.to_be_bytes()) && envelope.push(b"");
        if !whole {
            return false;
        }
        if self.is_free() {
            self.progress = now;
        }
        let sent = self.dealer.send(&envelope, body);
        matches!(sent, Ok(Sent::Done | Sent::Held))
    }

    /// Puts on their way what was sent, and has the wait watch for answers.
    pub fn prepare(&mut self, waiting: &mut Waiting<'_>) -> Result<(), Error> {
        self.dealer.flush()?;
        let from = waiting.count();
        self.dealer.prepare(false, waiting)?;
        self.watched = from..waiting.count();
        Ok(())
    }

    pub fn flush(&mut self) {
        let _ = self.dealer.flush();
    }

    /// Takes in what happened during the wait, if anything; true then.
    pub fn look(&mut self, waiting: &Waiting<'_>, all: bool) -> Result<bool, Error> {
        if !all && !waiting.happened(self.watched.clone()) {
            return Ok(false);
        }
        self.dealer.look()?;
        Ok(true)
    }

    /// Takes in everything that a worker has sent before it ended.
    pub fn look_for_the_last_time(&mut self) {
        let _ = self.dealer.look();
    }

    /// The next thing that came.
    pub fn receive(&mut self) -> Option<Came> {
        while let Ok(Some(incoming)) = self.dealer.receive() {
            // A dealer's envelope has no routing id before the number.
            let mut frames = incoming.envelope.frames();
            let number = frames.next().and_then(|frame| frame.try_into().ok());
            let Some(number) = number.map(i64::from_be_bytes) else {
                continue;
            };
            let Body::One(body) = incoming.body else {
                continue;
            };
            if number == 0 {
                return Some(Came::Goodbye);
            }
            if frames.next() == Some(Envelope::BESIDE) {
                match self.understand_beside(number, body) {
                    Some(came) => return Some(came),
                    None => continue,
                }
            }
            match self.take(number) {
                None | Some(Place::Free | Place::TakenBack) => {}
                Some(Place::Question) => {
                    let told = !plain::is_reserved(body.as_ref());
                    return Some(Came::Told(told.then_some(body)));
                }
                Some(Place::Held(held)) => return Some(Self::understand(held, body)),
            }
        }
        None
    }

    /// A part of a stream; none if its caller has gone.
    fn understand_beside(&mut self, number: i64, body: Frame) -> Option<Came> {
        if Reader::new(body.as_ref()).array().is_err() {
            return match self.take(number) {
                Some(Place::Held(held)) => Some(Came::StreamEnd(held)),
                _ => None,
            };
        }
        let held = self.held(number)?;
        held.granted = held.granted.saturating_sub(1);
        held.item_size = (held.item_size - held.item_size / 8).max(body.as_ref().len());
        let token = held.call.taken.token;
        if !std::mem::replace(&mut held.streams, true) {
            // Who reads slowly is not to keep others from this worker.
            let cost = std::mem::take(&mut held.cost);
            self.expected = self.expected.saturating_sub(cost);
            self.streams += 1;
        }
        Some(Came::Item(number, token, body))
    }

    fn held(&mut self, number: i64) -> Option<&mut Held> {
        let first = self.next - i64::try_from(self.calls.len()).ok()?;
        let index = usize::try_from(number.checked_sub(first)?).ok()?;
        match self.calls.get_mut(index)? {
            Place::Held(held) => Some(held),
            _ => None,
        }
    }

    /// The number of a caller's stream, if this worker has it.
    pub fn stream(&self, token: u64) -> Option<i64> {
        if self.streams == 0 {
            return None;
        }
        let first = self.next - i64::try_from(self.calls.len()).ok()?;
        let found = (first..).zip(&self.calls).find(
            |(_, place)| matches!(place, Place::Held(held) if held.call.taken.token == token),
        );
        found.map(|(number, _)| number)
    }

    /// The caller of a stream takes as many items now. A worker is let go ahead so far and
    /// no further: what its caller does not read after all waits here.
    pub fn grant(&mut self, number: i64, room: u32) {
        let Some(held) = self.held(number) else {
            return;
        };
        let ahead = u32::try_from(BYTES_AHEAD / held.item_size.max(1)).unwrap_or(u32::MAX);
        let room = room.min(ahead.clamp(1, ITEMS_AHEAD));
        // Half of it at a time, else each item would bring a grant for the next one.
        if room > held.granted && held.granted <= room / 2 {
            let more = room - held.granted;
            held.granted = room;
            let mut body = Vec::new();
            pack::unsigned(&mut body, more.into());
            self.say(number, &body);
        }
    }

    /// The caller of a stream has gone: the worker is not to go on with it.
    pub fn end_stream(&mut self, number: i64) {
        if let Some(Place::Held(_)) = self.take(number) {
            self.say(number, b"\xc0");
        }
    }

    /// Tells the worker something of a call. If that cannot be, it has ended.
    fn say(&mut self, number: i64, body: &[u8]) {
        let mut envelope = Envelope::new();
        let whole = [&number.to_be_bytes()[..], Envelope::BESIDE, b""]
            .into_iter()
            .all(|frame| envelope.push(frame));
        if whole {
            let _ = self.dealer.send(&envelope, body);
        }
    }

    fn understand(held: Held, body: Frame) -> Came {
        if !plain::is_reserved(body.as_ref()) {
            return Came::Answer(held, body);
        }
        match plain::read_answer(body.as_ref(), &crate::msgpack::Limits::default()) {
            Ok(plain::Answer::Value) => Came::Answer(held, body),
            Ok(plain::Answer::Fault(fault)) => match fault.code {
                // A stream was begun, and its items are with the caller.
                Code::ShuttingDown | Code::Cancelled if !held.streams => Came::Back(held.call),
                _ => Came::Fault(held, fault),
            },
            Err(malformed) => Came::Fault(held, malformed.into()),
        }
    }

    /// Takes what is known of a number; it is free then.
    fn take(&mut self, number: i64) -> Option<Place> {
        let first = self.next - i64::try_from(self.calls.len()).ok()?;
        let index = usize::try_from(number.checked_sub(first)?).ok()?;
        let place = std::mem::replace(self.calls.get_mut(index)?, Place::Free);
        if matches!(place, Place::Free) {
            return Some(place);
        }
        self.open -= 1;
        if let Place::Held(held) = &place {
            self.expected = self.expected.saturating_sub(held.cost);
            self.streams -= usize::from(held.streams);
        }
        while let Some(Place::Free) = self.calls.front() {
            self.calls.pop_front();
        }
        if self.is_free() {
            self.expected = Duration::ZERO;
            if self.taken_back {
                // All are answered, so none is left there that must not begin.
                self.board.write(Board::REVOKED, Board::NONE);
                self.taken_back = false;
            }
        }
        Some(place)
    }

    /// Notes that calls were answered, and tells what those that have ended by
    /// now cost each: the functions of the latest, and the time.
    pub fn went_on(&mut self, functions: &[usize], now: Instant) -> Option<(Vec<usize>, Duration)> {
        self.progress = now;
        self.unpriced += u32::try_from(functions.len()).unwrap_or(u32::MAX);
        for function in functions {
            if !self.unpriced_functions.contains(function) {
                self.unpriced_functions.push(*function);
            }
        }
        // Answers may come before the worker has noted the time.
        let worked = self.board.read(Board::WORKED);
        if worked == self.worked || self.unpriced == 0 {
            return None;
        }
        let cost = u64::try_from(worked - self.worked).unwrap_or(0);
        let cost = Duration::from_nanos(cost) / self.unpriced;
        self.worked = worked;
        self.unpriced = 0;
        Some((std::mem::take(&mut self.unpriced_functions), cost))
    }

    /// The function of the call that it has begun and not answered, and when it
    /// got it.
    pub fn running(&self) -> Option<(usize, Instant)> {
        let begun = self.board.read(Board::BEGUN);
        let first = self.next - i64::try_from(self.calls.len()).ok()?;
        let index = usize::try_from(begun.checked_sub(first)?).ok()?;
        match self.calls.get(index)? {
            Place::Held(held) => Some((held.call.function, held.sent)),
            _ => None,
        }
    }

    /// Takes back what the worker has not begun, and will not begin then.
    pub fn take_back(&mut self) -> Vec<Call> {
        let begun = self.board.read(Board::BEGUN);
        self.board.write(Board::REVOKED, begun.saturating_add(1));
        Board::synchronize();
        let begun = self.board.read(Board::BEGUN);
        self.taken_back = true;
        self.take_not_begun(begun)
    }

    /// Those with a higher number.
    fn take_not_begun(&mut self, begun: i64) -> Vec<Call> {
        let first = self.next - i64::try_from(self.calls.len()).unwrap_or(0);
        let mut back = Vec::new();
        for (number, place) in (first..).zip(&mut self.calls) {
            if number > begun
                && let Place::Held(_) = place
                && let Place::Held(held) = std::mem::replace(place, Place::TakenBack)
            {
                self.expected = self.expected.saturating_sub(held.cost);
                self.streams -= usize::from(held.streams);
                back.push(held.call);
            }
        }
        back
    }

    /// The worker has ended: what it had not begun, and what it may have run.
    /// Of the latter the last is the one that ran when it ended.
    pub fn end(&mut self) -> (Vec<Call>, Vec<Held>) {
        let back = self.take_not_begun(self.board.read(Board::BEGUN));
        let begun = self.calls.drain(..).filter_map(|place| match place {
            Place::Held(held) => Some(held),
            _ => None,
        });
        let begun = begun.collect();
        self.open = 0;
        self.streams = 0;
        self.expected = Duration::ZERO;
        (back, begun)
    }
}

/// Writes the request for the worker.
fn write(out: &mut Vec<u8>, call: &Call, origin: &Origin, now: Instant) -> Result<(), Malformed> {
    let taken = &call.taken;
    let meta = taken.meta();
    let told = |part: &str| u32::from(!part.is_empty());
    // A worker takes what it is not told for plain, from nobody known.
    let dialect = Some(origin.dialect.as_str()).filter(|name| *name != plain::NAME);
    let entries = 2
        + u32::from(taken.deadline.is_some())
        + u32::from(!meta.is_empty())
        + told(&origin.peer)
        + dialect.map_or(0, told);
    pack::map(out, entries);
    pack::text(out, b"function_name")?;
    pack::text(out, taken.function())?;
    if let Some(deadline) = taken.deadline {
        let left = deadline.saturating_duration_since(now).as_millis();
        pack::text(out, b"deadline_ms")?;
        pack::unsigned(out, u64::try_from(left).unwrap_or(u64::MAX).max(1));
    }
    if !meta.is_empty() {
        pack::text(out, b"meta")?;
        out.extend_from_slice(meta);
    }
    for (key, value) in [
        (&b"peer"[..], &*origin.peer),
        (b"dialect", dialect.unwrap_or_default()),
    ] {
        if !value.is_empty() {
            pack::text(out, key)?;
            pack::text(out, value.as_bytes())?;
        }
    }
    pack::text(out, b"parameters")?;
    out.extend_from_slice(taken.parameters());
    Ok(())
}

/// The functions that a worker says it has, by the answer to `zroute.functions`:
/// names, and how each describes itself.
pub fn functions(list: &[u8]) -> Result<Vec<(String, Vec<u8>)>, Malformed> {
    let mut reader = Reader::new(list);
    let mut functions = Vec::new();
    for _ in 0..reader.array()? {
        let pairs = reader.map()?;
        let (mut name, mut description) = (String::new(), Vec::new());
        pack::map(&mut description, pairs.saturating_sub(1));
        for _ in 0..pairs {
            let key = reader.slice()?;
            let value = reader.slice()?;
            if Reader::new(key).text_or_binary() == Ok(b"name") {
                let text = Reader::new(value).text_or_binary()?;
                name = String::from_utf8_lossy(text).into_owned();
            } else {
                description.extend_from_slice(key);
                description.extend_from_slice(value);
            }
        }
        functions.push((name, description));
    }
    Ok(functions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_worker_says_of_its_functions_is_understood() {
        let list = b"\x92\x82\xa4name\xa1f\xa3doc\xa1x\x81\xa4name\xa1g";
        let expected = [
            ("f".to_string(), b"\x81\xa3doc\xa1x".to_vec()),
            ("g".to_string(), b"\x80".to_vec()),
        ];
        assert_eq!(functions(list).unwrap(), expected);
        assert!(functions(b"\x91\xc0").is_err());
        assert!(functions(&list[..list.len() - 1]).is_err());
    }
}
