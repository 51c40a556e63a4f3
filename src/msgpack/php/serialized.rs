//! Takes a batch of values in PHP's serialize format apart.

use super::parse::{Notes, pack_value};
use super::text::Text;
use super::unserializable::Unserializable;
use crate::msgpack::limits::Limits;

/// A position in what `serialize()` wrote, so that a batch in one array can be
/// taken apart value by value. A read that fails leaves the position where it was.
#[derive(Clone, Debug)]
pub struct Serialized<'a> {
    bytes: &'a [u8],
    position: usize,
    limits: Limits,
}

impl<'a> Serialized<'a> {
    /// Starts at the first byte.
    #[must_use]
    pub fn new(bytes: &'a [u8], limits: &Limits) -> Self {
        Self {
            bytes,
            position: 0,
            limits: limits.clone(),
        }
    }

    /// How many bytes were read.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }

    /// The letter of the next value's type.
    #[must_use]
    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.position).copied()
    }

    /// Enters an array: how many pairs of key and value follow.
    pub fn array_header(&mut self) -> Result<usize, Unserializable> {
        self.attempt(Text::array)
    }

    /// Leaves an array all of whose values were read.
    pub fn end_array(&mut self) -> Result<(), Unserializable> {
        self.attempt(Text::close)
    }

    /// Reads an integer, key or value.
    pub fn integer_key(&mut self) -> Result<i64, Unserializable> {
        self.attempt(Text::integer)
    }

    /// Reads a string, key or value.
    pub fn string(&mut self) -> Result<&'a [u8], Unserializable> {
        self.attempt(Text::string)
    }

    /// Appends one value to `out` as MessagePack. Limits hold for each value
    /// alone. On an error `out` is as it was.
    pub fn value(&mut self, out: &mut Vec<u8>) -> Result<Notes, Unserializable> {
        let mut text = Text::new(self.bytes, self.position);
        let notes = pack_value(&mut text, out, &self.limits)?;
        self.position = text.position();
        Ok(notes)
    }

    /// Skips one value of any type, also one that can't become MessagePack. Only
    /// looks for its end: how it is made up inside is not checked.
    pub fn skip_value(&mut self) -> Result<(), Unserializable> {
        self.attempt(Text::skip)
    }

    /// Checks that no bytes are left.
    pub fn finish(&self) -> Result<(), Unserializable> {
        if self.position < self.bytes.len() {
            return Err(Unserializable::Syntax {
                offset: self.position,
            });
        }
        Ok(())
    }

    fn attempt<T>(
        &mut self,
        read: impl FnOnce(&mut Text<'a>) -> Option<T>,
    ) -> Result<T, Unserializable> {
        let mut text = Text::new(self.bytes, self.position);
        let value = read(&mut text).ok_or_else(|| text.syntax())?;
        self.position = text.position();
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_taken_apart_value_by_value() {
        let batch = b"a:3:{i:7;i:1;i:9;O:3:\"Foo\":1:{s:1:\"a\";a:1:{i:0;C:3:\"Bar\":2:{}}}}}s:1:\"k\";a:0:{}}";
        let mut cursor = Serialized::new(batch, &Limits::default());
        let mut out = Vec::new();
        assert_eq!(cursor.array_header(), Ok(3));
        assert_eq!(cursor.integer_key(), Ok(7));
        assert_eq!(cursor.value(&mut out), Ok(Notes::default()));
        assert_eq!(cursor.integer_key(), Ok(9));
        assert_eq!(cursor.peek(), Some(b'O'));
        let before = cursor.position();
        assert!(cursor.value(&mut out).is_err());
        assert_eq!(cursor.position(), before);
        assert_eq!(cursor.skip_value(), Ok(()));
        assert_eq!(cursor.string(), Ok(&b"k"[..]));
        assert_eq!(
            cursor.end_array(),
            Err(Unserializable::Syntax {
                offset: cursor.position()
            })
        );
        assert_eq!(cursor.value(&mut out), Ok(Notes::default()));
        assert_eq!(cursor.end_array(), Ok(()));
        assert_eq!(cursor.finish(), Ok(()));
        assert_eq!(out, b"\x01\x90");
    }

    #[test]
    fn every_type_can_be_skipped() {
        for text in [
            "N;",
            "b:1;",
            "i:-5;",
            "d:1.5;",
            "s:2:\"};\";",
            "a:1:{i:0;a:0:{}}",
            "O:3:\"Foo\":1:{s:4:\"\0*\0a\";N;}",
            "C:3:\"Foo\":3:{}}}}",
            "E:10:\"Suit:Clubs\";",
            "R:1;",
            "r:1;",
        ] {
            let mut cursor = Serialized::new(text.as_bytes(), &Limits::default());
            assert_eq!(cursor.skip_value(), Ok(()), "{text}");
            assert_eq!(cursor.finish(), Ok(()), "{text}");
            for end in 0..text.len() {
                let cut = text.as_bytes().get(..end).unwrap_or_default();
                let mut cursor = Serialized::new(cut, &Limits::default());
                assert!(cursor.skip_value().is_err(), "{text} cut at {end}");
            }
        }
    }

    #[test]
    fn skipping_goes_to_any_depth() {
        let text = "a:1:{i:0;".repeat(100_000) + "N;" + &"}".repeat(100_000);
        let mut cursor = Serialized::new(text.as_bytes(), &Limits::default());
        assert_eq!(cursor.skip_value(), Ok(()));
        assert_eq!(cursor.finish(), Ok(()));
    }
}
