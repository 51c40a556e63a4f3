//! Answers and faults in the dialect that their call came in.

use super::{OpenCall, Server};
use crate::transport::{Error, Sent};
use crate::wire::{Dialect, Envelope, Fault, messagepack_rpc, plain, zerorpc};

/// What an answer needs besides its envelope.
pub enum Reply {
    /// Nobody waits for one.
    Nothing,
    /// A MessagePack-RPC response with this id.
    MessagePackRpc(Box<[u8]>),
    /// Events of a channel.
    Zerorpc(Box<[u8]>),
}

impl Reply {
    pub fn new(dialect: Dialect<'_>) -> Option<Box<Self>> {
        let reply = match dialect {
            Dialect::Plain => return None,
            Dialect::Notification => Self::Nothing,
            Dialect::MessagePackRpc(id) => Self::MessagePackRpc(id.into()),
            Dialect::Zerorpc { id, .. } => Self::Zerorpc(id.into()),
        };
        Some(Box::new(reply))
    }

    /// What people and programs call its dialect.
    pub fn dialect(reply: Option<&Self>) -> &'static str {
        match reply {
            None => plain::NAME,
            Some(Self::Nothing | Self::MessagePackRpc(_)) => messagepack_rpc::NAME,
            Some(Self::Zerorpc(_)) => zerorpc::NAME,
        }
    }
}

impl Server {
    /// Sends a value that may be sent.
    #[inline]
    pub(super) fn send_answer(&mut self, call: &OpenCall, value: &[u8]) -> Result<(), Error> {
        match call.reply.as_deref() {
            None => self.send(&call.envelope, value),
            Some(Reply::Nothing) => Ok(()),
            Some(Reply::MessagePackRpc(id)) => {
                self.write_answer(&call.envelope, Dialect::MessagePackRpc(id), value)
            }
            Some(Reply::Zerorpc(id)) => {
                let header = &[];
                self.write_answer(&call.envelope, Dialect::Zerorpc { id, header }, value)
            }
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

    /// Tells a caller that its open call failed.
    pub(super) fn send_open_fault(&mut self, call: &OpenCall, fault: &Fault) -> Result<(), Error> {
        let dialect = match call.reply.as_deref() {
            None => Dialect::Plain,
            Some(Reply::Nothing) => Dialect::Notification,
            Some(Reply::MessagePackRpc(id)) => Dialect::MessagePackRpc(id),
            Some(Reply::Zerorpc(id)) => Dialect::Zerorpc { id, header: &[] },
        };
        self.send_fault(&call.envelope, dialect, fault)
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
    fn begin_event(&mut self, out: &mut Vec<u8>, id: &[u8], name: &[u8]) {
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
