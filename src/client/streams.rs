//! Streams: items on their way from a server to the host.
//!
//! A server sends as many items as it was granted. More are granted when it has
//! sent all of them and the host has taken half of those that wait, so what waits
//! is bounded: in number, and where items are large, by their size.

use std::collections::VecDeque;
use std::time::Instant;

use super::{Outcome, Value};
use crate::msgpack::pack;
use crate::numbered::Numbered;

/// A server may have so many items on their way.
const WINDOW: u32 = 100;
/// Fewer, if so many of the largest would be more bytes than this.
const BYTES: usize = 4 << 20;

/// What a stream gives next.
#[derive(Debug)]
pub enum Item {
    /// An item.
    Value(Value),
    /// There are no more.
    End,
    /// It has ended otherwise.
    Broken(Outcome),
}

/// One that is open, or has ended and was not read to its end.
pub struct Stream {
    items: VecDeque<Value>,
    bytes: usize,
    largest: usize,
    /// So many may come before more are granted.
    granted: u32,
    /// What was granted the last time.
    window: u32,
    /// Anything has come.
    pub begun: bool,
    /// Nobody takes the items one by one.
    gathers: bool,
    end: Option<Item>,
    /// Since when the host waits for the next item.
    pub waited_for: Option<Instant>,
}

/// The streams of a client.
#[derive(Default)]
pub struct Streams(Numbered<Stream>);

impl Streams {
    /// A stream begins whose items are taken one by one; or one whose list is the
    /// answer.
    pub fn begin(&mut self, id: u64, gathers: bool) -> &mut Stream {
        self.0.entry(id).or_insert_with(|| Stream {
            items: VecDeque::new(),
            bytes: 0,
            largest: 0,
            // What every channel of zerorpc begins with.
            granted: 1,
            window: 1,
            begun: false,
            gathers,
            end: None,
            waited_for: None,
        })
    }

    #[inline]
    pub fn get_mut(&mut self, id: u64) -> Option<&mut Stream> {
        if self.0.is_empty() {
            return None;
        }
        self.0.get_mut(&id)
    }

    /// Whether items of it have come, so that it cannot begin again.
    pub fn has_items(&mut self, id: u64) -> bool {
        let stream = self.get_mut(id);
        stream.is_some_and(|stream| stream.begun && !stream.gathers)
    }

    /// Whether any item has come, so that the function has begun.
    pub fn has_begun(&mut self, id: u64) -> bool {
        self.get_mut(id).is_some_and(|stream| stream.begun)
    }

    /// Its call is sent anew: what came of the last try, and what that was granted, is
    /// no part of it.
    pub fn start_over(&mut self, id: u64) {
        if self.get_mut(id).is_some_and(|stream| stream.gathers) {
            self.remove(id);
        }
    }

    /// Keeps those alone of which that is so.
    pub fn retain(&mut self, mut wanted: impl FnMut(u64) -> bool) {
        self.0.retain(|id, _| wanted(*id));
    }

    #[inline]
    pub fn remove(&mut self, id: u64) -> Option<Stream> {
        if self.0.is_empty() {
            return None;
        }
        self.0.remove(&id)
    }
}

impl Stream {
    /// An item has come. Returns how many wait now.
    pub fn push(&mut self, value: Value) -> usize {
        let size = value.as_ref().len();
        self.begun = true;
        self.bytes += size;
        self.largest = self.largest.max(size);
        self.items.push_back(value);
        self.granted = self.granted.saturating_sub(1);
        self.items.len()
    }

    /// Nobody wants what waits.
    pub fn clear(&mut self) {
        self.items.clear();
        self.bytes = 0;
    }

    /// How many bytes wait.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many more items may be granted now.
    pub fn room(&self) -> Option<u32> {
        let waiting = self.items.len() > self.window.div_ceil(2) as usize;
        if self.granted > 0 || self.end.is_some() || (waiting && !self.gathers) {
            return None;
        }
        let fit = u32::try_from(BYTES / self.largest.max(1)).unwrap_or(WINDOW);
        Some(fit.clamp(1, WINDOW))
    }

    pub fn grant(&mut self, events: u32) {
        self.granted = events;
        self.window = events;
    }

    /// Whether its list is the answer.
    pub fn gathers(&self) -> bool {
        self.gathers
    }

    /// The list of all that has come, as MessagePack.
    pub fn gathered(&self) -> Vec<u8> {
        let mut list = Vec::with_capacity(self.bytes + 5);
        pack::array(
            &mut list,
            u32::try_from(self.items.len()).unwrap_or(u32::MAX),
        );
        for item in &self.items {
            list.extend_from_slice(item.as_ref());
        }
        list
    }

    /// It has ended so; the items that wait can be read yet. An answer is its only
    /// item.
    pub fn end_with(&mut self, outcome: Outcome) {
        self.end = Some(match outcome {
            Outcome::Answer(value) => {
                self.push(value);
                Item::End
            }
            other => Item::Broken(other),
        });
    }

    /// It has ended well.
    pub fn end(&mut self) {
        self.end = Some(Item::End);
    }

    /// The next item, if it is here.
    pub fn next(&mut self) -> Option<Item> {
        let Some(value) = self.items.pop_front() else {
            return self.end.take();
        };
        self.bytes -= value.as_ref().len();
        self.waited_for = None;
        Some(Item::Value(value))
    }
}
