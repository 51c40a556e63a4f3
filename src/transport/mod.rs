//! How frames travel. One trait, [`Transport`]; behind it today `libzmq`.
//! No other room names the zmq crate.
//!
//! | file | holds |
//! |---|---|
//! | `endpoint` | the text of an endpoint, checked |
//! | `error` | what can go wrong below the messages |
//! | `fork` | which process this is, counted in forks |
//! | `frame` | the bytes of a body as the transport holds them |
//! | `libzmq` | the transport on the system's libzmq |
//! | `options` | limits, queues, timings, keys |
//! | `wait` | waiting for sockets, a stop or a deadline |
//! | `wake` | ending a wait from another thread or a signal handler |

mod endpoint;
mod error;
pub mod fork;
mod frame;
mod libzmq;
mod options;
mod wait;
mod wake;

use std::os::fd::RawFd;
use std::time::Duration;

pub use endpoint::Endpoint;
pub use error::Error;
pub use frame::Frame;
pub use libzmq::version as libzmq_version;
pub use options::{Curve, KeyPair, Options};
pub use wait::{Waited, wait};
pub use wake::{Stop, Wake};

use crate::wire::Envelope;

/// A message that arrived.
#[derive(Debug)]
pub struct Incoming {
    /// The frames before the body; a router's begin with the routing id.
    pub envelope: Envelope,
    /// What came after them.
    pub body: Body,
}

/// What came after the envelope.
#[derive(Debug)]
pub enum Body {
    /// One frame, as it should be.
    One(Frame),
    /// Nothing: the message ended with its delimiter.
    Missing,
    /// This many frames, or frames with no delimiter among them.
    Several(usize),
}

/// What became of a message that was handed to [`Transport::send`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It is on its way.
    Done,
    /// The peer reads slowly; it waits here and goes out by itself.
    Held,
    /// No peer is connected, or takes it now; nothing was kept.
    Full,
    /// The peer has left, or holds up more than the send buffer; it is lost.
    Lost,
}

/// A socket with many peers, and without waits of its own.
///
/// `router` addresses its peers by the first frame of the envelope, `dealer`
/// sends to any peer that is connected.
pub trait Transport: Send {
    /// Accepts peers at an endpoint; returns the endpoint really bound, with
    /// its port.
    fn bind(&mut self, endpoint: &Endpoint) -> Result<String, Error>;

    /// Connects to an endpoint, now and again whenever the connection is lost.
    fn connect(&mut self, endpoint: &Endpoint) -> Result<(), Error>;

    /// The next message, if one is here.
    fn receive(&mut self) -> Result<Option<Incoming>, Error>;

    /// Sends the envelope's frames and then the body as one frame.
    fn send(&mut self, envelope: &Envelope, body: &[u8]) -> Result<Sent, Error>;

    /// Tries again what [`Sent::Held`] left here. Returns how many messages
    /// were lost because their peer has gone.
    fn flush(&mut self) -> Result<usize, Error>;

    /// When [`Transport::flush`] wants to be called again, if anything is held.
    fn flush_after(&self) -> Option<Duration>;

    /// Becomes readable when something happened to the socket since the last
    /// [`Transport::receive`] that returned nothing.
    fn descriptor(&self) -> RawFd;

    /// Becomes readable when a connection came or went since the last
    /// [`Transport::is_connected`]; none for a router.
    fn connection_descriptor(&self) -> Option<RawFd>;

    /// Whether a dealer has a connection to send on.
    fn is_connected(&mut self) -> Result<bool, Error>;

    /// Whether a message is here, or can be sent, at this moment.
    fn is_ready(&mut self, to_send: bool) -> Result<bool, Error>;
}

/// A socket that answers whoever called: one server's front.
pub fn router(options: &Options) -> Result<Box<dyn Transport>, Error> {
    Ok(Box::new(libzmq::Libzmq::router(options)?))
}

/// A socket that calls one server.
pub fn dealer(options: &Options) -> Result<Box<dyn Transport>, Error> {
    Ok(Box::new(libzmq::Libzmq::dealer(options)?))
}
