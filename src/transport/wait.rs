//! Waiting for sockets, a stop or a deadline.

use std::ops::Range;
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

/// A socket among others that are waited for.
pub struct Watched<'a> {
    /// The socket.
    pub socket: &'a mut Box<dyn Transport>,
    /// Room to send there counts too.
    pub to_send: bool,
    /// An answer is awaited there: it is looked at whatever the wait says, because
    /// one that came a moment later is taken in with the others. The rest are looked at
    /// only when something has happened: there may be a thousand of them.
    pub is_awaited: bool,
}

/// Waits until something happens at one of the sockets, one of the bells is rung
/// or the deadline passes; with no deadline, for ever. A signal ends the wait with
/// [`Error::Interrupted`].
///
/// Call it when `receive` has just returned nothing on each socket.
pub fn wait_for_any<'a>(
    bells: impl Iterator<Item = &'a Wake>,
    sockets: impl Iterator<Item = Watched<'a>>,
    until: Option<Instant>,
) -> Result<Waited, Error> {
    let mut sockets: Vec<_> = sockets.collect();
    let bells: Vec<_> = bells.collect();
    if let ([only], [] | [_]) = (sockets.as_mut_slice(), &*bells) {
        let bell = bells.first().copied();
        return only.socket.wait(bell, until, only.to_send);
    }
    let mut waiting = Waiting::new(None, until);
    for bell in &bells {
        waiting.watch(bell.descriptor());
    }
    let mut ends = Vec::with_capacity(sockets.len());
    for watched in &mut sockets {
        watched.socket.prepare(watched.to_send, &mut waiting)?;
        ends.push(waiting.count());
    }
    // What is over already has not looked at the bells: they ring on.
    let waited = if waiting.over {
        Waited::Ready
    } else {
        waiting.poll()?
    };
    for (place, bell) in bells.iter().enumerate() {
        if waiting.happened(place..place + 1) {
            bell.clear();
        }
    }
    // A timer of any may be due; nor does it say who was ready when nobody waited.
    let all = waiting.over || waiting.is_retry_due();
    let mut begin = bells.len();
    for (watched, end) in sockets.iter_mut().zip(ends) {
        if all || watched.is_awaited || waiting.happened(begin..end) {
            watched.socket.look()?;
        }
        begin = end;
    }
    Ok(waited)
}

/// A wait that is being prepared.
pub struct Waiting<'a> {
    wake: Option<&'a Wake>,
    deadline: Option<Instant>,
    retry: Option<Instant>,
    over: bool,
    descriptors: Vec<libc::pollfd>,
}

impl<'a> Waiting<'a> {
    /// A wait that only the wake and the deadline can end so far.
    #[must_use]
    pub fn new(wake: Option<&'a Wake>, deadline: Option<Instant>) -> Self {
        let mut waiting = Self {
            wake,
            deadline,
            retry: None,
            over: false,
            descriptors: Vec::with_capacity(4),
        };
        if let Some(wake) = wake {
            waiting.watch(wake.descriptor());
        }
        waiting
    }

    /// It also ends when this descriptor is readable.
    pub fn watch(&mut self, descriptor: RawFd) {
        self.descriptors.push(libc::pollfd {
            fd: descriptor,
            events: libc::POLLIN,
            revents: 0,
        });
    }

    /// Something is here already: it only looks.
    pub fn is_over(&mut self) {
        self.over = true;
    }

    /// It also ends after some time, to try something again.
    pub fn retry_after(&mut self, pause: Duration) {
        self.retry_at(Instant::now() + pause);
    }

    /// It also ends at a time, to try something again.
    pub fn retry_at(&mut self, time: Instant) {
        self.retry = Some(self.retry.map_or(time, |retry| retry.min(time)));
    }

    /// Waits.
    pub fn end(mut self) -> Result<Waited, Error> {
        if self.over {
            return Ok(Waited::Ready);
        }
        self.poll()
    }

    /// How many descriptors it watches so far: those that are added next come
    /// behind them.
    #[must_use]
    pub fn count(&self) -> usize {
        self.descriptors.len()
    }

    /// Whether one of these descriptors, counted in the order of adding, ended
    /// the wait.
    #[must_use]
    pub fn happened(&self, which: Range<usize>) -> bool {
        let watched = self.descriptors.get(which).unwrap_or_default();
        watched.iter().any(|watched| watched.revents != 0)
    }

    /// Whether something is to be tried again by now.
    fn is_retry_due(&self) -> bool {
        self.retry.is_some_and(|retry| retry <= Instant::now())
    }

    /// Waits, and can tell afterwards what happened.
    pub fn poll(&mut self) -> Result<Waited, Error> {
        let until = match (self.deadline, self.retry) {
            (Some(deadline), Some(retry)) => Some(deadline.min(retry)),
            (deadline, retry) => deadline.or(retry),
        };
        let timeout = match until {
            _ if self.over => 0,
            None => -1,
            Some(until) => milliseconds(until.saturating_duration_since(Instant::now())),
        };
        // SAFETY: the pointer and the count describe the vector, which lives
        // through the call.
        let ready = unsafe {
            libc::poll(
                self.descriptors.as_mut_ptr(),
                self.descriptors.len() as libc::nfds_t,
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
        if let Some(wake) = self.wake
            && self
                .descriptors
                .first()
                .is_some_and(|bell| bell.revents != 0)
        {
            wake.clear();
            return Ok(Waited::Woken);
        }
        if ready > 0 || self.over || until != self.deadline {
            return Ok(Waited::Ready);
        }
        Ok(Waited::TimedOut)
    }
}

/// Rounded up, so that a wait never ends before its time and spins.
fn milliseconds(duration: Duration) -> libc::c_int {
    let whole = duration.as_nanos().div_ceil(1_000_000);
    libc::c_int::try_from(whole).unwrap_or(libc::c_int::MAX)
}
