//! Limits, queues, timings and keys of a socket.

use std::time::Duration;

use super::{Error, libzmq};

/// What a socket is made with.
#[derive(Clone, Debug)]
pub struct Options {
    /// A frame larger than this ends its sender's connection, unread. It is
    /// set above the limit that a server answers about.
    pub largest_frame: usize,
    /// Messages that wait for one peer before the socket holds them itself.
    pub send_high_water: u32,
    /// Messages of one peer that wait to be taken.
    pub receive_high_water: u32,
    /// Bytes that are held for peers that read slowly, all together.
    pub send_buffer: usize,
    /// How long a new connection may take to introduce itself.
    pub handshake: Duration,
    /// Connections that wait to be accepted.
    pub backlog: u32,
    /// How long closing may take to send what is on its way.
    pub linger: Duration,
    /// The first pause before a lost connection is made again.
    pub reconnect: Duration,
    /// The longest such pause.
    pub reconnect_longest: Duration,
    /// Encryption and the server's proof of who it is.
    pub curve: Option<Curve>,
}

/// CURVE keys, each as 40 characters of Z85.
#[derive(Clone)]
pub enum Curve {
    /// A server's own secret key.
    Server {
        /// Its secret key.
        secret_key: String,
    },
    /// A client's keys.
    Client {
        /// The public key of the server it means to reach.
        server_key: String,
        /// Its own pair; a fresh one is made when it has none.
        pair: Option<KeyPair>,
    },
}

/// A CURVE key pair, each key as 40 characters of Z85.
#[derive(Clone)]
pub struct KeyPair {
    /// What others may know.
    pub public_key: String,
    /// What nobody else may know.
    pub secret_key: String,
}

impl KeyPair {
    /// A fresh pair.
    pub fn generate() -> Result<Self, Error> {
        libzmq::key_pair()
    }
}

impl std::fmt::Debug for Curve {
    /// Shows no key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Server { .. } => "Server",
            Self::Client { .. } => "Client",
        })
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            largest_frame: 32 << 20,
            send_high_water: 1000,
            receive_high_water: 1000,
            send_buffer: 64 << 20,
            handshake: Duration::from_secs(5),
            backlog: 4096,
            linger: Duration::from_secs(1),
            reconnect: Duration::from_millis(100),
            reconnect_longest: Duration::from_secs(1),
            curve: None,
        }
    }
}
