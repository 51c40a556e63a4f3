//! Answers and faults in the dialect that their call came in.

use std::time::Instant;

use super::channels::Channel;
use super::{OpenCall, Server};
use crate::transport::{Error, Sent};
use crate::wire::{Dialect, Envelope, Fault, messagepack_rpc, plain, zerorpc};

/// What an answer needs besides its envelope.
pub struct Reply {
    pub way: Way,
    /// Of a stream to a caller that gets a list.
    pub items: Items,
}

/// How the answer is written.
pub enum Way {
    /// The bare value.
    Plain,
    /// Nobody waits for one.
    Nothing,
    /// A MessagePack-RPC response with this id.
    MessagePackRpc(Box<[u8]>),
    /// Events of a channel.
    Zerorpc(Channel),
    /// The bare value, to a supervisor whose caller takes items one by one.
    Relayed(Channel),
}

/// The items of a list so far.
#[derive(Default)]
pub struct Items {
    pub count: u32,
    pub bytes: Vec<u8>,
}

impl From<Way> for Box<Reply> {
    fn from(way: Way) -> Self {
        let items = Items::default();
        Self::new(Reply { way, items })
    }
}

impl Reply {
    /// For a call that a supervisor passes on, by the dialect that it tells.
    pub fn relayed(told: Option<&[u8]>) -> Option<Box<Self>> {
        let zerorpc = told == Some(zerorpc::NAME.as_bytes());
        zerorpc.then(|| Way::Relayed(Channel::new(&[], Instant::now())).into())
    }

    /// None for a plain call, which needs nothing. `came` tells when it did, if not just now.
    #[inline]
    pub fn new(dialect: Dialect<'_>, came: impl FnOnce() -> Option<Instant>) -> Option<Box<Self>> {
        let way = match dialect {
            Dialect::Plain => return None,
            Dialect::Notification => Way::Nothing,
            Dialect::MessagePackRpc(id) => Way::MessagePackRpc(id.into()),
            Dialect::Zerorpc { id, .. } => {
                Way::Zerorpc(Channel::new(id, came().unwrap_or_else(Instant::now)))
            }
        };
        Some(way.into())
    }

    /// Whether it is a channel of zerorpc.
    pub fn is_channel(&self) -> bool {
        matches!(self.way, Way::Zerorpc(_))
    }

    /// Whether items were given.
    pub fn is_stream(&self) -> bool {
        match &self.way {
            Way::Zerorpc(channel) | Way::Relayed(channel) => channel.is_stream,
            _ => self.items.count > 0,
        }
    }

    /// What people and programs call its dialect.
    pub fn dialect(reply: Option<&Self>) -> &'static str {
        match reply.map(|reply| &reply.way) {
            None | Some(Way::Plain | Way::Relayed(_)) => plain::NAME,
            Some(Way::Nothing | Way::MessagePackRpc(_)) => messagepack_rpc::NAME,
            Some(Way::Zerorpc(_)) => zerorpc::NAME,
        }
    }
}

impl OpenCall {
    /// Whether a supervisor passes its items on.
    pub fn is_relayed(&self) -> bool {
        matches!(
            self.reply.as_deref().map(|reply| &reply.way),
            Some(Way::Relayed(_))
        )
    }

    pub fn channel(&self) -> Option<&Channel> {
        match self.reply.as_deref() {
            Some(Reply {
                way: Way::Zerorpc(channel) | Way::Relayed(channel),
                ..
            }) => Some(channel),
            _ => None,
        }
    }

    pub fn channel_mut(&mut self) -> Option<&mut Channel> {
        match self.reply.as_deref_mut() {
            Some(Reply {
                way: Way::Zerorpc(channel) | Way::Relayed(channel),
                ..
            }) => Some(channel),
            _ => None,
        }
    }

    /// What of the request belongs into its answer.
    pub(super) fn dialect(&self) -> Dialect<'_> {
        match self.reply.as_deref().map(|reply| &reply.way) {
            None | Some(Way::Plain | Way::Relayed(_)) => Dialect::Plain,
            Some(Way::Nothing) => Dialect::Notification,
            Some(Way::MessagePackRpc(id)) => Dialect::MessagePackRpc(id),
            Some(Way::Zerorpc(channel)) => Dialect::Zerorpc {
                id: &channel.id,
                header: &[],
            },
        }
    }
}

impl Server {
    /// Sends a value that may be sent.
    #[inline]
    pub(super) fn send_answer(&mut self, call: &OpenCall, value: &[u8]) -> Result<(), Error> {
        match call.reply {
            None => self.send(&call.envelope, value),
            Some(_) => self.write_answer(&call.envelope, call.dialect(), value),
        }
    }

    /// Sends a value to a caller.
    pub(super) fn write_answer(
        &mut self,
        envelope: &Envelope,
        dialect: Dialect<'_>,
        value: &[u8],
    ) -> Result<(), Error> {
        let mut body = match dialect {
            Dialect::Plain => return self.send(envelope, value),
            Dialect::Notification => return Ok(()),
            _ => std::mem::take(&mut self.scratch),
        };
        body.clear();
        match dialect {
            Dialect::Plain | Dialect::Notification => {}
            Dialect::MessagePackRpc(id) => messagepack_rpc::write_answer(&mut body, id, value),
            Dialect::Zerorpc { id, .. } => {
                self.begin_event(&mut body, id, zerorpc::OK);
                zerorpc::result_args(&mut body, value);
            }
        }
        self.send_scratch(envelope, body)
    }

    /// Tells a caller that its call failed.
    pub(super) fn send_fault(
        &mut self,
        envelope: &Envelope,
        dialect: Dialect<'_>,
        fault: &Fault,
    ) -> Result<(), Error> {
        if dialect == Dialect::Notification {
            self.counters.dropped += 1;
            return Ok(());
        }
        self.counters.count_fault(fault.code);
        self.write_fault(envelope, dialect, fault)
    }

    /// The same for a call that is counted already.
    pub(super) fn write_fault(
        &mut self,
        envelope: &Envelope,
        dialect: Dialect<'_>,
        fault: &Fault,
    ) -> Result<(), Error> {
        let mut body = std::mem::take(&mut self.scratch);
        body.clear();
        match dialect {
            Dialect::Plain | Dialect::Notification => plain::write_fault(&mut body, fault),
            Dialect::MessagePackRpc(id) => messagepack_rpc::write_fault(&mut body, id, fault),
            Dialect::Zerorpc { id, .. } => {
                self.begin_event(&mut body, id, zerorpc::ERROR);
                zerorpc::error_args(&mut body, fault);
            }
        }
        self.send_scratch(envelope, body)
    }

    /// Begins an event of a channel; its args are to follow.
    pub(super) fn begin_event(&mut self, out: &mut Vec<u8>, id: &[u8], name: &[u8]) {
        self.events += 1;
        zerorpc::begin_reply(out, self.events, id, name);
    }

    /// Sends what was written to the scratch memory, and gives that back.
    fn send_scratch(&mut self, envelope: &Envelope, body: Vec<u8>) -> Result<(), Error> {
        let sent = self.send(envelope, &body);
        self.scratch = body;
        sent
    }

    pub(super) fn send(&mut self, envelope: &Envelope, body: &[u8]) -> Result<(), Error> {
        match self.transport.send(envelope, body)? {
            Sent::Done | Sent::Held => self.counters.bytes_sent += body.len() as u64,
            Sent::Full | Sent::Lost => self.counters.undeliverable += 1,
        }
        Ok(())
    }
}
