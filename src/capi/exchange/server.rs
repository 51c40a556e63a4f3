//! The server's side: answers in, calls out.

use std::ffi::c_int;

use super::MAYBE_A_RESOURCE;
use super::batch::Batch;
use crate::capi::call::time_left;
use crate::capi::gate::Failure;
use crate::capi::options::Values;
use crate::capi::server::{Server, deadline};
use crate::capi::status::Status;
use crate::msgpack::Reader;
use crate::msgpack::php::Serialized;
use crate::server::{Refused, Route, Taken};
use crate::transport::Waited;
use crate::wire::{Code, Fault};

/// The route of a body that is no call.
const RAW: i64 = -1;
/// The route of an answer that was not taken.
const NOT_PLAIN: i64 = -2;

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
    server.exchange.batch.begin(server.values);
    if !answers.is_empty() {
        match server.values {
            Values::Php => hand_in_php(server, answers)?,
            Values::MessagePack => hand_in_messagepack(server, answers)?,
        }
    }
    if most > 0 {
        take(server, most, until)?;
    }
    if server.exchange.batch.is_empty() {
        return Ok(&[]);
    }
    server.exchange.batch.finish();
    Ok(server.exchange.batch.bytes())
}

fn take(
    server: &mut Server,
    most: usize,
    until: Option<std::time::Instant>,
) -> Result<(), Failure> {
    let mut count = 0;
    loop {
        server.deliver()?;
        while count < most && server.exchange.batch.size() < LARGEST {
            let taken = match server.engine.take() {
                Ok(Some(taken)) => taken,
                Ok(None) => break,
                // What is in the batch already must reach the host.
                Err(_) if !server.exchange.batch.is_empty() => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            if hand_out(server, &taken)? {
                count += 1;
            }
        }
        if !server.exchange.batch.is_empty() {
            return Ok(());
        }
        if server.engine.is_stopped() {
            server.engine.resume();
            return Err(Failure::new(
                Status::ZROUTE_STOPPED,
                "the server was asked to stop",
            ));
        }
        if server.engine.wait(until)? == Waited::TimedOut {
            return Ok(());
        }
    }
}

/// Puts a call into the batch; false when its parameters have no place in the
/// host's format, and its caller was told so.
fn hand_out(server: &mut Server, taken: &Taken) -> Result<bool, Failure> {
    let batch = &mut server.exchange.batch;
    let before = batch.size();
    batch.integer(taken.token.cast_signed());
    match taken.route {
        Route::Raw => {
            batch.integer(RAW);
            batch.binary(taken.parameters());
        }
        Route::Function(number) => {
            batch.integer(i64::from(number));
            if let Err(malformed) = batch.value(taken.parameters(), server.engine.limits()) {
                batch.take_back(before, 2);
                let fault = Fault::new(Code::Parameters, malformed.to_string());
                server.engine.fail(taken.token, &fault)?;
                return Ok(false);
            }
        }
    }
    batch.integer(time_left(taken.deadline));
    Ok(true)
}

fn hand_in_messagepack(server: &mut Server, answers: &[u8]) -> Result<(), Failure> {
    let mut reader = Reader::new(answers);
    for _ in 0..reader.map()? {
        let token = reader.unsigned()?;
        let value = reader.slice()?;
        let settled = settle_messagepack(server, token, value);
        conclude(server, token, settled)?;
    }
    Ok(())
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
        let body = serialized.string().map_err(|_| {
            Failure::new(
                Status::ZROUTE_INVALID_VALUE,
                "a raw handler's answer is expected to be a string",
            )
        })?;
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

/// Ends the matter of one answer in a batch: what is wrong with it concerns
/// its own call alone.
fn conclude(server: &mut Server, token: u64, settled: Result<(), Failure>) -> Result<(), Failure> {
    let Err(failure) = settled else { return Ok(()) };
    match failure.status {
        Status::ZROUTE_NOT_PLAIN => {
            let batch = &mut server.exchange.batch;
            batch.integer(token.cast_signed());
            batch.integer(NOT_PLAIN);
            batch.binary(failure.text.as_bytes());
            batch.integer(-1);
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
        Values::MessagePack => settle_messagepack(server, token, value),
        Values::Php => {
            let limits = server.engine.limits().clone();
            let mut serialized = Serialized::new(value, &limits);
            settle_php(server, token, &mut serialized, true)
        }
    }
}
