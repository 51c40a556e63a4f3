//! What comes from callers and goes to workers, and back.

use std::time::{Duration, Instant};

use super::Master;
use crate::msgpack::Reader;
use crate::server::{Refused, Route, StreamNews, Taken};
use crate::supervisor::functions::Function;
use crate::supervisor::link::Came;
use crate::supervisor::queue::{Call, Way};
use crate::supervisor::worker::{Phase, State, Worker};
use crate::transport::Error;
use crate::wire::{Code, Fault};

/// Calls that one worker has at once; as many as it takes in one turn.
pub const MOST_BEHIND: usize = 256;
/// What they may cost together, as far as is known.
const LONGEST_BEHIND: Duration = Duration::from_millis(1);
/// Calls that are taken in one turn.
const ROUND: usize = 1024;

impl Master {
    /// Takes what callers have sent.
    pub(super) fn take_calls(&mut self, now: Instant) -> Result<(), Error> {
        for _ in 0..ROUND {
            let Some(taken) = self.front.take()? else {
                break;
            };
            if taken.route == self.stats && !self.has_own_stats {
                self.tell_stats(taken.token, now);
            } else {
                self.admit(taken, now);
            }
        }
        self.tell_of_streams();
        // It has handlers of its own nowhere, so none is to be waited for.
        self.front.back();
        Ok(())
    }

    /// Tells workers what the callers of their streams say.
    fn tell_of_streams(&mut self) {
        while let Some((token, news)) = self.front.take_news() {
            let mut links = self.workers.iter_mut().map(|worker| &mut worker.link);
            let found = links.find_map(|link| Some((link.stream(token)?, link)));
            match (found, news) {
                (Some((number, link)), StreamNews::Room(room)) => link.grant(number, room),
                (Some((number, link)), StreamNews::Gone) => link.end_stream(number),
                (None, _) => {}
            }
        }
    }

    fn admit(&mut self, taken: Taken, now: Instant) {
        if self.ending.is_some() && !self.is_leaving() {
            self.fail(
                taken.token,
                &Fault::new(Code::ShuttingDown, "the server shuts down"),
            );
            return;
        }
        let function = match taken.route {
            Route::Function(number) => (number as usize).wrapping_sub(1),
            Route::Raw => usize::MAX,
        };
        let size = taken.size();
        if !self.queue.has_room(size) {
            self.drop_late(now);
        }
        if !self.queue.has_room(size) {
            let text = format!(
                "{} calls of {} bytes wait for a worker already",
                self.queue.len(),
                self.queue.bytes()
            );
            self.fail(taken.token, &Fault::new(Code::Overloaded, text));
            return;
        }
        self.serial += 1;
        let way = self.way(function);
        self.queue
            .add(Call::new(taken, function, self.serial, size, now), way);
    }

    pub(super) fn fail(&mut self, token: u64, fault: &Fault) {
        if let Err(Refused::Transport(error)) = self.front.fail(token, fault) {
            self.log
                .error(format_args!("a fault cannot be sent: {error}"));
        }
    }

    /// Tells those whose time has passed while they waited.
    pub(super) fn drop_late(&mut self, now: Instant) {
        for call in self.queue.take_late(now) {
            let fault = Fault::new(Code::Deadline, "the deadline passed while the call waited");
            self.fail(call.taken.token, &fault);
        }
    }

    /// Gives calls to workers, as far as any takes more.
    pub(super) fn dispatch(&mut self, now: Instant) {
        self.relieve();
        while let Some((way, _)) = self.queue.first() {
            let given = match (way, self.idle_worker()) {
                (Way::Alone, Some(idle)) => self.give(Way::Alone, idle, now),
                // The one with least to do takes no more until it is free for this one.
                (Way::Alone, None) => {
                    let reserved = self.least_busy(Duration::ZERO, None, true);
                    self.give_quick(reserved, now)
                }
                (Way::Behind, _) => self.give_quick(None, now),
            };
            if !given {
                break;
            }
        }
        self.queue.keep();
    }

    /// Gives the first quick call to the worker with least to do. False when
    /// there is no such call, or none takes it.
    fn give_quick(&mut self, reserved: Option<usize>, now: Instant) -> bool {
        let Some(function) = self.queue.first_quick() else {
            return false;
        };
        let Some(known) = self.functions.get(function) else {
            return false;
        };
        if known.way() == Way::Alone {
            // It has been slow since the call came.
            if let Some(call) = self.queue.take(Way::Behind) {
                self.queue.add(call, Way::Alone);
            }
            return true;
        }
        match self.least_busy(known.cost(), reserved, false) {
            Some(index) => self.give(Way::Behind, index, now),
            None => false,
        }
    }

    fn takes_calls(&self, worker: &Worker) -> bool {
        worker.state == State::Up
            && worker.generation == self.serving
            && worker.link.is_open()
            && worker.phase != Phase::StandsBy
            && !self.is_spent(worker)
    }

    pub(super) fn has_idle_worker(&self) -> bool {
        self.idle_worker().is_some()
    }

    fn idle_worker(&self) -> Option<usize> {
        self.workers
            .iter()
            .position(|worker| worker.link.is_free() && self.takes_calls(worker))
    }

    /// The worker with least to do that takes one more call of that cost; with
    /// `any`, also one that does not.
    fn least_busy(&self, cost: Duration, but: Option<usize>, any: bool) -> Option<usize> {
        let mut found: Option<(usize, Duration)> = None;
        for (index, worker) in self.workers.iter().enumerate() {
            let expected = worker.link.expected();
            let fits = worker.link.is_free()
                || any
                || !worker.alone
                    && worker.link.open() < MOST_BEHIND
                    && expected + cost <= LONGEST_BEHIND;
            if fits
                && Some(index) != but
                && found.is_none_or(|(_, least)| expected < least)
                && self.takes_calls(worker)
            {
                found = Some((index, expected));
                if worker.link.is_free() {
                    break;
                }
            }
        }
        found.map(|(index, _)| index)
    }

    /// Gives the first call of a way to a worker. False when it was not
    /// possible; the call is in the queue then.
    fn give(&mut self, way: Way, index: usize, now: Instant) -> bool {
        let Some(mut call) = self.queue.take(way) else {
            return false;
        };
        if call.is_late(now) {
            let fault = Fault::new(Code::Deadline, "the deadline passed while the call waited");
            self.fail(call.taken.token, &fault);
            return true;
        }
        let cost = self.functions.get(call.function).map(Function::cost);
        let Some(worker) = self.workers.get_mut(index) else {
            self.queue.add(call, way);
            return false;
        };
        if way == Way::Alone {
            call.keep();
        }
        let origin = self.front.origin(&call.taken);
        match worker
            .link
            .give(call, &origin, cost.unwrap_or_default(), now)
        {
            None => {
                worker.alone = way == Way::Alone;
                worker.given += 1;
                self.note_call(index);
                true
            }
            Some(call) => {
                // It takes no more now, or no more at all; then another one may take it.
                let lost = !worker.link.is_connected();
                self.queue.add(call, way);
                if lost {
                    self.lose(index);
                }
                lost
            }
        }
    }

    /// Puts calls back that a worker has not begun.
    pub(super) fn put_back(&mut self, calls: Vec<Call>) {
        for call in calls {
            let way = self.way(call.function);
            self.queue.add(call, way);
        }
    }

    fn way(&self, function: usize) -> Way {
        let known = self.functions.get(function);
        known.map_or(Way::Alone, Function::way)
    }

    /// Takes what a worker has sent. Returns how much it was.
    pub(super) fn collect(&mut self, index: usize, now: Instant) -> usize {
        let Some(worker) = self.workers.get_mut(index) else {
            return 0;
        };
        let mut ended: Vec<(usize, Instant)> = Vec::new();
        let mut back = Vec::new();
        let mut told = None;
        let mut leaving = false;
        let mut count = 0;
        while let Some(came) = worker.link.receive() {
            count += 1;
            match came {
                Came::Told(list) => told = Some(list),
                Came::Back(call) => back.push(call),
                Came::Goodbye => leaving = true,
                Came::Answer(held, body) => {
                    ended.push((held.call.function, held.sent));
                    let token = held.call.taken.token;
                    match self.front.answer_checked(token, body.as_ref()) {
                        Ok(()) | Err(Refused::Unknown) => {}
                        Err(refused) => {
                            let fault = Fault::new(Code::Handler, refused.to_string());
                            let _ = self.front.fail(token, &fault);
                        }
                    }
                }
                Came::Item(number, token, list) => {
                    let mut list = Reader::new(list.as_ref());
                    let item = list.array().and_then(|_| list.slice());
                    // What the caller leaves no room for waits there: it was granted.
                    match self.front.push(token, item.unwrap_or_default()) {
                        Ok(()) => {
                            let room = self.front.room(token).unwrap_or(0);
                            worker.link.grant(number, room);
                        }
                        Err(refused) => {
                            worker.link.end_stream(number);
                            let fault = Fault::new(Code::Handler, refused.to_string());
                            let _ = self.front.fail(token, &fault);
                        }
                    }
                }
                Came::StreamEnd(held) => {
                    ended.push((held.call.function, held.sent));
                    let _ = self.front.end_stream(held.call.taken.token);
                }
                Came::Fault(held, fault) => {
                    worker.faults += 1;
                    ended.push((held.call.function, held.sent));
                    if let Some(function) = self.functions.get_mut(held.call.function) {
                        function.faults += 1;
                    }
                    let _ = self.front.fail(held.call.taken.token, &fault);
                }
            }
        }
        if count == 0 {
            if worker.state != State::Starting && !worker.link.is_connected() {
                self.lose(index);
            }
            return 0;
        }
        if !ended.is_empty() {
            self.served = now;
        }
        worker.calls += ended.len() as u64;
        worker.given -= back.len() as u64;
        if worker.link.is_free() {
            worker.alone = false;
        }
        let functions: Vec<_> = ended.iter().map(|(function, _)| *function).collect();
        let priced = worker.link.went_on(&functions, now);
        for (function, sent) in ended {
            let took = now.saturating_duration_since(sent);
            worker.latency.add(took, now);
            worker.answered = Some(function);
            if let Some(function) = self.functions.get_mut(function) {
                function.calls += 1;
                function.latency.add(took, now);
            }
        }
        if let Some((functions, cost)) = priced {
            for function in functions {
                if let Some(function) = self.functions.get_mut(function) {
                    function.took(cost);
                }
            }
        }
        self.put_back(back);
        if leaving {
            self.lose(index);
        }
        if let Some(list) = told {
            self.come_up(index, list, now);
        }
        count
    }
}
