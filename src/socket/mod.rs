//! ZeroMQ's plain patterns: sockets of every type, without RPC.
//!
//! | file | holds |
//! |---|---|
//! | `context` | what sockets share, and its end |
//! | `error` | what libzmq refused |
//! | `names` | libzmq's names of types and options |
//! | `poll` | waiting for sockets and descriptors |
//! | `proxy` | two sockets joined |

mod context;
mod error;
mod names;
mod poll;
mod proxy;

use std::ffi::{CStr, c_int};

pub use context::{Context, Ended, Hold};
pub use error::Error;
pub use names::{Form, SocketOption, context_option, kind, socket_option};
pub use poll::{ERROR, IN, Item, OUT, PRIORITY, poll};
pub use proxy::{Proxied, proxy};

use crate::transport::is_taken_by_a_file;
use crate::transport::plain::{self, Errno, Message};

/// Does not wait.
pub const DONTWAIT: c_int = 1;
/// Other frames of the same message follow.
pub const MORE: c_int = 2;
/// The longest value of an option that libzmq gives out.
const LONGEST: usize = 4096;

/// A socket, used by one thread at a time.
#[derive(Debug)]
pub struct Socket {
    plain: plain::Socket,
    context: Hold,
}

/// The value of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number; one without sign is given by its bits.
    Number(i64),
    /// Bytes or a text.
    Bytes(Vec<u8>),
}

/// An event of a socket that is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Which, by libzmq's number.
    pub number: u16,
    /// A descriptor, an errno, milliseconds: the event says which.
    pub value: u32,
    /// Where it happened.
    pub endpoint: Vec<u8>,
}

impl Socket {
    /// A socket of the type with this name.
    pub fn new(context: &Context, type_name: &str) -> Result<Self, Error> {
        let failed = |number| Error::with("make a socket of type", type_name, number);
        let Some(kind) = kind(type_name) else {
            return Err(failed(Errno(libc::EINVAL)));
        };
        Ok(Self {
            plain: plain::Socket::new(context.plain(), kind).map_err(failed)?,
            context: context.hold(),
        })
    }

    /// Accepts peers at an endpoint.
    pub fn bind(&self, endpoint: &CStr) -> Result<(), Error> {
        let text = endpoint.to_string_lossy();
        // libzmq would remove it.
        if text.strip_prefix("ipc://").is_some_and(is_taken_by_a_file) {
            return Err(Error {
                advice: "; a file that is no socket is there: remove it or choose another path",
                ..Error::at("bind", endpoint, Errno(libc::EADDRINUSE))
            });
        }
        self.plain
            .bind(endpoint)
            .map_err(|number| Error::at("bind", endpoint, number))
    }

    /// Connects to an endpoint, now and again whenever the connection is lost.
    pub fn connect(&self, endpoint: &CStr) -> Result<(), Error> {
        self.plain
            .connect(endpoint)
            .map_err(|number| Error::at("connect", endpoint, number))
    }

    /// Takes back a bind, by the endpoint really bound.
    pub fn unbind(&self, endpoint: &CStr) -> Result<(), Error> {
        self.plain
            .unbind(endpoint)
            .map_err(|number| Error::at("unbind", endpoint, number))
    }

    /// Takes back a connect.
    pub fn disconnect(&self, endpoint: &CStr) -> Result<(), Error> {
        self.plain
            .disconnect(endpoint)
            .map_err(|number| Error::at("disconnect", endpoint, number))
    }

    /// Sets an option that is a number.
    pub fn set_number(&self, name: &str, option: SocketOption, value: i64) -> Result<(), Error> {
        let bytes = match option.form {
            Form::Int => i32::try_from(value).map(|value| value.to_ne_bytes().to_vec()),
            Form::Long | Form::Unsigned => Ok(value.to_ne_bytes().to_vec()),
            Form::Bytes | Form::Text | Form::Key => {
                return Err(Error {
                    advice: "; its value is bytes",
                    ..Error::with("set", name, Errno(libc::EINVAL))
                });
            }
        };
        bytes
            .map_err(|_| Errno(libc::EINVAL))
            .and_then(|bytes| self.plain.set(option.number, &bytes))
            .map_err(|number| Error::with("set", &format!("{name} to {value}"), number))
    }

    /// Sets an option that is bytes or a text.
    pub fn set_bytes(&self, name: &str, option: SocketOption, value: &[u8]) -> Result<(), Error> {
        if matches!(option.form, Form::Int | Form::Long | Form::Unsigned) {
            return Err(Error {
                advice: "; its value is a number",
                ..Error::with("set", name, Errno(libc::EINVAL))
            });
        }
        self.plain.set(option.number, value).map_err(|number| {
            let error = Error::with("set", name, number);
            match option.form {
                Form::Key if number.0 == libc::EINVAL => Error {
                    advice: "; a key of 32 bytes or 40 characters of Z85 is expected",
                    ..error
                },
                _ => error,
            }
        })
    }

    /// An option's value.
    pub fn get(&self, name: &str, option: SocketOption) -> Result<Value, Error> {
        let mut room = [0_u8; LONGEST];
        let size = match option.form {
            Form::Int => size_of::<c_int>(),
            Form::Long | Form::Unsigned => size_of::<i64>(),
            Form::Key => 32,
            Form::Bytes | Form::Text => LONGEST,
        };
        let room = room.get_mut(..size).unwrap_or_default();
        let size = self
            .plain
            .get(option.number, room)
            .map_err(|number| Error::with("get", name, number))?;
        let value = room.get(..size).unwrap_or_default();
        Ok(match option.form {
            Form::Int => Value::Number(
                value
                    .try_into()
                    .map_or(0, |bytes| i64::from(i32::from_ne_bytes(bytes))),
            ),
            Form::Long | Form::Unsigned => {
                Value::Number(value.try_into().map_or(0, i64::from_ne_bytes))
            }
            Form::Text => Value::Bytes(value.strip_suffix(b"\0").unwrap_or(value).to_vec()),
            Form::Bytes | Form::Key => Value::Bytes(value.to_vec()),
        })
    }

    /// Which of libzmq's poll events it is ready for.
    fn events(&self) -> Result<i16, Errno> {
        const EVENTS: c_int = 15;
        let mut room = [0_u8; size_of::<c_int>()];
        self.plain.get(EVENTS, &mut room)?;
        Ok(i16::try_from(c_int::from_ne_bytes(room)).unwrap_or(0))
    }

    /// Sends a copy of one frame.
    pub fn send(&self, frame: &[u8], flags: c_int) -> Result<(), Errno> {
        self.plain.send(frame, flags)
    }

    /// Sends a frame without a copy; on failure it is handed back as it was.
    pub fn send_message(&self, message: &mut Message, flags: c_int) -> Result<(), Errno> {
        self.plain.send_message(message, flags)
    }

    /// Sends a whole message or nothing of it.
    pub fn send_all<'a>(
        &self,
        frames: impl ExactSizeIterator<Item = &'a [u8]>,
        flags: c_int,
    ) -> Result<(), Errno> {
        let last = frames.len().saturating_sub(1);
        for (index, frame) in frames.enumerate() {
            let more = if index < last { MORE } else { flags & MORE };
            // The first frame decides: once it is taken, so are the others.
            let flags = flags & !MORE | more;
            loop {
                match self.plain.send(frame, flags) {
                    Err(Errno(libc::EINTR)) if index > 0 => {}
                    Err(number) => return Err(number),
                    Ok(()) => break,
                }
            }
        }
        Ok(())
    }

    /// Receives one frame.
    pub fn receive(&self, message: &mut Message, flags: c_int) -> Result<(), Errno> {
        self.plain.receive(message, flags)
    }

    /// Receives a whole message, or what is left of one, into `frames`; on
    /// failure they are as they were.
    pub fn receive_all(&self, frames: &mut Vec<Message>, flags: c_int) -> Result<(), Errno> {
        let mut message = Message::new();
        self.plain.receive(&mut message, flags)?;
        frames.clear();
        while message.has_more() {
            frames.push(std::mem::take(&mut message));
            // It is here whole, so this never waits; a signal is no reason to
            // lose it.
            loop {
                match self.plain.receive(&mut message, 0) {
                    Err(Errno(libc::EINTR)) => {}
                    Err(number) => return Err(number),
                    Ok(()) => break,
                }
            }
        }
        frames.push(message);
        Ok(())
    }

    /// Reports its events to a PAIR at an inproc endpoint; with none, not any
    /// more.
    pub fn monitor(&self, endpoint: Option<&CStr>, events: c_int) -> Result<(), Error> {
        self.plain
            .monitor(endpoint, events)
            .map_err(|number| Error::at("watch a socket at", endpoint.unwrap_or_default(), number))
    }

    /// Receives an event, at the PAIR.
    pub fn receive_event(&self, flags: c_int) -> Result<Event, Error> {
        let mut frames = Vec::new();
        self.receive_all(&mut frames, flags)
            .map_err(Error::of("receive an event"))?;
        let no_event = || Error::with("read an event", "", Errno(libc::EPROTO));
        // zmq_socket_monitor(3): a number in 16 bits and a value in 32, then the
        // endpoint.
        match frames.as_slice() {
            [head, endpoint] => match head.bytes().split_first_chunk::<2>() {
                Some((number, value)) if value.len() == 4 => Ok(Event {
                    number: u16::from_ne_bytes(*number),
                    value: value.try_into().map_or(0, u32::from_ne_bytes),
                    endpoint: endpoint.bytes().to_vec(),
                }),
                _ => Err(no_event()),
            },
            _ => Err(no_event()),
        }
    }

    /// Closes it, which never waits, and ends its context if that was waiting
    /// for it.
    #[must_use]
    pub fn close(self) -> Ended {
        drop(self.plain);
        self.context.release()
    }
}
