//! The commands of ZMTP and what they carry (RFC 37; PLAIN: RFC 24).

use std::time::Duration;

use super::header::write_command;
use super::refusal::Refusal;

/// No handshake command of a real peer comes near this.
pub const LARGEST: usize = 16 << 10;
/// The longest context that a PING may carry.
const LONGEST_CONTEXT: usize = 16;

/// The property by which this library knows itself, and its value. The other
/// peers read past it, as past any that begins with `X-`.
const ZROUTE: (&str, &str) = ("X-Zroute", "1");

/// A command that came.
#[derive(Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// PLAIN: a client's name and password.
    Hello {
        username: &'a [u8],
        password: &'a [u8],
    },
    /// PLAIN: they are good.
    Welcome,
    /// PLAIN: the client's metadata.
    Initiate(Metadata<'a>),
    /// A peer's metadata; messages follow.
    Ready(Metadata<'a>),
    /// The handshake has failed.
    Error { reason: &'a [u8] },
    /// To be answered with a PONG of the same context. A `ttl` other than zero
    /// is how long the peer may be silent at most.
    Ping { ttl: Duration, context: &'a [u8] },
    /// A sign of life.
    Pong,
    /// None of these.
    Unknown,
}

/// What of a peer's metadata matters here.
#[derive(Debug, PartialEq, Eq)]
pub struct Metadata<'a> {
    pub socket_type: Option<&'a [u8]>,
    /// It is this library, and knows what a goodbye is.
    pub is_zroute: bool,
}

impl<'a> Command<'a> {
    /// Reads the body of a command frame.
    pub fn read(body: &'a [u8]) -> Result<Self, Refusal> {
        let malformed = Refusal::told("malformed command");
        let (name, data) = text(body).ok_or(malformed)?;
        Ok(match name {
            b"HELLO" => {
                let (username, rest) = text(data).ok_or(malformed)?;
                let (password, rest) = text(rest).ok_or(malformed)?;
                if !rest.is_empty() {
                    return Err(malformed);
                }
                Self::Hello { username, password }
            }
            b"WELCOME" => Self::Welcome,
            b"INITIATE" => Self::Initiate(Metadata::read(data)?),
            b"READY" => Self::Ready(Metadata::read(data)?),
            b"ERROR" => Self::Error {
                reason: text(data).map_or(data, |(reason, _)| reason),
            },
            b"PING" => {
                let (ttl, context) = data.split_first_chunk().ok_or(malformed)?;
                if context.len() > LONGEST_CONTEXT {
                    return Err(malformed);
                }
                Self::Ping {
                    ttl: Duration::from_millis(100 * u64::from(u16::from_be_bytes(*ttl))),
                    context,
                }
            }
            b"PONG" => Self::Pong,
            _ => Self::Unknown,
        })
    }
}

impl<'a> Metadata<'a> {
    fn read(mut data: &'a [u8]) -> Result<Self, Refusal> {
        let malformed = Refusal::told("malformed metadata");
        let mut metadata = Self {
            socket_type: None,
            is_zroute: false,
        };
        while !data.is_empty() {
            let (name, rest) = text(data).ok_or(malformed)?;
            let (size, rest) = rest.split_first_chunk().ok_or(malformed)?;
            let size = u32::from_be_bytes(*size) as usize;
            let (value, rest) = rest.split_at_checked(size).ok_or(malformed)?;
            if name.is_empty() {
                return Err(malformed);
            }
            if name.eq_ignore_ascii_case(b"Socket-Type") {
                metadata.socket_type = Some(value);
            } else if name.eq_ignore_ascii_case(ZROUTE.0.as_bytes()) {
                metadata.is_zroute = value == ZROUTE.1.as_bytes();
            }
            data = rest;
        }
        Ok(metadata)
    }
}

/// A text behind its length in one byte, and what follows it.
fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first()?;
    rest.split_at_checked(usize::from(*length))
}

fn put_text(out: &mut Vec<u8>, text: &[u8]) {
    // What is longer was refused with the options.
    let text = text.get(..usize::from(u8::MAX)).unwrap_or(text);
    #[allow(clippy::cast_possible_truncation)]
    out.push(text.len() as u8);
    out.extend_from_slice(text);
}

/// Appends a READY or an INITIATE. The identity is empty: a peer that sees one
/// makes up its own routing id.
pub fn write_metadata(out: &mut Vec<u8>, command: &str, socket_type: &str) {
    let mut data = Vec::with_capacity(64);
    for (name, value) in [("Socket-Type", socket_type), ("Identity", ""), ZROUTE] {
        put_text(&mut data, name.as_bytes());
        // Names of socket types have a handful of letters.
        #[allow(clippy::cast_possible_truncation)]
        data.extend_from_slice(&(value.len() as u32).to_be_bytes());
        data.extend_from_slice(value.as_bytes());
    }
    write_command(out, command, &data);
}

/// Appends a PLAIN client's HELLO.
pub fn write_hello(out: &mut Vec<u8>, username: &str, password: &str) {
    let mut data = Vec::with_capacity(32);
    put_text(&mut data, username.as_bytes());
    put_text(&mut data, password.as_bytes());
    write_command(out, "HELLO", &data);
}

/// Appends an ERROR.
pub fn write_error(out: &mut Vec<u8>, reason: &str) {
    let mut data = Vec::with_capacity(1 + reason.len());
    put_text(&mut data, reason.as_bytes());
    write_command(out, "ERROR", &data);
}

/// Appends a PING that asks the peer to give this side up after `ttl` of
/// silence, in tenths of a second.
pub fn write_ping(out: &mut Vec<u8>, ttl: Duration) {
    let tenths = u16::try_from(ttl.as_millis().div_ceil(100)).unwrap_or(u16::MAX);
    write_command(out, "PING", &tenths.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::super::header::Header;
    use super::*;

    /// The body of the one command in these bytes.
    fn body(written: &[u8]) -> &[u8] {
        let header = Header::read(written, LARGEST).unwrap().unwrap();
        assert!(header.command);
        assert_eq!(header.total(), written.len());
        &written[header.length..]
    }

    #[test]
    fn commands_come_back_as_they_were_written() {
        let mut out = Vec::new();
        write_metadata(&mut out, "READY", "ROUTER");
        let metadata = Metadata {
            socket_type: Some(b"ROUTER"),
            is_zroute: true,
        };
        assert_eq!(Command::read(body(&out)), Ok(Command::Ready(metadata)));

        out.clear();
        write_hello(&mut out, "name", "");
        let hello = Command::Hello {
            username: b"name",
            password: b"",
        };
        assert_eq!(Command::read(body(&out)), Ok(hello));

        out.clear();
        write_error(&mut out, "no");
        assert_eq!(
            Command::read(body(&out)),
            Ok(Command::Error { reason: b"no" })
        );

        out.clear();
        write_ping(&mut out, Duration::from_millis(1250));
        let ping = Command::Ping {
            ttl: Duration::from_millis(1300),
            context: b"",
        };
        assert_eq!(Command::read(body(&out)), Ok(ping));
    }

    #[test]
    fn what_is_cut_short_is_malformed() {
        let whole: [&[u8]; 4] = [
            b"\x05HELLO\x01a\x01b",
            b"\x05READY\x0bSocket-Type\0\0\0\x03REQ",
            b"\x08INITIATE\x01X\0\0\0\x01y",
            b"\x04PING\0\x01",
        ];
        for body in whole {
            assert!(Command::read(body).is_ok());
            let name = 1 + usize::from(body[0]);
            for cut in 0..body.len() {
                // Metadata may end after any property.
                let read = Command::read(&body[..cut]);
                let empty = matches!(read, Ok(Command::Ready(_) | Command::Initiate(_)));
                assert!(read.is_err() || (empty && cut == name), "{body:?} {cut}");
            }
        }
    }

    #[test]
    fn malformed_commands_are_refused() {
        let long = [b"\x04PING\0\0".as_slice(), &[0; 17]].concat();
        for body in [
            &b""[..],
            b"\x05PIN",
            b"\x05HELLO\x01a\x01bc",
            b"\x05READY\0\0\0\0\0",
            b"\x05READY\x01a\xff\xff\xff\xff",
            &long,
        ] {
            assert!(Command::read(body).is_err(), "{body:?}");
        }
    }

    #[test]
    fn names_of_properties_have_no_case() {
        let read = Command::read(b"\x05READY\x0bsocket-TYPE\0\0\0\x03REQ");
        let Ok(Command::Ready(metadata)) = read else {
            panic!("{read:?}");
        };
        assert_eq!(metadata.socket_type, Some(&b"REQ"[..]));
        assert!(!metadata.is_zroute);
    }

    #[test]
    fn unknown_commands_are_told_apart() {
        assert_eq!(Command::read(b"\x04LATE123"), Ok(Command::Unknown));
        assert_eq!(Command::read(b"\0"), Ok(Command::Unknown));
    }
}
