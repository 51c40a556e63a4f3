//! Whether MessagePack can become a value of PHP's.

use super::collisions::{Budget, Table};
use crate::msgpack::limits::Limits;
use crate::msgpack::malformed::Malformed;
use crate::msgpack::reader::{Item, Reader};
use crate::msgpack::step::{Step, is_one_byte, step};

/// Checks that [`to_php`](super::to_php) would take `value`, without writing
/// anything: refused is the same, with the same error.
pub fn fits(value: &[u8], limits: &Limits) -> Result<(), Malformed> {
    let mut walk = Walk {
        reader: Reader::new(value),
        levels: limits.levels(),
        nodes: limits.nodes,
        collisions: Budget::new(limits.collisions),
        limits,
    };
    if walk.reader.is_at_end() {
        return Err(Malformed::Empty);
    }
    walk.value()?;
    match walk.reader.remaining().len() {
        0 => Ok(()),
        count => Err(Malformed::TrailingBytes {
            offset: walk.reader.position(),
            count,
        }),
    }
}

struct Walk<'a> {
    reader: Reader<'a>,
    /// How many more arrays and maps may be opened inside each other from here.
    levels: usize,
    /// How many more values arrays and maps may hold.
    nodes: usize,
    collisions: Budget,
    limits: &'a Limits,
}

impl Walk<'_> {
    fn value(&mut self) -> Result<(), Malformed> {
        let offset = self.reader.position;
        // Most values hold no others, and there is nothing to know of them but
        // where they end.
        match self.reader.bytes.get(offset) {
            Some(first) if is_one_byte(*first) => {
                self.reader.position += 1;
                return Ok(());
            }
            Some(0xa0..=0xbf | 0xc4..=0xc6 | 0xca..=0xd3 | 0xd9..=0xdb) => {
                if let Step::Leaf { next } = step(self.reader.bytes, offset)? {
                    self.reader.position = next;
                }
                return Ok(());
            }
            _ => {}
        }
        match self.reader.read()? {
            Item::Array(values) => {
                self.enter(values as usize)?;
                for _ in 0..values {
                    self.value()?;
                }
                self.levels += 1;
            }
            Item::Map(pairs) => {
                // The table is built after the budget said that the entries exist.
                self.enter((pairs as usize).saturating_mul(2))?;
                let mut table = Table::new(pairs);
                for _ in 0..pairs {
                    self.key(table.as_mut())?;
                    self.value()?;
                }
                self.levels += 1;
            }
            Item::Extension(kind, _) => return Err(Malformed::Extension { kind, offset }),
            _ => {}
        }
        Ok(())
    }

    #[inline]
    fn key(&mut self, table: Option<&mut Table>) -> Result<(), Malformed> {
        let offset = self.reader.position();
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
    fn enter(&mut self, values: usize) -> Result<(), Malformed> {
        self.levels = self.levels.checked_sub(1).ok_or(Malformed::TooDeep {
            limit: self.limits.levels(),
        })?;
        self.nodes = self
            .nodes
            .checked_sub(values)
            .ok_or(Malformed::TooManyNodes {
                limit: self.limits.nodes,
            })?;
        Ok(())
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
