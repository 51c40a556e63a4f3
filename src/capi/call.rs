//! One call, as its handler sees it.

use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::gate::{Failure, gate};
use super::handle::{self, Entered, Object};
use super::pointer::{Output, bytes, text};
use super::reader::{Reader, zroute_reader};
use super::server::deadline;
use super::status::{Status, zroute_status};
use super::writer::{Writer, zroute_writer};
use crate::msgpack::{Limits, Malformed, scan};
use crate::server::{Refused, Route, Taken, check_answer};
use crate::transport::Stop;
use crate::wire::{Code, Fault};

/// One call of a function. It is good until its callback returns, or, once it
/// is kept, until it is answered, failed or freed.
pub struct zroute_call {
    _opaque: [u8; 0],
}

/// What a handler made of a call.
pub enum Verdict {
    Value(Vec<u8>),
    Fault(Fault),
    /// One item of a stream; others may follow.
    Item(Vec<u8>),
    /// The end of a stream.
    End,
    /// Items, and then how it ended.
    Stream(Vec<Vec<u8>>, Box<Verdict>),
}

/// What of a kept call's stream its caller has not taken yet.
#[derive(Clone, Copy, Default)]
pub struct Flow {
    pub items: usize,
    pub bytes: usize,
    /// The call is not open any more.
    pub over: bool,
}

impl Flow {
    /// Whether one more item may wait.
    fn has_room(self) -> bool {
        const ITEMS: usize = 64;
        const BYTES: usize = 1 << 20;
        self.items < ITEMS && (self.items == 0 || self.bytes < BYTES)
    }
}

/// Where kept calls leave their verdicts, from any thread, for the server.
pub struct Mailbox {
    pub verdicts: Mutex<Vec<(u64, Verdict)>>,
    /// Whether there are any, to be asked without the lock.
    pub waiting: AtomicBool,
    /// Rings the server out of its wait.
    pub bell: Stop,
    pub limits: Limits,
    /// Of kept calls that stream, by token.
    pub flows: Mutex<HashMap<u64, Flow>>,
    /// Rung when there may be room in any.
    pub room: Condvar,
}

impl Mailbox {
    fn post(&self, token: u64, verdict: Verdict) {
        self.verdicts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((token, verdict));
        self.waiting.store(true, Ordering::Release);
        self.bell.ring();
    }

    pub fn flows(&self) -> MutexGuard<'_, HashMap<u64, Flow>> {
        self.flows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Posts an item of a stream, unless there is no room for it now. The first one always
    /// has some.
    fn post_item(&self, token: u64, item: &[u8]) -> Result<(), Refused> {
        let mut flows = self.flows();
        self.post_in_flow(token, flows.entry(token).or_default(), item)
    }

    /// With the flows locked, so that none comes behind the end of its stream.
    fn post_in_flow(&self, token: u64, flow: &mut Flow, item: &[u8]) -> Result<(), Refused> {
        if flow.over {
            return Err(Refused::Unknown);
        }
        if !flow.has_room() {
            return Err(Refused::NoRoom);
        }
        flow.items += 1;
        flow.bytes += item.len();
        self.post(token, Verdict::Item(item.to_vec()));
        Ok(())
    }

    /// Posts an item of a stream when there is room for it.
    fn wait_and_post_item(
        &self,
        token: u64,
        item: &[u8],
        until: Option<Instant>,
    ) -> Result<(), Refused> {
        let mut flows = self.flows();
        loop {
            // None once the stream was ended meanwhile.
            let flow = flows.get_mut(&token).ok_or(Refused::Unknown)?;
            match self.post_in_flow(token, flow, item) {
                Err(Refused::NoRoom) => {}
                posted => return posted,
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            flows = match left {
                Some(Duration::ZERO) => return Err(Refused::NoRoom),
                Some(left) => {
                    let waited = self.room.wait_timeout(flows, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self
                    .room
                    .wait(flows)
                    .unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

/// The object behind the handle. One is used again for call after call, under
/// a new handle each time, unless it is kept.
pub struct Call {
    taken: Taken,
    /// None for a body that is no call.
    function: Option<Arc<CStr>>,
    /// Where it comes from, if the server was asked for that.
    origin: Option<Box<Origin>>,
    mailbox: Arc<Mailbox>,
    verdict: Option<Verdict>,
    /// Why the latest verdict was refused, for the fault if none follows.
    refused: Option<String>,
    kept: bool,
    /// Items of a stream that wait for the callback's return, and their bytes.
    items: Vec<Vec<u8>>,
    item_bytes: usize,
    /// Items were given.
    streams: bool,
    /// For the bytes of the answer.
    memory: Vec<u8>,
}

/// Where a call comes from, as texts of C.
#[derive(Default)]
pub struct Origin {
    peer: CString,
    dialect: CString,
}

impl From<crate::server::Origin> for Origin {
    fn from(origin: crate::server::Origin) -> Self {
        // What holds a NUL is no address and no dialect.
        Self {
            peer: CString::new(origin.peer).unwrap_or_default(),
            dialect: CString::new(origin.dialect).unwrap_or_default(),
        }
    }
}

impl Object for Call {
    const KIND: u8 = 4;
    const NAME: &'static str = "zroute_call";
}

impl Call {
    pub fn new(
        taken: Taken,
        function: Option<&Arc<CStr>>,
        origin: Option<Box<Origin>>,
        mailbox: Arc<Mailbox>,
    ) -> Self {
        Self {
            taken,
            function: function.cloned(),
            origin,
            mailbox,
            verdict: None,
            refused: None,
            kept: false,
            items: Vec::new(),
            item_bytes: 0,
            streams: false,
            memory: Vec::new(),
        }
    }

    /// Becomes another call of the same server, with memory for its answer.
    pub fn become_another(
        &mut self,
        taken: Taken,
        function: Option<&Arc<CStr>>,
        origin: Option<Box<Origin>>,
        memory: Vec<u8>,
    ) {
        self.taken = taken;
        self.origin = origin;
        self.memory = memory;
        // Mostly it is the one before.
        if self.function.as_ref().map(Arc::as_ptr) != function.map(Arc::as_ptr) {
            self.function = function.cloned();
        }
        self.verdict = None;
        self.refused = None;
        self.kept = false;
        self.streams = false;
    }

    /// What the handler said, or the fault for its silence. The parameters are
    /// gone with it.
    pub fn take_verdict(&mut self) -> Verdict {
        self.taken.release();
        let verdict = self.verdict.take().unwrap_or_else(|| {
            Verdict::Fault(Fault::new(
                Code::Handler,
                match self.refused.take() {
                    Some(reason) => format!("the handler's answer was refused: {reason}"),
                    None => "the handler gave no answer".to_string(),
                },
            ))
        });
        if self.items.is_empty() {
            return verdict;
        }
        self.item_bytes = 0;
        Verdict::Stream(std::mem::take(&mut self.items), Box::new(verdict))
    }
}

fn decide(mut call: Entered<Call>, verdict: Verdict) -> Result<(), Failure> {
    if call.verdict.is_some() {
        return Err(Refused::Unknown.into());
    }
    if call.kept {
        let call = call.remove();
        let (mailbox, token) = (call.mailbox, call.taken.token);
        let mut flows = mailbox.flows();
        let waited = flows.remove(&token).is_some();
        mailbox.post(token, verdict);
        drop(flows);
        if waited {
            mailbox.room.notify_all();
        }
    } else {
        call.verdict = Some(verdict);
    }
    Ok(())
}

/// Borrows the function's name as the caller wrote it. The text is good as
/// long as the call; for a raw body it is empty.
///
/// The thread that has the call.
///
/// # Safety
/// `name` is NULL or has room for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_call_function(
    call: *const zroute_call,
    name: *mut *const c_char,
) -> zroute_status {
    gate("zroute_call_function", || {
        // SAFETY: as the caller promises.
        let output = unsafe { Output::new("name", name) }?;
        output.write(
            handle::enter::<Call>(call.cast())?
                .function
                .as_ref()
                .map_or(c"".as_ptr(), |name| name.as_ptr()),
        );
        Ok(())
    })
}

/// Borrows the parameters: one checked MessagePack value, or the whole body,
/// unchecked, in a raw handler. The bytes are good as long as the call.
///
/// The thread that has the call.
///
/// # Safety
/// `data` and `size` are NULL or have room for their values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_call_parameters(
    call: *const zroute_call,
    data: *mut *const c_void,
    size: *mut usize,
) -> zroute_status {
    gate("zroute_call_parameters", || {
        // SAFETY: as the caller promises.
        let outputs = unsafe { (Output::new("data", data)?, Output::new("size", size)?) };
        let call = handle::enter::<Call>(call.cast())?;
        let parameters = call.taken.parameters();
        outputs.0.write(parameters.as_ptr().cast());
        outputs.1.write(parameters.len());
        Ok(())
    })
}

/// Borrows what travels beside the parameters: one checked MessagePack map;
/// `size` is 0 if the caller sent none. The bytes are good as long as the call.
///
/// The thread that has the call.
///
/// # Safety
/// `data` and `size` are NULL or have room for their values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_call_meta(
    call: *const zroute_call,
    data: *mut *const c_void,
    size: *mut usize,
) -> zroute_status {
    gate("zroute_call_meta", || {
        // SAFETY: as the caller promises.
        let outputs = unsafe { (Output::new("data", data)?, Output::new("size", size)?) };
        let call = handle::enter::<Call>(call.cast())?;
        let meta = call.taken.meta();
        outputs.0.write(meta.as_ptr().cast());
        outputs.1.write(meta.len());
        Ok(())
    })
}

/// Borrows who called: an address such as `192.0.2.7:50000`, `ipc`, or an
/// empty text where that is not known: with the transport `libzmq`, and
/// unless zroute_server_want_context asked for it. The text is good as long as
/// the call.
///
/// The thread that has the call.
///
/// # Safety
/// `peer` is NULL or has room for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_call_peer(
    call: *const zroute_call,
    peer: *mut *const c_char,
) -> zroute_status {
    gate("zroute_call_peer", || {
        // SAFETY: as the caller promises.
        let output = unsafe { Output::new("peer", peer) }?;
        output.write(origin(call, |origin| &origin.peer)?);
        Ok(())
    })
}

/// Borrows the dialect that the caller spoke, such as `plain`; an empty text
/// for a raw body, and unless zroute_server_want_context asked for it. The
/// text is good as long as the call.
///
/// The thread that has the call.
///
/// # Safety
/// `dialect` is NULL or has room for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_call_dialect(
    call: *const zroute_call,
    dialect: *mut *const c_char,
) -> zroute_status {
    gate("zroute_call_dialect", || {
        // SAFETY: as the caller promises.
        let output = unsafe { Output::new("dialect", dialect) }?;
        output.write(origin(call, |origin| &origin.dialect)?);
        Ok(())
    })
}

fn origin(
    call: *const zroute_call,
    part: impl Fn(&Origin) -> &CString,
) -> Result<*const c_char, Failure> {
    let call = handle::enter::<Call>(call.cast())?;
    let origin = call.origin.as_deref();
    Ok(origin.map_or(c"".as_ptr(), |origin| part(origin).as_ptr()))
}

/// Points a reader at the parameters, as zroute_reader_reset does, without
/// checking them again. They are good as long as the call. ZROUTE_INVALID_VALUE
/// for a raw body, which may be anything.
///
/// The thread that has the call.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_call_read(
    call: *const zroute_call,
    reader: *mut zroute_reader,
) -> zroute_status {
    gate("zroute_call_read", || {
        let call = handle::enter::<Call>(call.cast())?;
        if call.taken.route == Route::Raw {
            return Err(Failure::new(
                Status::ZROUTE_INVALID_VALUE,
                "a raw body is unchecked; use zroute_reader_reset",
            ));
        }
        let mut reader = handle::enter::<Reader>(reader.cast())?;
        // SAFETY: the parameters lie in the call, and the caller is told that
        // they are good no longer than it.
        unsafe { reader.begin(call.taken.parameters()) };
        Ok(())
    })
}

/// Tells how many milliseconds the caller still waits: 0 when it has given up,
/// -1 when it did not say.
///
/// The thread that has the call.
///
/// # Safety
/// `milliseconds` is NULL or has room for its value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_call_time_left(
    call: *const zroute_call,
    milliseconds: *mut i64,
) -> zroute_status {
    gate("zroute_call_time_left", || {
        // SAFETY: as the caller promises.
        let output = unsafe { Output::new("milliseconds", milliseconds) }?;
        output.write(time_left(
            handle::enter::<Call>(call.cast())?.taken.deadline,
        ));
        Ok(())
    })
}

/// Milliseconds to a deadline, -1 for none.
pub(super) fn time_left(deadline: Option<Instant>) -> i64 {
    deadline.map_or(-1, |deadline| {
        let left = deadline.saturating_duration_since(Instant::now());
        i64::try_from(left.as_millis()).unwrap_or(i64::MAX)
    })
}

/// Answers the call with one MessagePack value, which is copied; a raw one
/// with any bytes. In a callback the answer goes out when it returns; a kept
/// call is answered at once, and its handle is gone.
///
/// After ZROUTE_INVALID_VALUE, ZROUTE_TOO_LARGE and ZROUTE_RESERVED_VALUE the
/// call is still open. ZROUTE_UNKNOWN_CALL when it was answered already.
///
/// The thread that has the call; a kept one may be answered in any.
///
/// # Safety
/// `value` leads to `size` bytes, or `size` is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_call_answer(
    call: *mut zroute_call,
    value: *const c_void,
    size: usize,
) -> zroute_status {
    gate("zroute_call_answer", || {
        // SAFETY: as the caller promises.
        let value = unsafe { bytes("value", value, size) }?;
        answer(handle::enter::<Call>(call.cast())?, value)
    })
}

/// Answers the call with what a writer holds, and clears the writer for the
/// next. Else as zroute_call_answer; ZROUTE_INVALID_VALUE also when the value
/// is not finished, and the writer keeps it then.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_call_answer_with(
    call: *mut zroute_call,
    writer: *mut zroute_writer,
) -> zroute_status {
    gate("zroute_call_answer_with", || {
        let call = handle::enter::<Call>(call.cast())?;
        let mut writer = handle::enter::<Writer>(writer.cast())?;
        answer(call, writer.engine.finish()?)?;
        writer.engine.clear();
        Ok(())
    })
}

fn answer(mut call: Entered<Call>, value: &[u8]) -> Result<(), Failure> {
    let raw = call.taken.route == Route::Raw;
    if call.streams {
        return Err(Refused::Stream.into());
    }
    if let Err(refused) = check_answer(value, raw, &call.mailbox.limits) {
        call.refused = Some(refused.to_string());
        return Err(refused.into());
    }
    let mut answer = std::mem::take(&mut call.memory);
    answer.clear();
    answer.extend_from_slice(value);
    decide(call, Verdict::Value(answer))
}

/// Answers the call with one more item of a stream: one MessagePack value, which is
/// copied. A zerorpc caller gets each item by itself, as it says that it takes more; any
/// other gets the list of them when the stream ends. It ends with
/// zroute_call_end_stream or zroute_call_fail.
///
/// In a callback items wait for its return; all together are no larger than `max_message`.
/// A kept call's go out at once. Some may wait for the caller to take them; then this
/// waits too, no longer than `timeout_ms` (-1: for ever), which is for threads that do
/// not run the server: the one that does takes 0. While it waits, other threads may end
/// the call.
///
/// ZROUTE_WOULD_BLOCK when there was no room in time; the item is not sent.
/// ZROUTE_UNKNOWN_CALL when the caller has gone, was let go because it took nothing for
/// `stream_stall_ms`, or the stream has ended: end the call, it has a handle still unless
/// another thread has ended it. ZROUTE_INVALID_VALUE, ZROUTE_TOO_LARGE; ZROUTE_BAD_STATE for a raw
/// body.
///
/// The thread that has the call; a kept one may stream from any, and from several.
///
/// # Safety
/// `item` leads to `size` bytes, or `size` is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_call_stream(
    call: *mut zroute_call,
    item: *const c_void,
    size: usize,
    timeout_ms: c_int,
) -> zroute_status {
    gate("zroute_call_stream", || {
        // SAFETY: as the caller promises.
        let item = unsafe { bytes("item", item, size) }?;
        let mut call = handle::enter_shared::<Call>(call.cast())?;
        if call.taken.route == Route::Raw {
            return Err(Refused::RawStream.into());
        }
        if call.verdict.is_some() {
            return Err(Refused::Unknown.into());
        }
        scan(item, &call.mailbox.limits)?;
        if call.kept {
            let (mailbox, token) = (Arc::clone(&call.mailbox), call.taken.token);
            let posted = mailbox.post_item(token, item);
            call.streams |= posted.is_ok();
            // Others may end the call while this thread waits.
            drop(call);
            if posted == Err(Refused::NoRoom) {
                mailbox.wait_and_post_item(token, item, deadline(timeout_ms))?;
            } else {
                posted?;
            }
            return Ok(());
        }
        let (size, limit) = (call.item_bytes + size, call.mailbox.limits.bytes);
        if size > limit {
            return Err(Malformed::TooLarge { size, limit }.into());
        }
        call.streams = true;
        call.item_bytes = size;
        call.items.push(item.to_vec());
        Ok(())
    })
}

/// Ends the call's stream; one without an item is an empty one. When it goes out and what
/// becomes of the handle: as zroute_call_answer.
///
/// The thread that has the call; a kept one may be ended in any. ZROUTE_UNKNOWN_CALL when
/// it was answered already; ZROUTE_BAD_STATE for a raw body.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_call_end_stream(call: *mut zroute_call) -> zroute_status {
    gate("zroute_call_end_stream", || {
        let call = handle::enter_shared::<Call>(call.cast())?;
        if call.taken.route == Route::Raw {
            return Err(Refused::RawStream.into());
        }
        decide(call, Verdict::End)
    })
}

/// Tells the caller that the call failed. `code` is one of the protocol's
/// (-32602 for parameters that do not fit, …: docs/wire.md) or, from 1 on, the
/// application's own; not -32005, by which a server says that a call was not begun,
/// so that its caller may send it elsewhere. `name` is a word for programs; NULL takes the code's.
/// `message` is for people. Both are copied.
///
/// When it goes out and what becomes of the handle: as zroute_call_answer.
///
/// # Safety
/// `name` is NULL or a NUL-terminated text; so is `message`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_call_fail(
    call: *mut zroute_call,
    code: i64,
    name: *const c_char,
    message: *const c_char,
) -> zroute_status {
    gate("zroute_call_fail", || {
        // SAFETY: as the caller promises.
        let fault = unsafe { fault(code, name, message) }?;
        if fault.code == Code::ShuttingDown {
            return Err(Failure::argument(
                "the code -32005 says that the call was not begun, and it was",
            ));
        }
        let call = handle::enter_shared::<Call>(call.cast())?;
        decide(call, Verdict::Fault(fault))
    })
}

/// A fault from C's arguments.
///
/// # Safety
/// `name` and `message` are NULL or NUL-terminated texts.
pub(super) unsafe fn fault(
    code: i64,
    name: *const c_char,
    message: *const c_char,
) -> Result<Fault, Failure> {
    let code = Code::from_number(code);
    if let Code::Other(number) = code {
        return Err(Failure::argument(format!(
            "the code is expected to be one of the protocol's, or 1 and above; got {number}"
        )));
    }
    // SAFETY: as the caller promises.
    let message = unsafe { text("message", message) }?;
    let name = if name.is_null() {
        code.name()
    } else {
        // SAFETY: as the caller promises.
        unsafe { text("name", name) }?
    };
    Ok(Fault::named(code, name, message))
}

/// Keeps the call beyond its callback, to be answered later from any thread.
/// From now on it must end with zroute_call_answer, zroute_call_fail or
/// zroute_call_free; the end of its server ends it too, with -32603.
///
/// The thread that runs the callback.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_call_keep(call: *mut zroute_call) -> zroute_status {
    gate("zroute_call_keep", || {
        let mut call = handle::enter::<Call>(call.cast())?;
        if call.verdict.is_some() {
            return Err(Failure::new(
                Status::ZROUTE_UNKNOWN_CALL,
                "the call is answered already, so there is nothing to keep",
            ));
        }
        call.kept = true;
        call.leave_alone();
        let token = call.taken.token;
        for item in std::mem::take(&mut call.items) {
            let mut flows = call.mailbox.flows();
            let flow = flows.entry(token).or_default();
            flow.items += 1;
            flow.bytes += item.len();
            drop(flows);
            call.mailbox.post(token, Verdict::Item(item));
        }
        Ok(())
    })
}

/// Gives up a kept call: its caller is told that the handler gave no answer.
/// NULL is fine. A call that is not kept needs no freeing, and is left as it
/// is.
///
/// Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_call_free(call: *mut zroute_call) -> zroute_status {
    gate("zroute_call_free", || {
        if call.is_null() {
            return Ok(());
        }
        let mut entered = handle::enter_shared::<Call>(call.cast())?;
        if !entered.kept {
            return Ok(());
        }
        let verdict = entered.take_verdict();
        decide(entered, verdict)
    })
}
