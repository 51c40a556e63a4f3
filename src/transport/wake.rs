//! Ending a wait from another thread or from a signal handler.

use std::os::fd::RawFd;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Error, fork};

/// An eventfd that lives as long as the process.
///
/// It goes back to a pool instead of being closed, because a stop that races
/// with the end of its server may still write to it: a spare wake-up is
/// harmless, a write to somebody else's descriptor is not.
struct Bell {
    descriptor: RawFd,
    /// The ticket of the newest wait that was asked to stop.
    stopped: AtomicU64,
}

static TICKETS: AtomicU64 = AtomicU64::new(0);
static POOL: AtomicPtr<Pool> = AtomicPtr::new(std::ptr::null_mut());

/// The bells of one process. A forked child makes a pool of its own: the
/// parent's descriptors are shared with it, and a thread of the parent may have
/// held the lock.
struct Pool {
    generation: u32,
    spare: Mutex<Vec<&'static Bell>>,
}

impl Pool {
    fn here() -> &'static Self {
        let generation = fork::generation();
        loop {
            let current = POOL.load(Ordering::Acquire);
            // SAFETY: NULL, or a pool that was leaked below.
            if let Some(pool) = unsafe { current.as_ref() }
                && pool.generation == generation
            {
                return pool;
            }
            let fresh = Box::into_raw(Box::new(Self {
                generation,
                spare: Mutex::default(),
            }));
            if POOL
                .compare_exchange(current, fresh, Ordering::AcqRel, Ordering::Acquire)
                .is_err()
            {
                // SAFETY: another thread was quicker, so nobody has seen this one.
                drop(unsafe { Box::from_raw(fresh) });
            }
        }
    }

    fn spare(&self) -> MutexGuard<'_, Vec<&'static Bell>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a waiting server or client listens to besides its sockets.
pub struct Wake {
    bell: &'static Bell,
    ticket: u64,
    generation: u32,
}

/// The other end of a [`Wake`]: a plain value that may be copied anywhere and
/// outlive the wait.
#[derive(Clone, Copy)]
pub struct Stop {
    bell: &'static Bell,
    ticket: u64,
}

impl Wake {
    /// A wake that nobody has rung.
    pub fn new() -> Result<Self, Error> {
        let generation = fork::generation();
        let spare = Pool::here().spare().pop();
        let bell = match spare {
            Some(bell) => bell,
            None => Box::leak(Box::new(Bell::new()?)),
        };
        Ok(Self {
            bell,
            ticket: TICKETS.fetch_add(1, Ordering::Relaxed) + 1,
            generation,
        })
    }

    /// Readable from a ring until [`Wake::clear`].
    #[must_use]
    pub fn descriptor(&self) -> RawFd {
        self.bell.descriptor
    }

    /// The value to ring it with.
    #[must_use]
    pub fn stop(&self) -> Stop {
        Stop {
            bell: self.bell,
            ticket: self.ticket,
        }
    }

    /// Whether [`Stop::request`] was called since [`Wake::resume`].
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.bell.stopped.load(Ordering::Acquire) == self.ticket
    }

    /// Takes back a stop.
    pub fn resume(&self) {
        self.bell.stopped.store(0, Ordering::Release);
    }

    /// Makes the descriptor unreadable again.
    pub fn clear(&self) {
        let mut count = 0_u64;
        // SAFETY: the pointer is to eight writable bytes of this frame, and
        // the descriptor is non-blocking and never closed.
        unsafe {
            libc::read(
                self.bell.descriptor,
                (&raw mut count).cast(),
                size_of::<u64>(),
            )
        };
    }
}

impl Drop for Wake {
    fn drop(&mut self) {
        if self.generation != fork::generation() {
            return;
        }
        self.resume();
        self.clear();
        Pool::here().spare().push(self.bell);
    }
}

impl Stop {
    /// Ends the wait and asks the run to end. Touches two atomics and one
    /// descriptor, so it may be called in a signal handler.
    pub fn request(self) {
        self.bell.stopped.store(self.ticket, Ordering::Release);
        self.ring();
    }

    /// Ends the wait only. May be called in a signal handler.
    pub fn ring(self) {
        let one = 1_u64;
        // SAFETY: the pointer is to eight readable bytes of this frame, and
        // the descriptor is non-blocking and never closed. The thread's errno
        // is put back, because a signal handler must not change it.
        unsafe {
            let errno = libc::__errno_location();
            let before = *errno;
            libc::write(
                self.bell.descriptor,
                (&raw const one).cast(),
                size_of::<u64>(),
            );
            *errno = before;
        }
    }

    /// The value in two words, for a place that holds only atomics.
    #[must_use]
    pub fn into_words(self) -> (usize, u64) {
        (
            std::ptr::from_ref(self.bell).expose_provenance(),
            self.ticket,
        )
    }
}

impl Stop {
    /// The value that [`Stop::into_words`] took apart.
    ///
    /// # Safety
    /// Both words come from one call of `into_words`.
    #[must_use]
    pub unsafe fn from_words(bell: usize, ticket: u64) -> Self {
        // SAFETY: the caller promises that the word came from a reference to
        // a bell, and bells are leaked: they live as long as the process.
        let bell = unsafe { &*std::ptr::with_exposed_provenance::<Bell>(bell) };
        Self { bell, ticket }
    }
}

impl Bell {
    fn new() -> Result<Self, Error> {
        // SAFETY: no pointers are passed.
        let descriptor = unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) };
        if descriptor < 0 {
            return Err(Error::System {
                operation: "make an eventfd",
                reason: std::io::Error::last_os_error().to_string(),
            });
        }
        Ok(Self {
            descriptor,
            stopped: AtomicU64::new(0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_reaches_its_own_wake_alone() {
        let first = Wake::new().unwrap();
        let second = Wake::new().unwrap();
        first.stop().request();
        assert!(first.is_stopped());
        assert!(!second.is_stopped());
    }

    #[test]
    fn a_stop_that_comes_too_late_reaches_nobody() {
        let old = Wake::new().unwrap().stop();
        let wakes: Vec<_> = (0..8).map(|_| Wake::new().unwrap()).collect();
        old.request();
        assert!(wakes.iter().all(|wake| !wake.is_stopped()));
    }

    #[test]
    fn a_stop_survives_its_words() {
        let wake = Wake::new().unwrap();
        let (bell, ticket) = wake.stop().into_words();
        // SAFETY: both words come from the call above.
        unsafe { Stop::from_words(bell, ticket) }.request();
        assert!(wake.is_stopped());
        wake.resume();
        assert!(!wake.is_stopped());
    }
}
