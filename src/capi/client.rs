//! Clients.

use std::ffi::{CString, c_char, c_int, c_void};
use std::time::Duration;

use super::answer::{Answer, local_failure, zroute_answer};
use super::call_flags::{self, zroute_call_flag};
use super::exchange::{self, client::WaitFor};
use super::gate::{Failure, gate};
use super::handle::{self, Object};
use super::options::{self, Values, zroute_options};
use super::pointer::{Output, bytes, text};
use super::server::deadline;
use super::status::{Status, zroute_status};
use crate::client::{Client as Engine, Item, Outcome};
use crate::msgpack::scan;

/// A client.
pub struct zroute_client {
    _opaque: [u8; 0],
}

/// What a client counted since it was made.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct zroute_client_counters {
    /// Calls begun.
    pub calls: u64,
    /// Calls that ended with an answer.
    pub answers: u64,
    /// Calls that failed at the server.
    pub faults: u64,
    /// Calls that were sent and had no answer in time.
    pub timeouts: u64,
    /// Calls that were sent and whose connection was lost before an answer.
    pub unknown: u64,
    /// Calls that found no server in time.
    pub not_connected: u64,
    /// Calls that got something that is no answer, or were too large to send.
    pub invalid: u64,
    /// Tries of calls beyond their first.
    pub retries: u64,
    /// Messages that belong to no call in flight: late, doubled or foreign.
    pub unmatched: u64,
    /// Calls that have not ended now.
    pub in_flight: u64,
    /// Bytes of the bodies sent.
    pub bytes_sent: u64,
    /// Bytes of the bodies received.
    pub bytes_received: u64,
}

/// The object behind the handle.
pub struct Client {
    pub(super) engine: Engine,
    pub(super) values: Values,
    pub(super) exchange: exchange::client::Buffers,
    /// What was lent out by zroute_client_server.
    pub(super) health_texts: [CString; 2],
}

impl Object for Client {
    const KIND: u8 = 3;
    const NAME: &'static str = "zroute_client";
}

impl Client {
    pub(super) fn new(options: &options::Options) -> Result<Self, Failure> {
        let (options, values) = options.client()?;
        Ok(Self {
            engine: Engine::new(options),
            values,
            exchange: exchange::client::Buffers::default(),
            health_texts: Default::default(),
        })
    }

    pub(super) fn cancel_all(&mut self) -> Result<(), Failure> {
        self.exchange.forget();
        Ok(self.engine.cancel_all()?)
    }

    /// Begins a call; the parameters were handed in by C.
    fn begin(
        &mut self,
        function: &str,
        parameters: &[u8],
        timeout_ms: c_int,
        flags: c_int,
    ) -> Result<u64, Failure> {
        let terms = call_flags::terms(i64::from(flags))?;
        scan(parameters, self.engine.limits())?;
        let timeout = self.timeout(timeout_ms);
        Ok(self
            .engine
            .submit_on(terms, function, parameters, timeout)?)
    }

    /// C's timeout: -1 stands for the client's own.
    fn timeout(&self, timeout_ms: c_int) -> Duration {
        u64::try_from(timeout_ms).map_or(self.engine.timeout(), Duration::from_millis)
    }
}

/// Makes a client. `options` may be NULL for the defaults; it is not needed
/// afterwards. Free the client with zroute_client_free.
///
/// Any thread may call this. ZROUTE_BAD_OPTION.
///
/// # Safety
/// `client` is NULL or has room for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_client_new(
    options: *const zroute_options,
    client: *mut *mut zroute_client,
) -> zroute_status {
    gate("zroute_client_new", || {
        // SAFETY: as the caller promises.
        let output = unsafe { Output::new("client", client) }?;
        let handle = handle::insert(options::with(options, Client::new)?)?;
        output.write(handle.cast());
        Ok(())
    })
}

/// Adds a server. With several, each call goes to one that is connected, as
/// the option `balance` says. The connection is made in the background, and again whenever it
/// is lost, so a server may come later than its client.
///
/// `consul://127.0.0.1:8500/NAME?tag=…&version=…` adds the servers of a service that
/// Consul knows, and follows its list: those that join it get calls, those that
/// leave it get no more, and their connections are closed when the calls that they
/// have are over. It does not wait for Consul; calls do, within their time. A
/// thread of the process asks Consul, one for all clients of the same service.
///
/// One thread at a time. ZROUTE_BAD_ENDPOINT, ZROUTE_UNREACHABLE (also a file that
/// a consul:// endpoint names),
/// ZROUTE_BAD_OPTION (keys, transport), ZROUTE_OUTDATED_LIBZMQ, ZROUTE_SYSTEM.
///
/// # Safety
/// `endpoint` is NULL or a NUL-terminated text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_client_connect(
    client: *mut zroute_client,
    endpoint: *const c_char,
) -> zroute_status {
    gate("zroute_client_connect", || {
        // SAFETY: as the caller promises.
        let endpoint = unsafe { text("endpoint", endpoint) }?;
        Ok(handle::enter::<Client>(client.cast())?
            .engine
            .connect(endpoint)?)
    })
}

/// Calls `function` and waits for its end, no longer than `timeout_ms` (-1:
/// the option `timeout_ms`). `parameters` is one MessagePack value.
///
/// ZROUTE_OK when the server answered: `answer` holds the value or the fault
/// and is freed with zroute_answer_free. Else there is no answer, and the
/// status tells why: ZROUTE_TIMEOUT (sent, the function may have run),
/// ZROUTE_OUTCOME_UNKNOWN (sent, and the connection was lost: it may have run),
/// ZROUTE_NOT_CONNECTED (not run), ZROUTE_INVALID_ANSWER, ZROUTE_TOO_LARGE,
/// ZROUTE_INVALID_VALUE (the parameters). ZROUTE_INTERRUPTED after a signal
/// gives the call up; use zroute_client_submit to go on waiting instead.
///
/// One thread at a time.
///
/// # Safety
/// `function` is NULL or a NUL-terminated text; `parameters` leads to `size`
/// bytes; `answer` is NULL or has room for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_client_call(
    client: *mut zroute_client,
    function: *const c_char,
    parameters: *const c_void,
    size: usize,
    timeout_ms: c_int,
    answer: *mut *mut zroute_answer,
) -> zroute_status {
    let call = (function, parameters, size);
    // SAFETY: as the caller promises.
    unsafe { call_as("zroute_client_call", client, call, timeout_ms, 0, answer) }
}

/// As zroute_client_call, with something declared of the call: `flags` is 0 or
/// ZROUTE_IDEMPOTENT.
///
/// One thread at a time. ZROUTE_BAD_ARGUMENT for other flags.
///
/// # Safety
/// As for zroute_client_call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_client_call_with(
    client: *mut zroute_client,
    function: *const c_char,
    parameters: *const c_void,
    size: usize,
    timeout_ms: c_int,
    flags: c_int,
    answer: *mut *mut zroute_answer,
) -> zroute_status {
    let call = (function, parameters, size);
    // SAFETY: as the caller promises.
    unsafe {
        call_as(
            "zroute_client_call_with",
            client,
            call,
            timeout_ms,
            flags,
            answer,
        )
    }
}

/// A call's function, its parameters and their size, as C hands them in.
type Called = (*const c_char, *const c_void, usize);

/// # Safety
/// As for zroute_client_call.
unsafe fn call_as(
    name: &'static str,
    client: *mut zroute_client,
    (function, parameters, size): Called,
    timeout_ms: c_int,
    flags: c_int,
    answer: *mut *mut zroute_answer,
) -> zroute_status {
    gate(name, || {
        // SAFETY: as the caller promises.
        let (function, parameters, output) = unsafe {
            (
                text("function", function)?,
                bytes("parameters", parameters, size)?,
                Output::new("answer", answer)?,
            )
        };
        if flags & zroute_call_flag::ZROUTE_ONE_WAY as c_int != 0 {
            return Err(Failure::argument(
                "nobody waits for a call that is ZROUTE_ONE_WAY: use zroute_client_notify",
            ));
        }
        if flags & zroute_call_flag::ZROUTE_STREAM as c_int != 0 {
            return Err(Failure::argument(
                "a call that is ZROUTE_STREAM has many answers: use zroute_client_submit_with",
            ));
        }
        let mut client = handle::enter::<Client>(client.cast())?;
        let id = client.begin(function, parameters, timeout_ms, flags)?;
        let outcome = client.engine.collect(id).inspect_err(|_| {
            client.engine.cancel(id);
        })?;
        match outcome {
            Outcome::Answer(_) | Outcome::Fault(_) => {
                output.write(handle::insert(Answer::new(id, outcome))?.cast());
                Ok(())
            }
            other => Err(local_failure(other)),
        }
    })
}

/// Begins a call and returns at once; `id` names it. Any number may be in
/// flight; with 16 or more, the next ones may wait up to 20 ms to go out
/// together, unless something is collected. Collect each with zroute_client_collect or zroute_client_wait: it
/// ends by its own deadline, whatever happens.
///
/// One thread at a time. ZROUTE_INVALID_VALUE for the parameters.
///
/// # Safety
/// `function` is NULL or a NUL-terminated text; `parameters` leads to `size`
/// bytes; `id` is NULL or has room for its value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_client_submit(
    client: *mut zroute_client,
    function: *const c_char,
    parameters: *const c_void,
    size: usize,
    timeout_ms: c_int,
    id: *mut u64,
) -> zroute_status {
    let call = (function, parameters, size);
    // SAFETY: as the caller promises.
    unsafe { submit_as("zroute_client_submit", client, call, timeout_ms, 0, id) }
}

/// As zroute_client_submit, with something declared of the call: `flags` is a sum
/// of zroute_call_flag. A call that is ZROUTE_ONE_WAY is not collected; its id is
/// good for zroute_client_cancel alone. One that is ZROUTE_STREAM is read with
/// zroute_client_stream_next.
///
/// One thread at a time. ZROUTE_BAD_ARGUMENT for other flags.
///
/// # Safety
/// As for zroute_client_submit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_client_submit_with(
    client: *mut zroute_client,
    function: *const c_char,
    parameters: *const c_void,
    size: usize,
    timeout_ms: c_int,
    flags: c_int,
    id: *mut u64,
) -> zroute_status {
    let call = (function, parameters, size);
    // SAFETY: as the caller promises.
    unsafe {
        submit_as(
            "zroute_client_submit_with",
            client,
            call,
            timeout_ms,
            flags,
            id,
        )
    }
}

/// # Safety
/// As for zroute_client_submit.
unsafe fn submit_as(
    name: &'static str,
    client: *mut zroute_client,
    (function, parameters, size): Called,
    timeout_ms: c_int,
    flags: c_int,
    id: *mut u64,
) -> zroute_status {
    gate(name, || {
        // SAFETY: as the caller promises.
        let (function, parameters, output) = unsafe {
            (
                text("function", function)?,
                bytes("parameters", parameters, size)?,
                Output::new("id", id)?,
            )
        };
        let mut client = handle::enter::<Client>(client.cast())?;
        let id = client.begin(function, parameters, timeout_ms, flags)?;
        client.engine.leave()?;
        output.write(id);
        Ok(())
    })
}

/// Sets what travels beside the parameters of every call that begins from now
/// on, such as a key or who asks: one MessagePack map, which is copied; `size` 0
/// for none. A handler of this library reads it with zroute_call_meta.
///
/// One thread at a time. ZROUTE_INVALID_VALUE when it is no map.
///
/// # Safety
/// `meta` leads to `size` bytes, or `size` is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_client_set_meta(
    client: *mut zroute_client,
    meta: *const c_void,
    size: usize,
) -> zroute_status {
    gate("zroute_client_set_meta", || {
        // SAFETY: as the caller promises.
        let meta = unsafe { bytes("meta", meta, size) }?;
        let set = handle::enter::<Client>(client.cast())?
            .engine
            .set_meta(meta);
        set.map_err(|malformed| {
            let message = format!("meta is expected to be a map: {malformed}");
            Failure::new(Status::ZROUTE_INVALID_VALUE, message)
        })
    })
}

/// Calls a function and waits for nothing: what becomes of the call is not told,
/// only counted. It is sent when a server takes it, within the option
/// `timeout_ms`; it runs once, or not at all.
///
/// One thread at a time. ZROUTE_INVALID_VALUE for the parameters.
///
/// # Safety
/// `function` is NULL or a NUL-terminated text; `parameters` leads to `size`
/// bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_client_notify(
    client: *mut zroute_client,
    function: *const c_char,
    parameters: *const c_void,
    size: usize,
) -> zroute_status {
    let mut id = 0;
    let flags = zroute_call_flag::ZROUTE_ONE_WAY as c_int;
    let call = (function, parameters, size);
    // SAFETY: as the caller promises; the id has room.
    unsafe { submit_as("zroute_client_notify", client, call, -1, flags, &raw mut id) }
}

/// Waits until any call has ended, no longer than `timeout_ms` (-1: until one
/// has). `answer` tells which and how, and is freed with zroute_answer_free.
///
/// One thread at a time. ZROUTE_TIMEOUT when none ended in time, ZROUTE_END
/// when none is in flight, ZROUTE_INTERRUPTED after a signal.
///
/// # Safety
/// `answer` is NULL or has room for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_client_collect(
    client: *mut zroute_client,
    timeout_ms: c_int,
    answer: *mut *mut zroute_answer,
) -> zroute_status {
    gate("zroute_client_collect", || {
        // SAFETY: as the caller promises.
        let output = unsafe { Output::new("answer", answer) }?;
        let mut client = handle::enter::<Client>(client.cast())?;
        let Some((id, outcome)) = client.engine.collect_any(deadline(timeout_ms))? else {
            return Err(if client.engine.awaited() == 0 {
                Failure::new(Status::ZROUTE_END, "no call is in flight")
            } else {
                Failure::new(
                    Status::ZROUTE_TIMEOUT,
                    format!("no call ended within {timeout_ms} ms"),
                )
            });
        };
        output.write(handle::insert(Answer::new(id, outcome))?.cast());
        Ok(())
    })
}

/// Waits until the call `id` has ended, by its own deadline at the latest.
/// `answer` tells how, and is freed with zroute_answer_free.
///
/// One thread at a time. ZROUTE_UNKNOWN_CALL, ZROUTE_INTERRUPTED after a
/// signal: the call goes on, wait again.
///
/// # Safety
/// `answer` is NULL or has room for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_client_wait(
    client: *mut zroute_client,
    id: u64,
    answer: *mut *mut zroute_answer,
) -> zroute_status {
    gate("zroute_client_wait", || {
        // SAFETY: as the caller promises.
        let output = unsafe { Output::new("answer", answer) }?;
        let mut client = handle::enter::<Client>(client.cast())?;
        match client.engine.collect(id)? {
            Outcome::Unknown => Err(local_failure(Outcome::Unknown)),
            outcome => {
                output.write(handle::insert(Answer::new(id, outcome))?.cast());
                Ok(())
            }
        }
    })
}

/// Waits for the next item of a stream, no longer than `timeout_ms` (-1: as long
/// as its own timeout allows, which counts from the first wait for that item).
/// The stream was begun by zroute_client_submit_with and ZROUTE_STREAM; a function
/// that gives one value and no stream has that as its only item.
///
/// ZROUTE_OK: `answer` is an item; or it tells, as that of zroute_client_wait
/// does, how the stream broke off, and was the last. Free it with
/// zroute_answer_free. ZROUTE_END after the last item; ZROUTE_TIMEOUT when none
/// came in `timeout_ms`: the stream goes on. Who wants no more items ends it with
/// zroute_client_cancel.
///
/// One thread at a time. ZROUTE_UNKNOWN_CALL when the stream has ended before,
/// ZROUTE_INTERRUPTED after a signal: the stream goes on, ask again.
///
/// # Safety
/// `answer` is NULL or has room for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_client_stream_next(
    client: *mut zroute_client,
    id: u64,
    timeout_ms: c_int,
    answer: *mut *mut zroute_answer,
) -> zroute_status {
    gate("zroute_client_stream_next", || {
        // SAFETY: as the caller promises.
        let output = unsafe { Output::new("answer", answer) }?;
        let mut client = handle::enter::<Client>(client.cast())?;
        let outcome = match client.engine.stream_next(id, deadline(timeout_ms))? {
            Some(Item::Value(value)) => Outcome::Answer(value),
            Some(Item::Broken(Outcome::Unknown)) => return Err(local_failure(Outcome::Unknown)),
            Some(Item::Broken(outcome)) => outcome,
            Some(Item::End) => {
                return Err(Failure::new(Status::ZROUTE_END, "the stream has ended"));
            }
            None => {
                let text = format!("no item came within {timeout_ms} ms");
                return Err(Failure::new(Status::ZROUTE_TIMEOUT, text));
            }
        };
        output.write(handle::insert(Answer::new(id, outcome))?.cast());
        Ok(())
    })
}

/// Gives a call up, or a stream; its answer, if it comes, is dropped and counted.
/// The server of a stream sees it as one whose client has gone.
///
/// One thread at a time. ZROUTE_UNKNOWN_CALL.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_client_cancel(client: *mut zroute_client, id: u64) -> zroute_status {
    gate("zroute_client_cancel", || {
        if handle::enter::<Client>(client.cast())?.engine.cancel(id) {
            Ok(())
        } else {
            Err(local_failure(Outcome::Unknown))
        }
    })
}

/// Gives up every call but those that nobody waits for, and forgets what had
/// ended and was not collected.
///
/// One thread at a time.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_client_cancel_all(client: *mut zroute_client) -> zroute_status {
    gate("zroute_client_cancel_all", || {
        handle::enter::<Client>(client.cast())?.cancel_all()
    })
}

/// Tells what the client counted.
///
/// One thread at a time.
///
/// # Safety
/// `counters` is NULL or has room for its value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_client_count(
    client: *const zroute_client,
    counters: *mut zroute_client_counters,
) -> zroute_status {
    gate("zroute_client_count", || {
        // SAFETY: as the caller promises.
        let output = unsafe { Output::new("counters", counters) }?;
        let counted = handle::enter::<Client>(client.cast())?.engine.counters();
        output.write(zroute_client_counters {
            calls: counted.calls,
            answers: counted.answers,
            faults: counted.faults,
            timeouts: counted.timeouts,
            unknown: counted.unknown,
            not_connected: counted.not_connected,
            invalid: counted.invalid,
            retries: counted.retries,
            unmatched: counted.unmatched,
            in_flight: counted.in_flight,
            bytes_sent: counted.bytes_sent,
            bytes_received: counted.bytes_received,
        });
        Ok(())
    })
}

/// Begins a batch of calls and collects what has ended, in one call: the form
/// for hosts with a value format of their own.
///
/// `calls` is one flat list in the client's `values` format (MessagePack, or
/// PHP's serialize format), five values a call: the host's own number for it,
/// the function, the parameters, its timeout in milliseconds (-1: the
/// option `timeout_ms`), and a sum of zroute_call_flag; nothing when `calls_size` is 0. With `plain` other
/// than 0 a 0 in PHP's format is taken for a number (see ZROUTE_NOT_PLAIN).
///
/// `results` comes back in the same format, three values a call that ended:
/// its number, a zroute_status, and the value with ZROUTE_OK, the list of
/// code, name and message with ZROUTE_FAULT, the error text with any other. It
/// is borrowed: it is good until the next call with this client.
///
/// Of a call that is ZROUTE_STREAM each item is a result with ZROUTE_OK, and its
/// end one with ZROUTE_END or any other status. They come only when it is the one
/// that `wait_for` names.
///
/// `wait_for` is the number of a call to wait for; -1 for any, -2 for none.
/// `timeout_ms` bounds the wait (-1: the calls' own deadlines do). When the
/// time is over first, `results_size` is 0.
///
/// One thread at a time. ZROUTE_INTERRUPTED after a signal: the calls were
/// begun and go on; ask again without them.
///
/// # Safety
/// `calls` leads to `calls_size` bytes, or that is 0; `results` and
/// `results_size` are NULL or have room for their values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_client_exchange(
    client: *mut zroute_client,
    calls: *const c_void,
    calls_size: usize,
    plain: c_int,
    wait_for: i64,
    timeout_ms: c_int,
    results: *mut *const c_void,
    results_size: *mut usize,
) -> zroute_status {
    gate("zroute_client_exchange", || {
        // SAFETY: as the caller promises.
        let (calls, data, size) = unsafe {
            (
                bytes("calls", calls, calls_size)?,
                Output::new("results", results)?,
                Output::new("results_size", results_size)?,
            )
        };
        let wait_for = WaitFor::of(wait_for);
        let mut client = handle::enter::<Client>(client.cast())?;
        let ended = exchange::client::turn(&mut client, calls, plain != 0, wait_for, timeout_ms)?;
        data.write(ended.as_ptr().cast());
        size.write(ended.len());
        Ok(())
    })
}

/// As zroute_client_cancel, of a call that zroute_client_exchange has begun under
/// this number of the host's.
///
/// One thread at a time. ZROUTE_UNKNOWN_CALL.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_client_exchange_cancel(
    client: *mut zroute_client,
    number: i64,
) -> zroute_status {
    gate("zroute_client_exchange_cancel", || {
        let mut client = handle::enter::<Client>(client.cast())?;
        let known = client.exchange.take(number);
        if known.is_some_and(|id| client.engine.cancel(id)) {
            Ok(())
        } else {
            Err(local_failure(Outcome::Unknown))
        }
    })
}

/// Frees a client: calls that no server has taken yet and what is on its way
/// are sent (no longer than `linger_ms`), and no answer is waited for. NULL is
/// fine. In a forked child it returns ZROUTE_FORKED and leaves the parent's
/// client alone.
///
/// One thread at a time.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_client_free(client: *mut zroute_client) -> zroute_status {
    gate("zroute_client_free", || {
        handle::free::<Client>(client.cast()).map(drop)
    })
}
