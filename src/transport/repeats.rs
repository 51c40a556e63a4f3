//! Messages that are sent again and again until somebody says stop: signs of life.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use crate::wire::Envelope;

/// See the module. A transport asks it what is due, and sends that.
#[derive(Default)]
pub struct Repeats {
    messages: HashMap<u64, Repeated>,
    due: BTreeSet<(Instant, u64)>,
    /// Those whose peer has gone, and nobody knows yet.
    gone: Vec<u64>,
}

struct Repeated {
    envelope: Envelope,
    body: Box<[u8]>,
    every: Duration,
    due: Instant,
}

impl Repeats {
    /// Has a message sent each time that `every` is over, for the first time at
    /// `first`.
    pub fn add(
        &mut self,
        key: u64,
        envelope: &Envelope,
        body: &[u8],
        first: Instant,
        every: Duration,
    ) {
        self.remove(key);
        self.due.insert((first, key));
        let repeated = Repeated {
            envelope: envelope.clone(),
            body: body.into(),
            every,
            due: first,
        };
        self.messages.insert(key, repeated);
    }

    /// Ends that.
    pub fn remove(&mut self, key: u64) {
        if let Some(repeated) = self.messages.remove(&key) {
            self.due.remove(&(repeated.due, key));
        }
    }

    /// Ends it because the peer has gone, and remembers that.
    pub fn give_up(&mut self, key: u64) {
        self.remove(key);
        self.gone.push(key);
    }

    /// One that was given up; each is told once.
    pub fn take_gone(&mut self) -> Option<u64> {
        self.gone.pop()
    }

    /// When the next message is due.
    #[inline]
    pub fn next(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    /// A message that is due, and will be again.
    pub fn take_due(&mut self, now: Instant) -> Option<(u64, Envelope, Box<[u8]>)> {
        let (at, key) = *self.due.first()?;
        if at > now {
            return None;
        }
        self.due.pop_first();
        let repeated = self.messages.get_mut(&key)?;
        repeated.due = now + repeated.every;
        self.due.insert((repeated.due, key));
        Some((key, repeated.envelope.clone(), repeated.body.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(5);

    #[test]
    fn a_message_is_due_again_and_again_until_it_is_removed() {
        let now = Instant::now();
        let mut repeats = Repeats::default();
        repeats.add(7, &Envelope::new(), b"x", now + EVERY, EVERY);
        assert!(repeats.take_due(now).is_none());
        for turn in 1..4 {
            let (key, _, body) = repeats.take_due(now + EVERY * turn).unwrap();
            assert_eq!((key, &*body), (7, &b"x"[..]));
            assert!(repeats.take_due(now + EVERY * turn).is_none());
        }
        repeats.remove(7);
        assert_eq!(repeats.next(), None);
        assert_eq!(repeats.take_gone(), None);
    }

    #[test]
    fn one_that_was_missed_is_sent_once() {
        let now = Instant::now();
        let mut repeats = Repeats::default();
        repeats.add(7, &Envelope::new(), b"x", now, EVERY);
        let late = now + EVERY * 9;
        assert!(repeats.take_due(late).is_some());
        assert_eq!(repeats.next(), Some(late + EVERY));
    }

    #[test]
    fn who_has_gone_is_told_once() {
        let now = Instant::now();
        let mut repeats = Repeats::default();
        repeats.add(7, &Envelope::new(), b"x", now, EVERY);
        repeats.give_up(7);
        assert_eq!((repeats.next(), repeats.take_gone()), (None, Some(7)));
        assert_eq!(repeats.take_gone(), None);
    }
}
