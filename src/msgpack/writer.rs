//! Writes one value, each part in its shortest form.

use std::fmt;

use super::kind::Kind;
use super::limits::Limits;
use super::malformed::Malformed;
use super::pack;
use super::scan::Scanner;

/// Why what was written is not one whole value yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incomplete {
    /// Nothing was written.
    Empty,
    /// The innermost open array or map lacks values.
    Missing {
        /// "array" or "map".
        container: &'static str,
        /// How many values, or pairs of key and value, its header announced.
        expected: u32,
        /// How many of them are there and whole.
        found: u32,
        /// True when a map's last key has no value yet.
        dangling_key: bool,
    },
    /// More than one value was written.
    Extra {
        /// How many there are.
        values: usize,
    },
    /// The value is longer than allowed.
    TooLarge {
        /// Its size in bytes.
        size: usize,
        /// How many bytes are allowed.
        limit: usize,
    },
}

impl fmt::Display for Incomplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Empty => write!(f, "expected one value, none was written"),
            Self::Missing {
                container,
                expected,
                found,
                dangling_key,
            } => {
                let unit = match (container, found) {
                    ("map", 1) => "pair",
                    ("map", _) => "pairs",
                    (_, 1) => "value",
                    _ => "values",
                };
                write!(f, "{container} of {expected} has {found} {unit}")?;
                if dangling_key {
                    write!(f, " and a key without a value")?;
                }
                Ok(())
            }
            Self::Extra { values } => write!(f, "expected one value, {values} were written"),
            Self::TooLarge { size, limit } => {
                write!(f, "{size} bytes are more than the {limit} allowed")
            }
        }
    }
}

impl std::error::Error for Incomplete {}

/// An array or map that was started.
#[derive(Clone, Copy, Debug)]
struct Open {
    kind: Kind,
    expected: u32,
    /// Values still to come; a pair of a map is two.
    left: u64,
}

/// Builds one value. What [`finish`](Self::finish) returns passes a scan with
/// the same limits.
///
/// A call that fails writes nothing.
#[derive(Clone, Debug)]
pub struct Writer {
    bytes: Vec<u8>,
    open: Vec<Open>,
    /// Values that are not inside another.
    values: usize,
    /// How many more values arrays and maps may hold.
    nodes: usize,
    limits: Limits,
}

impl Writer {
    /// Starts with nothing written.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            bytes: Vec::new(),
            open: Vec::new(),
            values: 0,
            nodes: limits.nodes,
            limits: limits.clone(),
        }
    }

    /// Forgets what was written and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.open.clear();
        self.values = 0;
        self.nodes = self.limits.nodes;
    }

    /// Writes nil.
    pub fn nil(&mut self) {
        pack::nil(&mut self.bytes);
        self.count();
    }

    /// Writes a boolean.
    pub fn boolean(&mut self, value: bool) {
        pack::boolean(&mut self.bytes, value);
        self.count();
    }

    /// Writes a whole number.
    pub fn integer(&mut self, value: i64) {
        pack::integer(&mut self.bytes, value);
        self.count();
    }

    /// Writes a whole number that is not negative.
    pub fn unsigned(&mut self, value: u64) {
        pack::unsigned(&mut self.bytes, value);
        self.count();
    }

    /// Writes a floating point number in 32 bits.
    pub fn float32(&mut self, value: f32) {
        pack::float32(&mut self.bytes, value);
        self.count();
    }

    /// Writes a floating point number in 64 bits.
    pub fn float64(&mut self, value: f64) {
        pack::float64(&mut self.bytes, value);
        self.count();
    }

    /// Writes a str.
    pub fn text(&mut self, value: &str) -> Result<(), Malformed> {
        self.text_bytes(value.as_bytes())
    }

    /// Writes a str of bytes that need not be UTF-8. Readers may refuse it: use
    /// [`binary`](Self::binary) for bytes that are no text.
    pub fn text_bytes(&mut self, value: &[u8]) -> Result<(), Malformed> {
        pack::text(&mut self.bytes, value)?;
        self.count();
        Ok(())
    }

    /// Writes a bin.
    pub fn binary(&mut self, value: &[u8]) -> Result<(), Malformed> {
        pack::binary(&mut self.bytes, value)?;
        self.count();
        Ok(())
    }

    /// Starts an array: the next `values` values are its own.
    pub fn array(&mut self, values: u32) -> Result<(), Malformed> {
        self.start(Kind::Array, values, values.into())?;
        pack::array(&mut self.bytes, values);
        Ok(())
    }

    /// Starts a map: the next `2 * pairs` values are its own, each key before its value.
    pub fn map(&mut self, pairs: u32) -> Result<(), Malformed> {
        self.start(Kind::Map, pairs, 2 * u64::from(pairs))?;
        pack::map(&mut self.bytes, pairs);
        Ok(())
    }

    /// Writes an extension: the application's number for its type, and the payload.
    pub fn extension(&mut self, kind: i8, payload: &[u8]) -> Result<(), Malformed> {
        pack::extension(&mut self.bytes, kind, payload)?;
        self.count();
        Ok(())
    }

    /// Copies one value that is MessagePack already, after checking it.
    pub fn raw(&mut self, value: &[u8]) -> Result<(), Malformed> {
        let mut scanner = Scanner::inside(value, &self.limits, self.open.len(), self.nodes);
        scanner.value()?;
        scanner.finish()?;
        self.nodes = scanner.nodes();
        self.bytes.extend_from_slice(value);
        self.count();
        Ok(())
    }

    /// What was written, if it is exactly one whole value.
    pub fn finish(&self) -> Result<&[u8], Incomplete> {
        if let Some(open) = self.open.last() {
            return Err(open.incomplete());
        }
        match self.values {
            0 => return Err(Incomplete::Empty),
            1 => {}
            values => return Err(Incomplete::Extra { values }),
        }
        if self.bytes.len() > self.limits.bytes {
            return Err(Incomplete::TooLarge {
                size: self.bytes.len(),
                limit: self.limits.bytes,
            });
        }
        Ok(&self.bytes)
    }

    /// Notes that one value is whole, and with it perhaps the containers it ends.
    #[inline]
    fn count(&mut self) {
        while let Some(open) = self.open.last_mut() {
            open.left = open.left.saturating_sub(1);
            if open.left > 0 {
                return;
            }
            self.open.pop();
        }
        self.values += 1;
    }

    fn start(&mut self, kind: Kind, expected: u32, values: u64) -> Result<(), Malformed> {
        let limit = self.limits.levels();
        if self.open.len() >= limit {
            return Err(Malformed::TooDeep { limit });
        }
        self.nodes = usize::try_from(values)
            .ok()
            .and_then(|values| self.nodes.checked_sub(values))
            .ok_or(Malformed::TooManyNodes {
                limit: self.limits.nodes,
            })?;
        if values == 0 {
            self.count();
        } else {
            self.open.push(Open {
                kind,
                expected,
                left: values,
            });
        }
        Ok(())
    }
}

impl Open {
    fn incomplete(self) -> Incomplete {
        let is_map = self.kind == Kind::Map;
        let left = if is_map {
            self.left.div_ceil(2)
        } else {
            self.left
        };
        Incomplete::Missing {
            container: self.kind.name(),
            expected: self.expected,
            found: u32::try_from(u64::from(self.expected) - left).unwrap_or(0),
            dangling_key: is_map && self.left % 2 == 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::msgpack::scan::scan;

    fn complaint(writer: &Writer) -> String {
        writer
            .finish()
            .expect_err("should not be whole")
            .to_string()
    }

    #[test]
    fn a_whole_value_is_handed_out() {
        let mut writer = Writer::new(&Limits::default());
        writer.map(2).expect("fits");
        writer.text("a").expect("fits");
        writer.array(2).expect("fits");
        writer.nil();
        writer.boolean(true);
        writer.integer(-1);
        writer.map(0).expect("fits");
        assert_eq!(writer.finish(), Ok(&b"\x82\xa1a\x92\xc0\xc3\xff\x80"[..]));
    }

    #[test]
    fn missing_values_are_counted() {
        let mut writer = Writer::new(&Limits::default());
        assert_eq!(complaint(&writer), "expected one value, none was written");
        writer.array(3).expect("fits");
        assert_eq!(complaint(&writer), "array of 3 has 0 values");
        writer.nil();
        assert_eq!(complaint(&writer), "array of 3 has 1 value");
        writer.map(2).expect("fits");
        assert_eq!(complaint(&writer), "map of 2 has 0 pairs");
        writer.nil();
        assert_eq!(
            complaint(&writer),
            "map of 2 has 0 pairs and a key without a value"
        );
        writer.nil();
        assert_eq!(complaint(&writer), "map of 2 has 1 pair");
        writer.nil();
        writer.nil();
        assert_eq!(complaint(&writer), "array of 3 has 2 values");
        writer.array(0).expect("fits");
        assert!(writer.finish().is_ok());
    }

    #[test]
    fn a_second_value_is_refused_at_the_end() {
        let mut writer = Writer::new(&Limits::default());
        writer.nil();
        writer.array(1).expect("fits");
        writer.nil();
        assert_eq!(complaint(&writer), "expected one value, 2 were written");
    }

    #[test]
    fn clearing_keeps_the_memory() {
        let mut writer = Writer::new(&Limits::default());
        writer.binary(&[0; 1000]).expect("fits");
        writer.array(2).expect("fits");
        let capacity = writer.bytes.capacity();
        writer.clear();
        assert_eq!(writer.finish(), Err(Incomplete::Empty));
        assert_eq!(writer.bytes.capacity(), capacity);
        writer.nil();
        assert_eq!(writer.finish(), Ok(&b"\xc0"[..]));
    }

    #[test]
    fn limits_are_those_of_the_scan() {
        let limits = Limits {
            bytes: 8,
            depth: 2,
            nodes: 4,
            ..Limits::default()
        };
        let mut writer = Writer::new(&limits);
        writer.array(1).expect("depth 1, 1 node");
        writer.array(3).expect("depth 2, 4 nodes");
        assert_eq!(writer.array(0), Err(Malformed::TooDeep { limit: 2 }));
        writer.text("ab").expect("fits");
        writer.integer(7);
        writer.integer(7);
        let written = writer.finish().expect("whole");
        assert_eq!(scan(written, &limits), Ok(()));

        writer.clear();
        assert_eq!(writer.map(3), Err(Malformed::TooManyNodes { limit: 4 }));
        assert_eq!(
            writer.array(u32::MAX),
            Err(Malformed::TooManyNodes { limit: 4 })
        );
        assert_eq!(
            writer.map(u32::MAX),
            Err(Malformed::TooManyNodes { limit: 4 })
        );
        writer.text("12345678").expect("fits 32 bits");
        assert_eq!(
            writer.finish(),
            Err(Incomplete::TooLarge { size: 9, limit: 8 })
        );
    }

    #[test]
    fn raw_values_are_checked_where_they_stand() {
        let limits = Limits {
            depth: 2,
            nodes: 3,
            ..Limits::default()
        };
        let mut writer = Writer::new(&limits);
        writer.array(2).expect("fits");
        assert_eq!(
            writer.raw(b"\x91\x90"),
            Err(Malformed::TooDeep { limit: 2 })
        );
        assert_eq!(
            writer.raw(b"\x92\x01\x02"),
            Err(Malformed::TooManyNodes { limit: 3 })
        );
        assert_eq!(
            writer.raw(b"\xc1"),
            Err(Malformed::ReservedByte { offset: 0 })
        );
        assert_eq!(writer.raw(b""), Err(Malformed::Empty));
        assert_eq!(
            writer.raw(b"\x01\x02"),
            Err(Malformed::TrailingBytes {
                offset: 1,
                count: 1
            })
        );
        writer.raw(b"\x91\x01").expect("fits");
        assert_eq!(complaint(&writer), "array of 2 has 1 value");
        assert_eq!(
            writer.raw(b"\x91\x01"),
            Err(Malformed::TooManyNodes { limit: 3 })
        );
        writer.raw(b"\xa1a").expect("fits");
        assert_eq!(writer.finish(), Ok(&b"\x92\x91\x01\xa1a"[..]));
    }
}
