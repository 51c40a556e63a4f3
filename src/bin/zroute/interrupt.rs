//! Ctrl-C for commands that have something to say first. The second one ends
//! the command at once.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use zroute::transport::Stop;

static CAME: AtomicBool = AtomicBool::new(false);
/// What else is told.
static STOP: OnceLock<Stop> = OnceLock::new();

extern "C" fn note(_signal: libc::c_int) {
    CAME.store(true, Ordering::Relaxed);
    if let Some(stop) = STOP.get() {
        stop.request();
    }
}

/// From now on Ctrl-C and SIGTERM are noted, and end waits.
pub fn catch() {
    for signal in [libc::SIGINT, libc::SIGTERM] {
        // SAFETY: zeroes are a valid sigaction, and the handler only stores to
        // atomics and rings a bell that is made for it. No SA_RESTART: waits end. SA_RESETHAND: the next one kills.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = note as *const () as libc::sighandler_t;
            action.sa_flags = libc::SA_RESETHAND;
            libc::sigaction(signal, &raw const action, std::ptr::null_mut());
        }
    }
}

/// As `catch`, and asks a wait to stop.
pub fn catch_and_ring(stop: Stop) {
    let _ = STOP.set(stop);
    catch();
}

/// Whether one has come.
pub fn came() -> bool {
    CAME.load(Ordering::Relaxed)
}

/// Sleeps, but for an interruption.
pub fn sleep_until(until: Instant) {
    /// A signal that comes between the look and the sleep is seen this late.
    const LOOK: Duration = Duration::from_millis(100);
    while !came() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        std::thread::sleep(left.min(LOOK));
    }
}
