//! Looks after the connections while their owner runs a handler for long.
//!
//! The owner lends the engine when it leaves and takes it back when it returns.
//! A thread that looks every few milliseconds takes it over only when the same
//! turn lasts from one look to the next, so a short turn pays for a lock that
//! nobody else wants, and nothing more. The thread is started when it may be
//! needed and ends when it was not for a while.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use mio::Waker;

use super::engine::Engine;
use crate::transport::Error;
use crate::transport::background;

/// How often the thread looks. A turn is long from twice this on at the latest.
const TICK: Duration = Duration::from_millis(10);
/// The thread ends after this many looks at which nothing was lent.
const IDLE_TICKS: u32 = 10;

/// See the module.
#[derive(Default)]
pub struct Keeper {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    waker: Option<Arc<Waker>>,
}

#[derive(Default)]
struct Shared {
    desk: Mutex<Desk>,
    changed: Condvar,
    /// The owner is back.
    wanted: AtomicBool,
}

#[derive(Default)]
struct Desk {
    /// Lent, and not taken over.
    engine: Option<Box<Engine>>,
    /// Counts how often it was lent.
    turn: u64,
    /// The thread is there.
    running: bool,
    quit: bool,
}

impl Shared {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keeper {
    /// Lends the engine; it comes back if there can be no thread.
    pub fn lend(&mut self, mut engine: Box<Engine>) -> Option<Box<Engine>> {
        if self.waker.is_none() {
            self.waker = engine.waker().ok();
        }
        if self.waker.is_none() {
            return Some(engine);
        }
        self.shared.wanted.store(false, Ordering::Relaxed);
        let mut desk = self.shared.desk();
        if !desk.running {
            // The one before has left; it waits for nobody.
            if let Some(thread) = self.thread.take() {
                let _ = thread.join();
            }
            let shared = Arc::clone(&self.shared);
            match background::spawn("zroute-keeper", move || shared.keep()) {
                Ok(thread) => self.thread = Some(thread),
                Err(_) => return Some(engine),
            }
            desk.running = true;
        }
        desk.turn += 1;
        desk.engine = Some(engine);
        None
    }

    /// Takes the engine back.
    pub fn take_back(&mut self) -> Box<Engine> {
        let mut desk = self.shared.desk();
        loop {
            if let Some(engine) = desk.engine.take() {
                return engine;
            }
            self.shared.wanted.store(true, Ordering::Release);
            if let Some(waker) = &self.waker {
                // It fails only when the system has no memory; the thread looks
                // again at its next timer.
                let _ = waker.wake();
            }
            desk = self
                .shared
                .changed
                .wait(desk)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.shared.desk().quit = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// The thread.
    fn keep(&self) {
        let mut seen = 0;
        let mut idle = 0;
        let mut desk = self.desk();
        while !desk.quit && idle < IDLE_TICKS {
            desk = self
                .changed
                .wait_timeout(desk, TICK)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            if desk.turn != seen {
                seen = desk.turn;
                idle = 0;
                continue;
            }
            let Some(mut engine) = desk.engine.take() else {
                idle += 1;
                continue;
            };
            drop(desk);
            // It must come back whatever happens: its owner waits for it.
            let _ = catch_unwind(AssertUnwindSafe(|| self.look_after(&mut engine)));
            desk = self.desk();
            desk.engine = Some(engine);
            self.changed.notify_all();
            if !self.wanted.load(Ordering::Acquire) {
                // It cannot be looked after.
                desk.running = false;
                return;
            }
        }
        desk.running = false;
    }

    /// Does all that needs no handler until the owner is back.
    fn look_after(&self, engine: &mut Engine) {
        while !self.wanted.load(Ordering::Acquire) {
            let more = engine.read_ahead();
            engine.flush();
            let timeout = if more {
                Some(Duration::ZERO)
            } else {
                engine
                    .next_timer()
                    .map(|time| time.saturating_duration_since(Instant::now()))
            };
            match engine.look(timeout) {
                Ok(_) | Err(Error::Interrupted) => {}
                Err(_) => return,
            }
        }
        engine.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::super::handshake::Role;
    use super::*;
    use crate::transport::Options;

    fn engine() -> Box<Engine> {
        Box::new(Engine::new(Role::Router, &Options::default()).unwrap())
    }

    fn until(condition: impl Fn() -> bool) {
        for _ in 0..30_000 {
            if condition() {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        panic!("it did not happen");
    }

    #[test]
    fn a_short_turn_gets_its_engine_back_untouched() {
        let mut keeper = Keeper::default();
        let mut lent = engine();
        let address: *const Engine = &raw const *lent;
        for _ in 0..1000 {
            assert!(keeper.lend(lent).is_none());
            lent = keeper.take_back();
        }
        assert_eq!(&raw const *lent, address);
    }

    #[test]
    fn a_long_turn_is_taken_over_and_given_back() {
        let mut keeper = Keeper::default();
        assert!(keeper.lend(engine()).is_none());
        until(|| keeper.shared.desk().engine.is_none());
        let engine = keeper.take_back();
        assert!(keeper.lend(engine).is_none());
        keeper.take_back();
    }

    #[test]
    fn the_thread_leaves_when_it_is_not_needed_and_comes_again() {
        let mut keeper = Keeper::default();
        for _ in 0..2 {
            assert!(keeper.lend(engine()).is_none());
            keeper.take_back();
            assert!(keeper.shared.desk().running);
            until(|| !keeper.shared.desk().running);
        }
    }
}
