//! Whether callers are served at all: a supervisor answers for itself even when
//! all its workers hang.

use std::time::Instant;

use super::Master;

impl Master {
    /// Notes that callers are served, if they are: a worker has nothing to do
    /// although nobody waits. One that was killed for its call and began the next
    /// one proves nothing.
    pub(super) fn note_service(&mut self, now: Instant) {
        if self.queue.is_empty() && self.has_idle_worker() {
            self.served = now;
        }
    }

    /// Why callers are not served, if they have not been for
    /// `Settings::stuck_after`: in a few words.
    pub(super) fn stuck(&self, now: Instant) -> Option<String> {
        let limit = self.settings.stuck_after;
        let waits = self
            .queue
            .oldest()
            .map(|since| now.saturating_duration_since(since));
        let served = now.saturating_duration_since(self.served);
        let calls = self.queue.len();
        if served >= limit {
            let workers = self.workers.len();
            let seconds = served.as_secs();
            return Some(format!(
                "no worker of {workers} has answered for {seconds} s; {calls} calls wait"
            ));
        }
        let waits = waits.filter(|waits| *waits >= limit)?;
        let seconds = waits.as_secs();
        Some(format!(
            "{calls} calls wait for a worker, the first for {seconds} s"
        ))
    }
}
