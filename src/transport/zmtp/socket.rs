//! A socket of this process alone.

use std::ops::Deref;
use std::os::fd::AsRawFd;

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

impl Deref for Socket {
    type Target = socket2::Socket;

    fn deref(&self) -> &socket2::Socket {
        &self.socket
    }
}
