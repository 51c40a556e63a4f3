//! Reads values one after the other, without copying.

use rmp::Marker;

use super::kind::Kind;
use super::malformed::Malformed;
use super::step::{Step, is_one_byte, step};

/// One value, or the header of an array or map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Item<'a> {
    /// No value.
    Nil,
    /// True or false.
    Boolean(bool),
    /// A whole number that fits 64 bits with sign, whatever its width in the message.
    Integer(i64),
    /// A whole number above `i64::MAX`, and no other.
    Unsigned(u64),
    /// A number of 32 bits.
    Float32(f32),
    /// A number of 64 bits.
    Float64(f64),
    /// MessagePack's str. Not checked to be UTF-8.
    Text(&'a [u8]),
    /// MessagePack's bin.
    Binary(&'a [u8]),
    /// So many values follow. There are at least as many bytes left.
    Array(u32),
    /// So many pairs of key and value follow. There are at least twice as many bytes left.
    Map(u32),
    /// The application's number for its type, and the payload.
    Extension(i8, &'a [u8]),
}

impl Item<'_> {
    /// The item's type.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Nil => Kind::Nil,
            Self::Boolean(_) => Kind::Boolean,
            Self::Integer(_) | Self::Unsigned(_) => Kind::Integer,
            Self::Float32(_) | Self::Float64(_) => Kind::Float,
            Self::Text(_) => Kind::Text,
            Self::Binary(_) => Kind::Binary,
            Self::Array(_) => Kind::Array,
            Self::Map(_) => Kind::Map,
            Self::Extension(..) => Kind::Extension,
        }
    }
}

/// A position in bytes of MessagePack. Safe on any bytes, scanned or not: each
/// read is checked against the end, and no header claims more than is left.
///
/// A read that fails leaves the position where it was.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) position: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// How many bytes were read.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }

    /// The bytes that were not read yet.
    #[must_use]
    pub fn remaining(&self) -> &'a [u8] {
        self.bytes.get(self.position..).unwrap_or_default()
    }

    /// True when every byte was read.
    #[must_use]
    pub const fn is_at_end(&self) -> bool {
        self.position >= self.bytes.len()
    }

    /// The type of the next value; the value itself may still be cut off.
    #[inline]
    pub fn kind(&self) -> Result<Kind, Malformed> {
        let offset = self.position;
        let first = *self
            .bytes
            .get(offset)
            .ok_or(Malformed::Truncated { offset })?;
        Kind::of(first).ok_or(Malformed::ReservedByte { offset })
    }

    /// The next item, which stays unread.
    #[inline]
    pub fn peek(&self) -> Result<Item<'a>, Malformed> {
        decode(self.bytes, self.position).map(|(item, _)| item)
    }

    /// Reads the next item: a scalar whole, of an array or map the header.
    #[inline]
    pub fn read(&mut self) -> Result<Item<'a>, Malformed> {
        let (item, next) = decode(self.bytes, self.position)?;
        self.position = next;
        Ok(item)
    }

    /// Skips one value with all that is inside it. Takes no memory, however
    /// deep the value is nested.
    pub fn skip(&mut self) -> Result<(), Malformed> {
        let mut at = self.position;
        let mut pending = 1_usize;
        while pending > 0 {
            pending -= 1;
            match step(self.bytes, at)? {
                Step::Leaf { next } => at = next,
                Step::Container { next, entries } => {
                    at = next;
                    // More values than bytes can't end well.
                    pending = pending
                        .checked_add(entries)
                        .ok_or(Malformed::Truncated { offset: at })?;
                }
            }
        }
        self.position = at;
        Ok(())
    }

    /// Skips one value and returns its bytes.
    pub fn slice(&mut self) -> Result<&'a [u8], Malformed> {
        let start = self.position;
        self.skip()?;
        self.bytes
            .get(start..self.position)
            .ok_or(Malformed::Truncated { offset: start })
    }

    /// Reads nil.
    pub fn nil(&mut self) -> Result<(), Malformed> {
        self.typed("nil", |item| matches!(item, Item::Nil).then_some(()))
    }

    /// Reads a boolean.
    pub fn boolean(&mut self) -> Result<bool, Malformed> {
        self.typed("boolean", |item| match item {
            Item::Boolean(value) => Some(value),
            _ => None,
        })
    }

    /// Reads a whole number of one byte, if the next value is one.
    #[inline]
    pub(crate) fn one_byte_integer(&mut self) -> Option<i64> {
        let first = *self.bytes.get(self.position)?;
        if !is_one_byte(first) {
            return None;
        }
        self.position += 1;
        Some(i64::from(first.cast_signed()))
    }

    /// Reads the whole numbers of one byte that come next, at most so many.
    #[inline]
    pub(crate) fn one_byte_integers(&mut self, most: usize) -> &'a [u8] {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let numbers = rest.iter().take(most);
        let count = numbers.take_while(|first| is_one_byte(**first)).count();
        self.position += count;
        rest.get(..count).unwrap_or_default()
    }

    /// Reads a whole number of any width that fits.
    #[inline]
    pub fn integer(&mut self) -> Result<i64, Malformed> {
        if let Some(small) = self.one_byte_integer() {
            return Ok(small);
        }
        self.typed("an integer of 64 bits with sign", |item| match item {
            Item::Integer(value) => Some(value),
            _ => None,
        })
    }

    /// Reads a whole number of any width that is not negative.
    #[inline]
    pub fn unsigned(&mut self) -> Result<u64, Malformed> {
        self.typed("an integer that is not negative", |item| match item {
            Item::Integer(value) => u64::try_from(value).ok(),
            Item::Unsigned(value) => Some(value),
            _ => None,
        })
    }

    /// Reads a floating point number; one of 32 bits is widened, which is exact.
    pub fn float(&mut self) -> Result<f64, Malformed> {
        self.typed("float", |item| match item {
            Item::Float32(value) => Some(f64::from(value)),
            Item::Float64(value) => Some(value),
            _ => None,
        })
    }

    /// Reads a str that is valid UTF-8.
    pub fn text(&mut self) -> Result<&'a str, Malformed> {
        self.typed("a string of UTF-8", |item| match item {
            Item::Text(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        })
    }

    /// Reads a bin.
    pub fn binary(&mut self) -> Result<&'a [u8], Malformed> {
        self.typed("binary", |item| match item {
            Item::Binary(bytes) => Some(bytes),
            _ => None,
        })
    }

    /// Reads a str or a bin: old writers use the one where new ones use the other.
    #[inline]
    pub fn text_or_binary(&mut self) -> Result<&'a [u8], Malformed> {
        if let Some(text) = self.short_text() {
            return Ok(text);
        }
        self.typed("a string", |item| match item {
            Item::Text(bytes) | Item::Binary(bytes) => Some(bytes),
            _ => None,
        })
    }

    /// Reads a str whose length is in its first byte, as that of most names is.
    #[inline]
    fn short_text(&mut self) -> Option<&'a [u8]> {
        let (first, rest) = self.remaining().split_first()?;
        let length = first.wrapping_sub(0xa0);
        let text = rest.get(..length.into()).filter(|_| length < 32)?;
        self.position += 1 + text.len();
        Some(text)
    }

    /// Reads the header of an array or map whose count is in its first byte; each counts
    /// for so many values, which have to fit into what is left.
    #[inline]
    fn short_header(&mut self, first_of_kind: u8, values: usize) -> Option<u32> {
        let (first, rest) = self.remaining().split_first()?;
        let count = first.wrapping_sub(first_of_kind);
        if count >= 16 || usize::from(count) * values > rest.len() {
            return None;
        }
        self.position += 1;
        Some(count.into())
    }

    /// Reads the header of an array: how many values follow.
    #[inline]
    pub fn array(&mut self) -> Result<u32, Malformed> {
        if let Some(values) = self.short_header(0x90, 1) {
            return Ok(values);
        }
        self.typed("array", |item| match item {
            Item::Array(values) => Some(values),
            _ => None,
        })
    }

    /// Reads the header of a map: how many pairs of key and value follow.
    #[inline]
    pub fn map(&mut self) -> Result<u32, Malformed> {
        if let Some(pairs) = self.short_header(0x80, 2) {
            return Ok(pairs);
        }
        self.typed("map", |item| match item {
            Item::Map(pairs) => Some(pairs),
            _ => None,
        })
    }

    /// Reads an extension: the application's number for its type, and the payload.
    pub fn extension(&mut self) -> Result<(i8, &'a [u8]), Malformed> {
        self.typed("extension", |item| match item {
            Item::Extension(kind, payload) => Some((kind, payload)),
            _ => None,
        })
    }

    #[inline]
    fn typed<T>(
        &mut self,
        expected: &'static str,
        pick: impl FnOnce(Item<'a>) -> Option<T>,
    ) -> Result<T, Malformed> {
        let (item, next) = decode(self.bytes, self.position)?;
        let value = pick(item).ok_or(Malformed::WrongType {
            expected,
            found: item.kind().name(),
            offset: self.position,
        })?;
        self.position = next;
        Ok(value)
    }
}

/// The item that starts at `at`, and where it ends.
#[allow(clippy::inline_always)] // Else an item is built in memory and taken apart again: twice the time.
#[inline(always)]
fn decode(bytes: &[u8], at: usize) -> Result<(Item<'_>, usize), Malformed> {
    let truncated = Malformed::Truncated { offset: at };
    let first = *bytes.get(at).ok_or(truncated)?;
    let marker = Marker::from_u8(first);
    if marker == Marker::Reserved {
        return Err(Malformed::ReservedByte { offset: at });
    }
    item(bytes, at + 1, marker).ok_or(truncated)
}

// rmp's own read functions return an io::Error for each shortage of bytes and
// don't borrow strings, so only its table of first bytes is used.
#[allow(clippy::inline_always)] // As above.
#[inline(always)]
fn item(bytes: &[u8], at: usize, marker: Marker) -> Option<(Item<'_>, usize)> {
    let found = match marker {
        Marker::Null => (Item::Nil, at),
        Marker::False => (Item::Boolean(false), at),
        Marker::True => (Item::Boolean(true), at),
        Marker::FixPos(value) => (Item::Integer(value.into()), at),
        Marker::FixNeg(value) => (Item::Integer(value.into()), at),
        Marker::U8 => (
            Item::Integer(u8::from_be_bytes(chunk(bytes, at)?).into()),
            at + 1,
        ),
        Marker::U16 => (
            Item::Integer(u16::from_be_bytes(chunk(bytes, at)?).into()),
            at + 2,
        ),
        Marker::U32 => (
            Item::Integer(u32::from_be_bytes(chunk(bytes, at)?).into()),
            at + 4,
        ),
        Marker::U64 => {
            let value = u64::from_be_bytes(chunk(bytes, at)?);
            (
                i64::try_from(value).map_or(Item::Unsigned(value), Item::Integer),
                at + 8,
            )
        }
        Marker::I8 => (
            Item::Integer(i8::from_be_bytes(chunk(bytes, at)?).into()),
            at + 1,
        ),
        Marker::I16 => (
            Item::Integer(i16::from_be_bytes(chunk(bytes, at)?).into()),
            at + 2,
        ),
        Marker::I32 => (
            Item::Integer(i32::from_be_bytes(chunk(bytes, at)?).into()),
            at + 4,
        ),
        Marker::I64 => (Item::Integer(i64::from_be_bytes(chunk(bytes, at)?)), at + 8),
        Marker::F32 => (Item::Float32(f32::from_be_bytes(chunk(bytes, at)?)), at + 4),
        Marker::F64 => (Item::Float64(f64::from_be_bytes(chunk(bytes, at)?)), at + 8),
        Marker::FixStr(length) => text(bytes, at, length.into())?,
        Marker::Str8 => text(bytes, at + 1, count8(bytes, at)?)?,
        Marker::Str16 => text(bytes, at + 2, count16(bytes, at)?)?,
        Marker::Str32 => text(bytes, at + 4, count32(bytes, at)?)?,
        Marker::Bin8 => binary(bytes, at + 1, count8(bytes, at)?)?,
        Marker::Bin16 => binary(bytes, at + 2, count16(bytes, at)?)?,
        Marker::Bin32 => binary(bytes, at + 4, count32(bytes, at)?)?,
        Marker::FixArray(values) => array(bytes, at, values.into())?,
        Marker::Array16 => array(bytes, at + 2, count16(bytes, at)?)?,
        Marker::Array32 => array(bytes, at + 4, count32(bytes, at)?)?,
        Marker::FixMap(pairs) => map(bytes, at, pairs.into())?,
        Marker::Map16 => map(bytes, at + 2, count16(bytes, at)?)?,
        Marker::Map32 => map(bytes, at + 4, count32(bytes, at)?)?,
        Marker::FixExt1 => extension(bytes, at, 1)?,
        Marker::FixExt2 => extension(bytes, at, 2)?,
        Marker::FixExt4 => extension(bytes, at, 4)?,
        Marker::FixExt8 => extension(bytes, at, 8)?,
        Marker::FixExt16 => extension(bytes, at, 16)?,
        Marker::Ext8 => extension(bytes, at + 1, count8(bytes, at)?)?,
        Marker::Ext16 => extension(bytes, at + 2, count16(bytes, at)?)?,
        Marker::Ext32 => extension(bytes, at + 4, count32(bytes, at)?)?,
        Marker::Reserved => return None,
    };
    Some(found)
}

#[inline]
fn chunk<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

#[inline]
fn count8(bytes: &[u8], at: usize) -> Option<u32> {
    chunk(bytes, at).map(|digits| u8::from_be_bytes(digits).into())
}

#[inline]
fn count16(bytes: &[u8], at: usize) -> Option<u32> {
    chunk(bytes, at).map(|digits| u16::from_be_bytes(digits).into())
}

#[inline]
fn count32(bytes: &[u8], at: usize) -> Option<u32> {
    chunk(bytes, at).map(u32::from_be_bytes)
}

#[inline]
fn payload(bytes: &[u8], at: usize, length: u32) -> Option<(&[u8], usize)> {
    let end = at.checked_add(length as usize)?;
    Some((bytes.get(at..end)?, end))
}

#[inline]
fn text(bytes: &[u8], at: usize, length: u32) -> Option<(Item<'_>, usize)> {
    payload(bytes, at, length).map(|(text, end)| (Item::Text(text), end))
}

#[inline]
fn binary(bytes: &[u8], at: usize, length: u32) -> Option<(Item<'_>, usize)> {
    payload(bytes, at, length).map(|(binary, end)| (Item::Binary(binary), end))
}

#[inline]
fn extension(bytes: &[u8], at: usize, length: u32) -> Option<(Item<'_>, usize)> {
    let kind = i8::from_be_bytes(chunk(bytes, at)?);
    payload(bytes, at + 1, length).map(|(payload, end)| (Item::Extension(kind, payload), end))
}

#[inline]
fn array(bytes: &[u8], at: usize, values: u32) -> Option<(Item<'_>, usize)> {
    let left = bytes.len().checked_sub(at)?;
    (values as usize <= left).then_some((Item::Array(values), at))
}

#[inline]
fn map(bytes: &[u8], at: usize, pairs: u32) -> Option<(Item<'_>, usize)> {
    let left = bytes.len().checked_sub(at)?;
    (pairs as usize <= left / 2).then_some((Item::Map(pairs), at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_one_after_the_other() {
        let mut reader = Reader::new(b"\x82\xa1a\xff\xc4\x01b\xcf\xff\xff\xff\xff\xff\xff\xff\xff");
        assert_eq!(reader.peek(), Ok(Item::Map(2)));
        assert_eq!(reader.position(), 0);
        assert_eq!(reader.read(), Ok(Item::Map(2)));
        assert_eq!(reader.read(), Ok(Item::Text(b"a")));
        assert_eq!(reader.read(), Ok(Item::Integer(-1)));
        assert_eq!(reader.read(), Ok(Item::Binary(b"b")));
        assert_eq!(reader.remaining().len(), 9);
        assert_eq!(reader.read(), Ok(Item::Unsigned(u64::MAX)));
        assert!(reader.is_at_end());
        assert_eq!(reader.read(), Err(Malformed::Truncated { offset: 16 }));
    }

    #[test]
    fn an_unsigned_that_fits_is_an_integer() {
        let largest = b"\xcf\x7f\xff\xff\xff\xff\xff\xff\xff";
        assert_eq!(Reader::new(largest).read(), Ok(Item::Integer(i64::MAX)));
        assert_eq!(Reader::new(largest).integer(), Ok(i64::MAX));
        assert_eq!(Reader::new(largest).unsigned(), Ok(i64::MAX.unsigned_abs()));
    }

    #[test]
    fn typed_reads_name_the_type_that_is_there_and_stay_before_it() {
        let mut reader = Reader::new(b"\xc3");
        assert_eq!(
            reader.integer().map_err(|error| error.to_string()),
            Err("expected an integer of 64 bits with sign at byte 0, found boolean".to_owned())
        );
        assert_eq!(reader.boolean(), Ok(true));
        assert!(Reader::new(b"\xff").unsigned().is_err());
        assert!(
            Reader::new(b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff")
                .integer()
                .is_err()
        );
        assert!(Reader::new(b"\xa1\xff").text().is_err());
        assert!(Reader::new(b"\xa1a").binary().is_err());
        assert!(Reader::new(b"\x01").float().is_err());
        assert!(Reader::new(b"\x90").map().is_err());
        assert!(Reader::new(b"\x80").array().is_err());
        assert!(Reader::new(b"\x00").nil().is_err());
        assert!(Reader::new(b"\x00").extension().is_err());
        assert!(Reader::new(b"\x00").text_or_binary().is_err());
    }

    #[test]
    fn typed_reads_return_the_value() {
        assert_eq!(Reader::new(b"\xc0").nil(), Ok(()));
        assert_eq!(Reader::new(b"\xca\x3f\x00\x00\x00").float(), Ok(0.5));
        assert_eq!(Reader::new(b"\xa1a").text(), Ok("a"));
        assert_eq!(Reader::new(b"\xc4\x01a").binary(), Ok(&b"a"[..]));
        assert_eq!(Reader::new(b"\xc4\x01a").text_or_binary(), Ok(&b"a"[..]));
        assert_eq!(Reader::new(b"\x91\xc0").array(), Ok(1));
        assert_eq!(Reader::new(b"\x81\xc0\xc0").map(), Ok(1));
        assert_eq!(Reader::new(b"\xd4\xfea").extension(), Ok((-2, &b"a"[..])));
    }

    #[test]
    fn claims_beyond_the_end_are_refused_at_the_header() {
        let claims: [&[u8]; 4] = [
            b"\xdd\xff\xff\xff\xff",
            b"\xdf\xff\xff\xff\xff",
            b"\x91",
            b"\x81\xc0",
        ];
        for claim in claims {
            let refused = Err(Malformed::Truncated { offset: 0 });
            assert_eq!(Reader::new(claim).read(), refused, "{claim:02x?}");
            assert_eq!(Reader::new(claim).skip().map(|()| Item::Nil), refused);
        }
    }

    #[test]
    fn skipping_goes_to_any_depth() {
        let mut bytes = vec![0x91; 1_000_000];
        bytes.push(0xc0);
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.skip(), Ok(()));
        assert!(reader.is_at_end());
    }

    #[test]
    fn a_slice_is_one_value_whole() {
        let mut reader = Reader::new(b"\x92\x81\xa1a\x01\x02\x03");
        assert_eq!(reader.slice(), Ok(&b"\x92\x81\xa1a\x01\x02"[..]));
        assert_eq!(reader.slice(), Ok(&b"\x03"[..]));
        assert_eq!(reader.slice(), Err(Malformed::Truncated { offset: 7 }));
        assert_eq!(
            Reader::new(b"\xc1").slice(),
            Err(Malformed::ReservedByte { offset: 0 })
        );
    }
}
