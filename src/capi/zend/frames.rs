//! A plain socket's frames, sent and received without a call.

use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_int};

use super::Parcel;
use crate::capi::gate::{Failure, gate};
use crate::capi::pointer::text;
use crate::capi::socket::{receive_frame, send_frame, send_frames, zroute_socket};
use crate::capi::status::{Status, zroute_status};
use crate::transport::plain::Message;
use crate::zend::{self, Conversion, Object, Seen, Table, Unbuilt, Value, View};

/// Makes a stdClass object the frames of a socket. It is named by a local variable
/// of the PHP function that calls this, and has one property, `socket`: the handle,
/// as an int.
///
/// `$frames[$bytes]` sends a string as a message of one frame, `$frames[$list]` a list of
/// one string or more as a message of as many, and is a
/// zroute_status; `$frames[$flags]` is the next frame, a string, or a zroute_status
/// if there is none. An int adds up zroute_flag's ZROUTE_DONTWAIT and 4 for a whole
/// message, or what is left of one, which is a list of strings if that has more
/// frames than one. Statuses are those of zroute_socket_send and
/// zroute_socket_receive. Anything else in the brackets is null.
///
/// With `dont_wait` other than 0 what is sent is sent with ZROUTE_DONTWAIT.
///
/// ZROUTE_UNSUPPORTED when there is no such variable, or no engine was attached.
///
/// # Safety
/// A PHP function calls this, through FFI, in the request in which
/// zroute_zend_slots was called. The name is NULL or a NUL-terminated text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_zend_frames(
    frames: *const c_char,
    dont_wait: c_int,
) -> zroute_status {
    let mut name = None;
    let status = gate("zroute_zend_frames", || {
        // SAFETY: as the caller promises.
        unsafe {
            text("frames", frames)?;
            name = Some(CStr::from_ptr(frames));
        }
        Ok(zend::slots().map(|_| ())?)
    });
    let (Some(name), Status::ZROUTE_OK) = (name, status) else {
        return status;
    };
    let conversion = if dont_wait == 0 { &PATIENT } else { &PROMPT };
    // SAFETY: a PHP function calls this, as the caller promises; this frame owns
    // nothing, should PHP leave it by longjmp. The conversion does what it is named
    // for.
    match unsafe { zend::convert_variable(name, conversion) } {
        Ok(()) => Status::ZROUTE_OK,
        Err(unsupported) => gate("zroute_zend_frames", || Err(unsupported.into())),
    }
}

static PATIENT: Conversion = Conversion::new(zroute_zend_frame::<0>);
static PROMPT: Conversion = Conversion::new(zroute_zend_frame::<DONTWAIT>);

const DONTWAIT: c_int = 1;
/// Not one of libzmq's flags.
const WHOLE: c_int = 4;

/// More bytes are given back as soon as PHP has them.
const KEPT: usize = 1 << 14;

thread_local! {
    /// What is on its way to PHP. It stays where it is while PHP makes strings of
    /// it, borrowed by nobody.
    static ARRIVED: RefCell<Vec<Message>> = const { RefCell::new(Vec::new()) };
}

/// What PHP is handed. Owns nothing.
#[derive(Clone, Copy)]
enum Handed {
    Null,
    Status,
    Frame(Parcel),
    /// The first of so many messages.
    Frames(*const Message, usize),
}

/// `[]` of a socket's frames; PHP alone calls it.
///
/// # Safety
/// PHP calls this, as a converter's `read_dimension`.
unsafe extern "C-unwind" fn zroute_zend_frame<const FLAGS: c_int>(
    frames: *mut Object,
    asked: *const Value,
    _fetch: c_int,
    result: *mut Value,
) -> *mut Value {
    let mut handed = Handed::Null;
    // SAFETY: PHP calls this, and no PHP code runs in here; the table of properties
    // is the object's own.
    let (asked, socket) = unsafe { (zend::operand(asked), zend::number_in(frames, c"socket")) };
    let socket = std::ptr::without_provenance(usize::try_from(socket).unwrap_or(0));
    let status = match asked.map(zend::View::seen) {
        Some(Seen::String(bytes)) => {
            handed = Handed::Status;
            gate("zroute_socket_send", || send_frame(socket, bytes, FLAGS))
        }
        Some(Seen::Array(list)) if is_message(&list) => {
            handed = Handed::Status;
            gate("zroute_socket_send_all", || {
                let frames: Vec<_> = list
                    .entries()
                    .filter_map(|(_, frame)| bytes(frame))
                    .collect();
                send_frames(socket, &frames, FLAGS)
            })
        }
        Some(Seen::Integer(flags)) => {
            handed = Handed::Status;
            gate("zroute_socket_receive", || {
                handed = receive(socket, c_int::try_from(flags).unwrap_or(0))?;
                Ok(())
            })
        }
        _ => Status::ZROUTE_OK,
    };
    // SAFETY: PHP calls this with the result. The messages are this thread's, which
    // does nothing else meanwhile; this frame owns nothing.
    let filled = unsafe {
        match handed {
            Handed::Null => Err(Unbuilt::NoEngine),
            Handed::Status => {
                zend::integer(status as i64, result);
                Ok(())
            }
            Handed::Frame(frame) => zend::string(frame.bytes(), result),
            Handed::Frames(first, count) => {
                let messages = std::slice::from_raw_parts(first, count);
                zend::strings(messages.iter().map(Message::bytes), result)
            }
        }
    };
    if filled.is_err() {
        // SAFETY: the result is PHP's to fill.
        unsafe { (*result).type_info = Value::NULL.type_info };
    }
    match handed {
        Handed::Frame(frame) if frame.size <= KEPT => {}
        Handed::Frame(_) | Handed::Frames(..) => ARRIVED.with_borrow_mut(Vec::clear),
        Handed::Null | Handed::Status => {}
    }
    result
}

fn is_message(list: &Table<'_>) -> bool {
    list.len() > 0 && list.is_list() && list.entries().all(|(_, frame)| bytes(frame).is_some())
}

fn bytes(frame: View<'_>) -> Option<&[u8]> {
    match frame.seen() {
        Seen::String(bytes) => Some(bytes),
        _ => None,
    }
}

fn receive(socket: *const zroute_socket, flags: c_int) -> Result<Handed, Failure> {
    ARRIVED.with_borrow_mut(|arrived| {
        arrived.truncate(1);
        if arrived.is_empty() {
            arrived.push(Message::new());
        }
        let Some(first) = arrived.first_mut() else {
            return Ok(Handed::Null);
        };
        receive_frame(socket, first, flags & DONTWAIT)?;
        if flags & WHOLE == 0 || !first.has_more() {
            return Ok(Handed::Frame(Parcel::new(first.bytes())));
        }
        // The frames of a message come together: nothing here waits, but for a signal
        // that comes between two.
        let mut more = true;
        while more {
            let mut next = Message::new();
            match receive_frame(socket, &mut next, 0) {
                Err(failure) if failure.status == Status::ZROUTE_INTERRUPTED => continue,
                done => done?,
            }
            more = next.has_more();
            arrived.push(next);
        }
        Ok(Handed::Frames(arrived.as_ptr(), arrived.len()))
    })
}
