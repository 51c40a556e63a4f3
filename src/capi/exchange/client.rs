//! The client's side: calls in, outcomes out.

use std::collections::HashMap;
use std::ffi::c_int;
use std::time::{Duration, Instant};

use super::batch::Batch;
use super::{MAYBE_A_RESOURCE, at_end, pack as pack_value};
use crate::capi::answer::local_failure;
use crate::capi::call_flags;
use crate::capi::client::Client;
use crate::capi::gate::Failure;
use crate::capi::options::Values;
use crate::capi::server::deadline;
use crate::capi::status::Status;
use crate::client::{Item, Outcome};
use crate::msgpack::php::Serialized;
use crate::msgpack::{Reader, pack, scan};
use crate::numbered::Numbered;
use crate::zend::{Seen, View};

/// Memory that is used again, and the host's names of the calls in flight.
#[derive(Default)]
pub struct Buffers {
    batch: Batch,
    scratch: Vec<u8>,
    /// Calls were begun in this turn.
    began: bool,
    /// The host's number by the engine's id.
    numbers: Numbered<i64>,
    /// The engine's ids of streams by the host's number.
    streams: HashMap<i64, u64>,
}

/// So many items of a stream go out together at most.
const MOST_ITEMS: usize = 64;

/// What to wait for.
#[derive(Clone, Copy)]
pub enum WaitFor {
    Nothing,
    Any,
    Number(i64),
}

impl Buffers {
    /// The calls of before are given up.
    pub fn forget(&mut self) {
        self.numbers.clear();
        self.streams.clear();
    }

    /// The engine's id of a call or stream, which the host wants nothing of any
    /// more.
    pub fn take(&mut self, number: i64) -> Option<u64> {
        if let Some(id) = self.streams.remove(&number) {
            return Some(id);
        }
        let mut numbers = self.numbers.iter();
        let id = numbers.find_map(|(id, have)| (*have == number).then_some(*id))?;
        self.numbers.remove(&id);
        Some(id)
    }
}

impl WaitFor {
    /// As the ABI says it.
    pub fn of(number: i64) -> Self {
        match number {
            -2 => Self::Nothing,
            -1 => Self::Any,
            number => Self::Number(number),
        }
    }
}

/// Begins the calls, then collects what has ended.
pub fn turn<'a>(
    client: &'a mut Client,
    calls: &[u8],
    plain: bool,
    wait_for: WaitFor,
    timeout_ms: c_int,
) -> Result<&'a [u8], Failure> {
    let until = deadline(timeout_ms);
    client.exchange.batch.begin(client.values);
    if !calls.is_empty() {
        match client.values {
            Values::Php => submit_php(client, calls, plain)?,
            Values::MessagePack | Values::Zend => submit_messagepack(client, calls)?,
        }
    }
    let batch = finish(client, wait_for, until)?;
    Ok(batch.map_or(&[], |batch| batch.bytes()))
}

/// As [`turn`], with PHP's own values: the calls are a list, or null. The results
/// are MessagePack that PHP has values for, or none if nothing ended in time.
pub fn turn_in_place<'a>(
    client: &'a mut Client,
    calls: View<'_>,
    plain: bool,
    wait_for: WaitFor,
    timeout_ms: c_int,
) -> Result<Option<&'a mut Batch>, Failure> {
    let until = deadline(timeout_ms);
    client.exchange.batch.begin(Values::Zend);
    submit_in_place(client, calls, plain)?;
    finish(client, wait_for, until)
}

fn finish(
    client: &mut Client,
    wait_for: WaitFor,
    until: Option<Instant>,
) -> Result<Option<&mut Batch>, Failure> {
    collect(client, wait_for, until)?;
    client.engine.leave()?;
    let batch = &mut client.exchange.batch;
    if batch.is_empty() {
        return Ok(None);
    }
    batch.finish();
    Ok(Some(batch))
}

fn collect(client: &mut Client, wait_for: WaitFor, until: Option<Instant>) -> Result<(), Failure> {
    let mut until = until;
    let began = std::mem::take(&mut client.exchange.began);
    if let WaitFor::Number(number) = wait_for
        && let Some(id) = client.exchange.streams.get(&number)
    {
        let id = *id;
        return collect_items(client, number, id, until);
    }
    let mut wanted = match wait_for {
        // One who begins a call asks for nothing more; else it wants a look.
        WaitFor::Nothing => {
            until = Some(Instant::now());
            !began
        }
        // A call that could not be begun has ended.
        WaitFor::Any => client.exchange.batch.is_empty(),
        WaitFor::Number(number) => client.exchange.numbers.values().any(|have| *have == number),
    };
    loop {
        let ended = if wanted {
            client.engine.collect_any(until).or_else(|error| {
                // What is collected already must reach the host.
                if client.exchange.batch.is_empty() {
                    Err(error)
                } else {
                    Ok(None)
                }
            })?
        } else {
            client.engine.next_finished()
        };
        let Some((id, outcome)) = ended else {
            return Ok(());
        };
        let Some(number) = client.exchange.numbers.remove(&id) else {
            continue;
        };
        hand_out(client, number, outcome);
        match wait_for {
            WaitFor::Number(awaited) if awaited != number => {}
            _ => wanted = false,
        }
    }
}

/// Waits for items of a stream, and takes those that are there.
fn collect_items(
    client: &mut Client,
    number: i64,
    id: u64,
    until: Option<Instant>,
) -> Result<(), Failure> {
    let mut item = client.engine.stream_next(id, until)?;
    for more in (0..MOST_ITEMS).rev() {
        let outcome = match item {
            None => break,
            Some(Item::Value(value)) => Outcome::Answer(value),
            Some(Item::End) => {
                client.exchange.streams.remove(&number);
                let end = Failure::new(Status::ZROUTE_END, "the stream has ended");
                hand_out_failure(client, number, &end);
                break;
            }
            Some(Item::Broken(outcome)) => {
                client.exchange.streams.remove(&number);
                hand_out(client, number, outcome);
                break;
            }
        };
        hand_out(client, number, outcome);
        item = if more > 0 {
            client.engine.stream_ready(id)?
        } else {
            None
        };
    }
    // Others may have ended meanwhile.
    while let Some((id, outcome)) = client.engine.next_finished() {
        if let Some(number) = client.exchange.numbers.remove(&id) {
            hand_out(client, number, outcome);
        }
    }
    Ok(())
}

fn hand_out(client: &mut Client, number: i64, outcome: Outcome) {
    let batch = &mut client.exchange.batch;
    let before = batch.size();
    batch.integer(number);
    match outcome {
        Outcome::Answer(value) => {
            batch.integer(Status::ZROUTE_OK as i64);
            if let Err(malformed) = batch.value(value.as_ref(), client.engine.limits()) {
                batch.take_back(before, 2);
                let text = format!("the answer cannot become a PHP value: {malformed}");
                hand_out_failure(
                    client,
                    number,
                    &Failure::new(Status::ZROUTE_INVALID_ANSWER, text),
                );
            }
        }
        Outcome::Fault(fault) => {
            let mut packed = Vec::new();
            pack::array(&mut packed, 3);
            pack::integer(&mut packed, fault.code.number());
            for text in [&fault.name, &fault.message] {
                let _ = pack::text(&mut packed, text.as_bytes());
            }
            batch.integer(Status::ZROUTE_FAULT as i64);
            // Integers and texts have a place in both formats.
            let _ = batch.value(&packed, client.engine.limits());
        }
        other => {
            batch.take_back(before, 1);
            hand_out_failure(client, number, &local_failure(other));
        }
    }
}

fn hand_out_failure(client: &mut Client, number: i64, failure: &Failure) {
    let batch = &mut client.exchange.batch;
    batch.integer(number);
    batch.integer(failure.status as i64);
    batch.binary(failure.text.as_bytes());
}

/// Values of a call in the batch: its number, function, parameters, timeout,
/// flags.
const VALUES: usize = 5;

fn submit_php(client: &mut Client, calls: &[u8], plain: bool) -> Result<(), Failure> {
    let limits = client.engine.limits().clone();
    let mut serialized = Serialized::new(calls, &limits);
    let values = serialized.array_header()?;
    check_count(values)?;
    for _ in 0..values / VALUES {
        serialized.integer_key()?;
        let number = serialized.integer_key()?;
        serialized.integer_key()?;
        let function = serialized.string()?;
        serialized.integer_key()?;
        let mut after = serialized.clone();
        let mut scratch = std::mem::take(&mut client.exchange.scratch);
        scratch.clear();
        let packed = serialized
            .value(&mut scratch)
            .map_err(Failure::from)
            .and_then(|notes| {
                if notes.zero && !plain {
                    return Err(Failure::new(Status::ZROUTE_NOT_PLAIN, MAYBE_A_RESOURCE));
                }
                Ok(())
            });
        // Read or not, the timeout stands behind the parameters.
        after.skip_value()?;
        after.integer_key()?;
        let timeout = after.integer_key()?;
        after.integer_key()?;
        let flags = after.integer_key()?;
        serialized = after;
        let begun = packed.and_then(|()| begin(client, number, function, &scratch, timeout, flags));
        client.exchange.scratch = scratch;
        conclude(client, number, begun)?;
    }
    serialized.end_array()?;
    Ok(serialized.finish()?)
}

fn submit_messagepack(client: &mut Client, calls: &[u8]) -> Result<(), Failure> {
    let mut reader = Reader::new(calls);
    let values = reader.array()? as usize;
    check_count(values)?;
    for _ in 0..values / VALUES {
        let number = reader.integer()?;
        let function = reader.text_or_binary()?;
        let parameters = reader.slice()?;
        let timeout = reader.integer()?;
        let flags = reader.integer()?;
        let begun = scan(parameters, client.engine.limits())
            .map_err(Failure::from)
            .and_then(|()| begin(client, number, function, parameters, timeout, flags));
        conclude(client, number, begun)?;
    }
    at_end(&reader)
}

fn submit_in_place(client: &mut Client, calls: View<'_>, plain: bool) -> Result<(), Failure> {
    let calls = match calls.seen() {
        Seen::Null => return Ok(()),
        Seen::Array(calls) => calls,
        _ => return Err(Failure::argument("calls is expected to be a list")),
    };
    check_count(calls.len())?;
    let mut values = calls.entries().map(|(_, value)| value);
    while let (Some(number), Some(function), Some(parameters), Some(timeout), Some(flags)) = (
        values.next(),
        values.next(),
        values.next(),
        values.next(),
        values.next(),
    ) {
        let (
            Seen::Integer(number),
            Seen::String(function),
            Seen::Integer(timeout),
            Seen::Integer(flags),
        ) = (number.seen(), function.seen(), timeout.seen(), flags.seen())
        else {
            return Err(Failure::argument(
                "a call is expected to be int, string, a value, int and int",
            ));
        };
        let mut scratch = std::mem::take(&mut client.exchange.scratch);
        scratch.clear();
        let begun = pack_value(parameters, &mut scratch, client.engine.limits(), plain)
            .and_then(|()| begin(client, number, function, &scratch, timeout, flags));
        client.exchange.scratch = scratch;
        conclude(client, number, begun)?;
    }
    Ok(())
}

fn check_count(values: usize) -> Result<(), Failure> {
    if values.is_multiple_of(VALUES) {
        return Ok(());
    }
    Err(Failure::argument(format!(
        "calls is expected to be a list of number, function, parameters, timeout and flags, again \
         and again; got {values} values"
    )))
}

fn begin(
    client: &mut Client,
    number: i64,
    function: &[u8],
    parameters: &[u8],
    timeout_ms: i64,
    flags: i64,
) -> Result<(), Failure> {
    let terms = call_flags::terms(flags)?;
    let function = std::str::from_utf8(function)
        .map_err(|_| Failure::argument("the function's name is expected to be UTF-8"))?;
    let timeout = u64::try_from(timeout_ms).map_or(client.engine.timeout(), Duration::from_millis);
    let engine = &mut client.engine;
    let id = engine.submit_on(terms, function, parameters, timeout)?;
    if terms.stream {
        client.exchange.streams.insert(number, id);
    } else if !terms.one_way {
        client.exchange.numbers.insert(id, number);
    }
    client.exchange.began = true;
    Ok(())
}

/// A call that could not be begun has ended; the others go on.
fn conclude(client: &mut Client, number: i64, begun: Result<(), Failure>) -> Result<(), Failure> {
    match begun {
        Err(failure) if failure.status == Status::ZROUTE_SYSTEM => Err(failure),
        Err(failure) => {
            hand_out_failure(client, number, &failure);
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}
