//! The plain dialect: what the demo clients speak.
//!
//! | | bytes |
//! |---|---|
//! | request | a map with `function_name` (str or bin) and `parameters` (any value); `deadline_ms` (unsigned) and `meta` (map) may be there; other keys are passed over |
//! | answer | the bare value |
//! | fault | the map `{"__error__": {"code", "name", "message"}}` |
//!
//! Source: demo 6 of "A simple guide for ZeroMQ" (2015) for requests and
//! answers; the fault map and the two extra keys are this project's, described
//! in `docs/wire.md`.

use std::time::Duration;

use super::{Call, Code, Dialect, Fault, Request, fault_map};
use crate::msgpack::pack::{self, text};
use crate::msgpack::{Kind, Limits, Malformed, Reader, Scanner, scan};

/// What this dialect is called.
pub const NAME: &str = "plain";

/// The one key of a fault. A handler's own map with just this key is refused,
/// so that a client can trust it.
pub const FAULT_KEY: &[u8] = b"__error__";

const FUNCTION: &[u8] = b"function_name";
const PARAMETERS: &[u8] = b"parameters";
const DEADLINE: &[u8] = b"deadline_ms";
const META: &[u8] = b"meta";
const PEER: &[u8] = b"peer";
const DIALECT: &[u8] = b"dialect";

/// Reads the body of a request.
#[must_use]
pub fn read<'a>(body: &'a [u8], limits: &Limits) -> Request<'a> {
    match read_map(body, limits) {
        Ok(request) => request,
        Err(malformed) => Request::Other(malformed.into()),
    }
}

fn read_map<'a>(body: &'a [u8], limits: &Limits) -> Result<Request<'a>, Malformed> {
    let mut scanner = Scanner::new(body, limits);
    if scanner.kind()? != Kind::Map {
        scanner.value()?;
        scanner.finish()?;
        return Ok(Request::Other(no_call()));
    }
    let entries = scanner.map_header()?;
    let mut function = None;
    let mut parameters = None;
    let mut deadline = None;
    let mut meta = None;
    let mut told_dialect = None;
    let mut repeated = false;
    for _ in 0..entries {
        let slot = match key(&mut scanner)? {
            FUNCTION => Some(&mut function),
            PARAMETERS => Some(&mut parameters),
            DEADLINE => Some(&mut deadline),
            META => Some(&mut meta),
            DIALECT => {
                told_dialect = Some(scanner.value()?);
                continue;
            }
            _ => None,
        };
        let value = scanner.value()?;
        if let Some(slot) = slot {
            repeated |= slot.is_some();
            *slot = Some(value);
        }
    }
    scanner.finish()?;

    let Some(function) = function else {
        return Ok(Request::Other(no_call()));
    };
    let refuse = |reason: &str| {
        Ok(Request::Refused(
            Fault::new(Code::Request, reason),
            Dialect::Plain,
        ))
    };
    if repeated {
        return refuse("the request has a key twice");
    }
    let Ok(function) = Reader::new(function).text_or_binary() else {
        return refuse("'function_name' is expected to be a string");
    };
    let Some(parameters) = parameters else {
        return refuse("the request has 'function_name' but no 'parameters'");
    };
    let budget = match deadline.map(|value| Reader::new(value).unsigned()) {
        None => None,
        Some(Ok(milliseconds)) => Some(Duration::from_millis(milliseconds)),
        Some(Err(_)) => return refuse("'deadline_ms' is expected to be an unsigned integer"),
    };
    if meta.is_some_and(|value| Reader::new(value).map().is_err()) {
        return refuse("'meta' is expected to be a map");
    }
    Ok(Request::Call(Call {
        function,
        parameters,
        budget,
        meta,
        dialect: Dialect::Plain,
        told_dialect: told_dialect.and_then(|told| Reader::new(told).text_or_binary().ok()),
    }))
}

/// What a supervisor tells of a call besides: who called it, and in which
/// dialect. `body` is a request that was read.
#[must_use]
pub fn read_origin(body: &[u8]) -> (Option<&[u8]>, Option<&[u8]>) {
    let mut reader = Reader::new(body);
    let (mut peer, mut dialect) = (None, None);
    for _ in 0..reader.map().unwrap_or(0) {
        let (Ok(key), Ok(value)) = (reader.slice(), reader.slice()) else {
            break;
        };
        let value = Reader::new(value).text_or_binary().ok();
        match Reader::new(key).text_or_binary() {
            Ok(PEER) => peer = value,
            Ok(DIALECT) => dialect = value,
            _ => {}
        }
    }
    (peer, dialect)
}

/// A key's bytes; none for a key that is no string, which no request needs.
fn key<'a>(scanner: &mut Scanner<'a>) -> Result<&'a [u8], Malformed> {
    if let Ok(key) = scanner.text_or_binary() {
        return Ok(key);
    }
    match scanner.kind()? {
        Kind::Text | Kind::Binary => scanner.text_or_binary(),
        _ => scanner.value().map(|_| &[][..]),
    }
}

fn no_call() -> Fault {
    Fault::new(
        Code::Request,
        "no request: expected a map with 'function_name' and 'parameters'",
    )
}

/// Writes a request. `parameters` is one MessagePack value; `meta` one map, or
/// empty. Returns where what follows the deadline begins.
pub fn write_request(
    out: &mut Vec<u8>,
    function: &str,
    budget: Duration,
    meta: &[u8],
    parameters: &[u8],
) -> Result<usize, Malformed> {
    pack::map(out, if meta.is_empty() { 3 } else { 4 });
    let tail = write_head(out, function, budget)?;
    if !meta.is_empty() {
        text(out, META)?;
        out.extend_from_slice(meta);
    }
    text(out, PARAMETERS)?;
    out.extend_from_slice(parameters);
    Ok(tail)
}

/// A request that [`write_request`] has written, with the time that is left
/// now; and where what follows the deadline begins in it.
pub fn rewrite_deadline(
    request: &[u8],
    tail: usize,
    function: &str,
    budget: Duration,
) -> Result<(Vec<u8>, usize), Malformed> {
    let mut out = Vec::with_capacity(request.len() + 8);
    // How many pairs there are is in its first byte.
    out.extend_from_slice(request.get(..1).unwrap_or_default());
    let new_tail = write_head(&mut out, function, budget)?;
    out.extend_from_slice(request.get(tail..).unwrap_or_default());
    Ok((out, new_tail))
}

fn write_head(out: &mut Vec<u8>, function: &str, budget: Duration) -> Result<usize, Malformed> {
    text(out, FUNCTION)?;
    text(out, function.as_bytes())?;
    text(out, DEADLINE)?;
    pack::unsigned(out, u64::try_from(budget.as_millis()).unwrap_or(u64::MAX));
    Ok(out.len())
}

/// Writes a fault.
pub fn write_fault(out: &mut Vec<u8>, fault: &Fault) {
    pack::map(out, 1);
    let _ = text(out, FAULT_KEY);
    fault_map::write(out, fault);
}

/// Whether a value is a map whose only key is [`FAULT_KEY`].
#[must_use]
#[inline]
pub fn is_reserved(value: &[u8]) -> bool {
    // The first bytes of maps; most answers are none.
    matches!(value.first(), Some(0x80..=0x8f | 0xde | 0xdf)) && has_fault_key_alone(value)
}

fn has_fault_key_alone(value: &[u8]) -> bool {
    let mut reader = Reader::new(value);
    reader.map() == Ok(1) && reader.text_or_binary() == Ok(FAULT_KEY)
}

/// What a server sent back.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// The body is the value.
    Value,
    /// The call failed there.
    Fault(Fault),
}

/// Reads the body of an answer.
pub fn read_answer(body: &[u8], limits: &Limits) -> Result<Answer, Malformed> {
    scan(body, limits)?;
    if is_reserved(body) {
        read_fault(body).map(Answer::Fault)
    } else {
        Ok(Answer::Value)
    }
}

fn read_fault(body: &[u8]) -> Result<Fault, Malformed> {
    let mut reader = Reader::new(body);
    reader.map()?;
    reader.text_or_binary()?;
    fault_map::read(&mut reader)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: &[u8] =
        b"\x82\xadfunction_name\xa4plus\xaaparameters\x99\x01\x02\x02\x03\x03\x04\x02\x03\xff";

    fn read_it(body: &[u8]) -> Request<'_> {
        read(body, &Limits::default())
    }

    fn refusal(body: &[u8]) -> Fault {
        match read_it(body) {
            Request::Refused(fault, Dialect::Plain) | Request::Other(fault) => fault,
            other => panic!("not refused: {other:?}"),
        }
    }

    #[test]
    fn the_seeds_request_is_a_call() {
        let Request::Call(call) = read_it(SEED) else {
            panic!("refused");
        };
        assert_eq!(call.function, b"plus");
        assert_eq!(call.parameters, b"\x99\x01\x02\x02\x03\x03\x04\x02\x03\xff");
        assert_eq!(call.budget, None);
    }

    #[test]
    fn keys_and_names_may_be_bin_and_in_any_order() {
        let body =
            b"\x83\xc4\x0aparameters\xc0\xa1x\x93\x01\x02\x03\xc4\x0dfunction_name\xc4\x04plus";
        let Request::Call(call) = read_it(body) else {
            panic!("refused");
        };
        assert_eq!(
            (call.function, call.parameters),
            (&b"plus"[..], &b"\xc0"[..])
        );
    }

    #[test]
    fn what_is_written_is_read() {
        let mut body = Vec::new();
        let time = Duration::from_millis(1500);
        write_request(&mut body, "plus", time, b"", b"\x91\x01").unwrap();
        assert_eq!(
            read_it(&body),
            Request::Call(Call {
                function: b"plus",
                parameters: b"\x91\x01",
                budget: Some(time),
                meta: None,
                dialect: Dialect::Plain,
                told_dialect: None,
            })
        );
    }

    #[test]
    fn a_request_that_is_sent_again_tells_the_time_left_and_is_the_same_else() {
        for meta in [&b""[..], b"\x81\xa1a\x01"] {
            let mut body = Vec::new();
            let time = Duration::from_secs(70);
            let tail = write_request(&mut body, "plus", time, meta, b"\x91\x01").unwrap();
            let left = Duration::from_millis(5);
            let (again, tail) = rewrite_deadline(&body, tail, "plus", left).unwrap();
            assert_eq!(
                read_it(&again),
                Request::Call(Call {
                    function: b"plus",
                    parameters: b"\x91\x01",
                    budget: Some(left),
                    meta: (!meta.is_empty()).then_some(meta),
                    dialect: Dialect::Plain,
                    told_dialect: None,
                })
            );
            assert_eq!(
                rewrite_deadline(&again, tail, "plus", time).unwrap().0,
                body
            );
        }
    }

    #[test]
    fn a_supervisor_tells_where_a_call_came_from() {
        let body = b"\x84\xadfunction_name\xa1f\xaaparameters\xc0\xa4peer\xa1p\xa7dialect\xa5plain";
        assert!(matches!(read_it(body), Request::Call(_)));
        assert_eq!(read_origin(body), (Some(&b"p"[..]), Some(&b"plain"[..])));
        assert_eq!(read_origin(SEED), (None, None));
        assert_eq!(read_origin(b"\x81\xa4peer\x01"), (None, None));
        assert_eq!(read_origin(b""), (None, None));
    }

    #[test]
    fn every_truncation_is_a_parse_error() {
        for end in 0..SEED.len() {
            assert_eq!(refusal(&SEED[..end]).code, Code::Parse, "{end} bytes");
        }
    }

    #[test]
    fn bytes_after_the_request_are_a_parse_error() {
        let mut body = SEED.to_vec();
        body.push(0xc0);
        assert_eq!(refusal(&body).code, Code::Parse);
    }

    #[test]
    fn other_values_are_no_request() {
        for body in [
            &b"0"[..],
            b"\xc0",
            b"\x80",
            b"\x90",
            b"\x01",
            b"\xa5hello",
            b"\x81\xc0\xa8stdClass",
        ] {
            assert!(matches!(read_it(body), Request::Other(fault) if fault.code == Code::Request));
        }
    }

    #[test]
    fn a_call_of_the_wrong_shape_is_refused_with_the_reason() {
        for (body, expected) in [
            (&b"\x81\xadfunction_name\xa4plus"[..], "no 'parameters'"),
            (b"\x82\xadfunction_name\x01\xaaparameters\xc0", "a string"),
            (
                b"\x83\xadfunction_name\xa4plus\xaaparameters\xc0\xaaparameters\xc0",
                "twice",
            ),
            (
                b"\x83\xadfunction_name\xa4plus\xaaparameters\xc0\xabdeadline_ms\xff",
                "unsigned",
            ),
            (
                b"\x83\xadfunction_name\xa4plus\xaaparameters\xc0\xa4meta\x01",
                "a map",
            ),
        ] {
            let fault = refusal(body);
            assert_eq!(fault.code, Code::Request);
            assert!(fault.message.contains(expected), "{}", fault.message);
        }
    }

    #[test]
    fn a_fault_survives_the_wire() {
        let fault = Fault::named(Code::Application(7), "NoMoney", "the account holds 3 €");
        let mut body = Vec::new();
        write_fault(&mut body, &fault);
        assert!(is_reserved(&body));
        assert_eq!(
            read_answer(&body, &Limits::default()),
            Ok(Answer::Fault(fault))
        );
    }

    #[test]
    fn only_a_map_with_just_the_reserved_key_is_a_fault() {
        for body in [
            &b"\x13"[..],
            b"\xa9__error__",
            b"\x91\xa9__error__",
            b"\x82\xa9__error__\xc0\x01\x02",
            b"\x81\xa5error\xc0",
        ] {
            assert_eq!(read_answer(body, &Limits::default()), Ok(Answer::Value));
        }
    }

    #[test]
    fn a_fault_without_its_parts_is_still_a_fault() {
        for body in [
            &b"\x81\xa9__error__\xc0"[..],
            b"\x81\xa9__error__\x80",
            b"\x81\xa9__error__\x81\xa4code\xa1x",
        ] {
            assert!(matches!(
                read_answer(body, &Limits::default()),
                Ok(Answer::Fault(_))
            ));
        }
    }

    #[test]
    fn a_long_message_is_cut() {
        let mut body = Vec::new();
        write_fault(&mut body, &Fault::new(Code::Handler, "é".repeat(1 << 20)));
        assert!(body.len() < 70_000);
    }
}
