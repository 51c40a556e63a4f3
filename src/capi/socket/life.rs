//! From new to free: endpoints and options.

use std::ffi::{CStr, CString, c_char, c_void};

use super::{Plain, enter, zroute_socket};
use crate::capi::context::{given_up, zroute_context};
use crate::capi::gate::{Failure, gate};
use crate::capi::handle;
use crate::capi::pointer::{Output, bytes, text};
use crate::capi::status::{Status, zroute_status};
use crate::socket::{Context, Ended, Error, Socket, SocketOption, Value, kind, socket_option};
use crate::transport::plain::Message;

/// Makes a socket of a type by libzmq's name: ZMQ_PAIR, ZMQ_PUB, ZMQ_SUB,
/// ZMQ_REQ, ZMQ_REP, ZMQ_DEALER, ZMQ_ROUTER, ZMQ_PULL, ZMQ_PUSH, ZMQ_XPUB,
/// ZMQ_XSUB or ZMQ_STREAM. All its options have libzmq's defaults. Free it with
/// zroute_socket_free.
///
/// Any thread may make a socket, and then one thread at a time uses it.
///
/// # Safety
/// `type` is NULL or a NUL-terminated text; `socket` is NULL or has room for a
/// pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_socket_new(
    context: *const zroute_context,
    r#type: *const c_char,
    socket: *mut *mut zroute_socket,
) -> zroute_status {
    gate("zroute_socket_new", || {
        let context = handle::enter_shared::<Context>(context.cast::<c_void>())?;
        // SAFETY: as the caller promises.
        let (name, output) = unsafe { (text("type", r#type)?, Output::new("socket", socket)?) };
        if kind(name).is_none() {
            return Err(Failure::argument(format!(
                "no socket type is called '{name}'; expected ZMQ_REQ, ZMQ_PUB, …"
            )));
        }
        let handle = handle::insert(Plain {
            socket: Socket::new(&context, name)?,
            message: Message::new(),
            messages: Vec::new(),
            frames: Vec::new(),
            value: Vec::new(),
            endpoint: CString::default(),
        })?;
        output.write(handle.cast());
        Ok(())
    })
}

/// # Safety
/// `endpoint` is NULL or a NUL-terminated text.
unsafe fn attach(
    socket: *mut zroute_socket,
    endpoint: *const c_char,
    call: impl FnOnce(&Socket, &CStr) -> Result<(), Error>,
) -> Result<(), Failure> {
    let plain = enter(socket)?;
    // SAFETY: as the caller promises; `text` has looked for NULL.
    let endpoint = unsafe {
        text("endpoint", endpoint)?;
        CStr::from_ptr(endpoint)
    };
    Ok(call(&plain.socket, endpoint)?)
}

/// Accepts peers at an endpoint: tcp://, ipc://, inproc://, or what else libzmq
/// was built with. With `*` as the port the system picks one, which the option
/// ZMQ_LAST_ENDPOINT tells.
///
/// ZROUTE_BAD_ENDPOINT, ZROUTE_UNREACHABLE when it is taken or no address of
/// this machine, ZROUTE_UNSUPPORTED when libzmq, or this type of socket, has not
/// this kind.
///
/// # Safety
/// `endpoint` is NULL or a NUL-terminated text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_socket_bind(
    socket: *mut zroute_socket,
    endpoint: *const c_char,
) -> zroute_status {
    gate("zroute_socket_bind", || {
        // SAFETY: as the caller promises.
        unsafe { attach(socket, endpoint, Socket::bind) }
    })
}

/// Connects to an endpoint, in the background, now and again whenever the
/// connection is lost. Several endpoints share the work as the socket's type
/// says.
///
/// ZROUTE_BAD_ENDPOINT, ZROUTE_UNREACHABLE, ZROUTE_UNSUPPORTED as of
/// zroute_socket_bind.
///
/// # Safety
/// `endpoint` is NULL or a NUL-terminated text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_socket_connect(
    socket: *mut zroute_socket,
    endpoint: *const c_char,
) -> zroute_status {
    gate("zroute_socket_connect", || {
        // SAFETY: as the caller promises.
        unsafe { attach(socket, endpoint, Socket::connect) }
    })
}

/// Takes back a bind, by the endpoint really bound. The connections that it has
/// accepted end too.
///
/// ZROUTE_UNREACHABLE when the socket is not bound there.
///
/// # Safety
/// `endpoint` is NULL or a NUL-terminated text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_socket_unbind(
    socket: *mut zroute_socket,
    endpoint: *const c_char,
) -> zroute_status {
    gate("zroute_socket_unbind", || {
        // SAFETY: as the caller promises.
        unsafe { attach(socket, endpoint, Socket::unbind) }
    })
}

/// Takes back a connect, by the endpoint as it was given.
///
/// ZROUTE_UNREACHABLE when the socket is not connected there.
///
/// # Safety
/// `endpoint` is NULL or a NUL-terminated text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_socket_disconnect(
    socket: *mut zroute_socket,
    endpoint: *const c_char,
) -> zroute_status {
    gate("zroute_socket_disconnect", || {
        // SAFETY: as the caller promises.
        unsafe { attach(socket, endpoint, Socket::disconnect) }
    })
}

fn option(name: &str) -> Result<SocketOption, Failure> {
    socket_option(name).ok_or_else(|| {
        Failure::new(
            Status::ZROUTE_BAD_OPTION,
            format!("no option of a socket is called '{name}'; expected libzmq's name, such as ZMQ_RCVHWM"),
        )
        .numbered(libc::EINVAL)
    })
}

/// Sets an option that is a number by libzmq's name, such as ZMQ_RCVHWM. Units
/// and ranges are libzmq's, zmq_setsockopt(3). One that is an uint64_t is given
/// by its bits.
///
/// ZROUTE_BAD_OPTION when no option has this name, or it does not take the value.
///
/// # Safety
/// `name` is NULL or a NUL-terminated text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_socket_set_integer(
    socket: *mut zroute_socket,
    name: *const c_char,
    value: i64,
) -> zroute_status {
    gate("zroute_socket_set_integer", || {
        let plain = enter(socket)?;
        // SAFETY: as the caller promises.
        let name = unsafe { text("name", name)? };
        Ok(plain.socket.set_number(name, option(name)?, value)?)
    })
}

/// Sets an option that is bytes or a text by libzmq's name, such as
/// ZMQ_ROUTING_ID. A CURVE key is 32 bytes or 40 characters of Z85.
///
/// ZROUTE_BAD_OPTION when no option has this name, or it does not take the value.
///
/// # Safety
/// `name` is NULL or a NUL-terminated text; `data` leads to `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_socket_set_bytes(
    socket: *mut zroute_socket,
    name: *const c_char,
    data: *const c_void,
    size: usize,
) -> zroute_status {
    gate("zroute_socket_set_bytes", || {
        let plain = enter(socket)?;
        // SAFETY: as the caller promises.
        let (name, value) = unsafe { (text("name", name)?, bytes("data", data, size)?) };
        Ok(plain.socket.set_bytes(name, option(name)?, value)?)
    })
}

fn is_other(name: &str, form: &str) -> Failure {
    Failure::new(
        Status::ZROUTE_BAD_OPTION,
        format!("the value of {name} is {form}"),
    )
    .numbered(libc::EINVAL)
}

/// An option that is a number, by libzmq's name.
///
/// ZROUTE_BAD_OPTION when no option has this name, or it is not for reading.
///
/// # Safety
/// `name` is NULL or a NUL-terminated text; `value` is NULL or has room for its
/// value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_socket_get_integer(
    socket: *const zroute_socket,
    name: *const c_char,
    value: *mut i64,
) -> zroute_status {
    gate("zroute_socket_get_integer", || {
        let plain = enter(socket)?;
        // SAFETY: as the caller promises.
        let (name, output) = unsafe { (text("name", name)?, Output::new("value", value)?) };
        match plain.socket.get(name, option(name)?)? {
            Value::Number(number) => output.write(number),
            Value::Bytes(_) => return Err(is_other(name, "bytes")),
        }
        Ok(())
    })
}

/// An option that is bytes or a text, by libzmq's name; a text is given without
/// its NUL, a CURVE key as 32 bytes. Lent until the next call with this socket.
///
/// ZROUTE_BAD_OPTION when no option has this name, or it is not for reading.
///
/// # Safety
/// `name` is NULL or a NUL-terminated text; `data` and `size` are NULL or have
/// room for their values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_socket_get_bytes(
    socket: *const zroute_socket,
    name: *const c_char,
    data: *mut *const c_void,
    size: *mut usize,
) -> zroute_status {
    gate("zroute_socket_get_bytes", || {
        let mut plain = enter(socket)?;
        // SAFETY: as the caller promises.
        let (name, data, size) = unsafe {
            (
                text("name", name)?,
                Output::new("data", data)?,
                Output::new("size", size)?,
            )
        };
        let Value::Bytes(value) = plain.socket.get(name, option(name)?)? else {
            return Err(is_other(name, "a number"));
        };
        plain.value = value;
        data.write(plain.value.as_ptr().cast());
        size.write(plain.value.len());
        Ok(())
    })
}

/// Receives messages that begin with these bytes; with none, every message. For
/// ZMQ_SUB; ZROUTE_BAD_OPTION with others.
///
/// # Safety
/// `prefix` leads to `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_socket_subscribe(
    socket: *mut zroute_socket,
    prefix: *const c_void,
    size: usize,
) -> zroute_status {
    gate("zroute_socket_subscribe", || {
        let plain = enter(socket)?;
        // SAFETY: as the caller promises.
        let prefix = unsafe { bytes("prefix", prefix, size)? };
        let name = "ZMQ_SUBSCRIBE";
        Ok(plain.socket.set_bytes(name, option(name)?, prefix)?)
    })
}

/// Takes back one zroute_socket_subscribe with the same bytes.
///
/// # Safety
/// `prefix` leads to `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_socket_unsubscribe(
    socket: *mut zroute_socket,
    prefix: *const c_void,
    size: usize,
) -> zroute_status {
    gate("zroute_socket_unsubscribe", || {
        let plain = enter(socket)?;
        // SAFETY: as the caller promises.
        let prefix = unsafe { bytes("prefix", prefix, size)? };
        let name = "ZMQ_UNSUBSCRIBE";
        Ok(plain.socket.set_bytes(name, option(name)?, prefix)?)
    })
}

/// Closes a socket. It returns at once; what is not sent yet goes out in the
/// background, as long as its linger says. If its context was freed before and
/// this was the last socket, the context ends here, as zroute_context_free
/// says. NULL is fine.
///
/// ZROUTE_TIMEOUT when the context ended and `wait_ms` was over or a signal
/// came; the handle is freed.
///
/// # Safety
/// None beyond the contract of handles.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_socket_free(socket: *mut zroute_socket) -> zroute_status {
    gate("zroute_socket_free", || {
        let Some(plain) = handle::free::<Plain>(socket.cast())? else {
            return Ok(());
        };
        match plain.socket.close() {
            Ended::GivenUp => Err(given_up()),
            Ended::Done | Ended::Later => Ok(()),
        }
    })
}
