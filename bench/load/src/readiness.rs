//! Which of many sockets have something to read: epoll over their descriptors.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

/// Watches descriptors, each under the index at which it was given.
pub struct Readiness {
    epoll: OwnedFd,
    events: Vec<libc::epoll_event>,
}

impl Readiness {
    /// Watches these descriptors, which must stay open as long as this lives.
    pub fn watch(descriptors: impl ExactSizeIterator<Item = RawFd>) -> io::Result<Self> {
        // SAFETY: the call takes no pointer.
        let epoll = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        if epoll < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is open, and nobody else owns it.
        let epoll = unsafe { OwnedFd::from_raw_fd(epoll) };
        let events = vec![libc::epoll_event { events: 0, u64: 0 }; descriptors.len()];
        for (index, descriptor) in descriptors.enumerate() {
            let mut event = libc::epoll_event {
                events: libc::EPOLLIN as u32,
                u64: index as u64,
            };
            // SAFETY: `event` is a valid epoll_event during the call.
            let result = unsafe {
                libc::epoll_ctl(
                    epoll.as_raw_fd(),
                    libc::EPOLL_CTL_ADD,
                    descriptor,
                    &raw mut event,
                )
            };
            if result != 0 {
                return Err(io::Error::last_os_error());
            }
        }
        Ok(Self { epoll, events })
    }

    /// Waits for at least one and returns the indexes of the readable ones; none when
    /// the time is over or a signal came.
    pub fn wait(&mut self, limit: Duration) -> io::Result<impl Iterator<Item = usize>> {
        let millis = i32::try_from(limit.as_millis()).unwrap_or(i32::MAX);
        let room = i32::try_from(self.events.len()).unwrap_or(i32::MAX);
        // SAFETY: `events` has room for `room` events during the call.
        let ready = unsafe {
            libc::epoll_wait(
                self.epoll.as_raw_fd(),
                self.events.as_mut_ptr(),
                room,
                millis,
            )
        };
        let Ok(ready) = usize::try_from(ready) else {
            let error = io::Error::last_os_error();
            return if error.kind() == io::ErrorKind::Interrupted {
                Ok(self.events[..0].iter().filter_map(index))
            } else {
                Err(error)
            };
        };
        Ok(self.events[..ready].iter().filter_map(index))
    }
}

fn index(event: &libc::epoll_event) -> Option<usize> {
    usize::try_from(event.u64).ok()
}
