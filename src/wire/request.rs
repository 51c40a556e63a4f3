//! Which dialect a body is in, and what it asks for.
//!
//! | shape | dialect |
//! |---|---|
//! | a map | plain |
//! | an array of 4 that begins with 0, one of 3 that begins with 2 | MessagePack-RPC |
//! | an array of 3 that begins with a map | zerorpc |

use std::time::Duration;

use super::{Code, Fault, messagepack_rpc, plain, zerorpc};
use crate::msgpack::{Kind, Limits, Malformed, Reader};

/// Ids are kept as long as their calls are open; nobody's is as long as this.
const LONGEST_ID: usize = 1024;

/// A body, understood.
#[derive(Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// A call of a function.
    Call(Call<'a>),
    /// An event of a zerorpc channel that was opened before.
    Event(zerorpc::Event<'a>),
    /// Meant as a call, and not one that can be served.
    Refused(Fault, Dialect<'a>),
    /// Meant as a call, and its protocol has no way to answer it.
    Unanswerable,
    /// No call of any dialect: for a raw handler, if there is one; else the
    /// fault is its answer.
    Other(Fault),
}

/// A call of a function.
#[derive(Debug, PartialEq, Eq)]
pub struct Call<'a> {
    /// The function's name; by convention UTF-8.
    pub function: &'a [u8],
    /// One MessagePack value.
    pub parameters: &'a [u8],
    /// How much longer the caller waits, at the time it sent.
    pub budget: Option<Duration>,
    /// A MessagePack map of what travels beside the parameters.
    pub meta: Option<&'a [u8]>,
    /// How its answer is to be written.
    pub dialect: Dialect<'a>,
    /// In which dialect the caller called, as whoever passes the call on tells; only a
    /// supervisor is to be believed.
    pub told_dialect: Option<&'a [u8]>,
}

/// How an answer is to be written, and what of the request belongs into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect<'a> {
    /// The bare value.
    Plain,
    /// A MessagePack-RPC response with this id, one MessagePack value.
    MessagePackRpc(&'a [u8]),
    /// A MessagePack-RPC notification: nobody waits for an answer.
    Notification,
    /// Events of the zerorpc channel that this call opens.
    Zerorpc {
        /// Names the channel: one MessagePack value.
        id: &'a [u8],
        /// The whole header, a MessagePack map.
        header: &'a [u8],
    },
}

impl Dialect<'_> {
    /// What people and programs call it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Plain => plain::NAME,
            Self::MessagePackRpc(_) | Self::Notification => messagepack_rpc::NAME,
            Self::Zerorpc { .. } => zerorpc::NAME,
        }
    }
}

impl<'a> Request<'a> {
    /// Reads a body. Every byte is checked against the limits first, and
    /// nothing is allocated but the text of a fault.
    #[must_use]
    #[inline]
    pub fn read(body: &'a [u8], limits: &Limits) -> Self {
        match body.first() {
            // The first bytes of arrays.
            Some(0x90..=0x9f | 0xdc | 0xdd) => Self::read_array(body, limits),
            _ => plain::read(body, limits),
        }
    }

    fn read_array(body: &'a [u8], limits: &Limits) -> Self {
        let mut reader = Reader::new(body);
        match (reader.array(), reader.kind()) {
            (Ok(3 | 4), Ok(Kind::Integer)) => Self::read_messagepack_rpc(body, limits),
            (Ok(3), Ok(Kind::Map)) => Self::read_zerorpc(body, limits),
            _ => plain::read(body, limits),
        }
    }

    fn read_messagepack_rpc(body: &'a [u8], limits: &Limits) -> Self {
        use messagepack_rpc::Message;
        match messagepack_rpc::read(body, limits) {
            Ok(Message::Request { id, .. }) if id.len() > LONGEST_ID => {
                Self::Refused(too_long(), Dialect::MessagePackRpc(b"\xc0"))
            }
            Ok(Message::Request { call, .. } | Message::Notification(call)) => Self::Call(call),
            Ok(Message::Refused { id, fault }) => Self::Refused(fault, dialect(id)),
            Ok(Message::Response { .. } | Message::Other) => plain::read(body, limits),
            Err(malformed) => match messagepack_rpc::salvage(body) {
                Some(id) => Self::Refused(malformed.into(), dialect(id)),
                None => Self::Other(malformed.into()),
            },
        }
    }

    fn read_zerorpc(body: &'a [u8], limits: &Limits) -> Self {
        match zerorpc::read(body, limits) {
            Ok(Some(event)) => Self::event(event),
            Ok(None) => match zerorpc::salvage_nameless(body) {
                Some(id) if id.len() <= LONGEST_ID => {
                    let reason = "the name of a call is expected to be a text";
                    let header = &[];
                    let dialect = Dialect::Zerorpc { id, header };
                    Self::Refused(Fault::new(Code::Request, reason), dialect)
                }
                _ => plain::read(body, limits),
            },
            Err(malformed) => match zerorpc::salvage(body) {
                Some(id) => {
                    let header = &[];
                    Self::Refused(malformed.into(), Dialect::Zerorpc { id, header })
                }
                None => Self::Other(malformed.into()),
            },
        }
    }

    fn event(event: zerorpc::Event<'a>) -> Self {
        if event.response_to.is_some() {
            return Self::Event(event);
        }
        let Some(id) = event.message_id.filter(|id| id.len() <= LONGEST_ID) else {
            return Self::Unanswerable;
        };
        let header = event.header;
        let dialect = Dialect::Zerorpc { id, header };
        if Reader::new(event.args).kind() != Ok(Kind::Array) {
            let reason = "the args of a call are expected to be an array";
            return Self::Refused(Fault::new(Code::Request, reason), dialect);
        }
        Self::Call(Call {
            function: event.name,
            parameters: event.args,
            budget: None,
            meta: None,
            dialect,
            told_dialect: None,
        })
    }
}

fn too_long() -> Fault {
    Fault::new(
        Code::Request,
        format!("an id has {LONGEST_ID} bytes at most"),
    )
}

/// Of a request, or of a notification, which has no id.
fn dialect(id: Option<&[u8]>) -> Dialect<'_> {
    id.map_or(Dialect::Notification, Dialect::MessagePackRpc)
}

impl From<Malformed> for Fault {
    fn from(malformed: Malformed) -> Self {
        let code = match malformed {
            Malformed::TooLarge { .. } => Code::TooLarge,
            _ => Code::Parse,
        };
        Self::new(code, malformed.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_it(body: &[u8]) -> Request<'_> {
        Request::read(body, &Limits::default())
    }

    fn called(body: &[u8]) -> (&[u8], Dialect<'_>) {
        match read_it(body) {
            Request::Call(call) => (call.function, call.dialect),
            other => panic!("no call: {other:?}"),
        }
    }

    #[test]
    fn a_calls_shape_names_its_dialect() {
        let plain = b"\x82\xadfunction_name\xa1f\xaaparameters\x90";
        assert_eq!(called(plain), (&b"f"[..], Dialect::Plain));
        assert_eq!(
            called(b"\x94\x00\x07\xa1f\x90"),
            (&b"f"[..], Dialect::MessagePackRpc(b"\x07"))
        );
        assert_eq!(
            called(b"\x93\x02\xa1f\x90"),
            (&b"f"[..], Dialect::Notification)
        );
        // The longer headers of the same array are the same array.
        assert_eq!(called(b"\xdc\x00\x04\x00\x07\xa1f\x90").0, b"f");
        let header = b"\x81\xaamessage_id\xc4\x02ab";
        let body = [b"\x93", &header[..], b"\xa1f\x90"].concat();
        let id = &b"\xc4\x02ab"[..];
        assert_eq!(called(&body), (&b"f"[..], Dialect::Zerorpc { id, header }));
    }

    #[test]
    fn an_event_of_a_channel_is_no_call() {
        let body = b"\x93\x82\xaamessage_id\x01\xabresponse_to\x02\xa7_zpc_hb\x90";
        assert!(
            matches!(read_it(body), Request::Event(event) if event.response_to == Some(b"\x02"))
        );
        assert_eq!(read_it(b"\x93\x80\xa1f\x90"), Request::Unanswerable);
    }

    #[test]
    fn what_is_malformed_is_told_under_its_id_where_that_can_be_read() {
        for (body, expected) in [
            (
                &b"\x94\x00\x07\xa1f\x91"[..],
                Some(Dialect::MessagePackRpc(b"\x07")),
            ),
            (b"\x94\x00\xa5ab", Some(Dialect::MessagePackRpc(b"\xc0"))),
            (
                b"\x94\x00\x07\x01\x90",
                Some(Dialect::MessagePackRpc(b"\x07")),
            ),
            (b"\x93\x02\xa1f", Some(Dialect::Notification)),
            (
                b"\x93\x81\xaamessage_id\x07\xa1f\x91",
                Some(Dialect::Zerorpc {
                    id: b"\x07",
                    header: b"",
                }),
            ),
            (b"\x93\x81\xaamessage_id", None),
            (b"\x93\x81\xa1x\x07\xa1f\x91", None),
            (b"\x94\x05\x07", None),
        ] {
            let told = match read_it(body) {
                Request::Refused(_, dialect) => Some(dialect),
                Request::Other(fault) => {
                    assert_eq!(fault.code, Code::Parse);
                    None
                }
                other => panic!("{body:?}: {other:?}"),
            };
            assert_eq!(told, expected, "{body:?}");
        }
    }

    #[test]
    fn a_call_of_zerorpc_without_a_name_is_told_so_under_its_id() {
        let body = b"\x93\x82\xaamessage_id\xa2id\xa1v\x03\x05\x90";
        let (id, header) = (&b"\xa2id"[..], &b""[..]);
        let expected = Dialect::Zerorpc { id, header };
        let told = read_it(body);
        assert!(
            matches!(&told, Request::Refused(fault, dialect)
                if *dialect == expected && fault.code == Code::Request),
            "{told:?}"
        );
        // Of these nobody knows that they are calls of zerorpc.
        for other in [
            &b"\x93\x81\xaamessage_id\xa2id\x05\x90"[..],
            b"\x93\x82\xaamessage_id\xa2id\xa1v\x02\x05\x90",
            b"\x93\x81\xa1v\x03\x05\x90",
            b"\x93\x83\xaamessage_id\x01\xa1v\x03\xabresponse_to\x02\x05\x90",
        ] {
            assert!(matches!(read_it(other), Request::Other(_)), "{other:?}");
        }
    }

    #[test]
    fn other_arrays_are_nobodys() {
        for body in [
            &b"\x90"[..],
            b"\x92\x00\x01",
            b"\x94\x01\x07\xc0\x01",
            b"\x93\x80\x01\x90",
        ] {
            assert!(matches!(read_it(body), Request::Other(fault) if fault.code == Code::Request));
        }
    }
}
