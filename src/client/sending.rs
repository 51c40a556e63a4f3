//! Calls on their way to servers.

use std::time::{Duration, Instant};

use super::balance::Choice;
use super::in_flight::{History, Pending};
use super::{Client, Outcome, Service, Speech};
use crate::transport::{Error, Sent};
use crate::wire::plain;

/// A server that was not looked at for so long is looked at before it gets a
/// call: its connection may have gone, and would take the call along.
const STALE: Duration = Duration::from_millis(1);
/// A call that the budget does not let go out again is looked at again no sooner,
/// however short the pauses between tries are to be.
const NO_BUDGET: Duration = Duration::from_millis(1);

impl Client {
    /// Hands waiting calls to servers that take them.
    pub(super) fn send_unsent(&mut self) -> Result<(), Error> {
        if self.unsent.is_empty() && self.retries.is_empty() {
            return Ok(());
        }
        self.send_unsent_at(Instant::now())
    }

    pub(super) fn send_unsent_at(&mut self, now: Instant) -> Result<(), Error> {
        self.retry_due(now);
        while let Some(&id) = self.unsent.front() {
            let Some(pending) = self.in_flight.get_mut(id) else {
                self.unsent.pop_front();
                continue;
            };
            match &mut self.speech {
                Speech::Plain if pending.age(now) >= STALE => pending.tell_time_left(now),
                Speech::Zerorpc(channels) => {
                    channels.open(id, &mut pending.body, pending.noted, now);
                }
                Speech::Plain | Speech::MessagePackRpc(_) => {}
            }
            let envelope = self.speech.envelope(id);
            self.choices += 1;
            let choice = Choice {
                balance: self.options.balance,
                next: self.next,
                avoid: pending
                    .history
                    .as_ref()
                    .and_then(|history| history.failed_at),
                now,
                number: self.choices,
            };
            let mut taken = false;
            while let Some(index) = choice.best(&self.servers) {
                let Some(server) = self.servers.get_mut(index) else {
                    break;
                };
                server.asked = choice.number;
                if server.in_flight == 0 || now.saturating_duration_since(server.looked_at) >= STALE
                {
                    server.looked_at = now;
                    if !server.transport.is_connected()? {
                        continue;
                    }
                }
                if server.transport.send(&envelope, &pending.body)? == Sent::Done {
                    server.in_flight += 1;
                    server.sent += 1;
                    server.breaker.passed();
                    pending.server = Some(index);
                    pending.sequence = server.sent;
                    self.next = index + 1;
                    if self.next >= self.servers.len() {
                        self.next = 0;
                    }
                    self.counters.bytes_sent += pending.body.len() as u64;
                    taken = true;
                    break;
                }
            }
            if taken {
                let unanswered = self.speech.is_unanswered(pending.terms);
                self.unsent.pop_front();
                if unanswered {
                    self.end(id);
                }
            } else if self.is_hopeless(id, now) {
                self.unsent.pop_front();
                self.expire(id);
            } else {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Whether all servers are left out for longer than a call has time: it is
    /// told at once.
    fn is_hopeless(&self, id: u64, now: Instant) -> bool {
        let Some(deadline) = self.in_flight.get(id).and_then(|pending| pending.deadline) else {
            return false;
        };
        let listed = self.servers.iter().filter(|server| !server.departed);
        let mut until = listed.map(|server| server.breaker.open_until()).peekable();
        now < deadline
            && until.peek().is_some()
            && self.services.iter().all(Service::is_known)
            && until.all(|until| until.is_some_and(|until| until > deadline))
    }

    /// When a server that is left alone may be sent something again; only where
    /// somebody waits for that.
    pub(super) fn next_change(&self) -> Option<Instant> {
        if self.unsent.is_empty() {
            return None;
        }
        let now = Instant::now();
        let servers = self.servers.iter();
        servers.filter_map(|server| server.next_change(now)).min()
    }

    /// Lets calls go out again whose pause is over.
    fn retry_due(&mut self, now: Instant) {
        while let Some(id) = self.retries.due(now) {
            let Some(pending) = self.in_flight.get_mut(id) else {
                continue;
            };
            if let Some(history) = &mut pending.history
                && history.owed
            {
                if !self.budget.take(now) {
                    let pause = (self.options.retry_longest / 4).max(NO_BUDGET);
                    self.retries.add(now + pause, id);
                    continue;
                }
                history.owed = false;
            }
            self.counters.retries += 1;
            self.unsent.push_back(id);
        }
    }

    /// Takes a call from its server, to be sent again at once: it did not run,
    /// this time, for this reason.
    pub(super) fn send_again(&mut self, id: u64, reason: Option<Outcome>) {
        if let Some(pending) = self.in_flight.get_mut(id)
            && let Some(index) = pending.server.take()
        {
            if let Some(reason) = reason {
                pending.has_failed(reason);
            }
            if let Some(server) = self.servers.get_mut(index) {
                server.in_flight -= 1;
            }
            // It is older than what waits.
            self.unsent.push_front(id);
            self.streams.start_over(id);
        }
    }

    /// A call has failed in a way that another try may mend. It ends so, unless
    /// it may be tried again.
    pub(super) fn try_again(&mut self, id: u64, failure: Outcome, now: Instant) {
        let has_items = self.streams.has_items(id);
        let Some(pending) = self.in_flight.get_mut(id) else {
            return;
        };
        let options = &self.options;
        let tries = pending.history.as_ref().map_or(0, |history| history.tries);
        let pause = self
            .retries
            .pause(tries, options.retry_base, options.retry_longest);
        let due = now + pause;
        let time = pending.deadline.is_none_or(|deadline| due < deadline);
        // A call that was lost waits for the budget; one that a server says has
        // failed there ends.
        let told = matches!(failure, Outcome::Fault(_));
        let may = pending.terms.idempotent && !has_items && tries < options.retries && time;
        if !may || told && !self.budget.take(now) {
            self.finish_try(id, failure);
            return;
        }
        let had = pending.server.take();
        let history = pending.has_failed(failure);
        history.owed = !told;
        history.tries += 1;
        history.failed_at = had;
        if let Some(server) = had.and_then(|index| self.servers.get_mut(index)) {
            server.in_flight -= 1;
        }
        self.retries.add(due, id);
        self.streams.start_over(id);
    }

    /// A call ends as its last try did, unless that did not run it and an earlier one may
    /// have.
    pub(super) fn finish_try(&mut self, id: u64, last: Outcome) {
        let pending = self.in_flight.get_mut(id);
        let history = pending.and_then(|pending| pending.history.as_mut());
        let earlier = history.and_then(|history| history.failure.take());
        match earlier.filter(|earlier| may_have_run(earlier) && !may_have_run(&last)) {
            Some(earlier) => self.finish(id, earlier),
            None => self.finish(id, last),
        }
    }
}

/// Whether a call may have run although it failed so.
fn may_have_run(failure: &Outcome) -> bool {
    match failure {
        Outcome::ConnectionLost { .. } => true,
        Outcome::Fault(fault) => fault.is_worker_died(),
        _ => false,
    }
}

impl Pending {
    /// How long ago it was begun.
    #[inline]
    pub(super) fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.begun)
    }

    /// Takes note of how a try has ended, unless it may have run in an earlier
    /// one.
    fn has_failed(&mut self, failure: Outcome) -> &mut History {
        let history = self.history.get_or_insert_default();
        if !history.failure.as_ref().is_some_and(may_have_run) {
            history.failure = Some(failure);
        }
        history
    }

    /// Writes the time that is left into the request.
    fn tell_time_left(&mut self, now: Instant) {
        let Some(deadline) = self.deadline else {
            return;
        };
        let left = deadline.saturating_duration_since(now);
        let again = plain::rewrite_deadline(&self.body, self.noted, &self.function, left);
        if let Ok((body, tail)) = again {
            self.body = body;
            self.noted = tail;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Options, Terms};

    #[test]
    fn a_call_waits_for_the_budget_though_tries_have_no_pause() {
        let mut client = Client::new(Options {
            retry_longest: Duration::ZERO,
            ..Options::default()
        });
        let terms = Terms {
            idempotent: true,
            ..Terms::default()
        };
        let id = client
            .submit_on(terms, "f", b"\x90", Duration::from_secs(60))
            .unwrap();
        client.unsent.clear();
        let now = Instant::now();
        while client.budget.take(now) {}
        let pending = client.in_flight.get_mut(id).unwrap();
        pending.history.get_or_insert_default().owed = true;
        client.retries.add(now, id);
        client.retry_due(now);
        assert!(client.unsent.is_empty());
        assert!(client.retries.next() > Some(now));
    }
}
