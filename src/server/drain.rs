//! When a server that takes leave may go.
//!
//! Peers that are this library are told to leave, and do, as soon as their
//! program calls anything here. Others cannot be told; a call that was on its
//! way to a server when it went would be lost to them.

use std::time::Duration;

use crate::transport::Remaining;

/// A peer that was told and is silent for so long is busy with something else.
/// It sees that the server has gone before it calls again.
const ASLEEP: Duration = Duration::from_millis(500);
/// Peers that cannot be told are waited for while they call, and so long after.
const QUIET: Duration = Duration::from_millis(200);
/// But not when none of them had called for so long before.
const IDLE: Duration = Duration::from_secs(1);

/// What became of [`super::Server::drain`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// No call is open, and nobody is left who would send one.
    Over,
    /// The time was over before that.
    TimedOut,
    /// The wake was rung: the host may have something to hand in, and calls
    /// again.
    Woken,
}

/// How much longer peers are to be waited for; none for not at all.
pub fn patience(remaining: Remaining, since: Duration) -> Option<Duration> {
    let left = |limit: Duration, silence: Duration| {
        limit
            .checked_sub(silence.min(since))
            .filter(|left| !left.is_zero())
    };
    let told = remaining.told.and_then(|silence| left(ASLEEP, silence));
    let others = remaining
        .others
        .filter(|silence| *silence < since + IDLE)
        .and_then(|silence| left(QUIET, silence));
    told.max(others)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(told: Option<u64>, others: Option<u64>, since: u64) -> Option<u64> {
        let remaining = Remaining {
            told: told.map(Duration::from_millis),
            others: others.map(Duration::from_millis),
        };
        let left = patience(remaining, Duration::from_millis(since));
        left.map(|left| u64::try_from(left.as_millis()).unwrap())
    }

    #[test]
    fn nobody_is_waited_for_when_nobody_is_left() {
        assert_eq!(milliseconds(None, None, 0), None);
    }

    #[test]
    fn those_that_were_told_have_their_time_from_then_on() {
        assert_eq!(milliseconds(Some(60_000), None, 0), Some(500));
        assert_eq!(milliseconds(Some(60_300), None, 300), Some(200));
        assert_eq!(milliseconds(Some(60_500), None, 500), None);
        assert_eq!(milliseconds(Some(100), None, 10_000), Some(400));
    }

    #[test]
    fn others_are_waited_for_while_they_call() {
        assert_eq!(milliseconds(None, Some(0), 0), Some(200));
        assert_eq!(milliseconds(None, Some(50), 10_000), Some(150));
        assert_eq!(milliseconds(None, Some(250), 250), None);
    }

    #[test]
    fn others_that_were_idle_are_not_waited_for() {
        assert_eq!(milliseconds(None, Some(999), 0), Some(200));
        assert_eq!(milliseconds(None, Some(1000), 0), None);
        assert_eq!(milliseconds(Some(0), Some(1100), 100), Some(500));
    }
}
