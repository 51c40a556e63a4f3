//! Streams as the host sees them: items taken one by one.

use std::time::Instant;

use super::{Client, Item, Outcome, Value};
use crate::transport::{Error, Frame};

/// A server that sends so many items more than it was granted is none.
const EXCESS: usize = 400;

impl Client {
    /// Waits for the next item of a stream, no longer than `until`; nothing comes
    /// back when the time is over first, and the stream goes on. The stream's own
    /// timeout counts from when an item is first waited for.
    ///
    /// After [`Item::End`] and [`Item::Broken`] the stream is not known any more.
    /// [`Client::cancel`] ends it early: its server is told nothing more, not even
    /// that this client is alive.
    pub fn stream_next(&mut self, id: u64, until: Option<Instant>) -> Result<Option<Item>, Error> {
        // Items may be here for as long as the host is busy with each.
        if self.next_beat().is_some() {
            self.beat_if_due(Instant::now())?;
        }
        let next = self.wait_for_item(id, until)?;
        if std::mem::take(&mut self.said) {
            self.flush()?;
        }
        Ok(next)
    }

    fn wait_for_item(&mut self, id: u64, until: Option<Instant>) -> Result<Option<Item>, Error> {
        let mut looked = false;
        loop {
            if let Some(item) = self.stream_ready(id)? {
                return Ok(Some(item));
            }
            let Some(stream) = self.streams.get_mut(id) else {
                return Ok(Some(Item::Broken(Outcome::Unknown)));
            };
            let now = Instant::now();
            let since = *stream.waited_for.get_or_insert(now);
            let timeout = self.in_flight.get(id).map(|pending| pending.timeout);
            let end = timeout.and_then(|timeout| since.checked_add(timeout));
            let expired = end.is_some_and(|end| now >= end);
            if expired && looked {
                self.expire(id);
                continue;
            }
            let over = expired || until.is_some_and(|until| now >= until);
            if over && looked {
                return Ok(None);
            }
            // Only a wait finds out what has come, if only one for no time.
            let next = [until, end].into_iter().flatten().min();
            self.turn(if over { Some(now) } else { next })?;
            self.settle_arrived()?;
            looked = true;
        }
    }

    /// The next item of a stream, if it is known to be here. Neither waits nor
    /// looks.
    pub fn stream_ready(&mut self, id: u64) -> Result<Option<Item>, Error> {
        let Some(stream) = self.streams.get_mut(id).filter(|stream| !stream.gathers()) else {
            return Ok(None);
        };
        let Some(item) = stream.next() else {
            return Ok(None);
        };
        if matches!(item, Item::Value(_)) {
            self.grant(id)?;
        } else {
            self.streams.remove(id);
        }
        Ok(Some(item))
    }

    /// An item has come.
    pub(super) fn item_came(&mut self, id: u64, value: Value) -> Result<(), Error> {
        let Some(terms) = self.in_flight.get(id).map(|pending| pending.terms) else {
            return Ok(());
        };
        let limit = self.options.limits.bytes;
        let stream = self.streams.begin(id, !terms.stream);
        let waiting = stream.push(value);
        if terms.one_way {
            stream.clear();
        } else if stream.gathers() && stream.bytes() > limit {
            let reason =
                format!("the list of its items is over the limit (max_message) of {limit} bytes");
            self.finish(id, Outcome::Invalid(reason));
            return Ok(());
        } else if !stream.gathers() && waiting > EXCESS {
            let reason = "the server sends more items than it was granted".to_string();
            self.finish(id, Outcome::Invalid(reason));
            return Ok(());
        }
        self.grant(id)
    }

    /// A stream has ended well. Where nobody takes the items one by one, the list
    /// of them is the answer.
    pub(super) fn stream_done(&mut self, id: u64) {
        let Some(terms) = self.in_flight.get(id).map(|pending| pending.terms) else {
            return;
        };
        let stream = self.streams.begin(id, !terms.stream);
        if stream.gathers() {
            let list = Frame::from(stream.gathered());
            self.finish(id, Outcome::Answer(Value::whole(list)));
            return;
        }
        stream.end();
        self.counters.answers += 1;
        self.end(id);
    }

    /// Lets the server send more items, if there is room for them.
    fn grant(&mut self, id: u64) -> Result<(), Error> {
        let Some(events) = self.streams.get_mut(id).and_then(|stream| stream.room()) else {
            return Ok(());
        };
        if let Some(stream) = self.streams.get_mut(id) {
            stream.grant(events);
        }
        self.send_event(id, Some(events))
    }
}
