//! What comes back: answers, lost connections, deadlines that pass.

use std::time::Instant;

use super::dialect::{self, Said};
use super::{Client, Outcome, Speech};
use crate::transport::{Body, Error, Incoming};
use crate::wire::{Code, plain};

/// The number under which a server tells what belongs to no call.
const NO_CALL: u64 = 0;

impl Client {
    /// Ends the calls whose answers are here, whose connections are lost or
    /// whose deadlines have passed; returns how many such things there were.
    pub(super) fn settle_arrived(&mut self) -> Result<usize, Error> {
        let mut count = self.read()?;
        let now = Instant::now();
        if self
            .in_flight
            .next_deadline()
            .is_some_and(|deadline| deadline <= now)
        {
            // An answer that came in time counts, though nobody has looked for it.
            self.look(Some(now))?;
            count += self.read()?;
        }
        while let Some(id) = self.in_flight.expired(now) {
            self.expire(id);
            count += 1;
        }
        Ok(count + self.beat_if_due(now)?)
    }

    /// Reads every answer that is here; returns how many messages and ends of
    /// connections there were.
    pub(super) fn read(&mut self) -> Result<usize, Error> {
        let mut count = 0;
        for index in 0..self.servers.len() {
            while let Some(server) = self.servers.get_mut(index)
                && let Some(incoming) = server.transport.receive()?
            {
                count += 1;
                self.settle(index, incoming)?;
            }
            let Some(server) = self.servers.get_mut(index) else {
                continue;
            };
            if server.leaving.is_some() && server.in_flight == 0 {
                server.transport.renew();
            }
            if let Some(unsent) = server.transport.take_ended() {
                count += 1;
                self.connection_ended(index, unsent as u64);
            }
        }
        if self.departing {
            self.close_departed()?;
        }
        Ok(count)
    }

    /// Gives an answer to the call it belongs to.
    fn settle(&mut self, index: usize, incoming: Incoming) -> Result<(), Error> {
        let Some(server) = self.servers.get_mut(index) else {
            return Ok(());
        };
        // Whatever it is, the server is alive.
        server.breaker.succeeded();
        server.heard |= matches!(self.speech, Speech::Plain);
        let number = dialect::number(&incoming);
        if number == Some(NO_CALL) && self.is_goodbye(index, &incoming.body) {
            return Ok(());
        }
        let size = match &incoming.body {
            Body::One(frame) => frame.as_ref().len(),
            Body::Missing | Body::Several(_) => 0,
        };
        if let (Speech::Plain, Some(id)) = (&self.speech, number) {
            // In this dialect a message is nothing but a call's end.
            self.settle_plain(index, id, incoming.body, size);
            return Ok(());
        }
        let read = self
            .speech
            .read(number, incoming.body, &self.options.limits);
        if let Some((_, Said::Unreadable(outcome))) = read {
            self.settle_unreadable(index, outcome);
            return Ok(());
        }
        if let Some(server) = self.servers.get_mut(index) {
            server.heard = true;
        }
        // An answer counts only from the server that has the call.
        let expected = read.and_then(|(id, said)| {
            let pending = self.in_flight.get(id)?;
            (pending.server == Some(index)).then_some((id, said, pending.terms.idempotent))
        });
        let Some((id, said, idempotent)) = expected else {
            self.counters.unmatched += 1;
            return Ok(());
        };
        self.counters.bytes_received += size as u64;
        let outcome = match said {
            Said::Ended(outcome) => outcome,
            Said::Item(value) => return self.item_came(id, value),
            Said::Done => {
                self.stream_done(id);
                return Ok(());
            }
            Said::Alive | Said::Unreadable(_) => return Ok(()),
        };
        self.ended(index, id, outcome, idempotent);
        Ok(())
    }

    /// What cannot be read tells no call's id. From a server of which nothing else has
    /// ever come it is the answer to the only call there; elsewhere it is nobody's.
    fn settle_unreadable(&mut self, index: usize, outcome: Outcome) {
        let server = self.servers.get(index);
        let alone = server.is_some_and(|server| !server.heard && server.in_flight == 1);
        let calls = alone.then(|| self.in_flight.at(index));
        match calls.as_deref() {
            Some([(_, id)]) => self.finish(*id, outcome),
            _ => self.counters.unmatched += 1,
        }
    }

    #[inline]
    fn settle_plain(&mut self, index: usize, id: u64, body: Body, size: usize) {
        let pending = self.in_flight.get(id);
        let Some(pending) = pending.filter(|pending| pending.server == Some(index)) else {
            self.counters.unmatched += 1;
            return;
        };
        let idempotent = pending.terms.idempotent;
        self.counters.bytes_received += size as u64;
        let outcome = dialect::plain::read(body, &self.options.limits);
        self.ended(index, id, outcome, idempotent);
    }

    /// A server has said how a call of its has ended.
    #[inline]
    fn ended(&mut self, index: usize, id: u64, outcome: Outcome, idempotent: bool) {
        match outcome {
            Outcome::Fault(fault)
                if fault.code == Code::ShuttingDown && !self.streams.has_begun(id) =>
            {
                self.goes_away(index);
                self.send_again(id, Some(Outcome::Fault(fault)));
            }
            Outcome::Fault(fault)
                if idempotent && (fault.code == Code::Overloaded || fault.is_worker_died()) =>
            {
                self.try_again(id, Outcome::Fault(fault), Instant::now());
            }
            Outcome::Fault(fault) if idempotent && fault.code == Code::Deadline => {
                self.finish_try(id, Outcome::Fault(fault));
            }
            outcome => self.finish(id, outcome),
        }
    }

    /// Whether a message that belongs to no call tells that the server goes
    /// away; takes note of it.
    fn is_goodbye(&mut self, index: usize, body: &Body) -> bool {
        let Body::One(frame) = body else {
            return false;
        };
        let goodbye = matches!(
            plain::read_answer(frame.as_ref(), &self.options.limits),
            Ok(plain::Answer::Fault(fault)) if fault.code == Code::ShuttingDown
        );
        if goodbye {
            self.goes_away(index);
        }
        goodbye
    }

    fn goes_away(&mut self, index: usize) {
        if let Some(server) = self.servers.get_mut(index) {
            server.goes_away(Instant::now());
        }
    }

    /// A connection is gone. Of the messages sent on it, the last `unsent` never
    /// left.
    fn connection_ended(&mut self, index: usize, unsent: u64) {
        let Some(server) = self.servers.get_mut(index) else {
            return;
        };
        server.leaving = None;
        server.unsent_events.clear();
        server.heard = false;
        let left = server.sent.saturating_sub(unsent);
        let endpoint = server.endpoint.clone();
        let trouble = server.transport.trouble().unwrap_or_default();
        let now = Instant::now();
        let calls = self.in_flight.at(index);
        if let Some(server) = self.servers.get_mut(index) {
            if calls.iter().any(|(sequence, _)| *sequence <= left) {
                server.breaker.failed(now);
            } else {
                server.breaker.abandoned(now);
            }
        }
        // From the last on, because each goes in front of what waits.
        for (sequence, id) in calls.into_iter().rev() {
            let Some(pending) = self.in_flight.get(id) else {
                continue;
            };
            if sequence > left {
                self.send_again(id, None);
                continue;
            }
            let lost = Outcome::ConnectionLost {
                function: pending.function.clone(),
                endpoint: endpoint.clone(),
                trouble: trouble.clone(),
                waited: pending.age(now),
            };
            self.try_again(id, lost, now);
        }
    }

    /// Ends a call whose time is over, or will be before anybody takes it.
    pub(super) fn expire(&mut self, id: u64) {
        let now = Instant::now();
        let Some(pending) = self.in_flight.get_mut(id) else {
            return;
        };
        let function = pending.function.clone();
        let waited = pending.timeout;
        let had = pending.server.and_then(|index| self.servers.get_mut(index));
        let outcome = if let Some(server) = had {
            server.breaker.failed(now);
            Outcome::TimedOut {
                function,
                endpoint: server.endpoint.clone(),
                trouble: server.silence(self.options.dialect),
                waited,
            }
        } else if let Some(failure) = pending.history.take().and_then(|history| history.failure) {
            failure
        } else {
            Outcome::NotConnected {
                function,
                endpoint: self.destinations(),
                trouble: self.troubles(now),
                waited,
            }
        };
        self.finish(id, outcome);
    }
}
