//! The calls that are not finished, by id and by deadline.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use super::outcome::Outcome;
use crate::chance::Chance;
use crate::numbered::Numbered;

/// What is declared of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Running it twice does no harm, so it may be tried again.
    pub idempotent: bool,
    /// Nobody waits for its end.
    pub one_way: bool,
    /// It has many answers, each of which is waited for.
    pub stream: bool,
}

/// A call that is not finished.
pub struct Pending {
    pub function: Box<str>,
    pub terms: Terms,
    /// The whole time that the call has, or each item of a stream.
    pub timeout: Duration,
    pub begun: Instant,
    /// None of a stream, and when it lies further away than the clock can tell.
    pub deadline: Option<Instant>,
    /// The request, which may have to be sent again.
    pub body: Vec<u8>,
    /// What its dialect has noted of it.
    pub noted: usize,
    /// The server that has it.
    pub server: Option<usize>,
    /// Which of the messages to that server it is.
    pub sequence: u64,
    /// What went wrong so far, with few calls anything.
    pub history: Option<Box<History>>,
}

/// What went wrong with a call that goes on.
#[derive(Default)]
pub struct History {
    /// How often it was tried again.
    pub tries: u32,
    /// The next try has to be taken from the budget yet.
    pub owed: bool,
    /// The server that failed with it last.
    pub failed_at: Option<usize>,
    /// How it would end if it were not tried any more.
    pub failure: Option<Outcome>,
}

#[derive(Default)]
pub struct InFlight {
    calls: Numbered<Pending>,
    /// Deadlines; those of calls that have ended are dropped when they come up.
    deadlines: BinaryHeap<Reverse<(Instant, u64)>>,
    last_id: Option<u64>,
}

impl InFlight {
    /// Ids count up from a random number, so that an answer to another client
    /// under the same identity, or to this program before its restart, does
    /// not fit. They stay in the positive half of 64 bits, which is all that
    /// PHP has.
    pub fn next_id(&mut self) -> u64 {
        let id = match self.last_id {
            Some(id) if id < i64::MAX.cast_unsigned() => id + 1,
            _ => (Chance::new().number() >> 2) + 1,
        };
        self.last_id = Some(id);
        id
    }

    pub fn insert(&mut self, id: u64, pending: Pending) {
        if let Some(deadline) = pending.deadline {
            self.deadlines.push(Reverse((deadline, id)));
        }
        self.calls.insert(id, pending);
    }

    pub fn get(&self, id: u64) -> Option<&Pending> {
        self.calls.get(&id)
    }

    pub fn get_mut(&mut self, id: u64) -> Option<&mut Pending> {
        self.calls.get_mut(&id)
    }

    #[inline]
    pub fn remove(&mut self, id: u64) -> Option<Pending> {
        // Of a client that is always quicker than its deadlines, the heap
        // would keep every call ever made.
        if self.deadlines.len() > 64 && self.deadlines.len() > 2 * self.calls.len() {
            let calls = &self.calls;
            self.deadlines
                .retain(|Reverse((_, id))| calls.contains_key(id));
        }
        self.calls.remove(&id)
    }

    /// The calls that somebody waits for, streams too.
    pub fn awaited(&self) -> Vec<u64> {
        let awaited = self.calls.iter().filter(|(_, call)| !call.terms.one_way);
        awaited.map(|(id, _)| *id).collect()
    }

    /// The calls that a server has, in the order in which they were sent, each
    /// with its place among the messages.
    pub fn at(&self, server: usize) -> Vec<(u64, u64)> {
        let there = self
            .calls
            .iter()
            .filter(|(_, call)| call.server == Some(server));
        let mut there: Vec<_> = there.map(|(id, call)| (call.sequence, *id)).collect();
        there.sort_unstable();
        there
    }

    /// A server is no more, which has none of them; those behind it move up.
    pub fn server_removed(&mut self, removed: usize) {
        let moved = |place: usize| match place.cmp(&removed) {
            Ordering::Less => Some(place),
            Ordering::Equal => None,
            Ordering::Greater => Some(place - 1),
        };
        for call in self.calls.values_mut() {
            call.server = call.server.and_then(moved);
            if let Some(history) = &mut call.history {
                history.failed_at = history.failed_at.and_then(moved);
            }
        }
    }

    pub fn count(&self) -> usize {
        self.calls.len()
    }

    pub fn next_deadline(&mut self) -> Option<Instant> {
        while let Some(Reverse((deadline, id))) = self.deadlines.peek() {
            if self.calls.contains_key(id) {
                return Some(*deadline);
            }
            self.deadlines.pop();
        }
        None
    }

    /// A call whose deadline has passed; each is named once.
    pub fn expired(&mut self, now: Instant) -> Option<u64> {
        if self.next_deadline()? > now {
            return None;
        }
        self.deadlines.pop().map(|Reverse((_, id))| id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insert(in_flight: &mut InFlight, deadline: Instant) -> u64 {
        let id = in_flight.next_id();
        in_flight.insert(id, pending(deadline));
        id
    }

    fn pending(deadline: Instant) -> Pending {
        Pending {
            function: "f".into(),
            terms: Terms::default(),
            timeout: Duration::ZERO,
            begun: deadline,
            deadline: Some(deadline),
            body: Vec::new(),
            noted: 0,
            server: None,
            sequence: 0,
            history: None,
        }
    }

    #[test]
    fn calls_expire_in_the_order_of_their_deadlines() {
        let now = Instant::now();
        let mut in_flight = InFlight::default();
        let late = insert(&mut in_flight, now + Duration::from_secs(2));
        let early = insert(&mut in_flight, now + Duration::from_secs(1));
        assert_eq!(in_flight.expired(now), None);
        let then = now + Duration::from_secs(3);
        assert_eq!(in_flight.expired(then), Some(early));
        assert_eq!(in_flight.expired(then), Some(late));
        assert_eq!(in_flight.expired(then), None);
    }

    #[test]
    fn a_call_that_ended_does_not_expire() {
        let now = Instant::now();
        let mut in_flight = InFlight::default();
        let id = insert(&mut in_flight, now);
        assert!(in_flight.remove(id).is_some());
        assert_eq!(in_flight.next_deadline(), None);
        assert_eq!(in_flight.expired(now), None);
    }

    #[test]
    fn deadlines_of_ended_calls_do_not_pile_up() {
        let later = Instant::now() + Duration::from_secs(3600);
        let mut in_flight = InFlight::default();
        for _ in 0..10_000 {
            let id = insert(&mut in_flight, later);
            in_flight.remove(id);
        }
        assert!(in_flight.deadlines.len() < 100);
    }

    #[test]
    fn calls_stay_with_their_servers_when_one_is_removed() {
        let mut in_flight = InFlight::default();
        let ids = [0, 2, 3].map(|place| {
            let id = insert(&mut in_flight, Instant::now());
            let call = in_flight.get_mut(id).unwrap();
            call.server = Some(place);
            call.history.get_or_insert_default().failed_at = Some(place + 1);
            id
        });
        in_flight.server_removed(1);
        let places = ids.map(|id| {
            let call = in_flight.get(id).unwrap();
            (call.server, call.history.as_ref().unwrap().failed_at)
        });
        assert_eq!(
            places,
            [(Some(0), None), (Some(1), Some(2)), (Some(2), Some(3))]
        );
    }

    #[test]
    fn ids_are_unlike_those_of_another_client() {
        let (mut one, mut other) = (InFlight::default(), InFlight::default());
        let id = one.next_id();
        assert_ne!(id, other.next_id());
        assert_eq!(one.next_id(), id + 1);
    }
}
