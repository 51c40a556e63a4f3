//! The workers: start, watch, replace, reload.

use std::fs::File;
use std::io::Write;
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Interest, Token};

use super::{MEMORY_TICK, Master, STATS, TICK, WORKERS};
use crate::supervisor::functions::Function;
use crate::supervisor::link::{self, STALLED};
use crate::supervisor::log::Level;
use crate::supervisor::registering::Registered;
use crate::supervisor::restarts::Restarts;
use crate::supervisor::worker::{Fate, Phase, State, Worker};
use crate::transport::Frame;
use crate::wire::{Code, Fault};

/// How long a worker may take to end that was asked to and has nothing to do.
const LEAVING: Duration = Duration::from_secs(5);

/// A worker takes six descriptors, and starting it some more.
const RESERVE: usize = 16;

impl Master {
    /// Looks after all workers. Returns when it wants to do so again.
    pub(super) fn tend(&mut self, now: Instant) -> Instant {
        let mut due = now + MEMORY_TICK;
        let mut soon = |time: Instant| due = due.min(time);
        if now >= self.memory_ticked + MEMORY_TICK {
            self.memory_ticked = now;
            self.look_at_memory();
            self.tell_given_up(now);
            if let Some(registered) = &mut self.registered {
                registered.tell(&mut self.log);
            }
        }
        let exec_timeout = self.settings.exec_timeout;
        let mut stalled = Vec::new();
        for (index, worker) in self.workers.iter_mut().enumerate() {
            if worker.process.has_more() {
                soon(now);
            }
            if let Some(kill_at) = worker.kill_at {
                if now >= kill_at {
                    worker.process.kill();
                    worker.kill_at = Some(now + LEAVING);
                }
                soon(kill_at);
            }
            match worker.state {
                State::Starting => {
                    if !worker.asked && worker.link.is_connected() {
                        let patience = self.settings.start_timeout;
                        worker.asked = worker.link.ask("zroute.functions", b"\x90", patience);
                        worker.link.flush();
                    }
                    let until = worker.started + self.settings.start_timeout;
                    if now >= until && worker.kill_at.is_none() {
                        worker.process.kill();
                        worker.kill_at = Some(now + LEAVING);
                        worker.fate = Some(Fate::OverTime);
                    }
                    soon(until);
                }
                State::Leaving if worker.link.is_idle() => worker.terminate(LEAVING),
                State::Up | State::Leaving => {
                    if worker.link.may_take_back() {
                        let time = worker.link.progress() + STALLED;
                        if now >= time {
                            stalled.push(index);
                        }
                        soon(time);
                    }
                    if let Some(timeout) = exec_timeout
                        && !worker.link.is_free()
                    {
                        let until = worker.link.progress() + timeout;
                        if now >= until && worker.fate != Some(Fate::OverTime) {
                            worker.fate = Some(Fate::OverTime);
                            worker.process.kill();
                        }
                        soon(until);
                    }
                }
            }
        }
        for index in stalled {
            self.take_back(index, now);
        }
        if let Some(time) = self.start_missing(now) {
            due = due.min(time);
        }
        if !self.queue.is_empty() {
            due = due.min(self.ticked + TICK);
        }
        if let Some(ending) = &self.ending {
            due = due.min(ending.until());
            if ending.is_leaving() {
                due = due.min(now + Duration::from_millis(5));
            }
            if let Some(time) = self.front.drains_until() {
                due = due.min(time);
            }
        }
        if let Some(time) = self.notify.alive(now) {
            due = due.min(time);
        }
        // A time that has passed was seen to.
        due.max(now + Duration::from_millis(1))
    }

    /// A call takes long: those behind it go to others.
    fn take_back(&mut self, index: usize, now: Instant) {
        let Some(worker) = self.workers.get_mut(index) else {
            return;
        };
        let calls = worker.link.take_back();
        worker.given -= calls.len() as u64;
        let about = worker.about();
        let text = format_args!("{} calls were taken back", calls.len());
        self.log.write(Level::Debug, Some(about), text);
        self.put_back(calls);
        self.dispatch(now);
    }

    /// Starts processes for all places that have none. Returns when the next is
    /// to be started.
    fn start_missing(&mut self, now: Instant) -> Option<Instant> {
        if self.ending.is_some() && self.queue.is_empty() {
            return None;
        }
        let mut next: Option<Instant> = None;
        // While the new program loads, the old one serves on all its places.
        let places = [Some(self.serving), self.coming]
            .into_iter()
            .flatten()
            .flat_map(|generation| (1..=self.settings.workers).map(move |of| (generation, of)));
        for (generation, number) in places.collect::<Vec<_>>() {
            if generation != self.serving && self.coming != Some(generation) {
                // It was given up just now.
                break;
            }
            let covered = self.workers.iter().any(|worker| {
                worker.number == number
                    && worker.generation == generation
                    && worker.state != State::Leaving
                    && !worker.phase.is_last()
            });
            let Some(restarts) = self.restarts.get_mut(number as usize - 1) else {
                continue;
            };
            if covered {
                continue;
            }
            if restarts.not_before().is_none_or(|time| time <= now) {
                if self.processes >= self.settings.workers as usize {
                    restarts.count += 1;
                }
                self.start(number, generation, now);
            }
            let restarts = self.restarts.get(number as usize - 1);
            let again = restarts.and_then(Restarts::not_before);
            if let Some(time) = again.filter(|time| now < *time) {
                next = Some(next.map_or(time, |next| next.min(time)));
            }
        }
        next
    }

    fn start(&mut self, number: u32, generation: u64, now: Instant) {
        let serial = self.processes;
        self.processes += 1;
        let folder = self.folder.path();
        let descriptors = self.descriptors;
        self.reserve.clear();
        match Worker::start(
            &self.settings,
            folder,
            number,
            serial,
            generation,
            descriptors,
        ) {
            Ok(worker) => {
                for descriptor in worker.process.descriptors().into_iter().flatten() {
                    let token = Token(WORKERS + serial);
                    let watched = self.seldom.registry().register(
                        &mut SourceFd(&descriptor),
                        token,
                        Interest::READABLE,
                    );
                    if let Err(error) = watched {
                        self.log
                            .error(format_args!("worker {number} cannot be watched: {error}"));
                    }
                }
                self.log
                    .write(Level::Debug, Some(worker.about()), "started");
                self.workers.push(worker);
            }
            Err(error) => self.did_not_start(number, generation, &error, now),
        }
        self.refill_reserve();
    }

    /// Workers that come up need a connection, which is made while the links are
    /// looked at.
    pub(super) fn lend_reserve(&mut self) {
        let starting = self.workers.iter().filter(|worker| !worker.asked).count();
        let kept = self.reserve.len().saturating_sub(starting);
        self.reserve.truncate(kept);
    }

    /// Keeps enough descriptors to start a worker: connections may take all
    /// others.
    pub(super) fn refill_reserve(&mut self) {
        while self.reserve.len() < RESERVE
            && let Ok(file) = File::open("/dev/null")
        {
            self.reserve.push(file);
        }
    }

    fn did_not_start(&mut self, number: u32, generation: u64, why: &str, now: Instant) {
        if self.coming == Some(generation) {
            self.coming = None;
            self.coming_functions = None;
            for worker in &mut self.workers {
                if worker.generation == generation {
                    worker.state = State::Leaving;
                    worker.process.kill();
                }
            }
            self.log.error(format_args!(
                "RELOAD FAILED, the old program goes on: worker {number} did not come up: {why}"
            ));
            self.notify
                .ready("the last reload failed; the old program goes on");
            self.reload_if_asked();
            return;
        }
        if let Some(restarts) = self.restarts.get_mut(number as usize - 1) {
            let pause = restarts.failed(now);
            let times = restarts.failures();
            self.log.error(format_args!(
                "worker {number} did not come up ({times} in a row): {why}; next try in {pause:?}"
            ));
        }
    }

    /// A worker has told its functions: it can be called.
    pub(super) fn come_up(&mut self, index: usize, list: Option<Frame>, now: Instant) {
        let functions = list.map(|list| link::functions(list.as_ref()));
        let Some(worker) = self.workers.get_mut(index) else {
            return;
        };
        if worker.state != State::Starting {
            // It was given up meanwhile.
            return;
        }
        let Some(Ok(functions)) = functions else {
            let text = "it cannot tell its functions: its library is of another version than this \
                        program, or their list is larger than --max-message";
            self.log.write(Level::Error, Some(worker.about()), text);
            worker.process.kill();
            return;
        };
        worker.state = State::Up;
        let (number, generation) = (worker.number, worker.generation);
        worker.loading = now.saturating_duration_since(worker.started);
        let text = format_args!("up after {} ms", worker.loading.as_millis());
        self.log.write(Level::Info, Some(worker.about()), text);
        if let Some(restarts) = self.restarts.get_mut(number as usize - 1) {
            restarts.came_up();
        }
        self.note_first_memory(index);
        if self.coming == Some(generation) {
            self.coming_functions = Some(functions);
        } else {
            self.learn(functions);
        }
        if !self.was_up {
            self.was_up = true;
            let count = self.functions.len();
            self.log.info(format_args!("serving {count} functions"));
            self.warn_of_no_functions();
            self.notify.ready(&format!("serving {count} functions"));
            self.tell_endpoints();
            self.register();
            self.reload_if_asked();
        }
        if self.coming == Some(generation) {
            self.commit(generation);
        }
    }

    fn warn_of_no_functions(&mut self) {
        let is_served = |of: &Function| self.front.route(&of.name).is_some();
        if !self.functions.iter().any(is_served) {
            self.log.warn(format_args!(
                "{} returns no functions: every call is told -32601",
                self.settings.routes.display()
            ));
        }
    }

    fn register(&mut self) {
        let Some(register) = &self.settings.register else {
            return;
        };
        if self.ending.is_some() {
            return;
        }
        let endpoints = self.front.endpoints();
        match Registered::begin(register, endpoints, &self.settings.server.transport) {
            Ok(registered) => self.registered = Some(registered),
            Err(error) => self.log.error(format_args!("not registered: {error}")),
        }
    }

    /// Whoever started this and reads its output knows then where to call.
    fn tell_endpoints(&self) {
        let mut lines = self.front.endpoints().join("\n");
        lines.push('\n');
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(lines.as_bytes()).and_then(|()| out.flush());
    }

    fn learn(&mut self, functions: Vec<(String, Vec<u8>)>) {
        self.has_own_stats = functions.iter().any(|(name, _)| name == STATS);
        for (name, description) in functions {
            let route = self.front.add_function(&name);
            if let Err(malformed) = self.front.describe(route, &description) {
                self.log.warn(format_args!(
                    "'{name}' does not describe itself well: {malformed}"
                ));
            }
            if let crate::server::Route::Function(number) = route
                && number as usize == self.functions.len() + 1
            {
                self.functions.push(Function::new(name));
            }
        }
    }

    /// The new generation serves when all of it has come up.
    fn commit(&mut self, generation: u64) {
        let up = self
            .workers
            .iter()
            .filter(|worker| worker.generation == generation && worker.state == State::Up)
            .count();
        if up < self.settings.workers as usize {
            return;
        }
        self.coming = None;
        self.serving = generation;
        if let Some(functions) = self.coming_functions.take() {
            for known in &self.functions {
                if known.name != STATS && functions.iter().all(|(name, _)| *name != known.name) {
                    self.front.remove_function(&known.name);
                }
            }
            self.learn(functions);
        }
        for worker in &mut self.workers {
            if worker.generation < generation {
                if worker.state == State::Starting {
                    // It has no call, and may never come up.
                    worker.process.kill();
                }
                worker.state = State::Leaving;
            }
        }
        self.log.info("reloaded");
        self.warn_of_no_functions();
        self.notify.ready("reloaded");
        self.reload_if_asked();
    }

    /// SIGHUP: starts a generation that loads the program's files anew. One that loads
    /// already goes on, or reloads that come quickly would never end; another follows
    /// it, because the files may have changed since it has read them.
    pub(super) fn reload(&mut self) {
        if !self.was_up || self.coming.is_some() {
            self.reload_again = true;
            self.log.info("it loads already; another reload follows");
            return;
        }
        self.begin_reload();
    }

    fn reload_if_asked(&mut self) {
        if std::mem::take(&mut self.reload_again) {
            self.begin_reload();
        }
    }

    fn begin_reload(&mut self) {
        if self.ending.is_some() {
            return;
        }
        self.generations += 1;
        self.coming = Some(self.generations);
        self.log.info("reloading");
        self.notify.reloading();
    }

    /// A worker's connection has ended, so it soon will too.
    pub(super) fn lose(&mut self, index: usize) {
        if let Some(worker) = self.workers.get_mut(index)
            && worker.kill_at.is_none()
        {
            if worker.state != State::Leaving {
                worker.fate.get_or_insert(Fate::Lost);
            }
            worker.state = State::Leaving;
            worker.kill_at = Some(Instant::now() + LEAVING);
        }
    }

    /// A worker that is beyond the limit before its first call would be replaced for
    /// ever: said loudly, once for a state of the program.
    fn note_first_memory(&mut self, index: usize) {
        let (Some(worker), Some(most)) = (self.workers.get_mut(index), self.settings.max_memory)
        else {
            return;
        };
        worker.memory = worker.process.memory().unwrap_or(0);
        if worker.memory <= most
            || self.told_memory.replace(worker.generation) == Some(worker.generation)
        {
            return;
        }
        let text = format_args!(
            "it holds {} bytes of memory before its first call, more than --max-memory, {most}: \
             each worker is replaced once it has answered. Raise --max-memory above that",
            worker.memory
        );
        self.log.write(Level::Error, Some(worker.about()), text);
    }

    fn look_at_memory(&mut self) {
        for worker in &mut self.workers {
            worker.memory = worker.process.memory().unwrap_or(0);
            let over = |most| worker.memory > most;
            // One that has answered nothing yet would be followed by its like.
            if worker.phase == Phase::Heavy
                || worker.state != State::Up
                || worker.calls == 0
                || !self.settings.max_memory.is_some_and(over)
            {
                continue;
            }
            worker.phase = Phase::Heavy;
            let memory = worker.memory;
            let text = format_args!("it holds {memory} bytes of memory and is being replaced");
            self.log.write(Level::Info, Some(worker.about()), text);
        }
    }

    /// Whether a worker has been given all calls that it may have. While none comes up in
    /// its place it goes on: a program that does not load any more stops no old one.
    pub(super) fn is_spent(&self, worker: &Worker) -> bool {
        let restarts = self.restarts.get(worker.number as usize - 1);
        let most = self.settings.max_calls;
        most.is_some_and(|most| worker.given >= most)
            && restarts.is_none_or(|restarts| restarts.failures() == 0)
    }

    /// A worker was given a call. Another is started before it has had all that it may
    /// have, so that it is there by then.
    pub(super) fn note_call(&mut self, index: usize) {
        let (Some(most), Some(worker)) = (self.settings.max_calls, self.workers.get_mut(index))
        else {
            return;
        };
        let left = most.saturating_sub(worker.given);
        let lasts = worker.lasts(left);
        let is_soon = lasts.is_some_and(|lasts| lasts <= worker.loading * 2);
        if worker.phase.is_last() || left > 0 && !is_soon {
            return;
        }
        worker.phase = Phase::Worn;
        let given = worker.given;
        let text = format_args!("it has had {given} of {most} calls and is being replaced");
        self.log.write(Level::Info, Some(worker.about()), text);
    }

    /// Lets workers leave that have had their calls or are too large, once others are
    /// there for them. Those that stand by for them take calls then: no more run at once than
    /// there are places.
    pub(super) fn relieve(&mut self) {
        let is_as_ever = |of: &Worker| of.phase == Phase::Serves;
        if self.workers.iter().all(is_as_ever) {
            return;
        }
        let places = |workers: &[Worker], is_last: bool| {
            let wanted = |of: &&Worker| of.state == State::Up && of.phase.is_last() == is_last;
            let of: Vec<_> = workers.iter().filter(wanted).map(Worker::place).collect();
            of
        };
        let next = places(&self.workers, false);
        let spent: Vec<_> = self.workers.iter().map(|of| self.is_spent(of)).collect();
        for (worker, spent) in self.workers.iter_mut().zip(spent) {
            let done = worker.phase == Phase::Heavy || spent && worker.link.is_free();
            let replaced = done && next.contains(&worker.place());
            if worker.state == State::Up && worker.phase.is_last() && replaced {
                worker.state = State::Leaving;
            }
        }
        let before = places(&self.workers, true);
        for worker in &mut self.workers {
            if !worker.phase.is_last() {
                worker.phase = if before.contains(&worker.place()) {
                    Phase::StandsBy
                } else {
                    Phase::Serves
                };
            }
        }
    }

    /// Takes more of what workers print faster than it is taken: each a bit, so
    /// that callers wait for none of them.
    pub(super) fn read_on(&mut self) {
        let more = |worker: &&Worker| worker.process.has_more();
        let serials: Vec<_> = self
            .workers
            .iter()
            .filter(more)
            .map(|of| of.serial)
            .collect();
        for serial in serials {
            self.look_at_process(serial);
        }
    }

    /// A process has printed something, or ended.
    pub(super) fn look_at_process(&mut self, serial: usize) {
        let of_serial = |worker: &Worker| worker.serial == serial;
        let Some(index) = self.workers.iter().position(of_serial) else {
            return;
        };
        let Some(worker) = self.workers.get_mut(index) else {
            return;
        };
        let status = worker.process.ended();
        let (about, log) = (worker.about(), &mut self.log);
        let line = |line: &str| log.write(Level::Info, Some(about), line);
        let Some(status) = status else {
            worker.process.read_output(line);
            return;
        };
        worker.process.read_last_output(line);
        // What it has said before its end counts.
        let now = Instant::now();
        if let Some(worker) = self.workers.get_mut(index) {
            worker.kill_at = worker.kill_at.or(Some(now + LEAVING));
        }
        loop {
            if let Some(worker) = self.workers.get_mut(index) {
                worker.link.look_for_the_last_time();
            }
            if self.collect(index, now) == 0 {
                break;
            }
        }
        let worker = self.workers.swap_remove(index);
        worker.remove_files();
        let how = worker.process.describe(status);
        self.bury(worker, &how, now);
        self.refill_reserve();
        self.dispatch(now);
    }

    /// Settles what a worker has left.
    fn bury(&mut self, mut worker: Worker, how: &str, now: Instant) {
        let (back, begun) = worker.link.end();
        let over_time = worker.fate == Some(Fate::OverTime);
        let about = worker.about();
        let ran = begun
            .last()
            .and_then(|held| self.functions.get(held.call.function));
        // What ends PHP itself, such as exit(), has been answered by then.
        let answered = || self.functions.get(worker.answered?);
        let ran = match (ran, answered()) {
            (Some(function), _) => format!(" in '{}'", function.name),
            (None, Some(function)) => format!(" after '{}'", function.name),
            (None, None) => String::new(),
        };
        match worker.state {
            State::Starting => {
                let why = if over_time {
                    format!(
                        "nothing was heard of it for {:?}",
                        self.settings.start_timeout
                    )
                } else {
                    match worker.process.last_words() {
                        "" => format!("it ended with {how}"),
                        words => format!("it ended with {how}: {words}"),
                    }
                };
                self.did_not_start(worker.number, worker.generation, &why, now);
            }
            State::Leaving if begun.is_empty() && worker.fate.is_none() => {
                self.log
                    .write(Level::Info, Some(about), format_args!("left: {how}"));
            }
            State::Up | State::Leaving => {
                let text = if over_time {
                    let after = now.saturating_duration_since(worker.link.progress());
                    format!("killed after {} ms{ran}", after.as_millis())
                } else {
                    format!("ended{ran}: {how}")
                };
                self.log.write(Level::Warn, Some(about), text);
            }
        }
        let last = begun.len().saturating_sub(1);
        for (index, held) in begun.into_iter().enumerate() {
            if let Some(function) = self.functions.get_mut(held.call.function) {
                function.calls += 1;
                function.faults += 1;
                let took = now.saturating_duration_since(held.sent);
                function.latency.add(took, now);
            }
            let fault = if over_time && index == last {
                let limit = self.settings.exec_timeout.unwrap_or_default();
                let text = format!("the handler ran for longer than {limit:?} and was ended");
                Fault::named(Code::Handler, "TimeLimit", text)
            } else if worker.process.is_out_of_memory() && index == last {
                let text = "the worker came to the memory limit of PHP";
                Fault::named(Code::Handler, "OutOfMemory", text)
            } else {
                let text = format!("the worker ended while it had the call: {how}");
                Fault::worker_died(text)
            };
            self.fail(held.call.taken.token, &fault);
        }
        self.put_back(back);
    }
}
