//! Callers that were given up are told in the log, however many they are: a few by name,
//! the others by their number.

use std::time::{Duration, Instant};

use super::Master;
use crate::server::{GivenUp, Loss, Route};
use crate::supervisor::log::Level;

/// So many are told by name in each span, fewer than a server remembers.
const NAMED: u64 = 5;
const SPAN: Duration = Duration::from_secs(10);

/// What was told of them.
#[derive(Default)]
pub struct Told {
    /// When the span began.
    since: Option<Instant>,
    /// How many were named in it.
    named: u64,
    /// How many are in the log, by name or number, and how many there are to be told of.
    all: u64,
    seen: u64,
}

impl Master {
    pub(super) fn tell_given_up(&mut self, now: Instant) {
        let counters = self.front.counters();
        let all = counters.callers_lost + counters.callers_stalled;
        if all == self.told.all {
            return;
        }
        let since = *self.told.since.get_or_insert(now);
        if now.saturating_duration_since(since) >= SPAN {
            self.told.since = Some(now);
            self.told.named = 0;
            let more = self.told.seen - self.told.all;
            if more > 0 {
                self.log.info(format_args!(
                    "{more} more zerorpc callers were given up in the last {SPAN:?}"
                ));
                self.told.all = self.told.seen;
            }
        }
        while let Some(given_up) = self.front.take_given_up() {
            if self.told.named < NAMED && self.told.all < all {
                self.told.named += 1;
                self.told.all += 1;
                self.name(&given_up);
            }
        }
        self.told.seen = all;
    }

    fn name(&mut self, given_up: &GivenUp) {
        // A zerorpc client that leaves a stream just falls silent.
        let level = match given_up.loss {
            Loss::Silent | Loss::Gone => Level::Info,
            Loss::Stalled => Level::Warn,
        };
        let text = self.describe(given_up);
        self.log.write(level, None, text);
    }

    fn describe(&self, given_up: &GivenUp) -> String {
        let name = match given_up.route {
            Route::Function(number) => self.functions.get((number as usize).wrapping_sub(1)),
            Route::Raw => None,
        };
        let name = name.map_or("", |function| &function.name);
        let from = match &*given_up.peer {
            "" => String::new(),
            peer => format!(" at {peer}"),
        };
        let why = match given_up.loss {
            Loss::Silent => "it sent no heartbeat any more",
            Loss::Gone => "its connection was lost",
            Loss::Stalled => "it took nothing of its stream",
        };
        format!(
            "a zerorpc caller{from} was given up: {why}; it had called '{name}' {:.1} s before, on \
             channel {}",
            given_up.lasted.as_secs_f64(),
            given_up.channel
        )
    }
}
