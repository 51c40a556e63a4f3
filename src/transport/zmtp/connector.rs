//! A dealer's way to its server.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;

use mio::Waker;
use socket2::{SockAddr, Socket, Type};

use super::address;
use crate::chance::Chance;
use crate::transport::background;
use crate::transport::endpoint::Address;
use crate::transport::{Endpoint, Options};

/// Decides when and where a connection is made.
#[derive(Debug)]
pub struct Connector {
    endpoint: Endpoint,
    state: State,
    /// Addresses that are still to be tried before the next pause.
    addresses: Vec<SockAddr>,
    /// The next pause.
    pause: Duration,
    chance: Chance,
    /// Why the last try led to nothing.
    pub trouble: Option<String>,
}

#[derive(Debug)]
enum State {
    /// Nothing is under way; a timer may be.
    Idle,
    /// The name is being looked up.
    Resolving(Receiver<io::Result<Vec<SockAddr>>>),
    /// This connection is being made.
    Trying(u64),
    /// This one is there.
    Up(u64),
}

/// What a connector wants to be done.
pub enum Wanted {
    /// A connection on this socket, which is being connected.
    Connection(Socket),
    /// To be asked again after a pause.
    Pause(Duration),
    /// To be asked again when the waker was rung.
    Nothing,
}

impl Connector {
    pub fn new(endpoint: Endpoint, options: &Options) -> Self {
        Self {
            endpoint,
            state: State::Idle,
            addresses: Vec::new(),
            pause: options.reconnect,
            chance: Chance::new(),
            trouble: None,
        }
    }

    /// The connection that is there.
    #[inline]
    pub fn up(&self) -> Option<u64> {
        match self.state {
            State::Up(key) => Some(key),
            _ => None,
        }
    }

    /// Whether it waits for the resolver, which rings the waker.
    pub fn is_resolving(&self) -> bool {
        matches!(self.state, State::Resolving(_))
    }

    /// The connection that was wanted has this key.
    pub fn trying(&mut self, key: u64) {
        self.state = State::Trying(key);
    }

    /// The handshake is done.
    pub fn succeeded(&mut self, key: u64, options: &Options) {
        self.state = State::Up(key);
        self.pause = options.reconnect;
        self.addresses.clear();
    }

    /// A connection has ended. True when it was this one's.
    pub fn ended(&mut self, key: u64, trouble: &str) -> bool {
        match self.state {
            State::Trying(tried) if tried == key => {}
            State::Up(up) if up == key => self.addresses.clear(),
            _ => return false,
        }
        self.state = State::Idle;
        self.trouble = Some(trouble.to_string());
        true
    }

    /// What to do next when there is no connection. `fresh` begins a new round
    /// over the addresses.
    pub fn next(
        &mut self,
        fresh: bool,
        options: &Options,
        waker: impl FnOnce() -> io::Result<Arc<Waker>>,
    ) -> Wanted {
        match &self.state {
            State::Trying(_) | State::Up(_) => return Wanted::Nothing,
            State::Resolving(answer) => match answer.try_recv() {
                Err(TryRecvError::Empty) => return Wanted::Nothing,
                answer => {
                    self.state = State::Idle;
                    let answer = answer.unwrap_or_else(|_| Err(io::ErrorKind::Other.into()));
                    if !self.found(answer) {
                        return self.rest(options);
                    }
                }
            },
            State::Idle if fresh && self.addresses.is_empty() => {
                match address::to_connect(self.endpoint.address()) {
                    Ok(Some(addresses)) => {
                        self.found(Ok(addresses));
                    }
                    Ok(None) => {
                        return match self.resolve(waker) {
                            Ok(()) => Wanted::Nothing,
                            Err(error) => {
                                self.trouble = Some(super::listener::reason(&error));
                                self.rest(options)
                            }
                        };
                    }
                    Err(error) => {
                        self.trouble = Some(super::listener::reason(&error));
                        return self.rest(options);
                    }
                }
            }
            State::Idle => {}
        }
        while let Some(address) = self.addresses.pop() {
            match connect(&address) {
                Ok(socket) => return Wanted::Connection(socket),
                Err(error) => self.trouble = Some(super::listener::reason(&error)),
            }
        }
        self.rest(options)
    }

    /// Takes over the addresses; false when there are none.
    fn found(&mut self, answer: io::Result<Vec<SockAddr>>) -> bool {
        match answer {
            Ok(mut addresses) => {
                // They are taken from the end.
                addresses.reverse();
                self.addresses = addresses;
                true
            }
            Err(error) => {
                let reason = super::listener::reason(&error);
                self.trouble = Some(format!("the name is not known: {reason}"));
                false
            }
        }
    }

    /// The pause before the next round: each twice as long as the one before,
    /// and somewhat by chance, so that the clients of a server that comes back
    /// do not come all at once.
    fn rest(&mut self, options: &Options) -> Wanted {
        let pause = self.pause;
        self.pause = (pause * 2).min(options.reconnect_longest.max(options.reconnect));
        Wanted::Pause(self.chance.about(pause))
    }

    /// Asks the resolver in a thread that ends with its answer.
    fn resolve(&mut self, waker: impl FnOnce() -> io::Result<Arc<Waker>>) -> io::Result<()> {
        let Address::Tcp { host, port } = self.endpoint.address() else {
            return Ok(());
        };
        let (host, port) = (host.clone(), *port);
        let waker = waker()?;
        let (sender, receiver) = channel();
        background::spawn("zroute-resolver", move || {
            let found = address::look_up(&host, port)
                .map(|addresses| addresses.into_iter().map(Into::into).collect());
            // Nobody may be waiting any more.
            let _ = sender.send(found);
            let _ = waker.wake();
        })?;
        self.state = State::Resolving(receiver);
        Ok(())
    }
}

/// Begins to connect.
fn connect(address: &SockAddr) -> io::Result<Socket> {
    let socket = Socket::new(address.domain(), Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    match socket.connect(address) {
        Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => Err(error),
        _ => Ok(socket),
    }
}
