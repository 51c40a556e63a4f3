//! What is to happen at which time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// What a timer is for. One that is not needed any more is not taken out: it
/// comes up, and whoever looks finds nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// A connection is to have introduced itself by now.
    Handshake(u64),
    /// A connection is to have been heard of by now.
    Silence(u64),
    /// A connection is to be asked for a sign of life.
    Heartbeat(u64),
    /// A connection is to be made again.
    Connect,
    /// Connections are to be accepted again.
    Accept,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Timers(BinaryHeap<Reverse<(Instant, Timer)>>);

impl Timers {
    pub fn add(&mut self, at: Instant, timer: Timer) {
        self.0.push(Reverse((at, timer)));
    }

    /// When the next one is due.
    pub fn next(&self) -> Option<Instant> {
        self.0.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes one that is due.
    pub fn due(&mut self, now: Instant) -> Option<Timer> {
        let Reverse((at, timer)) = *self.0.peek()?;
        if at > now {
            return None;
        }
        self.0.pop();
        Some(timer)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn timers_come_up_in_the_order_of_their_times() {
        let now = Instant::now();
        let mut timers = Timers::default();
        timers.add(now + Duration::from_secs(2), Timer::Accept);
        timers.add(now, Timer::Connect);
        timers.add(now + Duration::from_secs(1), Timer::Handshake(7));
        assert_eq!(timers.next(), Some(now));
        assert_eq!(timers.due(now), Some(Timer::Connect));
        assert_eq!(timers.due(now), None);
        let later = now + Duration::from_secs(3);
        assert_eq!(timers.due(later), Some(Timer::Handshake(7)));
        assert_eq!(timers.due(later), Some(Timer::Accept));
        assert_eq!(timers.next(), None);
    }
}
