//! Calls that are answered with many values, and the channels that they travel on.
//!
//! A zerorpc caller gets each item as an event, as many as it has said that it takes.
//! Any other caller gets the list of them when it is whole.

use std::time::Instant;

use super::channels::{self, FIRST_HEARTBEAT, HEARTBEAT, StreamNews};
use super::reply::Way;
use super::{Loss, OpenCall, Refused, Server};
use crate::msgpack::{self, Malformed, Reader, pack};
use crate::transport::{Error, Sent};
use crate::wire::{Code, Dialect, Envelope, Fault, zerorpc};

impl Server {
    /// Answers a call with one more item, one MessagePack value; others may follow.
    /// Returns how many more the caller takes now. With [`Refused::NoRoom`] it takes
    /// none, and the item is not sent.
    ///
    /// From when there is no more room until the stream ends, [`Server::take_news`]
    /// tells when there is again, and when the caller has gone.
    pub fn stream(&mut self, token: u64, item: &[u8]) -> Result<u32, Refused> {
        let call = self.open.get_mut(token).ok_or(Refused::Unknown)?;
        if let Some(channel) = call.channel_mut()
            && (channel.credit == 0 || !channel.waiting.is_empty())
        {
            channel.is_awaited = true;
            self.time_stall(token);
            return Err(Refused::NoRoom);
        }
        self.push(token, item)?;
        self.room(token).ok_or(Refused::Unknown)
    }

    /// How many items of a stream its caller takes now, for a host that waits for more
    /// room if there is none; none if the call is not open any more.
    pub fn room(&mut self, token: u64) -> Option<u32> {
        let call = self.open.get_mut(token)?;
        let Some(channel) = call.channel() else {
            return Some(u32::MAX);
        };
        let may_take = channel.credit > 0 && channel.waiting.is_empty();
        let asks = may_take && !channel.lags && !call.is_relayed();
        let lags = channel.lags || asks && self.transport.lags(token, &call.envelope);
        let channel = call.channel_mut()?;
        channel.lags = lags;
        if may_take && !lags {
            return Some(channel.credit);
        }
        channel.is_awaited = true;
        self.time_stall(token);
        Some(0)
    }

    /// The same for a host that gives items when it has them: those that the caller
    /// does not take yet wait here. [`Server::backlog`] tells how many.
    pub fn push(&mut self, token: u64, item: &[u8]) -> Result<(), Refused> {
        let limits = &self.options.limits;
        let call = self.open.get_mut(token).ok_or(Refused::Unknown)?;
        if call.is_raw() {
            return Err(Refused::RawStream);
        }
        if call.channel().is_some_and(|channel| channel.has_ended) {
            return Err(Refused::Unknown);
        }
        msgpack::scan(item, limits).map_err(Refused::Malformed)?;
        if let Some(channel) = call.channel_mut() {
            channel.is_stream = true;
            return self
                .emit(token, zerorpc::STREAM, item)
                .map_err(Refused::Transport);
        }
        let reply = call.reply.get_or_insert_with(|| Way::Plain.into());
        if matches!(reply.way, Way::Nothing) {
            return Ok(());
        }
        let items = &mut reply.items;
        let (size, limit) = (items.bytes.len() + item.len(), limits.bytes);
        if size > limit || items.count == u32::MAX {
            return Err(Refused::Malformed(Malformed::TooLarge { size, limit }));
        }
        items.count += 1;
        items.bytes.extend_from_slice(item);
        Ok(())
    }

    /// Ends a stream; one without an item is an empty one.
    pub fn end_stream(&mut self, token: u64) -> Result<(), Refused> {
        let call = self.open.get_mut(token).ok_or(Refused::Unknown)?;
        if call.is_raw() {
            return Err(Refused::RawStream);
        }
        if let Some(channel) = call.channel_mut() {
            if std::mem::replace(&mut channel.has_ended, true) {
                return Err(Refused::Unknown);
            }
            self.counters.answers += 1;
            return self
                .emit(token, zerorpc::STREAM_DONE, b"\xc0")
                .map_err(Refused::Transport);
        }
        let items = call
            .reply
            .as_mut()
            .map(|reply| std::mem::take(&mut reply.items));
        let items = items.unwrap_or_default();
        let mut list = Vec::with_capacity(items.bytes.len() + 5);
        pack::array(&mut list, items.count);
        list.extend_from_slice(&items.bytes);
        self.answer(token, &list)
    }

    /// How many items and bytes wait for the caller of a stream to take more; none if
    /// the call is not open any more.
    #[must_use]
    pub fn backlog(&self, token: u64) -> Option<(usize, usize)> {
        let call = self.open.get(token)?;
        Some(call.channel().map_or((0, 0), |channel| {
            (channel.waiting.len(), channel.waiting_bytes())
        }))
    }

    /// What happened to a stream that there was no room for: its token, and what.
    pub fn take_news(&mut self) -> Option<(u64, StreamNews)> {
        self.channels.news.pop_front()
    }

    /// Tells the caller of a stream that it failed, behind the items that it has not
    /// taken yet. False for a call that is no stream.
    pub(super) fn fail_stream(&mut self, token: u64, fault: &Fault) -> Result<bool, Error> {
        let Some(call) = self.open.get_mut(token) else {
            return Ok(false);
        };
        let (route, relayed) = (call.route, call.is_relayed());
        let Some(channel) = call.channel_mut() else {
            return Ok(false);
        };
        // Whoever takes nothing is told all the same that no more will come.
        let needs_no_room = channel.credit > 0 || fault.code == Code::Cancelled;
        if needs_no_room && channel.waiting.is_empty() || relayed {
            return Ok(false);
        }
        if !std::mem::replace(&mut channel.has_ended, true) {
            self.counters.count_fault(fault.code);
            if let Some(function) = self.routes.function(route) {
                function.faults += 1;
            }
            let mut args = Vec::new();
            zerorpc::error_args(&mut args, fault);
            self.emit(token, zerorpc::ERROR, &args)?;
        }
        Ok(true)
    }

    /// Whether a call came on a channel that another has opened: whatever it were
    /// answered, its caller would take for a part of that one's answer.
    pub(super) fn is_within_channel(&self, envelope: &Envelope, dialect: Dialect<'_>) -> bool {
        match dialect {
            Dialect::Zerorpc { id, .. } if !self.channels.is_empty() => {
                self.channels.find(&channels::key(envelope, id)).is_some()
            }
            _ => false,
        }
    }

    pub(super) fn open_channel(&mut self, token: u64) {
        let Some(call) = self.open.get(token) else {
            return;
        };
        if let Some(channel) = call.channel() {
            let key = channels::key(&call.envelope, &channel.id);
            self.channels.open(key, token, channel.patience);
        }
    }

    /// Takes an open call out, and closes its channel if it has one.
    #[allow(clippy::inline_always)] // Else a call that has ended is copied once more.
    #[inline(always)]
    pub(super) fn remove(&mut self, token: u64) -> Option<OpenCall> {
        let call = self.open.remove(token);
        if let Some(call @ OpenCall { reply: Some(_), .. }) = &call {
            self.close_channel(token, call);
        }
        call
    }

    fn close_channel(&mut self, token: u64, call: &OpenCall) {
        if let Some(channel) = call.channel() {
            self.channels
                .close(&channels::key(&call.envelope, &channel.id));
            self.transport.stop_repeating(token);
        }
    }

    /// Closes them all.
    pub(super) fn close_channels(&mut self) {
        for token in self.channels.tokens() {
            self.transport.stop_repeating(token);
        }
        self.channels = channels::Channels::default();
    }

    /// Takes in what a supervisor says of a call that it has passed on: how many more
    /// items its caller takes, or nil when that has gone.
    pub(super) fn hear_supervisor(&mut self, number: u64, body: &[u8]) -> Result<(), Error> {
        let more = Reader::new(body).unsigned();
        match (
            self.open.get_mut(number).and_then(OpenCall::channel_mut),
            more,
        ) {
            (None, _) => Ok(()),
            (Some(_), Err(_)) => {
                self.lose(number, Loss::Gone);
                Ok(())
            }
            (Some(channel), Ok(more)) => {
                let more = u32::try_from(more).unwrap_or(u32::MAX);
                channel.credit = channel.credit.saturating_add(more);
                self.advance(number)
            }
        }
    }

    /// Takes in what the caller of an open channel says besides.
    pub(super) fn hear(
        &mut self,
        envelope: &Envelope,
        event: &zerorpc::Event<'_>,
    ) -> Result<(), Error> {
        let id = event.response_to.unwrap_or_default();
        let token = self.channels.find(&channels::key(envelope, id));
        let known = token.and_then(|token| Some((token, self.open.get_mut(token)?.channel_mut()?)));
        let Some((token, channel)) = known else {
            self.counters.dropped += 1;
            return Ok(());
        };
        match event.name {
            zerorpc::HEARTBEAT => {
                channel.heard(self.transport.came().unwrap_or_else(Instant::now));
            }
            zerorpc::MORE => {
                let more = event.credit().unwrap_or(0);
                let more = u32::try_from(more).unwrap_or(u32::MAX);
                if more > 0 && !channel.lags {
                    channel.stalls_at = None;
                }
                channel.credit = channel.credit.saturating_add(more);
                self.advance(token)?;
                self.time_stall(token);
            }
            _ => self.counters.dropped += 1,
        }
        Ok(())
    }

    /// Sends an event of a call's channel, or keeps it until its caller takes it.
    fn emit(&mut self, token: u64, name: &[u8], args: &[u8]) -> Result<(), Error> {
        self.events += 1;
        let events = self.events;
        let Some(call) = self.open.get_mut(token) else {
            return Ok(());
        };
        let relayed = call.is_relayed();
        let Some(channel) = call.channel_mut() else {
            return Ok(());
        };
        let mut body = Vec::new();
        if !relayed {
            zerorpc::begin_reply(&mut body, events, &channel.id, name);
        } else if name == zerorpc::STREAM {
            pack::array(&mut body, 1);
        }
        body.extend_from_slice(args);
        channel.waiting.push_back(body);
        self.advance(token)?;
        self.time_stall(token);
        Ok(())
    }

    /// Begins the time in which a caller has to take what waits for it, or ends it.
    fn time_stall(&mut self, token: u64) {
        let Some(call) = self.open.get_mut(token) else {
            return;
        };
        // Who passes items on has no patience of its own.
        if call.is_relayed() || self.options.stream_stall.is_zero() {
            return;
        }
        let Some(channel) = call.channel_mut() else {
            return;
        };
        if !channel.is_stalled() {
            channel.stalls_at = None;
        } else if channel.stalls_at.is_none() {
            // Too far away to be told as a time is never.
            channel.stalls_at = Instant::now().checked_add(self.options.stream_stall);
            self.channels.look_by(channel.due());
        }
    }

    /// Goes on with streams whose callers have read what they had left unread; true when
    /// there are any.
    pub(super) fn catch_up(&mut self) -> Result<bool, Error> {
        let mut any = false;
        while let Some(token) = self.transport.take_caught_up() {
            let call = self.open.get_mut(token);
            let Some(channel) = call.and_then(OpenCall::channel_mut) else {
                continue;
            };
            any = true;
            channel.lags = false;
            channel.stalls_at = None;
            self.advance(token)?;
            self.time_stall(token);
        }
        Ok(any)
    }

    /// Sends as many of the events that wait as the caller takes; behind the last one
    /// the call is over.
    fn advance(&mut self, token: u64) -> Result<(), Error> {
        while let Some(call) = self.open.get_mut(token) {
            // Another borrow than that of the channel.
            let Some(reply) = call.reply.as_deref_mut() else {
                return Ok(());
            };
            let (channel, beside) = match &mut reply.way {
                Way::Zerorpc(channel) => (channel, None),
                Way::Relayed(channel) => (channel, Some(beside(&call.envelope))),
                _ => return Ok(()),
            };
            if channel.credit == 0 || channel.lags {
                return Ok(());
            }
            // A supervisor reads whatever comes, and grants no more than it has room for.
            if beside.is_none() && self.transport.lags(token, &call.envelope) {
                channel.lags = true;
                return Ok(());
            }
            let Some(body) = channel.waiting.pop_front() else {
                self.is_through(token);
                return Ok(());
            };
            channel.credit -= 1;
            let envelope = beside.as_ref().unwrap_or(&call.envelope);
            match self.transport.send(envelope, &body)? {
                Sent::Done | Sent::Held => self.counters.bytes_sent += body.len() as u64,
                Sent::Full | Sent::Lost => {
                    self.lose(token, Loss::Gone);
                    return Ok(());
                }
            }
            if channel.has_ended && channel.waiting.is_empty() {
                self.is_through(token);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Nothing waits any more: the call is over, or its host may go on.
    fn is_through(&mut self, token: u64) {
        let Some(channel) = self.open.get_mut(token).and_then(OpenCall::channel_mut) else {
            return;
        };
        if channel.has_ended {
            self.remove(token);
        } else if channel.credit > 0 && std::mem::take(&mut channel.is_awaited) {
            let room = StreamNews::Room(channel.credit);
            self.channels.news.push_back((token, room));
        }
    }

    /// The caller has gone.
    fn lose(&mut self, token: u64, loss: Loss) {
        self.note_given_up(token, loss);
        let Some(call) = self.remove(token) else {
            return;
        };
        self.counters.undeliverable += 1;
        self.tell_gone(token, &call);
    }

    /// The caller takes nothing: its stream ends, and it is told so whether it takes that
    /// or not.
    fn let_go(&mut self, token: u64) {
        self.note_given_up(token, Loss::Stalled);
        let Some(call) = self.remove(token) else {
            return;
        };
        let lags = call.channel().is_some_and(|channel| channel.lags);
        let what = if lags {
            "has read too little of what it had asked for"
        } else {
            "took no item of the stream; there is room for more when it sends _zpc_more"
        };
        let stall = self.options.stream_stall.as_millis();
        let text = format!("for {stall} ms the caller {what}");
        let fault = Fault::new(Code::Cancelled, text);
        if self.end_with(&call, &fault).is_err() {
            self.counters.undeliverable += 1;
        }
        self.tell_gone(token, &call);
    }

    /// Tells the host of a stream that nobody takes it any more.
    fn tell_gone(&mut self, token: u64, call: &OpenCall) {
        if call
            .channel()
            .is_some_and(|channel| channel.is_stream && !channel.has_ended)
        {
            self.channels.news.push_back((token, StreamNews::Gone));
        }
    }

    /// Has the callers of new channels told, from now on, that their server is there.
    #[inline]
    pub(super) fn announce(&mut self) {
        if !self.channels.unannounced.is_empty() {
            self.announce_channels();
        }
    }

    fn announce_channels(&mut self) {
        let mut body = std::mem::take(&mut self.scratch);
        for token in std::mem::take(&mut self.channels.unannounced) {
            self.events += 1;
            let Some(call) = self.open.get(token) else {
                continue;
            };
            let Some(channel) = call.channel() else {
                continue;
            };
            body.clear();
            zerorpc::begin_reply(&mut body, self.events, &channel.id, zerorpc::HEARTBEAT);
            zerorpc::heartbeat_args(&mut body);
            let first = channel.opened + FIRST_HEARTBEAT;
            self.transport
                .repeat(token, &call.envelope, &body, first, HEARTBEAT);
        }
        self.scratch = body;
    }

    /// Gives up callers that have gone, or take nothing. To be called when all that is known
    /// to have come was read.
    #[inline]
    pub(super) fn look_after_channels(&mut self) {
        if !self.channels.is_empty() {
            self.look_after_callers();
        }
    }

    fn look_after_callers(&mut self) {
        while let Some(token) = self.transport.take_unrepeatable() {
            self.lose(token, Loss::Gone);
        }
        let now = Instant::now();
        if self.channels.is_due(now) {
            self.give_up_the_silent(now);
        }
    }

    /// The host leaves, perhaps with much unread.
    pub(super) fn leave_channels(&mut self) {
        if self.channels.leave() {
            let came = self.transport.came();
            if let Some(by) = self.channels.judged_by(came) {
                self.give_up_the_silent(by);
            }
        }
    }

    /// All that came before `by` was read.
    fn give_up_the_silent(&mut self, by: Instant) {
        let mut next: Option<Instant> = None;
        for token in self.channels.tokens() {
            let Some(channel) = self.open.get(token).and_then(OpenCall::channel) else {
                continue;
            };
            let due = channel.due();
            if due > by {
                next = Some(next.map_or(due, |next| next.min(due)));
            } else if channel.patience <= by {
                self.lose(token, Loss::Silent);
            } else {
                self.let_go(token);
            }
        }
        self.channels.looked(next);
    }
}

/// Where a supervisor expects what is said beside the answer.
fn beside(envelope: &Envelope) -> Envelope {
    let mut beside = Envelope::new();
    for frame in envelope.frames().take(2).chain([Envelope::BESIDE, b""]) {
        // They fitted before.
        let _ = beside.push(frame);
    }
    beside
}
