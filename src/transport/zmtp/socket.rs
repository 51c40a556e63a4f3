//! A socket of this process alone.

use std::ops::Deref;
use std::os::fd::AsRawFd;
use std::time::Duration;

use socket2::TcpKeepalive;

use crate::transport::fork::Private;

/// A socket that forked children do not keep.
#[derive(Debug)]
pub struct Socket {
    // Dropped in this order: the note goes before its descriptor is closed.
    _private: Private,
    socket: socket2::Socket,
}

impl From<socket2::Socket> for Socket {
    fn from(socket: socket2::Socket) -> Self {
        Self {
            _private: Private::new(socket.as_raw_fd()),
            socket,
        }
    }
}

impl Socket {
    /// Has the system ask the peer's system for a sign of life after so much
    /// silence, and give the peer up when it gives none so often. Only TCP needs
    /// that: of a unix socket's end the system knows anyway.
    pub fn keep_alive(&self, every: Duration, missed: u32) {
        // The system counts in seconds.
        let every = every.max(Duration::from_secs(1));
        let often = TcpKeepalive::new()
            .with_time(every)
            .with_interval(every)
            .with_retries(missed);
        // Of a unix socket this fails.
        let _ = self.socket.set_tcp_keepalive(&often);
    }
}

impl Deref for Socket {
    type Target = socket2::Socket;

    fn deref(&self) -> &socket2::Socket {
        &self.socket
    }
}
