//! The calls that wait for a worker, bounded in number and in bytes.

use std::collections::VecDeque;
use std::time::Instant;

use crate::server::Taken;

/// A call that is not answered yet.
pub struct Call {
    pub taken: Taken,
    /// The number of its function.
    pub function: usize,
    /// Counts calls in the order of their coming.
    pub serial: u64,
    /// Bytes of its request.
    pub size: usize,
    /// When it came.
    since: Instant,
    /// Its memory is its own.
    kept: bool,
}

impl Call {
    pub fn new(taken: Taken, function: usize, serial: u64, size: usize, since: Instant) -> Self {
        Self {
            taken,
            function,
            serial,
            size,
            since,
            kept: false,
        }
    }

    /// Gives it memory of its own: it may stay for long.
    pub fn keep(&mut self) {
        if !self.kept {
            self.taken.detach();
            self.kept = true;
        }
    }

    pub fn is_late(&self, now: Instant) -> bool {
        self.taken.deadline.is_some_and(|deadline| deadline <= now)
    }
}

/// In the order of their coming. Those whose function may be slow wait apart:
/// they need a worker of their own, and the others need not wait for that.
pub struct Queue {
    quick: VecDeque<Call>,
    alone: VecDeque<Call>,
    bytes: usize,
    most_calls: usize,
    most_bytes: usize,
}

/// How a call wants to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Behind others, in their worker.
    Behind,
    /// In a worker that does nothing else.
    Alone,
}

impl Queue {
    pub fn new(most_calls: usize, most_bytes: usize) -> Self {
        Self {
            quick: VecDeque::new(),
            alone: VecDeque::new(),
            bytes: 0,
            most_calls,
            most_bytes,
        }
    }

    pub fn len(&self) -> usize {
        self.quick.len() + self.alone.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether one more of that size may wait. Behind nobody any may: a worker
    /// may be free for it.
    pub fn has_room(&self, size: usize) -> bool {
        self.is_empty()
            || self.len() < self.most_calls && self.bytes.saturating_add(size) <= self.most_bytes
    }

    fn line(&mut self, way: Way) -> &mut VecDeque<Call> {
        match way {
            Way::Behind => &mut self.quick,
            Way::Alone => &mut self.alone,
        }
    }

    /// Adds a call at its place: mostly the last, for one that comes back from
    /// a worker among the first.
    pub fn add(&mut self, call: Call, way: Way) {
        self.bytes += call.size;
        let line = self.line(way);
        let mut place = line.len();
        if line.back().is_some_and(|last| last.serial > call.serial) {
            place = line.partition_point(|other| other.serial < call.serial);
        }
        line.insert(place, call);
    }

    /// The way of the call that has waited longest, and its function.
    pub fn first(&self) -> Option<(Way, usize)> {
        match (self.quick.front(), self.alone.front()) {
            (Some(quick), Some(alone)) if quick.serial > alone.serial => {
                Some((Way::Alone, alone.function))
            }
            (None, Some(alone)) => Some((Way::Alone, alone.function)),
            (Some(quick), _) => Some((Way::Behind, quick.function)),
            (None, None) => None,
        }
    }

    /// When the call came that has waited longest.
    pub fn oldest(&self) -> Option<Instant> {
        let first = [self.quick.front(), self.alone.front()];
        first.into_iter().flatten().map(|call| call.since).min()
    }

    /// The function of the first that goes behind others.
    pub fn first_quick(&self) -> Option<usize> {
        self.quick.front().map(|call| call.function)
    }

    pub fn take(&mut self, way: Way) -> Option<Call> {
        let call = self.line(way).pop_front()?;
        self.bytes -= call.size;
        Some(call)
    }

    /// Those that wait now may wait for long.
    pub fn keep(&mut self) {
        for line in [&mut self.quick, &mut self.alone] {
            // Those before it have waited before.
            for call in line.iter_mut().rev().take_while(|call| !call.kept) {
                call.keep();
            }
        }
    }

    /// Takes out those whose callers have given up.
    pub fn take_late(&mut self, now: Instant) -> Vec<Call> {
        let mut late = Vec::new();
        for line in [&mut self.quick, &mut self.alone] {
            if line.iter().any(|call| call.is_late(now)) {
                let (gone, left): (Vec<_>, Vec<_>) =
                    line.drain(..).partition(|call| call.is_late(now));
                line.extend(left);
                late.extend(gone);
            }
        }
        self.bytes -= late.iter().map(|call| call.size).sum::<usize>();
        late
    }

    /// How many calls wait of each function, by its number, of so many.
    pub fn by_function(&self, functions: usize) -> Vec<usize> {
        let mut counts = vec![0; functions];
        for call in self.quick.iter().chain(&self.alone) {
            if let Some(count) = counts.get_mut(call.function) {
                *count += 1;
            }
        }
        counts
    }

    /// Takes out all.
    pub fn take_all(&mut self) -> Vec<Call> {
        self.bytes = 0;
        self.quick.drain(..).chain(self.alone.drain(..)).collect()
    }
}
