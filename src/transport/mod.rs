//! How frames travel. One trait, [`Transport`]; behind it `zmtp`, which speaks
//! ZeroMQ's protocol on the caller's thread, and `libzmq`. No other room names
//! the zmq crate.
//!
//! | file | holds |
//! |---|---|
//! | `assembly` | a message put together from its frames |
//! | `background` | threads beside the caller's |
//! | `endpoint` | the text of an endpoint, checked |
//! | `error` | what can go wrong below the messages |
//! | `fork` | which process this is, counted in forks |
//! | `frame` | the bytes of a body as the transport holds them |
//! | `gatekeeper` | which CURVE clients may connect |
//! | `keys` | keys in files, and lists of them |
//! | `libzmq` | the transport on the system's libzmq |
//! | `options` | limits, queues, timings, keys |
//! | `plain` | libzmq's contexts, sockets and messages as they are |
//! | `repeats` | messages that are sent again and again |
//! | `wait` | waiting for sockets, a stop or a deadline |
//! | `wake` | ending a wait from another thread or a signal handler |
//! | `z85` | the text form of keys |
//! | `zmtp` | the transport on the caller's thread |

mod assembly;
pub mod background;
mod endpoint;
mod error;
pub mod fork;
mod frame;
mod gatekeeper;
pub mod keys;
mod libzmq;
mod options;
pub mod plain;
mod repeats;
mod wait;
mod wake;
pub mod z85;
mod zmtp;

use std::time::{Duration, Instant};

pub use endpoint::{Address, Endpoint, is_taken_by_a_file};
pub use error::Error;
pub use frame::Frame;
pub use libzmq::version as libzmq_version;
pub use options::{Credentials, Curve, KeyPair, Kind, Options};
pub use wait::{Waited, Waiting, Watched, wait_for_any};
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

impl Incoming {
    /// How many bytes it holds.
    fn size(&self) -> usize {
        let body = match &self.body {
            Body::One(frame) => frame.as_ref().len(),
            Body::Missing | Body::Several(_) => 0,
        };
        self.envelope.size() + body
    }
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

/// Who is still connected to a router that has said goodbye, as the shortest
/// time since anything came from any of them; none if there is nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remaining {
    /// Of the peers that were told, and will leave.
    pub told: Option<Duration>,
    /// Of the others, and of those that may be on their way to become one.
    pub others: Option<Duration>,
}

/// Gives, by the body of a message, that of one for its sender.
pub type BodyFor = dyn Fn(&[u8]) -> Option<Vec<u8>> + Send;

/// What the senders of messages are told, again and again, while nobody takes those.
pub struct Reassurance {
    /// None for most.
    pub body: Box<BodyFor>,
    /// How long after a message came it is sent for the first time.
    pub first: Duration,
    /// From one time to the next.
    pub every: Duration,
}

/// A socket with many peers, used by one thread at a time.
///
/// `router` addresses its peers by the first frame of the envelope, `dealer`
/// sends to the one peer that it is connected to.
pub trait Transport: Send {
    /// Accepts peers at an endpoint; returns the endpoint really bound, with
    /// its port.
    fn bind(&mut self, endpoint: &Endpoint) -> Result<String, Error>;

    /// Connects to an endpoint, now and again whenever the connection is lost.
    fn connect(&mut self, endpoint: &Endpoint) -> Result<(), Error>;

    /// The next message that is known to be here. What else has come, a wait
    /// finds out.
    fn receive(&mut self) -> Result<Option<Incoming>, Error>;

    /// When the message that was received last came, if it was read while the owner was
    /// away; else that was just now, as far as is known. Those that came before it were
    /// received before it.
    fn came(&mut self) -> Option<Instant>;

    /// Whether another message is known to be here, as far as can be told
    /// without asking the system.
    fn has_more(&mut self) -> bool;

    /// Sends the envelope's frames and then the body as one frame, with the
    /// next [`Transport::flush`] at the latest.
    fn send(&mut self, envelope: &Envelope, body: &[u8]) -> Result<Sent, Error>;

    /// Puts on its way what was sent, and tries again what [`Sent::Held`] left
    /// here. Returns how many messages were lost since the last time because
    /// their peer has gone.
    fn flush(&mut self) -> Result<usize, Error>;

    /// A dealer's connection that was up has ended: how many of the messages
    /// that were sent on it, the last ones, never left, not even in part. It is
    /// told once, when `receive` has nothing more of that connection, and
    /// nothing is sent on the next one before. None too where it cannot be
    /// known, and without [`Options::tells_endings`].
    fn take_ended(&mut self) -> Option<usize>;

    /// Whether [`Transport::take_ended`] tells anything.
    fn sees_endings(&self) -> bool;

    /// Lets a dealer's connection go, whose server is going away, and makes the
    /// next one after the usual pause; where endings cannot be seen, nothing.
    fn renew(&mut self);

    /// Whether a dealer has a connection to send on.
    fn is_connected(&mut self) -> Result<bool, Error>;

    /// Why a dealer has no connection, if it is known.
    fn trouble(&mut self) -> Option<String>;

    /// The address of a router's peer, by the first frame of an envelope that
    /// came from it: `192.0.2.7:50000`, `ipc`, or nothing where it is not
    /// known, or any more.
    fn address(&mut self, routing_id: &[u8]) -> String;

    /// A router accepts no more peers, where that leaves those that are
    /// connected alone, and tells those that understand it, now and when they
    /// have introduced themselves: `goodbye` is the body of a message with the
    /// number 0.
    fn say_goodbye(&mut self, goodbye: &[u8]) -> Result<(), Error>;

    /// Who is still connected.
    fn remaining(&mut self) -> Remaining;

    /// A router that has said goodbye accepts peers again where it did before.
    fn listen_again(&mut self) -> Result<(), Error>;

    /// Waits until something happens, the wake is rung or the time is over;
    /// without a time, for ever. A signal ends the wait with
    /// [`Error::Interrupted`].
    ///
    /// Call it after a flush, when `receive` has just returned nothing. With
    /// `to_send`, room to send counts too.
    fn wait(
        &mut self,
        wake: Option<&Wake>,
        until: Option<Instant>,
        to_send: bool,
    ) -> Result<Waited, Error>;

    /// Tells a wait for several sockets what concerns this one.
    fn prepare(&mut self, to_send: bool, waiting: &mut Waiting) -> Result<(), Error>;

    /// Takes in what happened during a wait for several sockets.
    fn look(&mut self) -> Result<(), Error>;

    /// Sends a router's message again each time that `every` is over, for the first
    /// time at `first`, until [`Transport::stop_repeating`] with its key, which is below
    /// 2^63. Where a
    /// lent transport looks after its connections, it goes on while the owner is
    /// away; elsewhere it waits for the owner.
    fn repeat(
        &mut self,
        key: u64,
        envelope: &Envelope,
        body: &[u8],
        first: Instant,
        every: Duration,
    );

    /// Ends that; nothing if the key is none.
    fn stop_repeating(&mut self, key: u64);

    /// The key of a message that is not repeated any more because its peer has
    /// left. Each is told once.
    fn take_unrepeatable(&mut self) -> Option<u64>;

    /// Whether a router's peer leaves so much unread that a stream to it should wait. If
    /// so, [`Transport::take_caught_up`] gives the key when that is over.
    fn lags(&mut self, key: u64, envelope: &Envelope) -> bool;

    /// The key of a stream whose peer has read enough, or has left. Each is told once.
    fn take_caught_up(&mut self) -> Option<u64>;

    /// Tells those whose messages a lent router reads while its owner is away, each until
    /// its message is taken. A transport that reads nothing meanwhile tells nobody.
    fn reassure(&mut self, reassurance: Reassurance);

    /// Its owner is away until the next call of anything here, `long` perhaps.
    /// Connections are kept alive meanwhile.
    fn lend(&mut self, long: bool);
}

/// A socket that answers whoever called: one server's front.
pub fn router(options: &Options) -> Result<Box<dyn Transport>, Error> {
    Ok(match options.kind()? {
        Kind::Zmtp => Box::new(zmtp::Zmtp::router(options)?),
        Kind::Libzmq => Box::new(libzmq::Libzmq::router(options)?),
    })
}

/// A socket that calls one server.
pub fn dealer(options: &Options) -> Result<Box<dyn Transport>, Error> {
    Ok(match options.kind()? {
        Kind::Zmtp => Box::new(zmtp::Zmtp::dealer(options)?),
        Kind::Libzmq => Box::new(libzmq::Libzmq::dealer(options)?),
    })
}
