//! zerorpc, version 3: one event in each body, `[header, name, args]`.
//!
//! A call is a channel. Its first event is the call itself, whose `message_id` all
//! others of the channel carry as `response_to`, byte for byte: Python's ids are bin,
//! Node's are str, and either takes only its own back.
//!
//! | event | args | from |
//! |---|---|---|
//! | the function's name | an array of parameters | the caller |
//! | `OK` | `[result]` | the server: the end |
//! | `ERR` | `[name, message, traceback]` | the server: the end |
//! | `STREAM` | the item, bare | the server |
//! | `STREAM_DONE` | anything | the server: the end |
//! | `_zpc_hb` | anything | both: the sender is alive |
//! | `_zpc_more` | `[n]` | both: the sender takes n more events |
//!
//! Source: zerorpc-python's `doc/protocol.md` and its events.py, channel.py and
//! heartbeat.py, release 0.6.3; zerorpc-node's lib/, release 0.9.8.

use super::{Code, Dialect, Fault, Request, fault_map};
use crate::msgpack::pack::{self, text};
use crate::msgpack::{Kind, Limits, Malformed, Reader, scan};

/// What this dialect is called.
pub const NAME: &str = "zerorpc";

/// The end of a call that gave one value.
pub const OK: &[u8] = b"OK";
/// The end of a call that failed.
pub const ERROR: &[u8] = b"ERR";
/// One item of a stream.
pub const STREAM: &[u8] = b"STREAM";
/// The end of a stream.
pub const STREAM_DONE: &[u8] = b"STREAM_DONE";
/// A sign of life.
pub const HEARTBEAT: &[u8] = b"_zpc_hb";
/// Room for more events.
pub const MORE: &[u8] = b"_zpc_more";

/// The version that this is.
const VERSION: u64 = 3;

/// An event, understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// One MessagePack value; none when the header has no `message_id`.
    pub message_id: Option<&'a [u8]>,
    /// The channel it belongs to; none for the first event of one.
    pub response_to: Option<&'a [u8]>,
    /// The version that its sender speaks; 1 when it does not say.
    pub version: i64,
    /// The whole header, a MessagePack map.
    pub header: &'a [u8],
    /// What it is, or the function that is called.
    pub name: &'a [u8],
    /// One MessagePack value.
    pub args: &'a [u8],
}

/// Reads a body; none if it is no event.
pub fn read<'a>(body: &'a [u8], limits: &Limits) -> Result<Option<Event<'a>>, Malformed> {
    scan(body, limits)?;
    let mut reader = Reader::new(body);
    if reader.array() != Ok(3) || reader.kind()? != Kind::Map {
        return Ok(None);
    }
    let header = reader.slice()?;
    let Ok(name) = Reader::new(reader.slice()?).text_or_binary() else {
        return Ok(None);
    };
    let mut event = Event {
        message_id: None,
        response_to: None,
        version: 1,
        header,
        name,
        args: reader.slice()?,
    };
    let mut entries = Reader::new(header);
    for _ in 0..entries.map()? {
        let key = entries.slice()?;
        let value = entries.slice()?;
        match Reader::new(key).text_or_binary() {
            Ok(b"message_id") => event.message_id = Some(value),
            Ok(b"response_to") => event.response_to = Some(value),
            Ok(b"v") => event.version = Reader::new(value).integer().unwrap_or(event.version),
            _ => {}
        }
    }
    Ok(Some(event))
}

/// Of a body that cannot be read: the `message_id` of a call, if its header can.
#[must_use]
pub fn salvage(body: &[u8]) -> Option<&[u8]> {
    salvage_header(body)?.0
}

/// Of a body that is no event: the `message_id`, if the header is that of a call in this
/// version all the same, so that only the name is not what it should be.
#[must_use]
pub fn salvage_nameless(body: &[u8]) -> Option<&[u8]> {
    let (id, version) = salvage_header(body)?;
    id.filter(|_| version == Some(VERSION))
}

/// A call's `message_id`, and its version.
fn salvage_header(body: &[u8]) -> Option<(Option<&[u8]>, Option<u64>)> {
    let mut reader = Reader::new(body);
    reader.array().ok()?;
    let mut header = Reader::new(reader.slice().ok()?);
    let (mut id, mut version) = (None, None);
    for _ in 0..header.map().ok()? {
        let (key, value) = (header.slice().ok()?, header.slice().ok()?);
        match Reader::new(key).text_or_binary() {
            Ok(b"message_id") => id = Some(value),
            Ok(b"response_to") => return None,
            Ok(b"v") => version = Reader::new(value).unsigned().ok(),
            _ => {}
        }
    }
    Some((id, version))
}

/// A header's other keys with their values: what travels beside the parameters.
pub fn meta(header: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut entries = Reader::new(header);
    let count = entries.map().unwrap_or(0);
    (0..count).filter_map(move |_| {
        let key = entries.slice().ok()?;
        let value = entries.slice().ok()?;
        let name = Reader::new(key).text_or_binary().unwrap_or_default();
        (!matches!(name, b"message_id" | b"response_to" | b"v")).then_some((key, value))
    })
}

/// The same as a MessagePack map; none if there are none.
#[must_use]
pub fn meta_map(header: &[u8]) -> Option<Box<[u8]>> {
    let count = meta(header).count();
    if count == 0 {
        return None;
    }
    let mut map = Vec::with_capacity(header.len());
    pack::map(&mut map, u32::try_from(count).unwrap_or(u32::MAX));
    for (key, value) in meta(header) {
        map.extend_from_slice(key);
        map.extend_from_slice(value);
    }
    Some(map.into())
}

impl<'a> Event<'a> {
    /// See [`meta`].
    pub fn meta(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        meta(self.header)
    }

    /// How many more events its sender takes, if that is what it says.
    #[must_use]
    pub fn credit(&self) -> Option<u64> {
        let mut args = Reader::new(self.args);
        if self.name != MORE || !matches!(args.array(), Ok(1..)) {
            return None;
        }
        args.unsigned().ok()
    }

    /// The result of an `OK`: its args are an array of one.
    #[must_use]
    pub fn result(&self) -> Option<&'a [u8]> {
        let mut args = Reader::new(self.args);
        match args.array() {
            Ok(1) => args.slice().ok(),
            _ => None,
        }
    }

    /// What an `ERR` says. Its name stands where our faults have theirs; the number is
    /// told by the name alone.
    #[must_use]
    pub fn fault(&self) -> Fault {
        let mut args = Reader::new(self.args);
        let parts = args.array().unwrap_or(0);
        let part = |args: &mut Reader<'_>| match args.slice() {
            Ok(value) => fault_map::sentence(&mut Reader::new(value)),
            Err(_) => String::new(),
        };
        // Peers before version 2 send the message alone.
        if parts < 2 {
            return Fault::named(Code::Other(0), "RemoteError", part(&mut args));
        }
        let (name, message) = (part(&mut args), part(&mut args));
        // A foreign class may be called as one of ours; it comes with a traceback.
        let ours = args.slice() == Ok(b"\xc0");
        let known = Code::NAMED
            .into_iter()
            .find(|code| ours && code.name() == name);
        Fault::named(known.unwrap_or(Code::Other(0)), name, message)
    }
}

/// Writes an event up to its args, which are to follow as one MessagePack value.
/// `message_id` and `response_to` are one MessagePack value each; `meta` are more keys
/// of the header with their values.
pub fn begin<'m>(
    out: &mut Vec<u8>,
    message_id: &[u8],
    response_to: Option<&[u8]>,
    meta: impl ExactSizeIterator<Item = (&'m [u8], &'m [u8])>,
    name: &[u8],
) -> Result<(), Malformed> {
    pack::array(out, 3);
    let known = 2 + usize::from(response_to.is_some());
    pack::map(out, u32::try_from(known + meta.len()).unwrap_or(u32::MAX));
    text(out, b"message_id")?;
    out.extend_from_slice(message_id);
    text(out, b"v")?;
    pack::unsigned(out, VERSION);
    if let Some(first) = response_to {
        text(out, b"response_to")?;
        out.extend_from_slice(first);
    }
    for (key, value) in meta {
        out.extend_from_slice(key);
        out.extend_from_slice(value);
    }
    text(out, name)
}

/// Writes an event of a server up to its args: the `number`th that it sends, in the
/// channel that the event with the id `response_to`, one MessagePack value, has opened.
pub fn begin_reply(out: &mut Vec<u8>, number: u64, response_to: &[u8], name: &[u8]) {
    let mut message_id = Vec::with_capacity(17);
    // Short texts, so nothing is refused.
    let _ = text(&mut message_id, format!("{number:016x}").as_bytes());
    let _ = begin(out, &message_id, Some(response_to), [].into_iter(), name);
}

/// The args of an `OK`. `result` is one MessagePack value.
pub fn result_args(out: &mut Vec<u8>, result: &[u8]) {
    pack::array(out, 1);
    out.extend_from_slice(result);
}

/// The args of an `ERR`. The traceback is nil: where it failed is nobody's business.
pub fn error_args(out: &mut Vec<u8>, fault: &Fault) {
    pack::array(out, 3);
    for sentence in [&fault.name, &fault.message] {
        let _ = text(out, fault_map::shortened(sentence).as_bytes());
    }
    pack::nil(out);
}

/// The heartbeat that the caller of a body is to hear although nobody has looked at its call
/// yet; none if the body opens no channel.
#[must_use]
pub fn early_heartbeat(body: &[u8], limits: &Limits) -> Option<Vec<u8>> {
    let mut reader = Reader::new(body);
    if (reader.array(), reader.kind()) != (Ok(3), Ok(Kind::Map)) {
        // Of another dialect: it is read whole when it is taken, and need not be twice.
        return None;
    }
    let Request::Call(call) = Request::read(body, limits) else {
        return None;
    };
    let Dialect::Zerorpc { id, .. } = call.dialect else {
        return None;
    };
    let mut event = Vec::new();
    begin_reply(&mut event, 0, id, HEARTBEAT);
    heartbeat_args(&mut event);
    Some(event)
}

/// The args of a `_zpc_hb`, as both known peers send them.
pub fn heartbeat_args(out: &mut Vec<u8>) {
    pack::array(out, 1);
    pack::unsigned(out, 0);
}

/// The args of a `_zpc_more`.
pub fn credit_args(out: &mut Vec<u8>, events: u32) {
    pack::array(out, 1);
    pack::unsigned(out, events.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `{"message_id": id, "v": 3}`.
    fn header(id: &[u8]) -> Vec<u8> {
        [b"\x82\xaamessage_id", id, b"\xa1v\x03"].concat()
    }

    fn read_it(body: &[u8]) -> Event<'_> {
        read(body, &Limits::default()).unwrap().unwrap()
    }

    #[test]
    fn a_call_of_python_and_of_node_is_read() {
        for id in [&b"\xc4\x04abcd"[..], b"\xa4abcd", b"\x07", b"\xc0"] {
            let body = [b"\x93", &header(id)[..], b"\xa4plus\x92\x01\x02"].concat();
            let event = read_it(&body);
            assert_eq!((event.message_id, event.response_to), (Some(id), None));
            assert_eq!((event.version, event.name), (3, &b"plus"[..]));
            assert_eq!(event.args, b"\x92\x01\x02");
            assert_eq!(event.meta().count(), 0);
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let key: (&[u8], &[u8]) = (b"\xaaaccess_key", b"\xa3xyz");
        let mut out = Vec::new();
        begin(
            &mut out,
            b"\xa2id",
            Some(b"\xc4\x02me"),
            [key].into_iter(),
            OK,
        )
        .unwrap();
        out.extend_from_slice(b"\x91\x05");
        let event = read_it(&out);
        assert_eq!(event.message_id, Some(&b"\xa2id"[..]));
        assert_eq!(event.response_to, Some(&b"\xc4\x02me"[..]));
        assert_eq!((event.name, event.result()), (OK, Some(&b"\x05"[..])));
        assert_eq!(event.meta().collect::<Vec<_>>(), [key]);
    }

    #[test]
    fn credit_and_faults_are_read() {
        let mut out = Vec::new();
        begin(&mut out, b"\x01", Some(b"\x02"), [].into_iter(), MORE).unwrap();
        credit_args(&mut out, 100);
        assert_eq!(read_it(&out).credit(), Some(100));
        out.clear();
        begin(&mut out, b"\x01", Some(b"\x02"), [].into_iter(), HEARTBEAT).unwrap();
        heartbeat_args(&mut out);
        assert_eq!(read_it(&out).credit(), None);
        out.clear();
        let fault = Fault::new(Code::UnknownFunction, "no function is called 'nope' here");
        begin(&mut out, b"\x01", Some(b"\x02"), [].into_iter(), ERROR).unwrap();
        error_args(&mut out, &fault);
        assert_eq!(read_it(&out).fault(), fault);
        let foreign = b"\xa3ERR\x93\xaaOverloaded\xa3odd\xa9traceback";
        let foreign = [b"\x93", &header(b"\x01")[..], foreign].concat();
        assert_eq!(read_it(&foreign).fault().code, Code::Other(0));
        let old = [b"\x93", &header(b"\x01")[..], b"\xa3ERR\x91\xa3odd"].concat();
        assert_eq!(read_it(&old).fault().message, "odd");
    }

    #[test]
    fn a_call_that_waits_has_a_heartbeat_and_nothing_else_has() {
        let limits = Limits::default();
        let call = [
            b"\x93",
            &header(b"\xc4\x04abcd")[..],
            b"\xa4plus\x92\x01\x02",
        ]
        .concat();
        let heartbeat = early_heartbeat(&call, &limits).unwrap();
        let event = read_it(&heartbeat);
        assert_eq!(event.response_to, Some(&b"\xc4\x04abcd"[..]));
        assert_eq!((event.name, event.args), (HEARTBEAT, &b"\x91\x00"[..]));
        for other in [
            &heartbeat[..],
            b"\x82\xadfunction_name\xa1f\xaaparameters\x90",
            b"\x94\x00\x07\xa1f\x90",
            &call[..call.len() - 1],
        ] {
            assert_eq!(early_heartbeat(other, &limits), None, "{other:?}");
        }
    }

    #[test]
    fn other_bodies_are_no_events() {
        for body in [
            &b"\x93\x02\xa1f\x90"[..],
            b"\x94\x00\x01\xa1f\x90",
            b"\x92\x80\xa1f",
            b"\x93\x80\x01\x90",
            b"\x80",
        ] {
            assert_eq!(read(body, &Limits::default()), Ok(None), "{body:?}");
        }
        let bare = read_it(b"\x93\x80\xa1f\xc0");
        assert_eq!((bare.message_id, bare.version), (None, 1));
        assert!(read(b"\x93\x80\xa1f", &Limits::default()).is_err());
    }
}
