//! Two sockets joined.

use super::{enter, zroute_socket};
use crate::capi::gate::{Failure, gate};
use crate::capi::status::{Status, zroute_status};
use crate::socket::{Proxied, proxy};

/// Passes messages between two sockets, both ways, and a copy of each to
/// `capture`, which may be NULL, as may `control`. A message is only taken when
/// there is room for it, so none is lost when this returns:
/// ZROUTE_TIMEOUT when nothing was ready for `timeout_ms` milliseconds, -1 for
/// never; ZROUTE_INTERRUPTED; ZROUTE_STOPPED when the context was shut down or
/// control said TERMINATE.
///
/// Control takes PAUSE, RESUME, TERMINATE and STATISTICS, as
/// zmq_proxy_steerable(3) has them. STATISTICS is answered with eight uint64_t
/// frames since the call: messages in, bytes in, messages out and bytes out of
/// `front`, then of `back`. A REP is answered with an empty frame else.
///
/// # Safety
/// None beyond the contract of handles.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_socket_proxy(
    front: *mut zroute_socket,
    back: *mut zroute_socket,
    capture: *mut zroute_socket,
    control: *mut zroute_socket,
    timeout_ms: i64,
) -> zroute_status {
    gate("zroute_socket_proxy", || {
        let front = enter(front)?;
        let back = enter(back)?;
        let optional =
            |socket: *mut zroute_socket| (!socket.is_null()).then(|| enter(socket)).transpose();
        let (capture, control) = (optional(capture)?, optional(control)?);
        let proxied = proxy(
            &front.socket,
            &back.socket,
            capture.as_ref().map(|plain| &plain.socket),
            control.as_ref().map(|plain| &plain.socket),
            timeout_ms.max(-1),
        )?;
        Err(match proxied {
            Proxied::Idle => {
                Failure::new(Status::ZROUTE_TIMEOUT, "nothing to pass on came in time")
                    .numbered(libc::EAGAIN)
            }
            Proxied::Terminated => {
                Failure::new(Status::ZROUTE_STOPPED, "the control socket said TERMINATE")
            }
        })
    })
}
