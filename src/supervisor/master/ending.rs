//! The end: what was taken is finished and answered, as far as there is time.

use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Master;
use crate::supervisor::Ended;
use crate::supervisor::worker::State;
use crate::wire::{Code, Fault};

/// How long workers may take to end that have nothing to do.
const LAST_PATIENCE: Duration = Duration::from_secs(2);

/// Signals so close together are one: timeout(1) and some shells send theirs to the
/// process, and then to the group that it is in.
const SAME: Duration = Duration::from_millis(200);

/// An end that was asked for.
pub struct Ending {
    asked: Instant,
    until: Instant,
    /// It was asked for twice.
    at_once: bool,
    /// Consul is to forget the server first, so that nobody comes anew.
    leaving: Option<JoinHandle<Vec<String>>>,
}

impl Ending {
    pub fn until(&self) -> Instant {
        self.until
    }

    pub fn is_leaving(&self) -> bool {
        self.leaving.is_some()
    }
}

impl Master {
    /// SIGTERM: no more calls are taken, once Consul has forgotten the server; a
    /// second one does not wait for those that were.
    pub(super) fn end(&mut self) {
        let now = Instant::now();
        if let Some(ending) = &mut self.ending {
            ending.at_once |= now >= ending.asked + SAME;
            return;
        }
        self.notify.stopping();
        let leaving = self.registered.take().and_then(|mut registered| {
            registered.tell(&mut self.log);
            let leaving = registered.leave();
            let failed = |error| self.log.warn(format_args!("Consul is not told: {error}"));
            leaving.map_err(failed).ok()
        });
        self.ending = Some(Ending {
            asked: now,
            until: now + self.settings.grace,
            at_once: false,
            leaving,
        });
        if !self.is_leaving() {
            self.drain();
        }
    }

    /// Whether calls are still taken although the end is near.
    pub(super) fn is_leaving(&self) -> bool {
        self.ending.as_ref().is_some_and(Ending::is_leaving)
    }

    /// Goes on with the end when Consul has been told.
    fn end_leaving(&mut self) {
        let Some(ending) = &mut self.ending else {
            return;
        };
        if let Some(leaving) = ending.leaving.take_if(|leaving| leaving.is_finished()) {
            for error in leaving.join().unwrap_or_default() {
                self.log.warn(error);
            }
            self.drain();
        }
    }

    fn drain(&mut self) {
        let open: usize = self.workers.iter().map(|worker| worker.link.open()).sum();
        self.log.info(format_args!(
            "ending: {open} calls run, {} wait; they have {} s",
            self.queue.len(),
            self.settings.grace.as_secs_f64()
        ));
        if let Err(error) = self.front.begin_drain() {
            self.log
                .error(format_args!("callers cannot be told: {error}"));
        }
    }

    /// Whether there is nothing left to wait for.
    pub(super) fn is_over(&mut self, now: Instant) -> Option<Ended> {
        if !self.was_up && self.restarts.iter().any(|of| of.failures() >= 3) {
            return Some(Ended::Badly);
        }
        self.end_leaving();
        let (at_once, until, is_leaving) = match &self.ending {
            Some(ending) => (ending.at_once, ending.until, ending.is_leaving()),
            None => return None,
        };
        let idle = self
            .workers
            .iter()
            .all(|worker| worker.state == State::Starting || worker.link.is_idle());
        let answered = idle && self.queue.is_empty() && !is_leaving;
        if answered && self.front.drains_until().is_none() {
            return Some(Ended::Well);
        }
        // Callers that do not go although they were told keep nobody here for ever.
        let ended = if answered { Ended::Well } else { Ended::Badly };
        (at_once || now >= until).then_some(ended)
    }

    /// Ends the callers' connections, then the workers.
    pub(super) fn close(mut self, ended: Ended) -> Ended {
        if !self.was_up && self.ending.is_none() {
            self.log.error("no worker came up; nothing is served");
        }
        let mut not_begun = self.queue.take_all();
        let mut begun = Vec::new();
        for worker in &mut self.workers {
            let (back, ran) = worker.link.end();
            not_begun.extend(back);
            begun.extend(ran);
        }
        let fault = Fault::new(Code::ShuttingDown, "the server shuts down");
        for call in not_begun {
            self.fail(call.taken.token, &fault);
        }
        let text = "the server ended before the handler did";
        let fault = Fault::worker_died(text);
        let text = "the server stopped before the stream ended";
        let cut_short = Fault::new(Code::Cancelled, text);
        self.cut_off += begun.len() as u64;
        for held in begun {
            let fault = if held.streams { &cut_short } else { &fault };
            self.fail(held.call.taken.token, fault);
        }
        for worker in &mut self.workers {
            if worker.state == State::Starting || ended == Ended::Badly {
                worker.process.kill();
            } else {
                worker.terminate(LAST_PATIENCE);
            }
        }
        if self.cut_off > 0 {
            let cut_off = self.cut_off;
            self.log
                .warn(format_args!("{cut_off} calls were cut off by the end"));
        }
        drop(self.front);
        let until = Instant::now() + LAST_PATIENCE;
        for worker in &mut self.workers {
            while worker.process.ended().is_none() {
                if Instant::now() >= until {
                    worker.process.kill();
                    worker.process.wait();
                    break;
                }
                std::thread::sleep(Duration::from_millis(2));
            }
            let (about, log) = (worker.about(), &mut self.log);
            worker.process.read_last_output(|line| {
                log.write(crate::supervisor::Level::Info, Some(about), line);
            });
        }
        self.log.info("ended");
        ended
    }
}
