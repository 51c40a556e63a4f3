//! Signs of life for calls in flight, where the dialect has them: sent, and
//! missed.
//!
//! Only while the client is called or waits. A host that stays away for longer
//! than servers bear loses its calls.

use std::time::Instant;

use super::{Client, Outcome, Speech};
use crate::transport::{Error, Sent};

impl Client {
    /// When the next ones are due.
    #[inline]
    pub(super) fn next_beat(&self) -> Option<Instant> {
        match &self.speech {
            Speech::Zerorpc(channels) => channels.due(),
            Speech::Plain | Speech::MessagePackRpc(_) => None,
        }
    }

    /// Sends those that are due, and ends the calls whose servers sent none;
    /// returns how many there were.
    #[inline]
    pub(super) fn beat_if_due(&mut self, now: Instant) -> Result<usize, Error> {
        if self.next_beat().is_none_or(|due| due > now) {
            return Ok(0);
        }
        self.look(Some(now))?;
        let count = self.read()?;
        Ok(count + self.beat(now)?)
    }

    fn beat(&mut self, now: Instant) -> Result<usize, Error> {
        let Speech::Zerorpc(channels) = &mut self.speech else {
            return Ok(0);
        };
        let patience = channels.patience();
        let (to_beat, lost) = channels.look(now);
        for id in to_beat {
            self.send_event(id, None)?;
        }
        let count = lost.len();
        for id in lost {
            let Some(pending) = self.in_flight.get(id) else {
                continue;
            };
            // One that no server has waits for one.
            let Some(server) = pending.server.and_then(|had| self.servers.get_mut(had)) else {
                continue;
            };
            server.breaker.failed(now);
            let mut trouble = format!("it sent no heartbeat for {} ms", patience.as_millis());
            let silence = server.silence(self.options.dialect);
            if !silence.is_empty() {
                trouble = format!("{trouble} ({silence})");
            }
            let silent = Outcome::ConnectionLost {
                function: pending.function.clone(),
                endpoint: server.endpoint.clone(),
                trouble,
                waited: pending.age(now),
            };
            self.try_again(id, silent, now);
        }
        Ok(count)
    }

    /// Sends an event on the channel of a call: a heartbeat, or room for so many
    /// items. One that its server cannot take now goes out as soon as it can.
    pub(super) fn send_event(&mut self, id: u64, credit: Option<u32>) -> Result<(), Error> {
        let had = self.in_flight.get(id).and_then(|pending| pending.server);
        let server = had.and_then(|index| self.servers.get_mut(index));
        let (Some(server), Speech::Zerorpc(channels)) = (server, &mut self.speech) else {
            return Ok(());
        };
        let event = channels.event(id, credit);
        let envelope = self.speech.envelope(id);
        match server.transport.send(&envelope, &event)? {
            Sent::Done | Sent::Held => {
                server.sent += 1;
                self.said = true;
                self.counters.bytes_sent += event.len() as u64;
            }
            Sent::Full if server.unsent_events.contains(&(id, None)) && credit.is_none() => {}
            Sent::Full => server.unsent_events.push_back((id, credit)),
            // The end of the connection ends the call, too.
            Sent::Lost => {}
        }
        Ok(())
    }

    /// Sends the events that their servers could not take before.
    #[inline]
    pub(super) fn send_unsent_events(&mut self) -> Result<(), Error> {
        if !matches!(self.speech, Speech::Zerorpc(_)) {
            return Ok(());
        }
        for index in 0..self.servers.len() {
            let Some(server) = self.servers.get_mut(index) else {
                continue;
            };
            let mut waiting = std::mem::take(&mut server.unsent_events);
            while let Some((id, credit)) = waiting.pop_front() {
                let pending = self.in_flight.get(id);
                if pending.is_none_or(|pending| pending.server != Some(index)) {
                    continue;
                }
                self.send_event(id, credit)?;
                if let Some(server) = self.servers.get_mut(index)
                    && !server.unsent_events.is_empty()
                {
                    server.unsent_events.append(&mut waiting);
                }
            }
        }
        Ok(())
    }
}
