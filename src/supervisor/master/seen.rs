//! What others see of the supervisor.

use std::time::Instant;

use super::Master;
use crate::supervisor::status::{Status, WorkerStatus};

impl Master {
    /// With `asked` at 1 the question for it is open.
    fn with_status<T>(
        &mut self,
        now: Instant,
        asked: u64,
        make: impl FnOnce(Status<'_>) -> T,
    ) -> T {
        let mut workers: Vec<_> = self
            .workers
            .iter_mut()
            .map(|worker| WorkerStatus {
                number: worker.number,
                generation: worker.generation,
                pid: worker.process.pid(),
                state: worker.state_name(),
                running: worker.link.running().map(|(function, since)| {
                    let name = self.functions.get(function).map(|of| of.name.clone());
                    (
                        name.unwrap_or_default(),
                        now.saturating_duration_since(since),
                    )
                }),
                calls: worker.calls,
                faults: worker.faults,
                queued: worker
                    .link
                    .open()
                    .saturating_sub(worker.link.running().is_some().into()),
                seen: worker.latency.summary(now),
                memory: worker.process.memory().unwrap_or(worker.memory),
                restarts: self
                    .restarts
                    .get(worker.number as usize - 1)
                    .map_or(0, |restarts| restarts.count),
            })
            .collect();
        let stuck = self.stuck(now);
        // As with any server's own functions: who looks is not seen.
        let mut counters = self.front.counters();
        counters.calls = counters.calls.saturating_sub(self.asked);
        counters.open = counters.open.saturating_sub(asked);
        workers.sort_by_key(|worker| worker.number);
        make(Status {
            counters: &counters,
            uptime: now.saturating_duration_since(self.started),
            queued: self.queue.by_function(self.functions.len()),
            functions: &mut self.functions,
            workers,
            queue_calls: self.queue.len(),
            queue_bytes: self.queue.bytes(),
            stuck,
        })
    }

    pub(super) fn tell_stats(&mut self, token: u64, now: Instant) {
        let mut answer = Vec::new();
        self.asked += 1;
        self.with_status(now, 1, |mut status| status.pack(&mut answer, now));
        let _ = self.front.answer_checked(token, &answer);
    }

    pub(super) fn metrics_text(&mut self, now: Instant) -> String {
        self.with_status(now, 0, |mut status| status.metrics(now))
    }
}
