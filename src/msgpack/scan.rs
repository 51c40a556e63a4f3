//! Checks a message before anything else looks at it, in one pass.

use super::kind::Kind;
use super::limits::Limits;
use super::malformed::Malformed;
use super::reader::Reader;
use super::step::{Step, is_one_byte, step, step_alone};

/// Checks that `bytes` are exactly one value within `limits`.
///
/// The bytes of a str need not be UTF-8: old writers put any bytes there.
pub fn scan(bytes: &[u8], limits: &Limits) -> Result<(), Malformed> {
    let mut scanner = Scanner::new(bytes, limits);
    scanner.value()?;
    scanner.finish()
}

/// How far a value got that comes in parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skimmed {
    /// How many of the bytes belong to the value, to the last of its parts that is whole.
    pub read: usize,
    /// How many values are still missing; with 0 the value is whole.
    pub left: u64,
}

/// Passes over the next bytes of a value of which `left` values are missing, so
/// that a value which comes in parts is looked at only once.
///
/// Of a value's parts only a header or scalar that is not whole is left unread.
/// A count that would pass 2^63 is refused.
pub fn skim(bytes: &[u8], left: u64) -> Result<Skimmed, Malformed> {
    let mut skimmed = Skimmed { read: 0, left };
    while skimmed.left > 0 {
        let (next, entries) = match step_alone(bytes, skimmed.read) {
            Ok(step) => step,
            Err(Malformed::Truncated { .. }) => break,
            Err(error) => return Err(error),
        };
        skimmed.left = (skimmed.left - 1)
            .checked_add(entries)
            .filter(|left| *left < 1 << 63)
            .ok_or(Malformed::TooManyNodes { limit: usize::MAX })?;
        skimmed.read = next;
    }
    Ok(skimmed)
}

/// Reads and checks in the same pass; all of its reads share one budget of
/// depth and nodes. More bytes than allowed are refused at the first read.
///
/// It takes no memory on the word of a header, and none at all until values are
/// nested more than 16 deep. After an error it is spent.
#[derive(Clone, Debug)]
pub struct Scanner<'a> {
    reader: Reader<'a>,
    /// How many more arrays and maps may be opened inside each other from here.
    levels: usize,
    /// How many more values arrays and maps may hold.
    nodes: usize,
    size: usize,
    limits: Limits,
}

impl<'a> Scanner<'a> {
    /// Starts at the first byte.
    #[must_use]
    #[inline]
    pub fn new(bytes: &'a [u8], limits: &Limits) -> Self {
        // Without bytes the first read fails, and `explain` knows why.
        let readable = if bytes.len() > limits.bytes {
            &[]
        } else {
            bytes
        };
        Self {
            reader: Reader::new(readable),
            levels: limits.levels(),
            nodes: limits.nodes,
            size: bytes.len(),
            limits: limits.clone(),
        }
    }

    /// A scanner for a value that will stand inside `depth` open containers, with
    /// `nodes` left of the budget.
    pub(super) fn inside(bytes: &'a [u8], limits: &Limits, depth: usize, nodes: usize) -> Self {
        Self {
            levels: limits.levels().saturating_sub(depth),
            nodes,
            ..Self::new(bytes, limits)
        }
    }

    /// What is left of the budget.
    pub(super) const fn nodes(&self) -> usize {
        self.nodes
    }

    /// How many bytes were read.
    #[must_use]
    #[inline]
    pub const fn position(&self) -> usize {
        self.reader.position()
    }

    /// The type of the next value, which stays unread.
    #[inline]
    pub fn kind(&self) -> Result<Kind, Malformed> {
        self.reader.kind().map_err(|error| self.explain(error))
    }

    /// Checks one value with all that is inside it and returns its bytes.
    #[inline]
    pub fn value(&mut self) -> Result<&'a [u8], Malformed> {
        let start = self.reader.position;
        match self.walk(start) {
            Ok(end) => {
                self.reader.position = end;
                Ok(self.reader.bytes.get(start..end).unwrap_or_default())
            }
            Err(error) => Err(self.explain(error)),
        }
    }

    /// Enters a map: how many pairs of key and value follow. What is read from
    /// now on counts as one level deeper, until [`leave`](Self::leave).
    #[inline]
    pub fn map_header(&mut self) -> Result<u32, Malformed> {
        let pairs = self.reader.map().map_err(|error| self.explain(error))?;
        self.enter((pairs as usize).saturating_mul(2))?;
        Ok(pairs)
    }

    /// Enters an array: how many values follow. What is read from now on counts
    /// as one level deeper, until [`leave`](Self::leave).
    #[inline]
    pub fn array_header(&mut self) -> Result<u32, Malformed> {
        let values = self.reader.array().map_err(|error| self.explain(error))?;
        self.enter(values as usize)?;
        Ok(values)
    }

    /// Leaves the array or map that was entered last, all of whose values were
    /// read: what follows counts as one level higher again.
    #[inline]
    pub fn leave(&mut self) {
        self.levels += 1;
    }

    /// Reads a str or a bin.
    #[inline]
    pub fn text_or_binary(&mut self) -> Result<&'a [u8], Malformed> {
        let text = self.reader.text_or_binary();
        text.map_err(|error| self.explain(error))
    }

    /// Reads a whole number of any width that is not negative.
    #[inline]
    pub fn unsigned(&mut self) -> Result<u64, Malformed> {
        let value = self.reader.unsigned();
        value.map_err(|error| self.explain(error))
    }

    /// Reads a whole number of any width that fits.
    #[inline]
    pub fn integer(&mut self) -> Result<i64, Malformed> {
        let value = self.reader.integer();
        value.map_err(|error| self.explain(error))
    }

    /// Checks that no bytes are left.
    #[inline]
    pub fn finish(&self) -> Result<(), Malformed> {
        let count = self.reader.remaining().len();
        if count > 0 {
            return Err(Malformed::TrailingBytes {
                offset: self.position(),
                count,
            });
        }
        if self.size > self.limits.bytes {
            return Err(self.too_large());
        }
        Ok(())
    }

    /// Walks over one value with all that is inside it; returns where it ends.
    fn walk(&mut self, start: usize) -> Result<usize, Malformed> {
        let bytes = self.reader.bytes;
        let mut at = start;
        let mut left = 1_usize;
        let mut outer = Outer::default();
        loop {
            // Most values of most messages are one byte; they need no step.
            while left > 1 && bytes.get(at).is_some_and(|first| is_one_byte(*first)) {
                at += 1;
                left -= 1;
            }
            left -= 1;
            match step(bytes, at)? {
                Step::Leaf { next } => at = next,
                Step::Container { next, entries } => {
                    at = next;
                    if outer.depth >= self.levels {
                        return Err(self.too_deep());
                    }
                    self.hold(entries)?;
                    if entries > 0 {
                        outer.push(left);
                        left = entries;
                    }
                }
            }
            while left == 0 {
                match outer.pop() {
                    Some(rest) => left = rest,
                    None => return Ok(at),
                }
            }
        }
    }

    #[inline]
    fn enter(&mut self, entries: usize) -> Result<(), Malformed> {
        self.levels = self.levels.checked_sub(1).ok_or(self.too_deep())?;
        self.hold(entries)
    }

    /// Takes the values that a container holds from the budget.
    #[inline]
    fn hold(&mut self, entries: usize) -> Result<(), Malformed> {
        self.nodes = self
            .nodes
            .checked_sub(entries)
            .ok_or(Malformed::TooManyNodes {
                limit: self.limits.nodes,
            })?;
        Ok(())
    }

    /// Says more than "truncated" where no byte could be read at all.
    #[cold]
    fn explain(&self, error: Malformed) -> Malformed {
        match error {
            Malformed::Truncated { .. } if self.size > self.limits.bytes => self.too_large(),
            Malformed::Truncated { .. } if self.size == 0 => Malformed::Empty,
            other => other,
        }
    }

    const fn too_large(&self) -> Malformed {
        Malformed::TooLarge {
            size: self.size,
            limit: self.limits.bytes,
        }
    }

    fn too_deep(&self) -> Malformed {
        Malformed::TooDeep {
            limit: self.limits.levels(),
        }
    }
}

/// How many values each of the open arrays and maps still expects, but for the
/// innermost. Few messages need more than the part that lives on the stack.
#[derive(Default)]
struct Outer {
    near: [usize; 16],
    far: Vec<usize>,
    depth: usize,
}

impl Outer {
    #[inline]
    fn push(&mut self, left: usize) {
        match self.near.get_mut(self.depth) {
            Some(place) => *place = left,
            None => self.far.push(left),
        }
        self.depth += 1;
    }

    #[inline]
    fn pop(&mut self) -> Option<usize> {
        self.depth = self.depth.checked_sub(1)?;
        match self.near.get(self.depth) {
            Some(left) => Some(*left),
            None => self.far.pop(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The call of `plus` of the demos.
    const PLUS: &[u8] =
        b"\x82\xadfunction_name\xa4plus\xaaparameters\x99\x01\x02\x02\x03\x03\x04\x02\x03\xff";

    fn limits(depth: usize, nodes: usize) -> Limits {
        Limits {
            depth,
            nodes,
            ..Limits::default()
        }
    }

    fn nested(levels: usize) -> Vec<u8> {
        let mut bytes = vec![0x91; levels];
        bytes.push(0xc0);
        bytes
    }

    #[test]
    fn one_value_and_nothing_else_passes() {
        let limits = Limits::default();
        assert_eq!(scan(PLUS, &limits), Ok(()));
        assert_eq!(scan(b"", &limits), Err(Malformed::Empty));
        assert_eq!(
            scan(b"\xc0\xc0\xc0", &limits),
            Err(Malformed::TrailingBytes {
                offset: 1,
                count: 2
            })
        );
        assert_eq!(
            scan(b"\x92\xc0\xc1", &limits),
            Err(Malformed::ReservedByte { offset: 2 })
        );
    }

    #[test]
    fn a_value_in_parts_is_whole_at_its_last_byte() {
        let parts = |bytes: &[u8], size: usize| {
            let (mut whole, mut end, mut left) = (Vec::new(), 0, 1);
            for part in bytes.chunks(size) {
                whole.extend_from_slice(part);
                let skimmed = skim(&whole[end..], left)?;
                end += skimmed.read;
                left = skimmed.left;
            }
            Ok((end, left))
        };
        for size in 1..=PLUS.len() {
            assert_eq!(parts(PLUS, size), Ok((PLUS.len(), 0)));
            let more = [PLUS, b"\xc0\xc0"].concat();
            assert_eq!(parts(&more, size), Ok((PLUS.len(), 0)));
            assert_eq!(
                parts(b"\x93\x01\xdd\xff\xff\xff\xff\x05", size),
                Ok((8, 0x1_0000_0000 - 1))
            );
            let reserved = parts(b"\x93\x01\xc1", size);
            assert!(matches!(reserved, Err(Malformed::ReservedByte { .. })));
        }
        assert_eq!(parts(b"", 1), Ok((0, 1)));
        let most = (1 << 63) - 1;
        assert!(skim(b"\xdf\xff\xff\xff\xff", most).is_err());
        assert!(skim(b"\x91", u64::MAX).is_err());
    }

    #[test]
    fn every_cut_is_refused() {
        for end in 1..PLUS.len() {
            let result = scan(&PLUS[..end], &Limits::default());
            assert!(
                matches!(result, Err(Malformed::Truncated { .. })),
                "{end}: {result:?}"
            );
        }
    }

    #[test]
    fn text_need_not_be_utf8() {
        assert_eq!(scan(b"\xa2\xff\xfe", &Limits::default()), Ok(()));
    }

    #[test]
    fn depth_counts_the_containers_that_are_open_at_once() {
        assert_eq!(scan(b"\xc0", &limits(0, 9)), Ok(()));
        let refused = Err(Malformed::TooDeep { limit: 0 });
        assert_eq!(scan(b"\x90", &limits(0, 9)), refused);
        assert_eq!(scan(b"\x92\x90\x90", &limits(2, 9)), Ok(()));
        for depth in [1, 15, 16, 17, 128, 512] {
            let limits = limits(depth, 1000);
            assert_eq!(scan(&nested(depth), &limits), Ok(()));
            assert_eq!(
                scan(&nested(depth + 1), &limits),
                Err(Malformed::TooDeep { limit: depth })
            );
        }
    }

    #[test]
    fn a_million_levels_are_refused_whatever_the_setting() {
        let limits = limits(usize::MAX, usize::MAX);
        assert_eq!(
            scan(&nested(1_000_000), &limits),
            Err(Malformed::TooDeep { limit: 512 })
        );
    }

    #[test]
    fn nodes_count_what_containers_hold() {
        assert_eq!(scan(b"\xc0", &limits(9, 0)), Ok(()));
        assert_eq!(scan(b"\x92\x01\x02", &limits(9, 2)), Ok(()));
        assert_eq!(
            scan(b"\x92\x01\x02", &limits(9, 1)),
            Err(Malformed::TooManyNodes { limit: 1 })
        );
        // A map's key and value, and inside the value two more.
        assert_eq!(scan(b"\x81\x01\x92\x01\x02", &limits(9, 4)), Ok(()));
        assert_eq!(
            scan(b"\x81\x01\x92\x01\x02", &limits(9, 3)),
            Err(Malformed::TooManyNodes { limit: 3 })
        );
    }

    #[test]
    fn size_is_checked_before_anything_is_read() {
        let limits = Limits {
            bytes: 2,
            ..Limits::default()
        };
        let refused = Malformed::TooLarge { size: 3, limit: 2 };
        assert_eq!(scan(b"\xc0\xc0\xc0", &limits), Err(refused));
        assert_eq!(scan(b"\xa1a", &limits), Ok(()));
        let mut scanner = Scanner::new(b"\x81\x01\x02", &limits);
        assert_eq!(scanner.kind(), Err(refused));
        assert_eq!(scanner.map_header(), Err(refused));
        assert_eq!(scanner.unsigned(), Err(refused));
        assert_eq!(scanner.text_or_binary(), Err(refused));
        assert_eq!(scanner.finish(), Err(refused));
    }

    #[test]
    fn claims_beyond_the_end_are_refused_at_the_header() {
        let claims: [&[u8]; 6] = [
            b"\xdd\xff\xff\xff\xff",
            b"\xdf\xff\xff\xff\xff",
            b"\xdc\x00\x02\xc0",
            b"\xde\x00\x01\xc0",
            b"\xdb\xff\xff\xff\xff",
            b"\xc9\xff\xff\xff\xff\x01",
        ];
        for claim in claims {
            assert_eq!(
                scan(claim, &limits(9, usize::MAX)),
                Err(Malformed::Truncated { offset: 0 }),
                "{claim:02x?}"
            );
        }
    }

    #[test]
    fn a_request_is_read_and_checked_in_one_pass() {
        let mut scanner = Scanner::new(PLUS, &Limits::default());
        assert_eq!(scanner.kind(), Ok(Kind::Map));
        assert_eq!(scanner.map_header(), Ok(2));
        assert_eq!(scanner.text_or_binary(), Ok(&b"function_name"[..]));
        assert_eq!(scanner.text_or_binary(), Ok(&b"plus"[..]));
        assert_eq!(scanner.text_or_binary(), Ok(&b"parameters"[..]));
        assert_eq!(scanner.position(), 31);
        assert_eq!(scanner.value(), Ok(&PLUS[31..]));
        scanner.leave();
        assert_eq!(scanner.finish(), Ok(()));
    }

    #[test]
    fn reads_share_one_budget() {
        // {1: [[]], 2: [3]}
        let bytes = b"\x82\x01\x91\x90\x02\x91\x03";
        let walk = |limits: &Limits| {
            let mut scanner = Scanner::new(bytes, limits);
            scanner.map_header()?;
            scanner.unsigned()?;
            scanner.value()?;
            scanner.unsigned()?;
            scanner.array_header()?;
            scanner.unsigned()?;
            scanner.leave();
            scanner.leave();
            scanner.finish()
        };
        assert_eq!(walk(&limits(3, 6)), Ok(()));
        assert_eq!(walk(&limits(2, 6)), Err(Malformed::TooDeep { limit: 2 }));
        assert_eq!(
            walk(&limits(3, 5)),
            Err(Malformed::TooManyNodes { limit: 5 })
        );
    }

    #[test]
    fn a_key_of_another_type_is_named() {
        let mut scanner = Scanner::new(b"\x81\x01\x02", &Limits::default());
        assert_eq!(scanner.map_header(), Ok(1));
        assert_eq!(
            scanner.text_or_binary(),
            Err(Malformed::WrongType {
                expected: "a string",
                found: "integer",
                offset: 1
            })
        );
        assert_eq!(scanner.integer(), Ok(1));
        assert_eq!(scanner.unsigned(), Ok(2));
    }
}
