//! What stands before each frame: flags and size (RFC 37, "framing").

use super::refusal::Refusal;

const MORE: u8 = 0b001;
const LONG: u8 = 0b010;
const COMMAND: u8 = 0b100;

/// The longest header.
pub const LONGEST: usize = 9;

/// The header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// How many bytes the header itself has.
    pub length: usize,
    /// How many bytes follow it.
    pub size: usize,
    /// Another frame of the same message follows.
    pub more: bool,
    /// It is a command, not a part of a message.
    pub command: bool,
}

impl Header {
    /// Reads the header at the beginning of some bytes; none if it has not
    /// come whole. A frame of more than `largest` bytes is refused here,
    /// before a byte of it is kept.
    #[inline]
    pub fn read(bytes: &[u8], largest: usize) -> Result<Option<Self>, Refusal> {
        let [flags, rest @ ..] = bytes else {
            return Ok(None);
        };
        if flags & !(MORE | LONG | COMMAND) != 0 {
            return Err(Refusal::silent("a frame has reserved flags"));
        }
        if flags & COMMAND != 0 && flags & MORE != 0 {
            return Err(Refusal::silent("a command claims to have more frames"));
        }
        let (length, size) = if flags & LONG == 0 {
            let Some(size) = rest.first() else {
                return Ok(None);
            };
            (2, usize::from(*size))
        } else {
            let Some(size) = rest.first_chunk() else {
                return Ok(None);
            };
            let size = usize::try_from(u64::from_be_bytes(*size)).unwrap_or(usize::MAX);
            (LONGEST, size)
        };
        if size > largest {
            return Err(Refusal::silent("a frame is larger than allowed"));
        }
        Ok(Some(Self {
            length,
            size,
            more: flags & MORE != 0,
            command: flags & COMMAND != 0,
        }))
    }

    /// How many bytes the frame has with its header.
    pub fn total(self) -> usize {
        self.length.saturating_add(self.size)
    }
}

/// Appends the header of a frame of a message.
#[inline]
pub fn write(out: &mut Vec<u8>, size: usize, more: bool) {
    put(out, size, if more { MORE } else { 0 });
}

/// Appends a command: its header, name and data.
pub fn write_command(out: &mut Vec<u8>, name: &str, data: &[u8]) {
    put(out, 1 + name.len() + data.len(), COMMAND);
    // Names of commands have a handful of letters.
    #[allow(clippy::cast_possible_truncation)]
    out.push(name.len() as u8);
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(data);
}

#[inline]
fn put(out: &mut Vec<u8>, size: usize, flags: u8) {
    if let Ok(size) = u8::try_from(size) {
        out.extend_from_slice(&[flags, size]);
    } else {
        out.push(flags | LONG);
        out.extend_from_slice(&(size as u64).to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: usize = usize::MAX;

    #[test]
    fn headers_come_back_as_they_were_written() {
        for size in [0, 1, 255, 256, 65_536, 1 << 40] {
            for more in [false, true] {
                let mut out = Vec::new();
                write(&mut out, size, more);
                let length = if size < 256 { 2 } else { 9 };
                assert_eq!(out.len(), length);
                let header = Header::read(&out, ANY).unwrap().unwrap();
                assert_eq!(
                    header,
                    Header {
                        length,
                        size,
                        more,
                        command: false
                    }
                );
                for cut in 0..length {
                    assert_eq!(Header::read(&out[..cut], ANY), Ok(None));
                }
            }
        }
    }

    #[test]
    fn a_long_header_may_carry_a_short_size() {
        let header = Header::read(&[2, 0, 0, 0, 0, 0, 0, 0, 3], ANY).unwrap();
        assert_eq!(header.unwrap().total(), 12);
    }

    #[test]
    fn reserved_flags_and_commands_with_more_are_refused() {
        for flags in [0x08, 0x10, 0x20, 0x40, 0x80, 0x05, 0x07] {
            assert!(Header::read(&[flags], ANY).is_err(), "{flags:#x}");
        }
    }

    #[test]
    fn a_size_is_refused_as_soon_as_it_is_told() {
        let claim = |size: u64| {
            let mut bytes = vec![LONG];
            bytes.extend_from_slice(&size.to_be_bytes());
            Header::read(&bytes, 1000)
        };
        assert!(claim(1000).is_ok());
        for size in [1001, 1 << 63, u64::MAX] {
            assert!(claim(size).is_err(), "{size}");
        }
    }
}
