//! The server's side: answers in, calls out.

use std::ffi::c_int;
use std::time::Instant;

use super::batch::Batch;
use super::{MAYBE_A_RESOURCE, at_end, pack};
use crate::capi::call::time_left;
use crate::capi::gate::Failure;
use crate::capi::options::Values;
use crate::capi::server::{Server, deadline};
use crate::capi::status::Status;
use crate::msgpack::Reader;
use crate::msgpack::php::Serialized;
use crate::server::{Refused, Route, StreamNews, Taken};
use crate::transport::Waited;
use crate::wire::{Code, Fault};
use crate::zend::{Key, Seen, View};

/// The route of a body that is no call.
const RAW: i64 = -1;
/// The route of an answer that was not taken.
const NOT_PLAIN: i64 = -2;
/// The route of streams that there is room for again.
const ROOM: i64 = -3;
/// The route of streams whose callers have gone.
const GONE: i64 = -4;

const RAW_ANSWER: &str = "a raw handler's answer is expected to be a string";

/// A batch stops growing here, so that its first call need not wait for the
/// translation of megabytes.
const LARGEST: usize = 1 << 20;

/// Memory that is used again, turn after turn.
#[derive(Default)]
pub struct Buffers {
    batch: Batch,
    scratch: Vec<u8>,
}

/// Hands in the answers, then takes the next batch.
pub fn turn<'a>(
    server: &'a mut Server,
    answers: &[u8],
    most: usize,
    timeout_ms: c_int,
) -> Result<&'a [u8], Failure> {
    let until = deadline(timeout_ms);
    if most > 0 {
        // One who takes no calls is in the middle of those that were taken.
        server.engine.back();
    }
    server.exchange.batch.begin(server.values);
    server.exchange.batch.begin_map();
    if !answers.is_empty() {
        match server.values {
            Values::Php => hand_in_php(server, answers)?,
            Values::MessagePack | Values::Zend => hand_in_messagepack(server, answers)?,
        }
    }
    let batch = finish(server, most, until)?;
    Ok(batch.map_or(&[], |batch| batch.bytes()))
}

/// As [`turn`], with PHP's own values: the answers are an array by token, or
/// null. The batch is MessagePack that PHP has values for, or none if nothing
/// came in time.
pub fn turn_in_place<'a>(
    server: &'a mut Server,
    answers: View<'_>,
    most: usize,
    timeout_ms: c_int,
) -> Result<Option<&'a mut Batch>, Failure> {
    let until = deadline(timeout_ms);
    if most > 0 {
        // One who takes no calls is in the middle of those that were taken.
        server.engine.back();
    }
    server.exchange.batch.begin(Values::Zend);
    server.exchange.batch.begin_map();
    hand_in_place(server, answers)?;
    finish(server, most, until)
}

/// Ends the answers that were not taken, and takes the next calls.
fn finish(
    server: &mut Server,
    most: usize,
    until: Option<Instant>,
) -> Result<Option<&mut Batch>, Failure> {
    server.exchange.batch.end_map([NOT_PLAIN, -1]);
    // The callers go on while the next calls are taken.
    server.engine.flush()?;
    let taken = if most > 0 {
        take(server, most, until)
    } else {
        Ok(())
    };
    // Also after a stop or a signal: the answers must not wait for the host.
    server.engine.leave()?;
    taken?;
    let batch = &mut server.exchange.batch;
    if batch.is_empty() {
        return Ok(None);
    }
    batch.finish();
    Ok(Some(batch))
}

/// Fills the batch with what is here, after waiting for it unless there is
/// something in it already.
fn take(server: &mut Server, most: usize, until: Option<Instant>) -> Result<(), Failure> {
    let mut waited = false;
    server.serve_again(until)?;
    loop {
        server.deliver()?;
        // Before the next calls: under load there is always one more.
        if server.exchange.batch.is_empty() && server.engine.is_stopped() {
            server.engine.resume();
            return Err(Failure::new(
                Status::ZROUTE_STOPPED,
                "the server was asked to stop",
            ));
        }
        let drained = match take_round(server, most, waited) {
            // What is in the batch already must reach the host.
            Err(_) if !server.exchange.batch.is_empty() => return Ok(()),
            drained => drained?,
        };
        if !server.exchange.batch.is_empty() {
            return Ok(());
        }
        if !drained {
            // None of what came was fit to be handed out.
            continue;
        }
        if server.engine.wait(until)? == Waited::TimedOut {
            return Ok(());
        }
        waited = true;
    }
}

/// Takes what is here; true when nothing was left. Calls in a row of one
/// function, with the same time left, share a map.
///
/// After a wait most often one call is the only one, and looking for another
/// may cost a system call, so only those that are known to be here are taken.
fn take_round(server: &mut Server, most: usize, waited: bool) -> Result<bool, Failure> {
    let mut group = None;
    let mut count = 0;
    let mut taking = Ok(false);
    while count < most && server.exchange.batch.size() + server.exchange.batch.map_size() < LARGEST
    {
        let taken = match server.engine.take() {
            Ok(Some(taken)) => taken,
            Ok(None) => {
                taking = Ok(true);
                break;
            }
            Err(error) => {
                taking = Err(error.into());
                break;
            }
        };
        let route = match taken.route {
            Route::Raw => RAW,
            Route::Function(number) => i64::from(number),
        };
        let key = [route, time_left(taken.deadline)];
        if group != Some(key)
            && let Some(ended) = group.replace(key)
        {
            server.exchange.batch.end_map(ended);
        }
        hand_out(server, &taken)?;
        count += 1;
        if waited && !server.engine.has_more() {
            break;
        }
    }
    if let Some(ended) = group {
        server.exchange.batch.end_map(ended);
    }
    hand_out_news(server);
    taking
}

/// Tells what happened to streams: two maps at most, of those with room and of those
/// whose callers have gone.
fn hand_out_news(server: &mut Server) {
    let mut gone = Vec::new();
    while let Some((token, news)) = server.engine.take_news() {
        let token = token.cast_signed();
        match news {
            StreamNews::Room(room) => server.exchange.batch.integer_pair(token, room.into()),
            StreamNews::Gone => gone.push(token),
        }
    }
    server.exchange.batch.end_map([ROOM, -1]);
    for token in gone {
        server.exchange.batch.integer_pair(token, 0);
    }
    server.exchange.batch.end_map([GONE, -1]);
}

/// Puts a call into the map. If its parameters have no place in the host's
/// format, its caller is told so.
fn hand_out(server: &mut Server, call: &Taken) -> Result<(), Failure> {
    let key = call.token.cast_signed();
    let added = if call.route == Route::Raw {
        server.exchange.batch.binary_pair(key, call.parameters());
        Ok(())
    } else if server.wants_context(call.route) {
        let origin = server.engine.origin(call);
        let context = [&*origin.peer, &*origin.dialect];
        let values = [call.parameters(), call.meta()];
        let batch = &mut server.exchange.batch;
        batch.list_pair(key, values, context, server.engine.limits())
    } else {
        let batch = &mut server.exchange.batch;
        batch.pair(key, call.parameters(), server.engine.limits())
    };
    if let Err(malformed) = added {
        let fault = Fault::new(Code::Parameters, malformed.to_string());
        server.engine.fail(call.token, &fault)?;
    }
    Ok(())
}

fn hand_in_messagepack(server: &mut Server, answers: &[u8]) -> Result<(), Failure> {
    let mut reader = Reader::new(answers);
    for _ in 0..reader.map()? {
        let token = reader.unsigned()?;
        let value = reader.slice()?;
        let settled = settle_messagepack(server, token, value);
        conclude(server, token, settled)?;
    }
    at_end(&reader)
}

/// Gives one item of a stream that is taken for plain; tells how many more its caller
/// takes now.
pub fn stream(server: &mut Server, token: u64, item: &[u8]) -> Result<u32, Failure> {
    let room = match server.values {
        Values::MessagePack | Values::Zend => server.engine.stream(token, item)?,
        Values::Php => {
            let limits = server.engine.limits().clone();
            let mut scratch = std::mem::take(&mut server.exchange.scratch);
            scratch.clear();
            let packed = Serialized::new(item, &limits).value(&mut scratch);
            let room = packed
                .map_err(Failure::from)
                .and_then(|_| Ok(server.engine.stream(token, &scratch)?));
            server.exchange.scratch = scratch;
            room?
        }
    };
    server.engine.stay_away();
    Ok(room)
}

/// The same with a value of PHP's.
pub fn stream_in_place(server: &mut Server, token: u64, item: View<'_>) -> Result<u32, Failure> {
    let mut scratch = std::mem::take(&mut server.exchange.scratch);
    scratch.clear();
    let room = pack(item, &mut scratch, server.engine.limits(), true)
        .and_then(|()| Ok(server.engine.stream(token, &scratch)?));
    server.exchange.scratch = scratch;
    server.engine.stay_away();
    room
}

fn settle_messagepack(server: &mut Server, token: u64, value: &[u8]) -> Result<(), Failure> {
    let value = if server.engine.is_raw(token) {
        Reader::new(value).text_or_binary()?
    } else {
        value
    };
    Ok(server.engine.answer(token, value)?)
}

fn hand_in_php(server: &mut Server, answers: &[u8]) -> Result<(), Failure> {
    let limits = server.engine.limits().clone();
    let mut serialized = Serialized::new(answers, &limits);
    for _ in 0..serialized.array_header()? {
        let token = u64::try_from(serialized.integer_key()?).unwrap_or(0);
        let mut after = serialized.clone();
        let settled = settle_php(server, token, &mut serialized, false);
        // Read or not, the next answer begins behind this one.
        after.skip_value()?;
        serialized = after;
        conclude(server, token, settled)?;
    }
    serialized.end_array()?;
    Ok(serialized.finish()?)
}

fn settle_php(
    server: &mut Server,
    token: u64,
    serialized: &mut Serialized<'_>,
    plain: bool,
) -> Result<(), Failure> {
    if server.engine.is_raw(token) {
        let body = serialized
            .string()
            .map_err(|_| Failure::new(Status::ZROUTE_INVALID_VALUE, RAW_ANSWER))?;
        return Ok(server.engine.answer(token, body)?);
    }
    // A bare 0 was looked at before it was handed in; within an array it was
    // not.
    let bare = serialized.peek() == Some(b'i');
    let mut scratch = std::mem::take(&mut server.exchange.scratch);
    scratch.clear();
    let settled = serialized
        .value(&mut scratch)
        .map_err(Failure::from)
        .and_then(|notes| {
            if notes.zero && !plain && !bare {
                return Err(Failure::new(Status::ZROUTE_NOT_PLAIN, MAYBE_A_RESOURCE));
            }
            Ok(server.engine.answer_checked(token, &scratch)?)
        });
    server.exchange.scratch = scratch;
    settled
}

fn hand_in_place(server: &mut Server, answers: View<'_>) -> Result<(), Failure> {
    let answers = match answers.seen() {
        Seen::Null => return Ok(()),
        Seen::Array(answers) => answers,
        _ => return Err(Failure::argument("answers is expected to be an array")),
    };
    for (token, answer) in answers.entries() {
        let Key::Integer(token) = token else {
            return Err(Failure::argument("a token is expected to be an integer"));
        };
        let token = token.cast_unsigned();
        let settled = settle_in_place(server, token, answer, false);
        conclude(server, token, settled)?;
    }
    Ok(())
}

fn settle_in_place(
    server: &mut Server,
    token: u64,
    answer: View<'_>,
    plain: bool,
) -> Result<(), Failure> {
    if server.engine.is_raw(token) {
        let Seen::String(body) = answer.seen() else {
            return Err(Failure::new(Status::ZROUTE_INVALID_VALUE, RAW_ANSWER));
        };
        return Ok(server.engine.answer(token, body)?);
    }
    let mut scratch = std::mem::take(&mut server.exchange.scratch);
    scratch.clear();
    let settled = pack(answer, &mut scratch, server.engine.limits(), plain)
        .and_then(|()| Ok(server.engine.answer_checked(token, &scratch)?));
    server.exchange.scratch = scratch;
    settled
}

/// Ends the matter of one answer in a batch: what is wrong with it concerns
/// its own call alone.
fn conclude(server: &mut Server, token: u64, settled: Result<(), Failure>) -> Result<(), Failure> {
    let Err(failure) = settled else { return Ok(()) };
    match failure.status {
        Status::ZROUTE_NOT_PLAIN => {
            let batch = &mut server.exchange.batch;
            batch.binary_pair(token.cast_signed(), failure.text.as_bytes());
            Ok(())
        }
        // Failed before, or ended by a server that shuts down.
        Status::ZROUTE_UNKNOWN_CALL => Ok(()),
        Status::ZROUTE_SYSTEM => Err(failure),
        status => {
            let code = if status == Status::ZROUTE_TOO_LARGE {
                Code::TooLarge
            } else {
                Code::Handler
            };
            let fault = Fault::new(
                code,
                format!("the handler's answer cannot be sent: {}", failure.text),
            );
            match server.engine.fail(token, &fault) {
                Ok(()) | Err(Refused::Unknown) => Ok(()),
                Err(refused) => Err(refused.into()),
            }
        }
    }
}

/// Answers one call, with a value that is taken for plain.
pub fn answer(server: &mut Server, token: u64, value: &[u8]) -> Result<(), Failure> {
    match server.values {
        Values::MessagePack | Values::Zend => settle_messagepack(server, token, value)?,
        Values::Php => {
            let limits = server.engine.limits().clone();
            let mut serialized = Serialized::new(value, &limits);
            settle_php(server, token, &mut serialized, true)?;
        }
    }
    Ok(server.engine.leave()?)
}

/// Answers one call, with a value of PHP's that is taken for plain.
pub fn answer_in_place(server: &mut Server, token: u64, answer: View<'_>) -> Result<(), Failure> {
    settle_in_place(server, token, answer, true)?;
    Ok(server.engine.leave()?)
}
