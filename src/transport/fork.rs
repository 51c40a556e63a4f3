//! Which process this is, counted in forks.
//!
//! Sockets and threads do not survive `fork`: the child has the memory but
//! not the threads, and closing an inherited libzmq socket there can end the
//! parent. So whatever owns one remembers the generation it was made in, and
//! is left alone in any other.

use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

static GENERATION: AtomicU32 = AtomicU32::new(0);
static WATCH: Once = Once::new();

extern "C" fn child_was_born() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

/// Begins to count forks. Called before the first object is made, not when
/// the library loads.
pub fn watch() {
    WATCH.call_once(|| {
        // SAFETY: the handler is a plain function that touches one atomic, so
        // it is safe in the child of a threaded process; the library is linked
        // `nodelete`, so it stays mapped.
        unsafe { libc::pthread_atfork(None, None, Some(child_was_born)) };
    });
}

/// How many forks lie between the first process and this one.
#[must_use]
pub fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}
