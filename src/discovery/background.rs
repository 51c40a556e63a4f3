//! A thread that can be told to end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Error;
use crate::transport::background;

/// Whether a thread should go on, for itself and for those who end it.
#[derive(Default)]
pub(super) struct Going {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    is_ended: bool,
    is_over: bool,
}

impl Going {
    /// Tells the thread to end.
    pub(super) fn end(&self) {
        self.locked().is_ended = true;
        self.changed.notify_all();
    }

    pub(super) fn is_ended(&self) -> bool {
        self.locked().is_ended
    }

    /// Waits; returns whether to go on.
    pub(super) fn pause(&self, duration: Duration) -> bool {
        let (state, _) = self
            .changed
            .wait_timeout_while(self.locked(), duration, |state| !state.is_ended)
            .unwrap_or_else(PoisonError::into_inner);
        !state.is_ended
    }

    /// Waits until the thread has ended; returns whether it has.
    pub(super) fn wait_until_over(&self, until: Instant) -> bool {
        let (state, _) = self
            .changed
            .wait_timeout_while(
                self.locked(),
                until.saturating_duration_since(Instant::now()),
                |state| !state.is_over,
            )
            .unwrap_or_else(PoisonError::into_inner);
        state.is_over
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts a thread that no signal reaches. It is over when `run` returns or
/// panics.
pub(super) fn start(
    name: &str,
    going: &Arc<Going>,
    run: impl FnOnce() + Send + 'static,
) -> Result<(), Error> {
    let going = Arc::clone(going);
    background::spawn(name, move || {
        // The panic's message has been printed; its thread is merely over.
        let _ = catch_unwind(AssertUnwindSafe(run));
        going.locked().is_over = true;
        going.changed.notify_all();
    })
    .map(drop)
    .map_err(|error| Error::system(format!("start the thread {name}"), &error))
}

/// A request that cannot end the thread: whatever an answer makes a library
/// do, it is a failed request.
pub(super) fn guarded<T>(request: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(request)).unwrap_or_else(|_| {
        Err(Error::System {
            operation: "ask Consul".to_string(),
            reason: "a defect; what was printed says where".to_string(),
        })
    })
}
