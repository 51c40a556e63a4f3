//! How a call is written, and what a message that comes back says of which
//! call. All else in this client is the same in every dialect.
//!
//! | file | holds |
//! |---|---|
//! | `messagepack_rpc` | MessagePack-RPC: ids of 32 bits |
//! | `plain` | the plain dialect: ids in the envelope |
//! | `zerorpc` | zerorpc: a channel for each call |

mod messagepack_rpc;
pub mod plain;
pub mod zerorpc;

use std::time::Duration;

use self::messagepack_rpc::Ids;
use self::zerorpc::Channels;
use super::in_flight::Terms;
use super::{Options, Outcome, Value};
use crate::msgpack::{Kind, Limits, Reader};
use crate::transport::{Body, Frame, Incoming};
use crate::wire::{self, Envelope};

/// What a client speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// A map of function and parameters, and the bare answer.
    #[default]
    Plain,
    /// MessagePack-RPC.
    MessagePackRpc,
    /// zerorpc, version 3.
    Zerorpc,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Plain, Self::MessagePackRpc, Self::Zerorpc];

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => wire::plain::NAME,
            Self::MessagePackRpc => wire::messagepack_rpc::NAME,
            Self::Zerorpc => wire::zerorpc::NAME,
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.name() == name)
    }
}

/// A dialect, with what has to be remembered to speak it.
pub enum Speech {
    Plain,
    MessagePackRpc(Ids),
    Zerorpc(Channels),
}

/// A call that is to be written.
pub struct Request<'a> {
    pub id: u64,
    pub function: &'a str,
    /// One MessagePack value.
    pub parameters: &'a [u8],
    /// A MessagePack map, or nothing.
    pub meta: &'a [u8],
    pub timeout: Duration,
    pub terms: Terms,
}

/// What a message says of a call.
pub enum Said {
    /// This is its end.
    Ended(Outcome),
    /// An item of its stream.
    Item(Value),
    /// Its stream has ended well.
    Done,
    /// The server is still there.
    Alive,
    /// Nothing that can be read, so of no call that is known; how one ends whose answer it
    /// is.
    Unreadable(Outcome),
}

impl Speech {
    pub fn new(options: &Options) -> Self {
        match options.dialect {
            Dialect::Plain => Self::Plain,
            Dialect::MessagePackRpc => Self::MessagePackRpc(Ids::new()),
            Dialect::Zerorpc => Self::Zerorpc(Channels::new(options.zerorpc_heartbeat)),
        }
    }

    /// Writes a request. What comes back has to be kept with the call; or why it
    /// cannot be written.
    #[inline]
    pub fn write(&mut self, out: &mut Vec<u8>, request: &Request<'_>) -> Result<usize, String> {
        if request.terms.stream && !matches!(self, Self::Zerorpc(_)) {
            return Err("a stream needs a client whose option 'dialect' is 'zerorpc'".to_string());
        }
        match self {
            Self::Plain => plain::write(out, request),
            Self::MessagePackRpc(ids) => ids.write(out, request),
            Self::Zerorpc(_) => zerorpc::write(out, request),
        }
    }

    /// Whether nothing comes back of such a call.
    #[inline]
    pub fn is_unanswered(&self, terms: Terms) -> bool {
        terms.one_way && matches!(self, Self::MessagePackRpc(_))
    }

    /// The frames before the body of a call's request.
    #[inline]
    pub fn envelope(&self, id: u64) -> Envelope {
        let mut envelope = Envelope::new();
        if !matches!(self, Self::Zerorpc(_)) {
            let _ = envelope.push(&id.to_be_bytes());
        }
        let _ = envelope.push(b"");
        envelope
    }

    /// What a message says, and of which call. None when it says nothing of any
    /// that can be in flight. `number` is what its envelope tells.
    #[inline]
    pub fn read(
        &mut self,
        number: Option<u64>,
        body: Body,
        limits: &Limits,
    ) -> Option<(u64, Said)> {
        match self {
            Self::Plain => Some((number?, Said::Ended(plain::read(body, limits)))),
            Self::MessagePackRpc(ids) => ids.read(number, body, limits),
            Self::Zerorpc(channels) => channels.read(body, limits),
        }
    }

    /// The call has ended; `noted` is what was kept with it.
    #[inline]
    pub fn forget(&mut self, id: u64, noted: usize) {
        match self {
            Self::Plain => {}
            Self::MessagePackRpc(ids) => ids.forget(noted),
            Self::Zerorpc(channels) => channels.forget(id),
        }
    }
}

/// The id in an envelope of ours: eight bytes and the delimiter.
pub fn number(incoming: &Incoming) -> Option<u64> {
    let mut frames = incoming.envelope.frames();
    let id = frames.next()?.try_into().ok()?;
    (frames.next()?.is_empty() && frames.next().is_none()).then_some(u64::from_be_bytes(id))
}

/// Parameters have to be a list in the dialects that have a place for nothing
/// else.
fn check_is_list(dialect: Dialect, parameters: &[u8]) -> Result<(), String> {
    if matches!(Reader::new(parameters).kind(), Ok(Kind::Array)) {
        return Ok(());
    }
    Err(format!(
        "the parameters are expected to be a list in the dialect {}",
        dialect.name()
    ))
}

/// The one frame that a body is expected to be.
fn one_frame(body: Body) -> Result<Frame, Outcome> {
    match body {
        Body::One(frame) => Ok(frame),
        Body::Missing => Err(Outcome::Invalid("the answer has no body".to_string())),
        Body::Several(count) => Err(Outcome::Invalid(format!(
            "the answer has {count} frames, expected one"
        ))),
    }
}

fn unreadable(expected: &str, why: &dyn std::fmt::Display) -> Outcome {
    Outcome::Invalid(format!(
        "the answer is expected to be {expected}: {why}; does the server speak another dialect? \
         (option 'dialect')"
    ))
}
