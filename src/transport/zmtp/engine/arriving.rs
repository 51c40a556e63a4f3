//! How connections come to be: accepted, or made.

use std::io;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Interest, Token};
use socket2::SockAddr;

use super::super::connection::{Connection, Phase};
use super::super::connector::{Connector, Wanted};
use super::super::handshake::Handshake;
use super::super::listener::reason;
use super::super::socket::Socket;
use super::super::timers::Timer;
use super::{Engine, index, waker};

/// Connections that are accepted before those that are there have their turn.
const ACCEPTED: usize = 64;
/// The pause after descriptors or memory have run out.
const SCARCE: Duration = Duration::from_millis(100);

impl Engine {
    /// Whether connections wait to be accepted.
    pub fn is_accepting(&self) -> bool {
        !self.scarce && self.listeners.iter().any(|listener| listener.pending)
    }

    pub(super) fn accept(&mut self) {
        for place in 0..self.listeners.len() {
            for _ in 0..ACCEPTED {
                let Some(listener) = self.listeners.get_mut(place) else {
                    break;
                };
                let Some(socket) = listener.socket.as_ref().filter(|_| listener.pending) else {
                    break;
                };
                if self.introducing >= self.options.backlog as usize {
                    self.make_way();
                    break;
                }
                match socket.accept() {
                    Ok((stream, _)) => self.adopt(stream.into()),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        listener.pending = false;
                    }
                    Err(error) if is_scarcity(&error) => {
                        self.scarce = true;
                        self.timers.add(Instant::now() + SCARCE, Timer::Accept);
                        return;
                    }
                    // That connection is gone before it was there.
                    Err(_) => {}
                }
            }
        }
    }

    /// As many connections as there may be have not introduced themselves. The
    /// one that has taken longest goes, once half of its time is over: a program
    /// that opens thousands at once needs a while for all of them.
    fn make_way(&mut self) {
        let oldest = self.timers.first_handshake();
        let patience = self.options.handshake / 2;
        match oldest {
            Some((due, key)) if due <= Instant::now() + patience => {
                self.close(key, "too many connections had not introduced themselves");
            }
            _ => {
                self.scarce = true;
                self.timers.add(Instant::now() + SCARCE, Timer::Accept);
            }
        }
    }

    fn adopt(&mut self, stream: Socket) {
        // Of a unix socket this fails, and need not be.
        let _ = stream.set_tcp_nodelay(true);
        if stream.set_nonblocking(true).is_err() {
            return;
        }
        let Some(key) = self.add(stream, Phase::Connecting) else {
            return;
        };
        self.is_connecting_done(key);
    }

    /// Adds a connection. None if the system cannot watch it.
    fn add(&mut self, stream: Socket, phase: Phase) -> Option<u64> {
        // A key stays below the listeners' tokens.
        self.serial = (self.serial + 1) & (u32::MAX >> 2);
        let entry = self.connections.vacant_entry();
        let key = u64::from(self.serial) << 32 | entry.key() as u64 & u64::from(u32::MAX);
        let token = Token(usize::try_from(key).ok()?);
        let interest = Interest::READABLE | Interest::WRITABLE;
        let fd = stream.as_raw_fd();
        let registry = self.poll.registry();
        registry
            .register(&mut SourceFd(&fd), token, interest)
            .ok()?;
        let now = Instant::now();
        let peer = entry.insert(Connection::new(key, stream, phase, now));
        peer.read_at = self.looked_at;
        self.introducing += 1;
        if !self.options.handshake.is_zero() {
            let due = now + self.options.handshake;
            self.timers
                .set(&mut peer.handshake_due, due, Timer::Handshake(key));
        }
        Some(key)
    }

    /// Makes a dealer's connection, if it has none and it is time.
    pub(super) fn reconnect(&mut self, fresh: bool) {
        let Self {
            connector: Some(connector),
            waker: own_waker,
            poll,
            options,
            ..
        } = self
        else {
            return;
        };
        let pause = match connector.next(fresh, options, || waker(own_waker, poll)) {
            Wanted::Connection(stream) => {
                let _ = stream.set_tcp_nodelay(true);
                if let Some(key) = self.add(stream.into(), Phase::Connecting)
                    && let Some(connector) = &mut self.connector
                {
                    connector.trying(key);
                    return;
                }
                SCARCE
            }
            Wanted::Pause(pause) => pause,
            Wanted::Nothing => return,
        };
        // One at a time, whoever asked for it.
        let due = Instant::now() + pause;
        self.timers.set(&mut self.connect_due, due, Timer::Connect);
    }

    pub(super) fn is_resolving(&self) -> bool {
        self.connector.as_ref().is_some_and(Connector::is_resolving)
    }

    /// The system has said how connecting went.
    pub(super) fn is_connecting_done(&mut self, key: u64) {
        let Some(peer) = self.connections.get_mut(index(key)) else {
            return;
        };
        let trouble = match peer.stream.take_error() {
            Ok(None) => match peer.stream.peer_addr() {
                // The system may choose the very port that a dealer connects to,
                // while its server is away.
                Ok(other) if self.connector.is_some() && is_own(&peer.stream, &other) => {
                    Some(io::ErrorKind::ConnectionRefused.into())
                }
                Ok(_) => None,
                // Not yet.
                Err(error) if error.kind() == io::ErrorKind::NotConnected => return,
                Err(error) => Some(error),
            },
            Ok(Some(error)) | Err(error) => Some(error),
        };
        if let Some(error) = trouble {
            self.close(key, &reason(&error));
            return;
        }
        let credentials = self.options.credentials.as_ref();
        let handshake = Handshake::begin(self.role, credentials, peer.output.bytes());
        self.queued += peer.output.pending();
        peer.phase = Phase::Handshaking(handshake);
        peer.readable = true;
        self.mark_dirty(key);
        self.list(key);
    }
}

fn is_own(stream: &Socket, other: &SockAddr) -> bool {
    other.as_socket().is_some() && stream.local_addr().is_ok_and(|own| own == *other)
}

fn is_scarcity(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM)
    )
}

#[cfg(test)]
mod tests {
    use super::super::super::handshake::Role;
    use super::*;
    use crate::transport::{Endpoint, Options};

    #[test]
    fn a_dealer_waits_for_one_next_try_however_often_it_is_woken() {
        let mut engine = Engine::new(Role::Dealer, &Options::default()).unwrap();
        let nobody = format!("ipc://@zroute-nobody-{}", std::process::id());
        engine.connect(&Endpoint::parse(&nobody).unwrap()).unwrap();
        let next = engine.next_timer();
        assert!(next.is_some());
        for _ in 0..10 {
            engine.waker().unwrap().wake().unwrap();
            engine.look(Some(Duration::ZERO)).unwrap();
        }
        assert_eq!(engine.next_timer(), next);
        let due = engine.connect_due.unwrap();
        engine.timers.clear(&mut engine.connect_due, Timer::Connect);
        assert_eq!((Some(due), engine.next_timer()), (next, None));
    }
}
