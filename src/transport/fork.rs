//! Which process this is, counted in forks, and what a forked child must not
//! keep.
//!
//! Sockets and threads do not survive `fork`: the child has the memory but
//! not the threads, and closing an inherited libzmq socket there can end the
//! parent. So whatever owns one remembers the generation it was made in, and
//! is left alone in any other.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError, TryLockError};

static GENERATION: AtomicU32 = AtomicU32::new(0);
static WATCH: Once = Once::new();
/// Descriptors that a child closes.
static PRIVATE: Mutex<BTreeSet<RawFd>> = Mutex::new(BTreeSet::new());

thread_local! {
    /// Held by the thread that forks, from before until after, so that the child
    /// finds the list whole.
    static LIST: RefCell<Option<MutexGuard<'static, BTreeSet<RawFd>>>> =
        const { RefCell::new(None) };
}

extern "C" fn before_fork() {
    /// A signal handler that forks in the middle of a change to the list must not
    /// wait for itself; its child keeps the descriptors then.
    const PATIENCE: u32 = 10_000;
    for _ in 0..PATIENCE {
        let guard = match PRIVATE.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                std::thread::yield_now();
                continue;
            }
        };
        let _ = LIST.try_with(|list| list.replace(Some(guard)));
        return;
    }
}

extern "C" fn parent_goes_on() {
    let _ = LIST.try_with(RefCell::take);
}

extern "C" fn child_was_born() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
    if let Ok(Some(mut list)) = LIST.try_with(RefCell::take) {
        for descriptor in std::mem::take(&mut *list) {
            // SAFETY: the parent's objects, which own these, are never used or
            // dropped in this process.
            unsafe { libc::close(descriptor) };
        }
    }
}

/// Begins to count forks. Called before the first object is made, not when
/// the library loads.
pub fn watch() {
    WATCH.call_once(|| {
        // SAFETY: the library is linked `nodelete`, so the handlers stay mapped.
        // In the child they take no lock that another thread may hold, and only
        // the C library's allocator, which survives a fork, is used.
        unsafe {
            libc::pthread_atfork(
                Some(before_fork),
                Some(parent_goes_on),
                Some(child_was_born),
            )
        };
    });
}

/// How many forks lie between the first process and this one.
#[must_use]
pub fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// A descriptor that forked children do not keep: a port that its server has
/// left would stay bound, and its peers would not see it leave.
#[derive(Debug)]
pub struct Private(RawFd);

impl Private {
    /// Takes note of a descriptor until this is dropped, which must come before
    /// the descriptor is closed.
    #[must_use]
    pub fn new(descriptor: RawFd) -> Self {
        list().insert(descriptor);
        Self(descriptor)
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        list().remove(&self.0);
    }
}

fn list() -> MutexGuard<'static, BTreeSet<RawFd>> {
    PRIVATE.lock().unwrap_or_else(PoisonError::into_inner)
}
