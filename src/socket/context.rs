//! Contexts: what sockets of one process share.

use std::ffi::c_int;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Error;
use crate::transport::plain::{self, Errno};
use crate::transport::{Wake, background, fork};

/// A context. It lives until it is ended and its last socket is dropped.
#[derive(Debug)]
pub struct Context {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    context: Arc<plain::Context>,
    /// Milliseconds; -1 for no bound.
    wait: AtomicI64,
    generation: u32,
    ending: Mutex<Option<Ending>>,
}

/// A context that waits, on a thread of its own, for what is on its way.
struct Ending {
    wake: Wake,
    done: Arc<std::sync::atomic::AtomicBool>,
    begun: Instant,
}

impl std::fmt::Debug for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ending").finish_non_exhaustive()
    }
}

/// How the end of a context went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Everything has gone out, or its linger was over.
    Done,
    /// Sockets are open: the last of them ends it.
    Later,
    /// The bound was over. What is left goes out while the process lives.
    GivenUp,
}

/// What keeps a socket's context alive; the last one ends it.
#[derive(Debug)]
pub struct Hold(Arc<Shared>);

impl Context {
    /// A new one. Its threads start with its first socket.
    pub fn new() -> Result<Self, Error> {
        fork::watch();
        let context = plain::Context::new().map_err(Error::of("make a context"))?;
        Ok(Self {
            shared: Arc::new(Shared {
                context: Arc::new(context),
                wait: AtomicI64::new(-1),
                generation: fork::generation(),
                ending: Mutex::default(),
            }),
        })
    }

    /// libzmq's context, for a new socket.
    pub(super) fn plain(&self) -> &plain::Context {
        &self.shared.context
    }

    pub(super) fn hold(&self) -> Hold {
        Hold(Arc::clone(&self.shared))
    }

    /// Sets one of libzmq's options.
    pub fn set(&self, option: c_int, value: c_int) -> Result<(), Errno> {
        self.shared.context.set(option, value)
    }

    /// One of libzmq's options.
    pub fn get(&self, option: c_int) -> Result<c_int, Errno> {
        self.shared.context.get(option)
    }

    /// How long the end waits in all, in milliseconds; -1 has no bound.
    pub fn set_wait(&self, milliseconds: i64) {
        self.shared.wait.store(milliseconds, Ordering::Relaxed);
    }

    /// What [`Context::set_wait`] has set.
    #[must_use]
    pub fn wait(&self) -> i64 {
        self.shared.wait.load(Ordering::Relaxed)
    }

    /// Ends every call that waits in its sockets.
    pub fn shut_down(&self) -> Result<(), Error> {
        self.shared
            .context
            .shut_down()
            .map_err(Error::of("shut the context down"))
    }

    /// Ends it and waits for what its sockets still hold. EINTR when a signal
    /// came: call it again to wait on.
    pub fn end(&self) -> Result<Ended, Error> {
        if Arc::strong_count(&self.shared) > 1 {
            return Ok(Ended::Later);
        }
        self.shared.end()
    }
}

impl Context {
    /// Leaves it to its sockets; without any left, ends it as
    /// [`Context::end`] does.
    #[must_use]
    pub fn leave(self) -> Ended {
        Hold(self.shared).release()
    }
}

impl Shared {
    fn end(&self) -> Result<Ended, Error> {
        let mut ending = self.ending.lock().unwrap_or_else(PoisonError::into_inner);
        if ending.is_none() {
            *ending = Some(self.begin()?);
        }
        let Some(now) = ending.as_ref() else {
            return Ok(Ended::Done);
        };
        // Read anew: it may have been set after a signal ended the wait before this one.
        let until = u64::try_from(self.wait.load(Ordering::Relaxed))
            .ok()
            .and_then(|wait| now.begun.checked_add(Duration::from_millis(wait)));
        loop {
            if now.done.load(Ordering::Acquire) {
                return Ok(Ended::Done);
            }
            let left = match until {
                None => -1,
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Ok(Ended::GivenUp);
                    }
                    // Rounded up, so that the last millisecond does not spin.
                    i64::try_from(left.as_millis()).unwrap_or(i64::MAX - 1) + 1
                }
            };
            let mut bell = [plain::Polled::descriptor(now.wake.descriptor(), 1)];
            // SAFETY: no socket is among the items.
            unsafe { plain::poll(&mut bell, left) }.map_err(Error::of("end the context"))?;
        }
    }

    /// libzmq's own call knows no bound, so it gets a thread.
    fn begin(&self) -> Result<Ending, Error> {
        let system = |_| Error::with("end the context", "", Errno(libc::EAGAIN));
        let wake = Wake::new().map_err(system)?;
        let done = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let (context, flag, stop) = (Arc::clone(&self.context), Arc::clone(&done), wake.stop());
        let run = move || {
            // No signal reaches this thread, but a debugger may.
            while context.terminate() == Err(Errno(libc::EINTR)) {}
            flag.store(true, Ordering::Release);
            stop.ring();
        };
        background::spawn("zroute-end", run).map_err(|_| {
            Error::with("start a thread to end the context", "", Errno(libc::EAGAIN))
        })?;
        Ok(Ending {
            wake,
            done,
            begun: Instant::now(),
        })
    }
}

impl Hold {
    /// Gives it back; the last one to do so waits as [`Context::end`] does. A
    /// signal ends that wait; the rest goes out while the process lives.
    #[must_use]
    pub fn release(self) -> Ended {
        match Arc::into_inner(self.0) {
            Some(shared) if shared.generation == fork::generation() => {
                shared.end().unwrap_or(Ended::GivenUp)
            }
            _ => Ended::Later,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socket::Socket;
    use crate::transport::plain::Message;

    #[test]
    fn how_long_the_end_waits_may_be_changed_while_it_waits() {
        let endpoint = std::ffi::CString::new(format!("ipc://@zroute-end-{}", std::process::id()))
            .expect("no NUL in it");
        let context = Context::new().expect("a context");
        let push = Socket::new(&context, "ZMQ_PUSH").expect("a socket");
        push.connect(&endpoint).expect("the peer may come later");
        push.send(b"last words", 0).expect("its queue has room");
        drop(push);
        context.set_wait(0);
        assert_eq!(context.end(), Ok(Ended::GivenUp));

        let others = Context::new().expect("a context");
        let pull = Socket::new(&others, "ZMQ_PULL").expect("a socket");
        pull.bind(&endpoint).expect("a name of this test's own");
        let mut message = Message::new();
        pull.receive(&mut message, 0).expect("what was on its way");
        context.set_wait(-1);
        assert_eq!(context.end(), Ok(Ended::Done));
    }
}
