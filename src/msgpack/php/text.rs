//! The grammar of PHP's serialize format.

use super::unserializable::Unserializable;

/// The grammar of the format, token by token. After a `None` the text is spent:
/// its position is where it stopped making sense.
pub(super) struct Text<'a> {
    pub(super) rest: &'a [u8],
    whole: &'a [u8],
}

impl<'a> Text<'a> {
    pub(super) fn new(bytes: &'a [u8], position: usize) -> Self {
        Self {
            rest: bytes.get(position..).unwrap_or_default(),
            whole: bytes,
        }
    }

    pub(super) fn position(&self) -> usize {
        self.whole.len() - self.rest.len()
    }

    /// The same text, from another position on.
    pub(super) fn at(&self, position: usize) -> Self {
        Self::new(self.whole, position)
    }

    #[cold]
    pub(super) fn syntax(&self) -> Unserializable {
        Unserializable::Syntax {
            offset: self.position(),
        }
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    #[inline]
    fn expect(&mut self, expected: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(expected)?;
        Some(())
    }

    /// At least one digit, at most 19: those always fit.
    #[inline]
    fn digits(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        let mut count = 0;
        while let [digit @ b'0'..=b'9', rest @ ..] = self.rest {
            if count == 19 {
                return None;
            }
            value = value * 10 + u64::from(digit - b'0');
            count += 1;
            self.rest = rest;
        }
        (count > 0).then_some(value)
    }

    #[inline]
    fn length(&mut self) -> Option<usize> {
        self.digits()?.try_into().ok()
    }

    pub(super) fn nil(&mut self) -> Option<()> {
        self.expect(b"N;")
    }

    pub(super) fn boolean(&mut self) -> Option<bool> {
        let (value, rest) = match self.rest {
            [b'b', b':', b'0', b';', rest @ ..] => (false, rest),
            [b'b', b':', b'1', b';', rest @ ..] => (true, rest),
            _ => return None,
        };
        self.rest = rest;
        Some(value)
    }

    #[inline]
    pub(super) fn integer(&mut self) -> Option<i64> {
        // Most integers have one digit.
        if let [b'i', b':', digit @ b'0'..=b'9', b';', rest @ ..] = self.rest {
            self.rest = rest;
            return Some(i64::from(digit - b'0'));
        }
        self.long_integer()
    }

    fn long_integer(&mut self) -> Option<i64> {
        self.expect(b"i:")?;
        let value = if let [b'-', rest @ ..] = self.rest {
            self.rest = rest;
            0_i64.checked_sub_unsigned(self.digits()?)?
        } else {
            self.digits()?.try_into().ok()?
        };
        self.expect(b";")?;
        Some(value)
    }

    pub(super) fn float(&mut self) -> Option<f64> {
        self.expect(b"d:")?;
        let end = self.rest.iter().position(|byte| *byte == b';')?;
        let (digits, rest) = self.rest.split_at_checked(end)?;
        let value = match digits {
            b"INF" => f64::INFINITY,
            b"-INF" => f64::NEG_INFINITY,
            b"NAN" => f64::NAN,
            digits => number(digits)?,
        };
        self.rest = rest;
        self.expect(b";")?;
        Some(value)
    }

    #[inline]
    pub(super) fn string(&mut self) -> Option<&'a [u8]> {
        // Most strings, and nearly all keys, are shorter than 100 bytes.
        let (length, rest) = match self.rest {
            [b's', b':', ones @ b'0'..=b'9', b':', b'"', rest @ ..] => (ones - b'0', rest),
            [
                b's',
                b':',
                tens @ b'0'..=b'9',
                ones @ b'0'..=b'9',
                b':',
                b'"',
                rest @ ..,
            ] => (10 * (tens - b'0') + (ones - b'0'), rest),
            _ => return self.long_string(),
        };
        let Some((value, [b'"', b';', rest @ ..])) = rest.split_at_checked(length.into()) else {
            return None;
        };
        self.rest = rest;
        Some(value)
    }

    fn long_string(&mut self) -> Option<&'a [u8]> {
        self.expect(b"s:")?;
        let value = self.quoted()?;
        self.expect(b";")?;
        Some(value)
    }

    /// `length:"bytes"`
    fn quoted(&mut self) -> Option<&'a [u8]> {
        let length = self.length()?;
        self.expect(b":\"")?;
        let value = self.take(length)?;
        self.expect(b"\"")?;
        Some(value)
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    pub(super) fn array(&mut self) -> Option<usize> {
        self.expect(b"a:")?;
        self.open()
    }

    /// `entries:{`
    fn open(&mut self) -> Option<usize> {
        let entries = self.length()?;
        self.expect(b":{")?;
        Some(entries)
    }

    pub(super) fn close(&mut self) -> Option<()> {
        self.expect(b"}")
    }

    /// The class of an object: the letter of its type, then `:length:"class"`.
    pub(super) fn class(&mut self) -> Option<&'a [u8]> {
        self.take(1)?;
        self.expect(b":")?;
        self.quoted()
    }

    /// What follows the class of an object, up to its first property.
    pub(super) fn properties(&mut self) -> Option<usize> {
        self.expect(b":")?;
        self.open()
    }

    /// Passes a key.
    pub(super) fn key(&mut self) -> Option<()> {
        match self.peek()? {
            b'i' => self.integer().map(drop),
            _ => self.string().map(drop),
        }
    }

    /// The number of the slot that a reference, `R` or `r`, leads to.
    pub(super) fn reference(&mut self) -> Option<usize> {
        self.take(1)?;
        self.expect(b":")?;
        let slot = self.length()?;
        self.expect(b";")?;
        Some(slot)
    }

    /// The class and the case of an enum.
    pub(super) fn enum_case(&mut self) -> Option<&'a [u8]> {
        let case = self.class()?;
        self.expect(b";")?;
        Some(case)
    }

    /// The class of an object that has written itself, and what it has written.
    pub(super) fn custom_object(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        let class = self.class()?;
        let length = self.properties()?;
        let payload = self.take(length)?;
        self.close()?;
        Some((class, payload))
    }

    /// How many values `bytes` hold, as references number them, if they are what
    /// `serialize()` makes of one value.
    pub(super) fn values(bytes: &[u8]) -> Option<usize> {
        let mut text = Text::new(bytes, 0);
        let mut values = 0_usize;
        let mut keys = 0_usize;
        while let Some(letter) = text.peek() {
            match letter {
                b'}' => text.close()?,
                b'a' => keys = keys.checked_add(text.array()?)?,
                b'O' => {
                    text.class()?;
                    keys = keys.checked_add(text.properties()?)?;
                }
                _ => text.skip()?,
            }
            // A reference has the number of what it leads to.
            values += usize::from(!matches!(letter, b'}' | b'R'));
        }
        values.checked_sub(keys)
    }

    pub(super) fn skip(&mut self) -> Option<()> {
        // Braces tell where a value ends, so keys and values are passed alike.
        let mut open = 0_usize;
        loop {
            match self.peek()? {
                b'N' | b'b' | b'i' | b'd' | b'R' | b'r' => {
                    let end = self.rest.iter().position(|byte| *byte == b';')?;
                    self.take(end + 1)?;
                }
                b's' => {
                    self.string()?;
                }
                b'a' => {
                    self.array()?;
                    open += 1;
                }
                b'O' => {
                    self.class()?;
                    self.properties()?;
                    open += 1;
                }
                b'C' => {
                    self.custom_object()?;
                }
                b'E' => {
                    self.enum_case()?;
                }
                b'}' if open > 0 => {
                    self.close()?;
                    open -= 1;
                }
                _ => return None,
            }
            if open == 0 {
                return Some(());
            }
        }
    }
}

/// A finite float. Rust would also take names such as "infinity".
fn number(digits: &[u8]) -> Option<f64> {
    let plain = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    if !digits.iter().all(plain) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}
