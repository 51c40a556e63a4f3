//! What a service manager is told, by the protocol of `sd_notify(3)`: one datagram
//! of `NAME=value` lines to the socket that `NOTIFY_SOCKET` names.

use std::ffi::OsStr;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::{Duration, Instant};

/// Says nothing where nobody listens.
pub struct Notify {
    socket: Option<(UnixDatagram, SocketAddr)>,
    watchdog: Option<Duration>,
    watched: Instant,
}

impl Notify {
    /// As the environment says.
    pub fn new() -> Self {
        let is_for_another =
            std::env::var("WATCHDOG_PID").is_ok_and(|pid| pid.parse() != Ok(std::process::id()));
        let watchdog = std::env::var("WATCHDOG_USEC").ok();
        let watchdog = watchdog
            .filter(|_| !is_for_another)
            .and_then(|time| time.parse().ok());
        Self {
            socket: std::env::var_os("NOTIFY_SOCKET").and_then(|name| open(&name)),
            watchdog: watchdog.map(Duration::from_micros),
            watched: Instant::now(),
        }
    }

    fn say(&self, text: &str) {
        if let Some((socket, address)) = &self.socket {
            let _ = socket.send_to_addr(text.as_bytes(), address);
        }
    }

    pub fn ready(&self, status: &str) {
        self.say(&format!("READY=1\nSTATUS={status}"));
    }

    pub fn reloading(&self) {
        let now = monotonic_micros();
        self.say(&format!("RELOADING=1\nMONOTONIC_USEC={now}"));
    }

    pub fn stopping(&self) {
        self.say("STOPPING=1");
    }

    /// A sign of life, when one is due. Returns when the next one is.
    pub fn alive(&mut self, now: Instant) -> Option<Instant> {
        let pause = self.watchdog? / 3;
        if now >= self.watched + pause {
            self.say("WATCHDOG=1");
            self.watched = now;
        }
        Some(self.watched + pause)
    }
}

fn open(name: &OsStr) -> Option<(UnixDatagram, SocketAddr)> {
    let address = match name.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name),
        path => SocketAddr::from_pathname(OsStr::from_bytes(path)),
    };
    let socket = UnixDatagram::unbound().ok()?;
    socket.set_nonblocking(true).ok()?;
    Some((socket, address.ok()?))
}

/// `CLOCK_MONOTONIC`, which other processes see too, in microseconds.
fn monotonic_micros() -> i64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the clock exists, and the pointer is to one timespec.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    time.tv_sec * 1_000_000 + time.tv_nsec / 1000
}
