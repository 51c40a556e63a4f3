//! MessagePack-RPC, one message in each body.
//!
//! | | bytes |
//! |---|---|
//! | request | `[0, id, method, params]` |
//! | notification | `[2, method, params]`, which nobody answers |
//! | response | `[1, id, nil, result]`, or `[1, id, error, nil]` |
//!
//! Source: <https://github.com/msgpack-rpc/msgpack-rpc/blob/master/spec.md>. An error
//! may be any value; ours is a map of code, name and message. An id is a number of 32
//! bits there; a server hands back whatever value came.

use super::{Call, Code, Dialect, Fault, fault_map};
use crate::msgpack::pack::{self, text};
use crate::msgpack::{Kind, Limits, Malformed, Reader, scan};

/// What this dialect is called.
pub const NAME: &str = "msgpack-rpc";

const REQUEST: i64 = 0;
const RESPONSE: i64 = 1;
const NOTIFICATION: i64 = 2;

/// A body, understood.
#[derive(Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// A call that wants an answer under its id, one MessagePack value.
    Request {
        /// To be handed back byte for byte.
        id: &'a [u8],
        /// What is called.
        call: Call<'a>,
    },
    /// A call that wants none.
    Notification(Call<'a>),
    /// An answer.
    Response {
        /// Which call it is of; none if it is no number that a client gives.
        id: Option<u32>,
        /// Why the call failed, or nil.
        error: &'a [u8],
        /// One MessagePack value.
        result: &'a [u8],
    },
    /// Meant as a call, and not one that can be served.
    Refused {
        /// Under which id, if it has one.
        id: Option<&'a [u8]>,
        /// Why.
        fault: Fault,
    },
    /// Another dialect's, or nobody's.
    Other,
}

/// Reads a body.
pub fn read<'a>(body: &'a [u8], limits: &Limits) -> Result<Message<'a>, Malformed> {
    scan(body, limits)?;
    let mut reader = Reader::new(body);
    let Ok(elements) = reader.array() else {
        return Ok(Message::Other);
    };
    let Ok(kind) = reader.integer() else {
        return Ok(Message::Other);
    };
    match (kind, elements) {
        (REQUEST, 4) => {
            let id = reader.slice()?;
            Ok(match call(&mut reader, Dialect::MessagePackRpc(id))? {
                Ok(call) => Message::Request { id, call },
                Err(fault) => Message::Refused {
                    id: Some(id),
                    fault,
                },
            })
        }
        (NOTIFICATION, 3) => Ok(match call(&mut reader, Dialect::Notification)? {
            Ok(call) => Message::Notification(call),
            Err(fault) => Message::Refused { id: None, fault },
        }),
        (RESPONSE, 4) => {
            let id = Reader::new(reader.slice()?).unsigned().ok();
            Ok(Message::Response {
                id: id.and_then(|id| u32::try_from(id).ok()),
                error: reader.slice()?,
                result: reader.slice()?,
            })
        }
        _ => Ok(Message::Other),
    }
}

/// Method and parameters.
fn call<'a>(
    reader: &mut Reader<'a>,
    dialect: Dialect<'a>,
) -> Result<Result<Call<'a>, Fault>, Malformed> {
    let method = reader.slice()?;
    let parameters = reader.slice()?;
    let refuse = |reason| Ok(Err(Fault::new(Code::Request, reason)));
    let Ok(function) = Reader::new(method).text_or_binary() else {
        return refuse("the method is expected to be a string");
    };
    if Reader::new(parameters).kind()? != Kind::Array {
        return refuse("the parameters are expected to be an array");
    }
    Ok(Ok(Call {
        function,
        parameters,
        budget: None,
        meta: None,
        dialect,
        told_dialect: None,
    }))
}

/// Of a body that cannot be read: whether it is meant as a request, and then under
/// which id its answer is to go, nil if that cannot be read either; no id for a
/// notification.
#[must_use]
pub fn salvage(body: &[u8]) -> Option<Option<&[u8]>> {
    const NIL: &[u8] = b"\xc0";
    let mut reader = Reader::new(body);
    match (reader.array(), reader.integer()) {
        (Ok(4), Ok(REQUEST)) => Some(Some(reader.slice().unwrap_or(NIL))),
        (Ok(3), Ok(NOTIFICATION)) => Some(None),
        _ => None,
    }
}

/// Writes a request. `parameters` is one MessagePack value.
pub fn write_request(
    out: &mut Vec<u8>,
    id: u32,
    function: &str,
    parameters: &[u8],
) -> Result<(), Malformed> {
    pack::array(out, 4);
    pack::integer(out, REQUEST);
    pack::unsigned(out, id.into());
    text(out, function.as_bytes())?;
    out.extend_from_slice(parameters);
    Ok(())
}

/// Writes a notification. `parameters` is one MessagePack value.
pub fn write_notification(
    out: &mut Vec<u8>,
    function: &str,
    parameters: &[u8],
) -> Result<(), Malformed> {
    pack::array(out, 3);
    pack::integer(out, NOTIFICATION);
    text(out, function.as_bytes())?;
    out.extend_from_slice(parameters);
    Ok(())
}

/// Writes the answer to the request with this id. Both are one MessagePack value.
pub fn write_answer(out: &mut Vec<u8>, id: &[u8], value: &[u8]) {
    begin_response(out, id);
    pack::nil(out);
    out.extend_from_slice(value);
}

/// Writes why the request with this id failed.
pub fn write_fault(out: &mut Vec<u8>, id: &[u8], fault: &Fault) {
    begin_response(out, id);
    fault_map::write(out, fault);
    pack::nil(out);
}

fn begin_response(out: &mut Vec<u8>, id: &[u8]) {
    pack::array(out, 4);
    pack::integer(out, RESPONSE);
    out.extend_from_slice(id);
}

/// What an error of a response says; any value may be one.
#[must_use]
pub fn read_error(error: &[u8]) -> Fault {
    let mut reader = Reader::new(error);
    match reader.kind() {
        Ok(Kind::Map) => fault_map::read(&mut reader).unwrap_or_else(|_| anonymous("")),
        Ok(Kind::Text | Kind::Binary) => anonymous(&fault_map::sentence(&mut reader)),
        Ok(Kind::Integer) => coded(&mut reader, ""),
        // As Neovim has it: a number and a text.
        Ok(Kind::Array) => match reader.array() {
            Ok(2..) => {
                let (number, message) = (reader.slice(), reader.slice());
                let mut message = Reader::new(message.unwrap_or_default());
                let message = fault_map::sentence(&mut message);
                coded(&mut Reader::new(number.unwrap_or_default()), &message)
            }
            _ => anonymous(UNTOLD),
        },
        _ => anonymous(UNTOLD),
    }
}

/// A fault of which nothing is known but that it is one.
const UNTOLD: &str = "the server sent an error that says nothing of itself";

fn anonymous(message: &str) -> Fault {
    Fault::new(Code::Other(0), message)
}

/// The number may be that of any system: it is none of ours.
fn coded(number: &mut Reader<'_>, message: &str) -> Fault {
    match (number.integer(), message) {
        (Ok(number), "") => anonymous(&format!("error {number}")),
        (Ok(number), message) => anonymous(&format!("{message} (error {number})")),
        (Err(_), "") => anonymous(UNTOLD),
        (Err(_), message) => anonymous(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_it(body: &[u8]) -> Message<'_> {
        read(body, &Limits::default()).unwrap()
    }

    #[test]
    fn a_request_is_read_and_its_id_handed_back() {
        for id in [
            &b"\x07"[..],
            b"\xce\xff\xff\xff\xff",
            b"\xcf\x00\x00\x00\x00\x00\x00\x00\x01",
            b"\xa1x",
            b"\xc4\x01x",
            b"\xc0",
            b"\x92\x01\x02",
            b"\xd4\x05\x00",
        ] {
            let body = [b"\x94\x00", id, b"\xa4plus\x92\x01\x02"].concat();
            let Message::Request { id: read, call } = read_it(&body) else {
                panic!("{id:?}");
            };
            assert_eq!((read, call.function), (id, &b"plus"[..]));
            assert_eq!(call.parameters, b"\x92\x01\x02");
            let mut out = Vec::new();
            write_answer(&mut out, read, b"\x03");
            assert_eq!(out, [b"\x94\x01", id, b"\xc0\x03"].concat());
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let mut out = Vec::new();
        write_request(&mut out, u32::MAX, "plus", b"\x91\x01").unwrap();
        assert!(matches!(read_it(&out), Message::Request { id, call }
            if id == b"\xce\xff\xff\xff\xff" && call.function == b"plus"));
        out.clear();
        write_notification(&mut out, "log", b"\x90").unwrap();
        assert!(matches!(read_it(&out), Message::Notification(call) if call.function == b"log"));
        out.clear();
        let fault = Fault::named(Code::Application(5), "TooOdd", "no odd numbers");
        write_fault(&mut out, b"\x07", &fault);
        let Message::Response { id, error, result } = read_it(&out) else {
            panic!("no response");
        };
        assert_eq!((id, result), (Some(7), &b"\xc0"[..]));
        assert_eq!(read_error(error), fault);
    }

    #[test]
    fn errors_of_any_kind_are_faults() {
        assert_eq!(read_error(b"\xa3odd").message, "odd");
        assert_eq!(read_error(b"\x92\x01\xa3odd").message, "odd (error 1)");
        assert_eq!(read_error(b"\x07").message, "error 7");
        for error in [
            &b"\x90"[..],
            b"\x92\x80\x80",
            b"\xc3",
            b"\xcb\0\0\0\0\0\0\0\0",
        ] {
            assert!(read_error(error).message.contains("nothing"), "{error:?}");
        }
        assert_eq!(read_error(b"\x80").message, "");
    }

    #[test]
    fn what_is_no_call_is_told_under_its_id() {
        for body in [&b"\x94\x00\x07\x01\x90"[..], b"\x94\x00\x07\xa1f\x80"] {
            assert!(matches!(
                read_it(body),
                Message::Refused {
                    id: Some(b"\x07"),
                    ..
                }
            ));
        }
        assert!(matches!(
            read_it(b"\x93\x02\x01\x90"),
            Message::Refused { id: None, .. }
        ));
        for body in [
            &b"\x90"[..],
            b"\x93\x00\x01\xa1f",
            b"\x94\x03\x01\xa1f\x90",
            b"\x93\x80\xa1f\x90",
            b"\x80",
            b"\x07",
        ] {
            assert_eq!(read_it(body), Message::Other, "{body:?}");
        }
        assert!(read(b"\x94\x00\x07\xa1f", &Limits::default()).is_err());
    }
}
