//! A value of PHP's to MessagePack.

use super::unpackable::Unpackable;
use super::view::{Key, Row, Seen, Table, View};
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
            most: start.saturating_add(limits.bytes),
            out,
            start,
            levels: limits.levels(),
            nodes: limits.nodes,
            limits,
            shared: false,
            refused: None,
        };
        if packer.value(self) && packer.check_size() {
            return Ok(());
        }
        let refused = packer.refused.unwrap_or_else(|| packer.too_large(0));
        out.truncate(start);
        Err(refused)
    }
}

struct Packer<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
    /// How long `out` may become.
    most: usize,
    /// How many more arrays may be opened inside each other from here.
    levels: usize,
    /// How many more values arrays may hold.
    nodes: usize,
    limits: &'o Limits,
    /// A reference or an object was met.
    shared: bool,
    /// Why a function has returned false. Kept here, because a bool is handed
    /// back faster.
    refused: Option<Unpackable>,
}

impl Packer<'_> {
    #[allow(clippy::inline_always)] // A call costs as much as a small value.
    #[inline(always)]
    fn value(&mut self, value: View<'_>) -> bool {
        self.shared |= value.is_shared();
        match value.seen() {
            Seen::Null => pack::nil(self.out),
            Seen::Boolean(value) => pack::boolean(self.out, value),
            Seen::Integer(value) => pack::integer(self.out, value),
            Seen::Float(value) => pack::float64(self.out, value),
            Seen::String(text) => return self.string(text),
            Seen::Array(table) => return self.table(table, false),
            Seen::Record(table) => return self.table(table, true),
            Seen::Foreign(found) => return self.refuse(Unpackable::Foreign { found }),
        }
        true
    }

    #[allow(clippy::inline_always)] // As above.
    #[inline(always)]
    fn string(&mut self, value: &[u8]) -> bool {
        // Many strings that are all one and the same take little memory in PHP.
        if value.len() > self.limits.bytes || !self.check_size() {
            let refused = self.too_large(value.len());
            return self.refuse(refused);
        }
        let packed = if value.is_ascii() || std::str::from_utf8(value).is_ok() {
            pack::text(self.out, value)
        } else {
            pack::binary(self.out, value)
        };
        if packed.is_err() {
            let refused = self.too_large(value.len());
            return self.refuse(refused);
        }
        true
    }

    /// An array, or with `record` the properties of an object.
    fn table(&mut self, table: Table<'_>, record: bool) -> bool {
        let list = !record && table.is_list();
        let Some(count) = self.enter(table, !list) else {
            return false;
        };
        let mut written = 0;
        if list {
            pack::array(self.out, count);
            for row in table.rows() {
                if row.is_used() {
                    written += 1;
                    if !self.value(row.value()) {
                        return false;
                    }
                }
            }
        } else {
            pack::map(self.out, count);
            for row in table.rows() {
                if row.is_used() {
                    written += 1;
                    if !(self.key(row) && self.value(row.value())) {
                        return false;
                    }
                }
            }
        }
        self.leave(written, count)
    }

    #[inline]
    fn key(&mut self, row: Row<'_>) -> bool {
        match row.key() {
            Key::Integer(key) => {
                pack::integer(self.out, key);
                true
            }
            Key::String(key) => self.string(key),
        }
    }

    fn enter(&mut self, table: Table<'_>, map: bool) -> Option<u32> {
        let held = table.len().saturating_mul(if map { 2 } else { 1 });
        let count = u32::try_from(table.len()).ok();
        match (
            self.levels.checked_sub(1),
            self.nodes.checked_sub(held),
            count,
        ) {
            (Some(levels), Some(nodes), Some(count)) => {
                self.levels = levels;
                self.nodes = nodes;
                return Some(count);
            }
            (None, ..) => self.refuse(Unpackable::TooDeep {
                limit: self.limits.levels(),
                endless: self.shared,
            }),
            _ => self.refuse(Unpackable::TooManyNodes {
                limit: self.limits.nodes,
            }),
        };
        None
    }

    /// The header has said how many elements there are; PHP's own count is not
    /// trusted with the shape of a message.
    fn leave(&mut self, written: u32, count: u32) -> bool {
        self.levels += 1;
        written == count
            || self.refuse(Unpackable::Foreign {
                found: "a table with hidden elements",
            })
    }

    #[inline]
    fn check_size(&self) -> bool {
        self.out.len() <= self.most
    }

    #[cold]
    fn too_large(&self, more: usize) -> Unpackable {
        Unpackable::TooLarge {
            size: (self.out.len() - self.start).saturating_add(more),
            limit: self.limits.bytes,
        }
    }

    #[cold]
    fn refuse(&mut self, why: Unpackable) -> bool {
        self.refused = Some(why);
        false
    }
}
