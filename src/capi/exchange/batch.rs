//! A flat list, written value by value in either format.

use crate::capi::options::Values;
use crate::msgpack::php::to_php;
use crate::msgpack::{Limits, Malformed, pack};

/// Room in front for the list's header, which is written last.
const GAP: usize = 24;

/// See the module. Its memory is used again for the next list, unless it has
/// grown out of proportion.
#[derive(Default)]
pub struct Batch {
    format: Values,
    out: Vec<u8>,
    count: usize,
    start: usize,
}

impl Batch {
    pub fn begin(&mut self, format: Values) {
        const KEPT: usize = 1 << 20;
        if self.out.capacity() > KEPT {
            self.out = Vec::new();
        }
        self.format = format;
        self.out.clear();
        self.out.resize(GAP, 0);
        self.count = 0;
        self.start = GAP;
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub fn size(&self) -> usize {
        self.out.len()
    }

    pub fn integer(&mut self, value: i64) {
        self.index();
        match self.format {
            Values::MessagePack => pack::integer(&mut self.out, value),
            Values::Php => self.php_integer(value),
        }
    }

    pub fn binary(&mut self, value: &[u8]) {
        self.index();
        match self.format {
            // Longer than 32 bits can tell does not get past a limit.
            Values::MessagePack => {
                let _ = pack::binary(&mut self.out, value);
            }
            Values::Php => {
                self.out.extend_from_slice(b"s:");
                self.digits(value.len());
                self.out.extend_from_slice(b":\"");
                self.out.extend_from_slice(value);
                self.out.extend_from_slice(b"\";");
            }
        }
    }

    /// Adds one checked MessagePack value, or nothing if the format has no
    /// such value.
    pub fn value(&mut self, value: &[u8], limits: &Limits) -> Result<(), Malformed> {
        let before = self.out.len();
        self.index();
        let added = match self.format {
            Values::MessagePack => {
                self.out.extend_from_slice(value);
                Ok(())
            }
            Values::Php => to_php(value, &mut self.out, limits),
        };
        if added.is_err() {
            self.out.truncate(before);
            self.count -= 1;
        }
        added
    }

    /// Takes back the latest values, all of which lie behind `size`.
    pub fn take_back(&mut self, size: usize, values: usize) {
        self.out.truncate(size);
        self.count -= values;
    }

    /// Writes the header; the list is in [`Batch::bytes`].
    pub fn finish(&mut self) {
        let mut header = Vec::with_capacity(GAP);
        match self.format {
            Values::MessagePack => {
                pack::array(&mut header, u32::try_from(self.count).unwrap_or(u32::MAX));
            }
            Values::Php => {
                header.extend_from_slice(b"a:");
                header.extend_from_slice(itoa::Buffer::new().format(self.count).as_bytes());
                header.extend_from_slice(b":{");
                self.out.push(b'}');
            }
        }
        self.start = GAP - header.len();
        if let Some(gap) = self.out.get_mut(self.start..GAP) {
            gap.copy_from_slice(&header);
        }
    }

    /// The list, good until the next [`Batch::begin`].
    pub fn bytes(&self) -> &[u8] {
        self.out.get(self.start..).unwrap_or_default()
    }

    /// In PHP's format a list has its indices written out.
    fn index(&mut self) {
        if self.format == Values::Php {
            self.out.extend_from_slice(b"i:");
            self.digits(self.count);
            self.out.push(b';');
        }
        self.count += 1;
    }

    fn php_integer(&mut self, value: i64) {
        self.out.extend_from_slice(b"i:");
        self.out
            .extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
        self.out.push(b';');
    }

    fn digits(&mut self, value: usize) {
        self.out
            .extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_written_in_phps_format() {
        let mut batch = Batch::default();
        batch.begin(Values::Php);
        batch.integer(-7);
        batch.binary(b"a\"b");
        batch.value(b"\x92\x01\xc3", &Limits::default()).unwrap();
        batch.finish();
        assert_eq!(
            batch.bytes(),
            b"a:3:{i:0;i:-7;i:1;s:3:\"a\"b\";i:2;a:2:{i:0;i:1;i:1;b:1;}}"
        );
    }

    #[test]
    fn a_list_is_written_in_messagepack() {
        let mut batch = Batch::default();
        batch.begin(Values::MessagePack);
        batch.integer(-7);
        batch.binary(b"ab");
        batch.value(b"\x92\x01\xc3", &Limits::default()).unwrap();
        batch.finish();
        assert_eq!(batch.bytes(), b"\x93\xf9\xc4\x02ab\x92\x01\xc3");
    }

    #[test]
    fn a_value_that_php_has_not_leaves_nothing_behind() {
        let mut batch = Batch::default();
        batch.begin(Values::Php);
        batch.integer(1);
        assert!(batch.value(b"\xd4\x01\x00", &Limits::default()).is_err());
        batch.integer(2);
        batch.finish();
        assert_eq!(batch.bytes(), b"a:2:{i:0;i:1;i:1;i:2;}");
    }

    #[test]
    fn what_is_taken_back_is_gone() {
        let mut batch = Batch::default();
        batch.begin(Values::Php);
        let before = batch.size();
        batch.integer(1);
        batch.integer(2);
        batch.take_back(before, 2);
        assert!(batch.is_empty());
        batch.finish();
        assert_eq!(batch.bytes(), b"a:0:{}");
    }
}
