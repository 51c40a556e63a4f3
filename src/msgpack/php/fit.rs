//! Whether MessagePack can become a value of PHP's.

use super::collisions::{Budget, Table};
use super::objects::marks::{self, Marks};
use crate::msgpack::limits::Limits;
use crate::msgpack::malformed::Malformed;
use crate::msgpack::reader::{Item, Reader};
use crate::msgpack::step::leaf_size;

/// Checks that [`to_php`](super::to_php) would take `value`, without writing
/// anything: refused is the same, with the same error.
pub fn fits(value: &[u8], limits: &Limits) -> Result<(), Malformed> {
    Walk::<false>::new(value, limits).whole().map(drop)
}

/// What there is in MessagePack of the extension's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Arrays and maps.
    pub containers: usize,
    /// How many bytes of PHP's the value takes, rather more than less.
    pub memory: usize,
    /// It holds empty maps, extensions or [`Marks`], which to the extension mean
    /// something else than to [`to_php`](super::to_php).
    pub special: bool,
    /// It holds [`Marks`].
    pub marks: bool,
    /// It holds [`Marks::Back`].
    pub back: bool,
}

/// Looks `value` over as [`fits`] does, but takes what ext-msgpack writes:
/// extensions, and [`Marks`]. Without an error it is whole, within the limits, and
/// all of its keys are integers and strings.
pub fn survey(value: &[u8], limits: &Limits) -> Result<Survey, Malformed> {
    Walk::<true>::new(value, limits).whole()
}

/// What PHP takes for a string besides its bytes, for an array or object besides its
/// entries, and for each place of an entry, of which there are at least 8.
const STRING: usize = 32;
const OBJECT: usize = 112;
const PLACE: usize = 36;

/// `MARKS`: the value is the extension's.
struct Walk<'a, const MARKS: bool> {
    reader: Reader<'a>,
    /// How many more arrays and maps may be opened inside each other from here.
    levels: usize,
    /// How many more values arrays and maps may hold.
    nodes: usize,
    collisions: Budget,
    limits: &'a Limits,
    survey: Survey,
    /// Why a function has returned false. Kept here, because a bool is handed
    /// back faster.
    refused: Option<Malformed>,
}

impl<'a, const MARKS: bool> Walk<'a, MARKS> {
    fn new(value: &'a [u8], limits: &'a Limits) -> Self {
        Self {
            reader: Reader::new(value),
            levels: limits.levels(),
            nodes: limits.nodes,
            collisions: Budget::new(limits.collisions),
            limits,
            survey: Survey::default(),
            refused: None,
        }
    }

    fn whole(mut self) -> Result<Survey, Malformed> {
        if self.reader.is_at_end() {
            return Err(Malformed::Empty);
        }
        if !self.value() {
            return Err(self.refused.unwrap_or(Malformed::Empty));
        }
        self.survey.memory = self.survey.memory.saturating_add(self.reader.position());
        match self.reader.remaining().len() {
            0 => Ok(self.survey),
            count => Err(Malformed::TrailingBytes {
                offset: self.reader.position(),
                count,
            }),
        }
    }

    #[allow(clippy::inline_always)] // A call costs as much as a small value.
    #[inline(always)]
    fn value(&mut self) -> bool {
        // Most values hold no others, and there is nothing to know of them but
        // where they end.
        let at = self.reader.position;
        let size = self
            .reader
            .bytes
            .get(at)
            .map_or(0, |first| leaf_size(*first));
        if size > 0 && size <= self.reader.bytes.len() - at {
            self.reader.position = at + size;
            return true;
        }
        self.other()
    }

    /// An array, a map, a string with its length in bytes of its own, or
    /// something that is wrong.
    fn other(&mut self) -> bool {
        let offset = self.reader.position;
        match self.reader.read() {
            Ok(Item::Array(values)) => {
                if !self.enter(values as usize) {
                    return false;
                }
                let mut left = values as usize;
                while left > 0 {
                    let numbers = self.reader.one_byte_integers(left).len();
                    left -= numbers;
                    if numbers == 0 {
                        if !self.value() {
                            return false;
                        }
                        left -= 1;
                    }
                }
                self.levels += 1;
            }
            Ok(Item::Map(pairs)) => {
                // The table is built after the budget said that the entries exist.
                if !self.enter((pairs as usize).saturating_mul(2)) {
                    return false;
                }
                let mut left = pairs;
                let mut names = false;
                if MARKS {
                    self.survey.special |= pairs == 0;
                    if pairs > 0 && marks::are_next(&self.reader) {
                        let Some((pairs, object)) = self.marks(pairs) else {
                            let found = "nil";
                            return self.refuse(Malformed::UnsupportedKey { found, offset });
                        };
                        (left, names) = (pairs, object);
                    }
                }
                let mut table = Table::new(left, names);
                for _ in 0..left {
                    if let Err(why) = self.key(table.as_mut()) {
                        return self.refuse(why);
                    }
                    if !self.value() {
                        return false;
                    }
                }
                self.levels += 1;
            }
            Ok(Item::Extension(..)) if MARKS => self.survey.special = true,
            Ok(Item::Extension(kind, _)) => {
                return self.refuse(Malformed::Extension { kind, offset });
            }
            Ok(_) => {}
            Err(why) => return self.refuse(why),
        }
        true
    }

    /// How many pairs follow the marks, and whether they are an object's.
    fn marks(&mut self, pairs: u32) -> Option<(u32, bool)> {
        self.survey.special = true;
        self.survey.marks = true;
        Some(match marks::read(&mut self.reader, pairs)? {
            Marks::Reference { pairs } => (pairs, false),
            Marks::Object { pairs, .. } => (pairs, true),
            Marks::Back { .. } => {
                self.survey.back = true;
                (0, false)
            }
        })
    }

    #[cold]
    fn refuse(&mut self, why: Malformed) -> bool {
        self.refused = Some(why);
        false
    }

    #[inline]
    fn key(&mut self, table: Option<&mut Table>) -> Result<(), Malformed> {
        let offset = self.reader.position();
        // A short text in a small map: only where it ends matters.
        if let (None, Some(first @ 0xa0..=0xbf)) = (&table, self.reader.bytes.get(offset))
            && leaf_size(*first) <= self.reader.bytes.len() - offset
        {
            self.reader.position = offset + leaf_size(*first);
            return Ok(());
        }
        let key = self.reader.read()?;
        match (key, table) {
            (Item::Integer(_) | Item::Unsigned(_) | Item::Text(_) | Item::Binary(_), None) => {
                Ok(())
            }
            (Item::Integer(key), Some(table)) => table.integer(key, &mut self.collisions),
            (Item::Text(key) | Item::Binary(key), Some(table)) => {
                table.string(key, &mut self.collisions)
            }
            (Item::Unsigned(key), Some(table)) => {
                let mut digits = itoa::Buffer::new();
                table.string(digits.format(key).as_bytes(), &mut self.collisions)
            }
            (other, _) => Err(Malformed::UnsupportedKey {
                found: other.kind().name(),
                offset,
            }),
        }
    }

    #[inline]
    fn enter(&mut self, values: usize) -> bool {
        let Some(levels) = self.levels.checked_sub(1) else {
            return self.refuse(Malformed::TooDeep {
                limit: self.limits.levels(),
            });
        };
        let Some(nodes) = self.nodes.checked_sub(values) else {
            return self.refuse(Malformed::TooManyNodes {
                limit: self.limits.nodes,
            });
        };
        self.levels = levels;
        self.nodes = nodes;
        if MARKS {
            self.survey.containers += 1;
            // Each value may be a string, and a map's keys, which count twice then.
            let places = values.next_power_of_two().max(8);
            self.survey.memory = self
                .survey
                .memory
                .saturating_add(OBJECT + places.saturating_mul(PLACE) + values * STRING);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::to_php;
    use super::*;
    use proptest::prelude::*;

    fn same(value: &[u8], limits: &Limits) {
        let written = to_php(value, &mut Vec::new(), limits);
        assert_eq!(fits(value, limits), written, "{value:02x?}");
    }

    #[test]
    fn what_php_has_not_is_refused_as_it_would_be_when_written() {
        let limits = Limits {
            depth: 3,
            nodes: 8,
            ..Limits::default()
        };
        let cases: [&[u8]; 12] = [
            b"",
            b"\xc0",
            b"\xc1",
            b"\xc0\xc0",
            b"\x91",
            b"\x81\xc0\x01",
            b"\x81\xca\x00\x00\x00\x00\x01",
            b"\x81\xcf\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            b"\x92\x01\xd4\x05\x00",
            b"\x91\x91\x91\x90",
            b"\x98\x01\x01\x01\x01\x01\x01\x01\x01",
            b"\x99\x01\x01\x01\x01\x01\x01\x01\x01\x01",
        ];
        for value in cases {
            same(value, &limits);
        }
    }

    #[test]
    fn keys_that_collide_are_refused() {
        let limits = Limits {
            collisions: 1000,
            ..Limits::default()
        };
        let mut value = b"\xde\x00\x64".to_vec();
        for key in 0..100_u32 {
            value.extend_from_slice(b"\xce");
            value.extend_from_slice(&(key << 8).to_be_bytes());
            value.push(0xc0);
        }
        assert_eq!(
            fits(&value, &limits),
            Err(Malformed::Collisions { limit: 1000 })
        );
        same(&value, &limits);
    }

    #[test]
    fn a_survey_tells_what_is_special() {
        let of = |bytes| {
            survey(bytes, &Limits::default()).map(|s| (s.containers, s.special, s.marks, s.back))
        };
        assert_eq!(of(b"\x92\x81\xa1a\x01\x90"), Ok((3, false, false, false)));
        assert_eq!(of(b"\x91\x80"), Ok((2, true, false, false)));
        assert_eq!(of(b"\xd4\x01\x02"), Ok((0, true, false, false)));
        assert_eq!(of(b"\x81\xc0\xa1P"), Ok((1, true, true, false)));
        assert_eq!(
            of(b"\x92\x81\xc0\xa1P\x82\xc0\x04\x00\x02"),
            Ok((3, true, true, true))
        );
        for refused in [
            &b"\x81\xc0"[..],
            b"\x81\xc0\x07",
            b"\x82\x01\x02\xc0\xa1P",
            b"\x81\xc3\x01",
        ] {
            assert!(of(refused).is_err(), "{refused:02x?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged_alike(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let limits = Limits { depth: 4, nodes: 40, ..Limits::default() };
            same(&bytes, &limits);
        }

        #[test]
        fn any_small_structure_is_judged_alike(
            bytes in proptest::collection::vec(
                prop_oneof![0x80_u8..=0x95, 0xa0_u8..=0xa3, Just(0xc0), Just(0xd4), Just(0xcf), 0_u8..4],
                0..40,
            ),
        ) {
            let limits = Limits { depth: 4, nodes: 40, ..Limits::default() };
            same(&bytes, &limits);
        }
    }
}
