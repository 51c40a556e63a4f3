//! Servers: run by callbacks, or, with `exchange`, by the host's own loop.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::call::{Call, Mailbox, Verdict, fault, zroute_call};
use super::exchange;
use super::gate::{Failure, gate};
use super::handle::{self, Entered, Object, Reserved};
use super::options::{self, Values, zroute_options};
use super::pointer::{Output, bytes, text};
use super::status::{Status, zroute_status};
use crate::server::{Drained, Refused, Route, Server as Engine};
use crate::transport::{Endpoint, Waited};
use crate::wire::{Code, Fault};

/// A server.
pub struct zroute_server {
    _opaque: [u8; 0],
}

/// Runs one call: reads its parameters and answers it, or keeps it for later.
/// A return without either fails the call with -32603. It runs on the thread
/// that runs the server, with no lock held: it may call any function of this
/// library, and it may leave by longjmp.
pub type zroute_callback =
    Option<unsafe extern "C" fn(call: *mut zroute_call, userdata: *mut c_void)>;

/// Ends a userdata: runs once, when its callback is replaced or its server is
/// freed.
pub type zroute_finalizer = Option<unsafe extern "C" fn(userdata: *mut c_void)>;

/// What a server counted since it was made.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct zroute_server_counters {
    /// Messages that came, of any kind.
    pub requests: u64,
    /// Those that went to a handler.
    pub calls: u64,
    /// Calls that were answered with a value.
    pub answers: u64,
    /// Messages that were answered with a fault before any handler.
    pub refused: u64,
    /// Answers and faults whose peer had left, or would not read.
    pub undeliverable: u64,
    /// Calls that wait for their answer now.
    pub open: u64,
    /// Bytes of the bodies received.
    pub bytes_received: u64,
    /// Bytes of the bodies sent.
    pub bytes_sent: u64,
    /// Faults sent: -32700, no MessagePack value.
    pub faults_parse: u64,
    /// Faults sent: -32600, no request.
    pub faults_request: u64,
    /// Faults sent: -32601, no such function.
    pub faults_unknown_function: u64,
    /// Faults sent: -32602, parameters that do not fit.
    pub faults_parameters: u64,
    /// Faults sent: -32603, the handler failed.
    pub faults_handler: u64,
    /// Faults sent: -32001, the deadline had passed.
    pub faults_deadline: u64,
    /// Faults sent: -32002, too many calls.
    pub faults_overloaded: u64,
    /// Faults sent: -32003, not allowed.
    pub faults_forbidden: u64,
    /// Faults sent: -32004, over the limit.
    pub faults_too_large: u64,
    /// Faults sent: -32005, shutting down.
    pub faults_shutting_down: u64,
    /// Faults sent: -32006, cancelled.
    pub faults_cancelled: u64,
    /// Faults sent: 1 and above, the application's.
    pub faults_application: u64,
    /// What nobody was to be told of: refused notifications, calls without an id,
    /// events of channels that are not open.
    pub dropped: u64,
    /// Callers of zerorpc that were given up because they fell silent or their connection
    /// was lost, each once for every call that it had open.
    pub callers_lost: u64,
    /// Callers of zerorpc that were let go because they took nothing of a stream.
    pub callers_stalled: u64,
}

/// A callback and what belongs to it.
#[derive(Clone, Copy)]
struct Handler {
    callback: unsafe extern "C" fn(*mut zroute_call, *mut c_void),
    userdata: *mut c_void,
    finalizer: zroute_finalizer,
}

// SAFETY: this library hands the userdata through and never looks at it; that
// a handle moves between threads only as a whole is the ABI's rule 7.
unsafe impl Send for Handler {}

/// The object behind the handle.
pub struct Server {
    pub(super) engine: Engine,
    pub(super) values: Values,
    pub(super) exchange: exchange::server::Buffers,
    /// By the number of the function; none for one that is only declared.
    handlers: Vec<Option<Handler>>,
    raw_handler: Option<Handler>,
    names: Vec<Arc<CStr>>,
    /// Whether calls come with their context, by the number of the function.
    contexts: Vec<bool>,
    /// Also those of functions that are added later.
    all_contexts: bool,
    endpoints: Vec<CString>,
    mailbox: Arc<Mailbox>,
    allow_public: bool,
    /// How long a leave lasts at most, and when the one ends that was begun.
    drain: Duration,
    drain_until: Option<Instant>,
    /// The call object that is used again, under the handle that it had last.
    spare: Option<Reserved<Call>>,
    /// What the latest answer was in, for the next one.
    memory: Vec<u8>,
    /// Callbacks have kept calls.
    keeps: bool,
    /// Kept calls that stream, as far as is known.
    streams: usize,
}

impl Object for Server {
    const KIND: u8 = 2;
    const NAME: &'static str = "zroute_server";
}

impl Server {
    fn handler(&self, route: Route) -> Option<Handler> {
        match route {
            Route::Function(number) => self.handlers.get(number as usize).copied().flatten(),
            Route::Raw => self.raw_handler,
        }
    }

    fn name(&self, route: Route) -> Option<&Arc<CStr>> {
        match route {
            Route::Function(number) => self.names.get(number as usize),
            Route::Raw => None,
        }
    }

    /// Whether the calls of a route come with their context.
    #[inline]
    pub(super) fn wants_context(&self, route: Route) -> bool {
        match route {
            Route::Function(number) => self.contexts.get(number as usize) == Some(&true),
            Route::Raw => false,
        }
    }

    /// The number of a function that was named before.
    fn number(&self, name: &str) -> Result<usize, Failure> {
        match self.engine.route(name) {
            Some(Route::Function(number)) => Ok(number as usize),
            _ => Err(Failure::argument(format!(
                "no function is called '{}' here; register or declare it first",
                name.escape_debug()
            ))),
        }
    }

    /// Adds a function, with a handler or without.
    fn declare(&mut self, name: &str) -> Result<u32, Failure> {
        if name.is_empty() {
            return Err(Failure::argument("the function's name is empty"));
        }
        match self.engine.add_function(name) {
            Route::Function(number) => {
                if number as usize == self.names.len() {
                    self.names
                        .push(CString::new(name).unwrap_or_default().into());
                    self.handlers.push(None);
                    self.contexts.push(self.all_contexts);
                }
                Ok(number)
            }
            Route::Raw => Err(Failure::argument("too many functions")),
        }
    }

    /// Sends what kept calls have left in the mailbox.
    pub(super) fn deliver(&mut self) -> Result<(), Failure> {
        self.tell_flows();
        let waiting = &self.mailbox.waiting;
        if !waiting.load(Ordering::Relaxed) || !waiting.swap(false, Ordering::Acquire) {
            return Ok(());
        }
        let verdicts = std::mem::take(
            &mut *self
                .mailbox
                .verdicts
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        for (token, verdict) in verdicts {
            self.streams += usize::from(matches!(verdict, Verdict::Item(_)));
            self.settle(token, verdict)?;
        }
        self.tell_flows();
        Ok(())
    }

    /// Tells those who stream from other threads how far their callers are.
    #[allow(clippy::inline_always)] // With none it is but a look, in every turn.
    #[inline(always)]
    fn tell_flows(&mut self) {
        if self.streams > 0 {
            self.tell_all_flows();
        }
    }

    fn tell_all_flows(&mut self) {
        // It is told here.
        while self.engine.take_news().is_some() {}
        let mut flows = self.mailbox.flows();
        for (token, flow) in flows.iter_mut() {
            match self.engine.backlog(*token) {
                Some((items, bytes)) => (flow.items, flow.bytes) = (items, bytes),
                None => flow.over = true,
            }
        }
        self.streams = flows.len();
        drop(flows);
        self.mailbox.room.notify_all();
    }

    /// Takes calls again after a leave. Nobody can call one that has bound nothing, nor
    /// bind it while it waits: a wait for them that has no end is refused.
    pub(super) fn serve_again(&mut self, until: Option<Instant>) -> Result<(), Failure> {
        if until.is_none() && self.endpoints.is_empty() && !self.engine.is_stopped() {
            return Err(Failure::new(
                Status::ZROUTE_BAD_STATE,
                "nothing is bound, so nobody could ever call: call zroute_server_bind first",
            ));
        }
        self.drain_until = None;
        Ok(self.engine.serve_again()?)
    }

    /// Goes on with a leave, no longer than `slice`; true when it is over.
    fn drain(&mut self, slice: Option<Instant>) -> Result<bool, Failure> {
        if self.drain.is_zero() {
            return Ok(true);
        }
        let now = Instant::now();
        let end = *self.drain_until.get_or_insert(now + self.drain);
        let until = slice.map_or(end, |slice| slice.min(end));
        loop {
            self.deliver()?;
            if self.engine.is_stopped() {
                // Somebody is in a hurry.
                self.engine.resume();
                return Ok(true);
            }
            match self.engine.drain(until)? {
                Drained::Over => return Ok(true),
                Drained::TimedOut => return Ok(until == end),
                Drained::Woken => {}
            }
        }
    }

    fn settle(&mut self, token: u64, verdict: Verdict) -> Result<(), Failure> {
        /// More is given back at once.
        const KEPT: usize = 64 << 10;
        let settled = match verdict {
            Verdict::Value(value) => {
                let settled = self.engine.answer_checked(token, &value);
                if value.capacity() <= KEPT {
                    self.memory = value;
                }
                settled
            }
            Verdict::Fault(fault) => self.engine.fail(token, &fault),
            Verdict::End => self.engine.end_stream(token),
            Verdict::Item(item) => self.engine.push(token, &item),
            Verdict::Stream(items, end) => {
                for item in items {
                    self.settle(token, Verdict::Item(item))?;
                }
                return self.settle(token, *end);
            }
        };
        match settled {
            // What is wrong with a list concerns its own call alone.
            Err(Refused::Malformed(malformed)) => {
                let fault = Fault::from(malformed);
                self.settle(token, Verdict::Fault(fault))
            }
            // The server has ended the call meanwhile.
            Ok(()) | Err(Refused::Unknown) => Ok(()),
            Err(refused) => Err(refused.into()),
        }
    }
}

/// Makes a server. `options` may be NULL for the defaults; it is not needed
/// afterwards. Free the server with zroute_server_free.
///
/// Any thread may call this. ZROUTE_BAD_OPTION, ZROUTE_OUTDATED_LIBZMQ,
/// ZROUTE_SYSTEM.
///
/// # Safety
/// `server` is NULL or has room for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_server_new(
    options: *const zroute_options,
    server: *mut *mut zroute_server,
) -> zroute_status {
    gate("zroute_server_new", || {
        // SAFETY: as the caller promises.
        let output = unsafe { Output::new("server", server) }?;
        let (options, values, allow_public) = options::with(options, options::Options::server)?;
        let limits = options.limits.clone();
        let drain = options.drain;
        let engine = Engine::new(options)?;
        let stop = engine.stop_handle();
        let handle = handle::insert(Server {
            engine,
            values,
            exchange: exchange::server::Buffers::default(),
            handlers: Vec::new(),
            raw_handler: None,
            names: Vec::new(),
            contexts: Vec::new(),
            all_contexts: false,
            endpoints: Vec::new(),
            mailbox: Arc::new(Mailbox {
                verdicts: Mutex::default(),
                waiting: AtomicBool::new(false),
                bell: stop,
                limits,
                flows: Mutex::default(),
                room: Condvar::new(),
            }),
            allow_public,
            drain,
            drain_until: None,
            spare: None,
            memory: Vec::new(),
            keeps: false,
            streams: 0,
        })?;
        handle::enter::<Server>(handle)?.set_stop(stop);
        output.write(handle.cast());
        Ok(())
    })
}

/// Serves an endpoint, such as `tcp://127.0.0.1:5555`, `tcp://[::1]:0`
/// (any free port) or `ipc:///run/app.sock`; several are fine.
///
/// One thread at a time. ZROUTE_BAD_ENDPOINT, ZROUTE_UNREACHABLE (in use, no
/// right to it, …). A bind that other machines can reach, without encryption,
/// prints one warning to stderr unless the option `allow_public` is 1.
///
/// # Safety
/// `endpoint` is NULL or a NUL-terminated text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_server_bind(
    server: *mut zroute_server,
    endpoint: *const c_char,
) -> zroute_status {
    gate("zroute_server_bind", || {
        // SAFETY: as the caller promises.
        let endpoint = unsafe { text("endpoint", endpoint) }?;
        let mut server = handle::enter::<Server>(server.cast())?;
        let bound = CString::new(server.engine.bind(endpoint)?).unwrap_or_default();
        server.endpoints.push(bound);
        warn_of_public_bind(&server, endpoint);
        Ok(())
    })
}

fn warn_of_public_bind(server: &Server, endpoint: &str) {
    static WARNED: AtomicBool = AtomicBool::new(false);
    let public = Endpoint::parse(endpoint).is_ok_and(|endpoint| endpoint.is_public());
    if public
        && !server.allow_public
        && !server.engine.is_encrypted()
        && !WARNED.swap(true, Ordering::Relaxed)
    {
        let by_whom = if server.engine.asks_for_password() {
            "with the password in the clear"
        } else {
            "unencrypted and by anyone"
        };
        eprintln!(
            "zroute: {endpoint} can be reached from other machines, {by_whom}. Set the option curve_secret_key, bind a loopback address, or set allow_public to 1 if \
             this is meant."
        );
    }
}

/// Borrows the endpoint that was really bound, the `index`th counted from 0:
/// port 0 has become a port. The text is good as long as the server.
/// ZROUTE_END when there are not so many.
///
/// One thread at a time.
///
/// # Safety
/// `endpoint` is NULL or has room for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_server_endpoint(
    server: *const zroute_server,
    index: usize,
    endpoint: *mut *const c_char,
) -> zroute_status {
    gate("zroute_server_endpoint", || {
        // SAFETY: as the caller promises.
        let output = unsafe { Output::new("endpoint", endpoint) }?;
        let server = handle::enter::<Server>(server.cast())?;
        let bound = server.endpoints.get(index).ok_or_else(|| {
            Failure::new(
                Status::ZROUTE_END,
                format!("{} endpoints are bound", server.endpoints.len()),
            )
        })?;
        output.write(bound.as_ptr());
        Ok(())
    })
}

/// Registers the function `name`, or replaces its callback. `userdata` is
/// handed to each call of `callback`; `finalizer`, which may be NULL, ends it
/// when the callback is replaced or the server is freed. When this fails, the
/// userdata stays the caller's.
///
/// One thread at a time.
///
/// # Safety
/// `name` is NULL or a NUL-terminated text; `callback` and `finalizer` can be
/// called with `userdata` as long as they are registered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_server_register(
    server: *mut zroute_server,
    name: *const c_char,
    callback: zroute_callback,
    userdata: *mut c_void,
    finalizer: zroute_finalizer,
) -> zroute_status {
    let mut replaced = None;
    let status = gate("zroute_server_register", || {
        // SAFETY: as the caller promises.
        let name = unsafe { text("name", name) }?;
        let handler = handler(callback, userdata, finalizer)?;
        let mut server = handle::enter::<Server>(server.cast())?;
        let number = server.declare(name)?;
        if let Some(place) = server.handlers.get_mut(number as usize) {
            replaced = place.replace(handler);
        }
        Ok(())
    });
    finalize(replaced);
    status
}

/// Registers the callback for bodies that are no call of any dialect, or
/// replaces it: it gets the body as it came and answers with any bytes.
/// Without one such bodies are answered with a fault.
///
/// Everything else is as with zroute_server_register.
///
/// # Safety
/// `callback` and `finalizer` can be called with `userdata` as long as they
/// are registered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_server_register_raw(
    server: *mut zroute_server,
    callback: zroute_callback,
    userdata: *mut c_void,
    finalizer: zroute_finalizer,
) -> zroute_status {
    let mut replaced = None;
    let status = gate("zroute_server_register_raw", || {
        let handler = handler(callback, userdata, finalizer)?;
        let mut server = handle::enter::<Server>(server.cast())?;
        server.engine.accept_raw();
        replaced = server.raw_handler.replace(handler);
        Ok(())
    });
    finalize(replaced);
    status
}

fn handler(
    callback: zroute_callback,
    userdata: *mut c_void,
    finalizer: zroute_finalizer,
) -> Result<Handler, Failure> {
    Ok(Handler {
        callback: callback.ok_or_else(|| Failure::argument("callback is NULL"))?,
        userdata,
        finalizer,
    })
}

/// Ends a handler's userdata. No value with a Drop lives here meanwhile.
fn finalize(handler: Option<Handler>) {
    if let Some(Handler {
        userdata,
        finalizer: Some(finalizer),
        ..
    }) = handler
    {
        // SAFETY: whoever registered it promised that it can be called, and it
        // was taken out of the server, so this is the only time.
        unsafe { finalizer(userdata) };
    }
}

/// Declares a function for the pull form: its calls come out of
/// zroute_server_exchange under the number `route`, counted from 0 in the
/// order of first naming.
///
/// One thread at a time.
///
/// # Safety
/// `name` is NULL or a NUL-terminated text; `route` is NULL or has room for
/// its value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_server_declare(
    server: *mut zroute_server,
    name: *const c_char,
    route: *mut u32,
) -> zroute_status {
    gate("zroute_server_declare", || {
        // SAFETY: as the caller promises.
        let (name, output) = unsafe { (text("name", name)?, Output::new("route", route)?) };
        output.write(handle::enter::<Server>(server.cast())?.declare(name)?);
        Ok(())
    })
}

/// Declares for the pull form that bodies which are no call are wanted too:
/// they come out of zroute_server_exchange under the route -1.
///
/// One thread at a time.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_server_declare_raw(server: *mut zroute_server) -> zroute_status {
    gate("zroute_server_declare_raw", || {
        handle::enter::<Server>(server.cast())?.engine.accept_raw();
        Ok(())
    })
}

/// Tells how a function describes itself to those who ask `zroute.list`:
/// `description` is one MessagePack map, which is copied. By custom its keys
/// are `parameters`, an array of maps with `name`, `type`, `optional`,
/// `variadic` and `default`; `returns`, the type of the answer; and `doc`, a
/// text for people. Without a description only the name is told.
///
/// One thread at a time. ZROUTE_BAD_ARGUMENT when no function has the name,
/// ZROUTE_INVALID_VALUE when the description is no MessagePack value,
/// ZROUTE_WRONG_TYPE when it is no map whose keys are texts other than `name`.
///
/// # Safety
/// `name` is NULL or a NUL-terminated text; `description` leads to `size`
/// bytes, or `size` is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_server_describe(
    server: *mut zroute_server,
    name: *const c_char,
    description: *const c_void,
    size: usize,
) -> zroute_status {
    gate("zroute_server_describe", || {
        // SAFETY: as the caller promises.
        let (name, description) = unsafe {
            (
                text("name", name)?,
                bytes("description", description, size)?,
            )
        };
        let mut server = handle::enter::<Server>(server.cast())?;
        server.number(name)?;
        let route = server.engine.add_function(name);
        Ok(server.engine.describe(route, description)?)
    })
}

/// Asks for the context of a function's calls; NULL for `name` stands for all
/// functions, those of later too. In the pull form each call then comes as a
/// list of four in place of its parameters: the parameters, the meta map or
/// nil, who called, and the dialect. In a callback zroute_call_peer and
/// zroute_call_dialect have texts then.
///
/// Functions that nobody asked for stay as they were, and as quick.
///
/// One thread at a time. ZROUTE_BAD_ARGUMENT when no function has the name.
///
/// # Safety
/// `name` is NULL or a NUL-terminated text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_server_want_context(
    server: *mut zroute_server,
    name: *const c_char,
) -> zroute_status {
    gate("zroute_server_want_context", || {
        let mut server = handle::enter::<Server>(server.cast())?;
        if name.is_null() {
            server.all_contexts = true;
            server.contexts.fill(true);
            return Ok(());
        }
        // SAFETY: as the caller promises.
        let number = server.number(unsafe { text("name", name) }?)?;
        if let Some(wanted) = server.contexts.get_mut(number) {
            *wanted = true;
        }
        Ok(())
    })
}

/// Serves a supervisor, such as `zroute serve`: the numbers that it gives the
/// calls are their tokens, and what it says of who called is believed. To be
/// called before the first bind; whoever can reach the endpoint can say
/// anything, so it is one that only the supervisor reaches.
///
/// One thread at a time.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_server_serve_supervisor(server: *mut zroute_server) -> zroute_status {
    gate("zroute_server_serve_supervisor", || {
        handle::enter::<Server>(server.cast())?
            .engine
            .serve_supervisor();
        Ok(())
    })
}

/// Serves until zroute_server_stop is called, takes leave as zroute_server_drain
/// does, and then returns ZROUTE_OK. A stop that came before counts too; each
/// run uses one stop up. A second stop ends the leave at once. ZROUTE_BAD_STATE
/// when nothing is bound.
///
/// The thread that calls this runs the callbacks; all others get ZROUTE_BUSY
/// meanwhile. ZROUTE_INTERRUPTED after a signal: look at your flags, and call
/// again.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_server_run(server: *mut zroute_server) -> zroute_status {
    gate("zroute_server_run", || {
        let server = server.cast();
        as_runner(server, || {
            while serve_round(server, None)?.is_some() {}
            loop {
                match handle::enter::<Server>(server)?.drain(None) {
                    // The leave has an end, and a stop is noticed.
                    Err(failure) if failure.status == Status::ZROUTE_INTERRUPTED => {}
                    drained => return drained.map(drop),
                }
            }
        })
    })
}

/// Takes leave: for a host with a loop of its own, when it has ended, has
/// handed in its answers and before it frees the server. Listens no more (with
/// the transport `libzmq`, takes no more calls), tells clients of this library
/// to go elsewhere and answers new calls with -32005. ZROUTE_OK when no call
/// is open and nobody is left who would send one, or when the option
/// `drain_ms` is over, counted from the first call of this; at once with 0.
///
/// `timeout_ms` bounds this call, -1 for no bound: ZROUTE_TIMEOUT when it was
/// over before; hand in the answers to calls that you still have, and call
/// again. Kept calls may be answered meanwhile. ZROUTE_INTERRUPTED after a
/// signal. zroute_server_stop ends the leave at once.
///
/// A server that is run again listens again. One thread at a time.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_server_drain(
    server: *mut zroute_server,
    timeout_ms: c_int,
) -> zroute_status {
    gate("zroute_server_drain", || {
        let mut server = handle::enter::<Server>(server.cast())?;
        if server.drain(deadline(timeout_ms))? {
            return Ok(());
        }
        Err(Failure::new(
            Status::ZROUTE_TIMEOUT,
            "the server still has calls to answer, or callers",
        ))
    })
}

/// Serves what is here, or waits for it no longer than `timeout_ms` (-1: for
/// ever). `calls`, which may be NULL, tells how many callbacks ran; ZROUTE_OK
/// with 0 of them means that the time was over. ZROUTE_STOPPED when
/// zroute_server_stop was called, ZROUTE_INTERRUPTED after a signal,
/// ZROUTE_BAD_STATE for a wait for ever with nothing bound; any other just takes
/// its time, and a server may be bound between two steps.
///
/// The thread that calls this runs the callbacks.
///
/// # Safety
/// `calls` is NULL or has room for its value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_server_step(
    server: *mut zroute_server,
    timeout_ms: c_int,
    calls: *mut usize,
) -> zroute_status {
    gate("zroute_server_step", || {
        let server = server.cast();
        let count = as_runner(server, || serve_round(server, deadline(timeout_ms)))?;
        let Some(count) = count else {
            return Err(Failure::new(
                Status::ZROUTE_STOPPED,
                "the server was asked to stop",
            ));
        };
        if !calls.is_null() {
            // SAFETY: not NULL, and has room, as the caller promises.
            unsafe { Output::new("calls", calls) }?.write(count);
        }
        Ok(())
    })
}

/// The end of a wait that C gave in milliseconds; none for a negative number.
pub(super) fn deadline(timeout_ms: c_int) -> Option<Instant> {
    let milliseconds = u64::try_from(timeout_ms).ok()?;
    Instant::now().checked_add(Duration::from_millis(milliseconds))
}

/// How many calls are served before looking for a stop again.
const ROUND: usize = 1000;

/// Keeps all other threads out, also while a callback runs.
fn as_runner<T>(
    handle: *mut c_void,
    run: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let before = handle::enter::<Server>(handle)?.begin_run();
    let ran = run();
    // A callback may have freed the server.
    if let Ok(mut server) = handle::enter::<Server>(handle) {
        let left = server.engine.leave();
        server.end_run(before);
        return ran.and_then(|ran| Ok(left.map(|()| ran)?));
    }
    ran
}

/// Serves what is here, after waiting for it: how many callbacks ran, or none
/// after a stop.
fn serve_round(handle: *mut c_void, until: Option<Instant>) -> Result<Option<usize>, Failure> {
    let mut count = 0;
    let mut server = handle::enter::<Server>(handle)?;
    server.serve_again(until)?;
    loop {
        if server.engine.is_stopped() {
            server.engine.resume();
            return Ok(None);
        }
        server.deliver()?;
        let Some(taken) = server.engine.take()? else {
            if count > 0 {
                return Ok(Some(count));
            }
            server.tell_flows();
            match server.engine.wait(until)? {
                Waited::Ready | Waited::Woken => continue,
                Waited::TimedOut => return Ok(Some(0)),
            }
        };
        let open = taken.token;
        let Some(handler) = server.handler(taken.route) else {
            let fault = Fault::new(
                Code::Handler,
                "the function was declared for the pull form, and the server runs callbacks",
            );
            server.settle(open, Verdict::Fault(fault))?;
            continue;
        };
        let call = lend(&mut server, taken)?;
        server.engine.leave_shortly()?;
        drop(server);
        // SAFETY: whoever registered the callback promised that it can be
        // called with its userdata. Only plain numbers are left in this frame
        // and in those below, and nothing is entered, so it may do what it
        // likes.
        unsafe { (handler.callback)(call.cast(), handler.userdata) };
        count += 1;
        let ended = take_back(call)?;
        let Ok(entered) = handle::enter::<Server>(handle) else {
            // The callback freed the server; nobody needs the call's memory.
            if let Some((_, spare)) = ended {
                drop(spare.remove());
            }
            return Ok(Some(count));
        };
        server = entered;
        server.engine.back();
        if let Some((verdict, spare)) = ended {
            server.spare = Some(spare);
            server.settle(open, verdict)?;
        } else {
            server.keeps = true;
        }
        if count >= ROUND {
            return Ok(Some(count));
        }
    }
}

/// Puts a call under a handle for its callback.
fn lend(
    server: &mut Entered<Server>,
    mut taken: crate::server::Taken,
) -> Result<*mut c_void, Failure> {
    let route = taken.route;
    if server.keeps {
        // Now, because what the callback was shown must stay where it is.
        taken.detach();
    }
    let origin = server
        .wants_context(route)
        .then(|| Box::new(server.engine.origin(&taken).into()));
    if let Some(spare) = server.spare.take() {
        let (handle, mut call) = spare.enter();
        let memory = std::mem::take(&mut server.memory);
        call.become_another(taken, server.name(route), origin, memory);
        return Ok(handle);
    }
    let mailbox = Arc::clone(&server.mailbox);
    handle::insert(Call::new(taken, server.name(route), origin, mailbox))
}

/// Ends a call after its callback: the verdict, and the object to be used
/// again. None when the call is kept, and perhaps answered already.
fn take_back(call: *mut c_void) -> Result<Option<(Verdict, Reserved<Call>)>, Failure> {
    // Another thread may be in there, and is not to be told that it is in use.
    let entered = handle::enter_unless_left_alone::<Call>(call)?;
    Ok(entered.map(|mut call| (call.take_verdict(), call.reserve())))
}

/// Ends the server's run, or its next one. Any thread may call this, and a
/// signal handler too: it takes no lock, allocates nothing and keeps errno.
/// It sets no text for zroute_last_error.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_server_stop(server: *const zroute_server) -> zroute_status {
    match handle::stop::<Server>(server.cast()) {
        Ok(()) => Status::ZROUTE_OK,
        Err(status) => status,
    }
}

/// Tells what the server counted.
///
/// One thread at a time.
///
/// # Safety
/// `counters` is NULL or has room for its value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_server_count(
    server: *const zroute_server,
    counters: *mut zroute_server_counters,
) -> zroute_status {
    gate("zroute_server_count", || {
        // SAFETY: as the caller promises.
        let output = unsafe { Output::new("counters", counters) }?;
        let counted = handle::enter::<Server>(server.cast())?.engine.counters();
        let [
            faults_parse,
            faults_request,
            faults_unknown_function,
            faults_parameters,
            faults_handler,
            faults_deadline,
            faults_overloaded,
            faults_forbidden,
            faults_too_large,
            faults_shutting_down,
            faults_cancelled,
        ] = counted.faults;
        output.write(zroute_server_counters {
            requests: counted.requests,
            calls: counted.calls,
            answers: counted.answers,
            refused: counted.refused,
            undeliverable: counted.undeliverable,
            open: counted.open,
            bytes_received: counted.bytes_received,
            bytes_sent: counted.bytes_sent,
            faults_parse,
            faults_request,
            faults_unknown_function,
            faults_parameters,
            faults_handler,
            faults_deadline,
            faults_overloaded,
            faults_forbidden,
            faults_too_large,
            faults_shutting_down,
            faults_cancelled,
            faults_application: counted.application_faults,
            dropped: counted.dropped,
            callers_lost: counted.callers_lost,
            callers_stalled: counted.callers_stalled,
        });
        Ok(())
    })
}

/// The pull form, for hosts with a loop of their own: hands back answers and
/// takes the next batch of calls, in one call.
///
/// `answers` is a map from token to answer, in the server's `values` format
/// (MessagePack, or PHP's serialize format); nothing when `answers_size` is 0.
/// Up to `most` calls come back in `batch`, as one list in the same format.
/// Calls that came in a row for one function share three values:
///
/// 1. their route: the number from zroute_server_declare; -1 for bodies that
///    are no call; -2 for answers of `answers` that were not taken because
///    they are not plain (see ZROUTE_NOT_PLAIN); -3 for streams that there is
///    room for again; -4 for streams whose callers have gone (see zroute_server_stream);
/// 2. how many milliseconds their callers still wait, -1 for unknown;
/// 3. a map from token to parameters, or, of a function whose context is wanted
///    (zroute_server_want_context), to a list of parameters, meta or nil, peer
///    and dialect (with -1 the whole body as binary, with
///    -2 the reason, with -3 how many items, with -4 0). Each token is to be answered once: here, or with
///    zroute_server_answer or zroute_server_fail.
///
/// `timeout_ms` bounds the wait for the first call: 0 does not wait, -1 waits
/// for ever. When the time is over, `batch_size` is 0. The batch is borrowed:
/// it is good until the next call with this server.
///
/// An answer that cannot be sent fails its own call and no other: with -32004
/// when it is too large, with -32603 when it is reserved or too deep.
/// ZROUTE_STOPPED after zroute_server_stop, ZROUTE_INTERRUPTED after a signal:
/// the answers were sent in both cases. ZROUTE_BAD_STATE for a wait for ever with
/// nothing bound.
///
/// One thread at a time.
///
/// # Safety
/// `answers` leads to `answers_size` bytes, or that is 0; `batch` and
/// `batch_size` are NULL or have room for their values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_server_exchange(
    server: *mut zroute_server,
    answers: *const c_void,
    answers_size: usize,
    most: usize,
    timeout_ms: c_int,
    batch: *mut *const c_void,
    batch_size: *mut usize,
) -> zroute_status {
    gate("zroute_server_exchange", || {
        // SAFETY: as the caller promises.
        let (answers, data, size) = unsafe {
            (
                bytes("answers", answers, answers_size)?,
                Output::new("batch", batch)?,
                Output::new("batch_size", batch_size)?,
            )
        };
        let mut server = handle::enter::<Server>(server.cast())?;
        let taken = exchange::server::turn(&mut server, answers, most, timeout_ms)?;
        data.write(taken.as_ptr().cast());
        size.write(taken.len());
        Ok(())
    })
}

/// Answers one call of the pull form, with a value in the server's `values`
/// format that is taken for plain: a 0 in PHP's format is a number.
///
/// One thread at a time. ZROUTE_UNKNOWN_CALL, ZROUTE_INVALID_VALUE,
/// ZROUTE_NOT_PLAIN, ZROUTE_TOO_LARGE, ZROUTE_RESERVED_VALUE; after all but
/// the first the call is still open.
///
/// # Safety
/// `value` leads to `size` bytes, or `size` is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_server_answer(
    server: *mut zroute_server,
    token: u64,
    value: *const c_void,
    size: usize,
) -> zroute_status {
    gate("zroute_server_answer", || {
        // SAFETY: as the caller promises.
        let value = unsafe { bytes("value", value, size) }?;
        let mut server = handle::enter::<Server>(server.cast())?;
        exchange::server::answer(&mut server, token, value)
    })
}

/// Answers one call of the pull form with one more item of a stream, in the server's
/// `values` format and taken for plain. `room`, which may be NULL, tells how many more
/// its caller takes now: a zerorpc caller says so from time to time; any other takes all
/// that fit into one answer, as it gets the list of them when the stream ends. The first
/// item always has room.
///
/// ZROUTE_WOULD_BLOCK when there is no room; the item is not sent. When there is again,
/// zroute_server_exchange tells so under the route -3, and that the caller has gone, and
/// the call with it, under the route -4. An item goes out with the next
/// zroute_server_exchange at the latest.
///
/// A stream ends with zroute_server_end_stream or zroute_server_fail.
///
/// One thread at a time. ZROUTE_UNKNOWN_CALL, also when the caller has gone;
/// ZROUTE_INVALID_VALUE, ZROUTE_NOT_PLAIN, ZROUTE_TOO_LARGE for an item, or for the list of
/// all so far; ZROUTE_BAD_STATE for a raw body. After all but the first the call is still
/// open.
///
/// # Safety
/// `item` leads to `size` bytes, or `size` is 0; `room` is NULL or has room for its value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_server_stream(
    server: *mut zroute_server,
    token: u64,
    item: *const c_void,
    size: usize,
    room: *mut u32,
) -> zroute_status {
    gate("zroute_server_stream", || {
        // SAFETY: as the caller promises.
        let item = unsafe { bytes("item", item, size) }?;
        let mut server = handle::enter::<Server>(server.cast())?;
        let left = exchange::server::stream(&mut server, token, item)?;
        if !room.is_null() {
            // SAFETY: not NULL, and has room, as the caller promises.
            unsafe { Output::new("room", room) }?.write(left);
        }
        Ok(())
    })
}

/// Ends a stream of the pull form; one without an item is an empty one.
///
/// One thread at a time. ZROUTE_UNKNOWN_CALL; ZROUTE_BAD_STATE for a raw body;
/// ZROUTE_TOO_LARGE and ZROUTE_INVALID_VALUE when the list is over a limit, and the call
/// is still open then.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_server_end_stream(
    server: *mut zroute_server,
    token: u64,
) -> zroute_status {
    gate("zroute_server_end_stream", || {
        let mut server = handle::enter::<Server>(server.cast())?;
        server.engine.end_stream(token)?;
        Ok(server.engine.leave()?)
    })
}

/// Fails one call of the pull form; the arguments are those of
/// zroute_call_fail.
///
/// One thread at a time. ZROUTE_UNKNOWN_CALL.
///
/// # Safety
/// `name` is NULL or a NUL-terminated text; so is `message`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_server_fail(
    server: *mut zroute_server,
    token: u64,
    code: i64,
    name: *const c_char,
    message: *const c_char,
) -> zroute_status {
    gate("zroute_server_fail", || {
        // SAFETY: as the caller promises.
        let fault = unsafe { fault(code, name, message) }?;
        let mut server = handle::enter::<Server>(server.cast())?;
        server.engine.fail(token, &fault)?;
        Ok(server.engine.leave()?)
    })
}

/// Ends all open calls of the pull form with -32005, which says that they were
/// not begun: their callers may send them elsewhere. For a host that ends
/// between taking calls and running them; those that it has begun, it fails
/// first.
///
/// One thread at a time.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_server_refuse_open(server: *mut zroute_server) -> zroute_status {
    gate("zroute_server_refuse_open", || {
        let mut server = handle::enter::<Server>(server.cast())?;
        server.engine.refuse_open()?;
        Ok(server.engine.leave()?)
    })
}

/// Frees a server: requests that nobody has taken are told -32005, open calls,
/// which may have run, -32603; what is on its way is sent (no longer than `linger_ms`), and the
/// finalizers run. NULL is fine. In a forked child it returns ZROUTE_FORKED
/// and leaves the parent's server alone.
///
/// One thread at a time; a callback may free its own server.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_server_free(server: *mut zroute_server) -> zroute_status {
    let mut handlers: &'static mut [Handler] = &mut [];
    let status = gate("zroute_server_free", || {
        let Some(mut server) = handle::free::<Server>(server.cast())? else {
            return Ok(());
        };
        // Leaked while the finalizers run, so that they may do what they like.
        let all = server.handlers.iter().flatten().chain(&server.raw_handler);
        handlers = Box::leak(all.copied().collect());
        drop(server.spare.take().map(Reserved::remove));
        let delivered = server.deliver();
        for flow in server.mailbox.flows().values_mut() {
            flow.over = true;
        }
        server.mailbox.room.notify_all();
        delivered
    });
    let all: *mut [Handler] = handlers;
    for handler in handlers {
        finalize(Some(*handler));
    }
    // SAFETY: the box that was leaked above, or an empty slice, which owns no
    // memory; nothing refers to it any more.
    drop(unsafe { Box::from_raw(all) });
    status
}
