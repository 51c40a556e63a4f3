//! Waiting for sockets, a stop or a deadline.

use std::os::fd::RawFd;
use std::time::{Duration, Instant};

use super::{Error, Transport, Wake};

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// Something happened at a socket: look again.
    Ready,
    /// The [`Wake`] was rung, perhaps for an earlier owner of its descriptor:
    /// ask it whether a stop is wanted.
    Woken,
    /// The time is over.
    TimedOut,
}

/// Waits until something happens at one of the sockets, the wake is rung or
/// the deadline passes; with no deadline, for ever. A signal ends the wait
/// with [`Error::Interrupted`].
///
/// Call it when `receive` has just returned nothing on each socket, with no
/// other operation since. With `to_send`, room to send counts too.
pub fn wait<'a>(
    sockets: impl Iterator<Item = &'a mut Box<dyn Transport>>,
    wake: Option<&Wake>,
    deadline: Option<Instant>,
    to_send: bool,
) -> Result<Waited, Error> {
    let mut until = deadline;
    let mut descriptors = Vec::with_capacity(4);
    if let Some(wake) = wake {
        descriptors.push(watched(wake.descriptor()));
    }
    for socket in sockets {
        // This also makes the descriptor of connections quiet again.
        if let Some(descriptor) = socket.connection_descriptor() {
            socket.is_connected()?;
            descriptors.push(watched(descriptor));
        }
        if to_send && socket.is_ready(true)? {
            return Ok(Waited::Ready);
        }
        if let Some(pause) = socket.flush_after() {
            let retry = Instant::now() + pause;
            until = Some(until.map_or(retry, |until| until.min(retry)));
        }
        descriptors.push(watched(socket.descriptor()));
    }

    let timeout = until.map_or(-1, |until| {
        milliseconds(until.saturating_duration_since(Instant::now()))
    });
    // SAFETY: the pointer and the count describe the array above, which lives
    // through the call.
    let ready = unsafe {
        libc::poll(
            descriptors.as_mut_ptr(),
            descriptors.len() as libc::nfds_t,
            timeout,
        )
    };
    if ready < 0 {
        let error = std::io::Error::last_os_error();
        if error.kind() == std::io::ErrorKind::Interrupted {
            return Err(Error::Interrupted);
        }
        return Err(Error::System {
            operation: "poll",
            reason: error.to_string(),
        });
    }
    if let Some(wake) = wake
        && descriptors.first().is_some_and(|bell| bell.revents != 0)
    {
        wake.clear();
        return Ok(Waited::Woken);
    }
    if ready > 0 || until != deadline {
        return Ok(Waited::Ready);
    }
    Ok(Waited::TimedOut)
}

fn watched(descriptor: RawFd) -> libc::pollfd {
    libc::pollfd {
        fd: descriptor,
        events: libc::POLLIN,
        revents: 0,
    }
}

/// Rounded up, so that a wait never ends before its time and spins.
fn milliseconds(duration: Duration) -> libc::c_int {
    let whole = duration.as_nanos().div_ceil(1_000_000);
    libc::c_int::try_from(whole).unwrap_or(libc::c_int::MAX)
}
