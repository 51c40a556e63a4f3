//! A value of PHP's to MessagePack.

use super::unpackable::Unpackable;
use super::view::{Key, Seen, Table, View};
use crate::msgpack::{Limits, pack};

impl View<'_> {
    /// Appends the value to `out` as MessagePack, by the rules of
    /// [`from_php`](crate::msgpack::php::from_php): a list becomes an array, so
    /// does an empty array; any other array, and a plain stdClass object, becomes
    /// a map; a string becomes a str if it is UTF-8, else a bin. What comes out
    /// passes a scan with the same limits. On an error `out` is as it was.
    ///
    /// A reference is what it refers to, and a float keeps all its bits.
    pub fn pack(self, out: &mut Vec<u8>, limits: &Limits) -> Result<(), Unpackable> {
        let start = out.len();
        let mut packer = Packer {
            out,
            start,
            levels: limits.levels(),
            nodes: limits.nodes,
            limits,
            shared: false,
        };
        let result = packer.value(self).and_then(|()| packer.check_size());
        if result.is_err() {
            out.truncate(start);
        }
        result
    }
}

struct Packer<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
    /// How many more arrays may be opened inside each other from here.
    levels: usize,
    /// How many more values arrays may hold.
    nodes: usize,
    limits: &'o Limits,
    /// A reference or an object was met.
    shared: bool,
}

impl Packer<'_> {
    fn value(&mut self, value: View<'_>) -> Result<(), Unpackable> {
        self.shared |= value.is_shared();
        match value.seen() {
            Seen::Null => pack::nil(self.out),
            Seen::Boolean(value) => pack::boolean(self.out, value),
            Seen::Integer(value) => pack::integer(self.out, value),
            Seen::Float(value) => pack::float64(self.out, value),
            Seen::String(value) => self.string(value)?,
            Seen::Array(table) => {
                let list = table.is_list();
                let count = self.enter(table, !list)?;
                if list {
                    self.list(table, count)?;
                } else {
                    self.map(table, count)?;
                }
            }
            Seen::Record(table) => {
                let count = self.enter(table, true)?;
                self.map(table, count)?;
            }
            Seen::Foreign(found) => return Err(Unpackable::Foreign { found }),
        }
        Ok(())
    }

    #[inline]
    fn string(&mut self, value: &[u8]) -> Result<(), Unpackable> {
        // Many strings that are all one and the same take little memory in PHP.
        if value.len() > self.limits.bytes {
            return Err(self.too_large(value.len()));
        }
        self.check_size()?;
        let packed = if std::str::from_utf8(value).is_ok() {
            pack::text(self.out, value)
        } else {
            pack::binary(self.out, value)
        };
        packed.map_err(|_| self.too_large(value.len()))
    }

    fn list(&mut self, table: Table<'_>, count: u32) -> Result<(), Unpackable> {
        pack::array(self.out, count);
        let mut written = 0;
        for (_, value) in table.entries() {
            self.value(value)?;
            written += 1;
        }
        self.leave(written, count)
    }

    fn map(&mut self, table: Table<'_>, count: u32) -> Result<(), Unpackable> {
        pack::map(self.out, count);
        let mut written = 0;
        for (key, value) in table.entries() {
            match key {
                Key::Integer(key) => pack::integer(self.out, key),
                Key::String(key) => self.string(key)?,
            }
            self.value(value)?;
            written += 1;
        }
        self.leave(written, count)
    }

    fn enter(&mut self, table: Table<'_>, map: bool) -> Result<u32, Unpackable> {
        self.levels = self.levels.checked_sub(1).ok_or(Unpackable::TooDeep {
            limit: self.limits.levels(),
            endless: self.shared,
        })?;
        let limit = self.limits.nodes;
        let held = table.len().saturating_mul(if map { 2 } else { 1 });
        self.nodes = self
            .nodes
            .checked_sub(held)
            .ok_or(Unpackable::TooManyNodes { limit })?;
        u32::try_from(table.len()).map_err(|_| Unpackable::TooManyNodes { limit })
    }

    /// The header has said how many elements there are; PHP's own count is not
    /// trusted with the shape of a message.
    fn leave(&mut self, written: u32, count: u32) -> Result<(), Unpackable> {
        self.levels += 1;
        if written == count {
            return Ok(());
        }
        Err(Unpackable::Foreign {
            found: "a table with hidden elements",
        })
    }

    fn check_size(&self) -> Result<(), Unpackable> {
        if self.out.len() - self.start > self.limits.bytes {
            return Err(self.too_large(0));
        }
        Ok(())
    }

    #[cold]
    fn too_large(&self, more: usize) -> Unpackable {
        Unpackable::TooLarge {
            size: (self.out.len() - self.start).saturating_add(more),
            limit: self.limits.bytes,
        }
    }
}
