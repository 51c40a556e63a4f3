//! What a monitor reports.

use std::ffi::{CStr, CString, c_char, c_int};

use super::{enter, zroute_socket};
use crate::capi::gate::gate;
use crate::capi::pointer::{Output, text};
use crate::capi::status::zroute_status;
use crate::socket::DONTWAIT;

/// An event of a socket that is watched.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct zroute_socket_event {
    /// Which, by libzmq's number: ZMQ_EVENT_CONNECTED is 1, and so on.
    pub event: c_int,
    /// A descriptor, an errno or milliseconds, as zmq_socket_monitor(3) says.
    pub value: i64,
    /// Where it happened.
    pub endpoint: *const c_char,
}

/// Reports a socket's events, a sum of libzmq's numbers, 65535 for all, at an
/// inproc:// endpoint, to which a ZMQ_PAIR of the same context connects. A NULL
/// endpoint ends that.
///
/// # Safety
/// `endpoint` is NULL or a NUL-terminated text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_socket_monitor(
    socket: *mut zroute_socket,
    endpoint: *const c_char,
    events: c_int,
) -> zroute_status {
    gate("zroute_socket_monitor", || {
        let plain = enter(socket)?;
        let endpoint = if endpoint.is_null() {
            None
        } else {
            // SAFETY: not NULL, and terminated, as the caller promises.
            unsafe {
                text("endpoint", endpoint)?;
                Some(CStr::from_ptr(endpoint))
            }
        };
        Ok(plain.socket.monitor(endpoint, events)?)
    })
}

/// Receives an event, at the ZMQ_PAIR. Its endpoint is lent until the next call
/// with this socket. Statuses are those of zroute_socket_receive, and
/// ZROUTE_SYSTEM when what came is no event.
///
/// # Safety
/// `event` is NULL or has room for its value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_socket_receive_event(
    socket: *mut zroute_socket,
    flags: c_int,
    event: *mut zroute_socket_event,
) -> zroute_status {
    gate("zroute_socket_receive_event", || {
        let mut plain = enter(socket)?;
        let flags = super::flags(flags, DONTWAIT)?;
        // SAFETY: as the caller promises.
        let output = unsafe { Output::new("event", event)? };
        let received = plain.socket.receive_event(flags)?;
        plain.endpoint = CString::new(received.endpoint).unwrap_or_default();
        output.write(zroute_socket_event {
            event: c_int::from(received.number),
            value: i64::from(received.value),
            endpoint: plain.endpoint.as_ptr(),
        });
        Ok(())
    })
}
