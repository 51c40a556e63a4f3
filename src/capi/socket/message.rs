//! Sending and receiving.

use std::ffi::{c_int, c_void};

use super::{enter, refused, unsent, zroute_frame, zroute_socket};
use crate::capi::gate::{Failure, gate};
use crate::capi::pointer::{Output, bytes};
use crate::capi::status::zroute_status;
use crate::transport::plain::{Errno, Message};

/// How a frame is sent, or with ZROUTE_DONTWAIT alone received; libzmq's numbers,
/// to be added up. Others are refused with ZROUTE_BAD_ARGUMENT.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum zroute_flag {
    /// Returns ZROUTE_TIMEOUT instead of waiting.
    ZROUTE_DONTWAIT = 1,
    /// Other frames of the same message follow.
    ZROUTE_MORE = 2,
}

const DONTWAIT: c_int = zroute_flag::ZROUTE_DONTWAIT as c_int;
const MORE: c_int = zroute_flag::ZROUTE_MORE as c_int;

/// Called with the bytes that were handed over and with userdata, by any
/// thread, once they are not needed any more.
pub type zroute_release = Option<unsafe extern "C" fn(data: *mut c_void, userdata: *mut c_void)>;

/// Sends one frame, of which it makes a copy. It waits while no peer has room,
/// as long as the option ZMQ_SNDTIMEO says.
///
/// ZROUTE_TIMEOUT, also with ZROUTE_DONTWAIT: nothing was sent.
/// ZROUTE_INTERRUPTED: nothing was sent, call again. ZROUTE_STOPPED.
/// ZROUTE_BAD_STATE when a REQ or REP is not in turn. ZROUTE_UNREACHABLE when a
/// ROUTER with ZMQ_ROUTER_MANDATORY has no such peer. ZROUTE_UNSUPPORTED when
/// the type does not send.
///
/// # Safety
/// `data` leads to `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_socket_send(
    socket: *mut zroute_socket,
    data: *const c_void,
    size: usize,
    flags: c_int,
) -> zroute_status {
    gate("zroute_socket_send", || {
        // SAFETY: as the caller promises.
        let frame = unsafe { bytes("data", data, size)? };
        send_frame(socket, frame, super::flags(flags, DONTWAIT | MORE)?)
    })
}

pub(in crate::capi) fn send_frame(
    socket: *const zroute_socket,
    frame: &[u8],
    flags: c_int,
) -> Result<(), Failure> {
    enter(socket)?
        .socket
        .send(frame, flags)
        .map_err(|number| unsent(frame, number))
}

/// Sends a message of several frames, all of it or nothing. Statuses are those
/// of zroute_socket_send.
///
/// # Safety
/// `frames` leads to `count` frames, each of which leads to its bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_socket_send_all(
    socket: *mut zroute_socket,
    frames: *const zroute_frame,
    count: usize,
    flags: c_int,
) -> zroute_status {
    gate("zroute_socket_send_all", || {
        enter(socket)?;
        let flags = super::flags(flags, DONTWAIT | MORE)?;
        if count == 0 {
            return Err(Failure::argument("a message has one frame at least"));
        }
        if frames.is_null() {
            return Err(Failure::argument("frames is NULL"));
        }
        if count > isize::MAX.cast_unsigned() / size_of::<zroute_frame>() {
            return Err(Failure::argument(format!("impossible count, {count}")));
        }
        // SAFETY: not NULL, and as many as the caller promises.
        let given = unsafe { std::slice::from_raw_parts(frames, count) };
        let frames = given
            .iter()
            // SAFETY: as the caller promises of each.
            .map(|frame| unsafe { bytes("a frame's data", frame.data, frame.size) })
            .collect::<Result<Vec<_>, _>>()?;
        send_frames(socket, &frames, flags)
    })
}

/// A message of one frame or more.
pub(in crate::capi) fn send_frames(
    socket: *const zroute_socket,
    frames: &[&[u8]],
    flags: c_int,
) -> Result<(), Failure> {
    enter(socket)?
        .socket
        .send_all(frames.iter().copied(), flags)
        .map_err(|number| unsent(frames.first().copied().unwrap_or_default(), number))
}

/// What goes with bytes that were handed over.
struct Handed {
    release: unsafe extern "C" fn(*mut c_void, *mut c_void),
    userdata: *mut c_void,
}

unsafe extern "C" fn hand_back(data: *mut c_void, hint: *mut c_void) {
    // SAFETY: the hint was leaked for this one call.
    let handed = unsafe { Box::from_raw(hint.cast::<Handed>()) };
    // SAFETY: as the owner of the function has promised.
    unsafe { (handed.release)(data, handed.userdata) };
}

/// Sends one frame without a copy: the bytes belong to the library until it
/// calls `release` with them and `userdata`, once, from any thread, which may be
/// before this returns. They are released too when the send fails, unless this
/// returns ZROUTE_BAD_HANDLE, ZROUTE_BAD_ARGUMENT, ZROUTE_BUSY or ZROUTE_FORKED.
/// Statuses are those of zroute_socket_send.
///
/// # Safety
/// `data` leads to `size` bytes that stay, unchanged, until they are released;
/// `release` may be called by any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_socket_send_owned(
    socket: *mut zroute_socket,
    data: *mut c_void,
    size: usize,
    release: zroute_release,
    userdata: *mut c_void,
    flags: c_int,
) -> zroute_status {
    gate("zroute_socket_send_owned", || {
        let plain = enter(socket)?;
        let flags = super::flags(flags, DONTWAIT | MORE)?;
        let release = release.ok_or_else(|| Failure::argument("release is NULL"))?;
        // SAFETY: as the caller promises.
        unsafe { bytes("data", data, size)? };
        let hint = Box::into_raw(Box::new(Handed { release, userdata }));
        // SAFETY: the bytes stay until the hint is taken back, as the caller
        // promises, and any thread may do that.
        let message = unsafe { Message::owning(data, size, hand_back, hint.cast()) };
        let mut message = match message {
            Ok(message) => message,
            Err(number) => {
                // SAFETY: libzmq has not taken the hint.
                unsafe { hand_back(data, hint.cast()) };
                return Err(refused("send", number));
            }
        };
        plain
            .socket
            .send_message(&mut message, flags)
            .map_err(|number| unsent(message.bytes(), number))
    })
}

/// Receives one frame without a copy: it is lent until the next receive with
/// this socket. `more` is 1 when other frames of the same message follow, else
/// 0. It waits as long as the option ZMQ_RCVTIMEO says.
///
/// ZROUTE_TIMEOUT, also with ZROUTE_DONTWAIT. ZROUTE_INTERRUPTED: nothing is
/// lost, call again. ZROUTE_STOPPED. ZROUTE_BAD_STATE when a REQ or REP is not in
/// turn. ZROUTE_UNSUPPORTED when the type does not receive.
///
/// # Safety
/// `data`, `size` and `more` are NULL or have room for their values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_socket_receive(
    socket: *mut zroute_socket,
    flags: c_int,
    data: *mut *const c_void,
    size: *mut usize,
    more: *mut c_int,
) -> zroute_status {
    gate("zroute_socket_receive", || {
        let mut plain = enter(socket)?;
        let flags = super::flags(flags, DONTWAIT)?;
        // SAFETY: as the caller promises.
        let (data, size, more) = unsafe {
            (
                Output::new("data", data)?,
                Output::new("size", size)?,
                Output::new("more", more)?,
            )
        };
        let plain = &mut *plain;
        plain
            .socket
            .receive(&mut plain.message, flags)
            .map_err(|number| refused("receive", number))?;
        let frame = plain.message.bytes();
        data.write(frame.as_ptr().cast());
        size.write(frame.len());
        more.write(c_int::from(plain.message.has_more()));
        Ok(())
    })
}

/// The next frame, into a message that is not the socket's.
pub(in crate::capi) fn receive_frame(
    socket: *const zroute_socket,
    message: &mut Message,
    flags: c_int,
) -> Result<(), Failure> {
    enter(socket)?
        .socket
        .receive(message, flags)
        .map_err(|number| refused("receive", number))
}

/// Receives a whole message, or what is left of one, without a copy: `frames`
/// leads to `count` frames, lent until the next receive with this socket.
/// Statuses are those of zroute_socket_receive.
///
/// # Safety
/// `frames` and `count` are NULL or have room for their values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_socket_receive_all(
    socket: *mut zroute_socket,
    flags: c_int,
    frames: *mut *const zroute_frame,
    count: *mut usize,
) -> zroute_status {
    gate("zroute_socket_receive_all", || {
        let mut plain = enter(socket)?;
        let flags = super::flags(flags, DONTWAIT)?;
        // SAFETY: as the caller promises.
        let (frames, count) =
            unsafe { (Output::new("frames", frames)?, Output::new("count", count)?) };
        let plain = &mut *plain;
        plain
            .socket
            .receive_all(&mut plain.messages, flags)
            .map_err(|number: Errno| refused("receive", number))?;
        plain.frames.clear();
        plain.frames.extend(plain.messages.iter().map(|message| {
            let bytes = message.bytes();
            zroute_frame {
                data: bytes.as_ptr().cast(),
                size: bytes.len(),
            }
        }));
        frames.write(plain.frames.as_ptr());
        count.write(plain.frames.len());
        Ok(())
    })
}
