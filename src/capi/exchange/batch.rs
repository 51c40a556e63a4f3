//! A list, written value by value in any of the formats.

use crate::capi::options::Values;
use crate::msgpack::php::{fits, to_php};
use crate::msgpack::{Limits, Malformed, pack};

/// Room in front for the list's header, which is written last.
const GAP: usize = 24;
const NIL: &[u8] = b"\xc0";

/// See the module. Its memory is used again for the next list, unless it has
/// grown out of proportion.
#[derive(Default)]
pub struct Batch {
    format: Values,
    out: Vec<u8>,
    count: usize,
    start: usize,
    /// A map that is being written, and how many pairs it has.
    map: Vec<u8>,
    pairs: usize,
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
        put_integer(self.format, &mut self.out, value);
    }

    pub fn binary(&mut self, value: &[u8]) {
        self.index();
        put_binary(self.format, &mut self.out, value);
    }

    /// Adds one checked MessagePack value, or nothing if the format has no
    /// such value.
    pub fn value(&mut self, value: &[u8], limits: &Limits) -> Result<(), Malformed> {
        let before = self.out.len();
        self.index();
        let added = put(self.format, &mut self.out, value, limits);
        if added.is_err() {
            self.out.truncate(before);
            self.count -= 1;
        }
        added
    }

    /// Begins a map, which is kept apart until [`Batch::end_map`].
    pub fn begin_map(&mut self) {
        self.map.clear();
        self.pairs = 0;
    }

    /// Adds a pair to the map: an integer and a checked MessagePack value. The
    /// map is as before if the format has no such value.
    pub fn pair(&mut self, key: i64, value: &[u8], limits: &Limits) -> Result<(), Malformed> {
        let before = self.map.len();
        put_integer(self.format, &mut self.map, key);
        let added = put(self.format, &mut self.map, value, limits);
        match added {
            Ok(()) => self.pairs += 1,
            Err(_) => self.map.truncate(before),
        }
        added
    }

    /// Adds a pair to the map: an integer and bytes.
    pub fn binary_pair(&mut self, key: i64, value: &[u8]) {
        put_integer(self.format, &mut self.map, key);
        put_binary(self.format, &mut self.map, value);
        self.pairs += 1;
    }

    /// Adds a pair to the map: two integers.
    pub fn integer_pair(&mut self, key: i64, value: i64) {
        put_integer(self.format, &mut self.map, key);
        put_integer(self.format, &mut self.map, value);
        self.pairs += 1;
    }

    /// Adds a pair to the map: an integer, and a list of checked MessagePack
    /// values, nil for one of no bytes, and texts behind them. The map is as
    /// before if the format has no such value.
    pub fn list_pair(
        &mut self,
        key: i64,
        values: [&[u8]; 2],
        texts: [&str; 2],
        limits: &Limits,
    ) -> Result<(), Malformed> {
        let before = self.map.len();
        let (format, out) = (self.format, &mut self.map);
        put_integer(format, out, key);
        let entries = values.len() + texts.len();
        match format {
            Values::MessagePack | Values::Zend => pack::array(out, size32(entries)),
            Values::Php => put_header(out, entries),
        }
        let mut indices = 0..;
        let mut index = |out: &mut Vec<u8>| {
            if format == Values::Php {
                put_integer(format, out, indices.next().unwrap_or(0));
            }
        };
        for value in values {
            index(out);
            let value = if value.is_empty() { NIL } else { value };
            if let Err(malformed) = put(format, out, value, limits) {
                out.truncate(before);
                return Err(malformed);
            }
        }
        for text in texts {
            index(out);
            match format {
                Values::MessagePack | Values::Zend => pack::text(out, text.as_bytes())?,
                Values::Php => put_binary(format, out, text.as_bytes()),
            }
        }
        if format == Values::Php {
            out.push(b'}');
        }
        self.pairs += 1;
        Ok(())
    }

    /// How many bytes the map has so far.
    pub fn map_size(&self) -> usize {
        self.map.len()
    }

    /// Adds the map as the next value, behind the integers that describe it;
    /// nothing if it is empty.
    pub fn end_map(&mut self, description: [i64; 2]) {
        if self.pairs == 0 {
            return;
        }
        for number in description {
            self.integer(number);
        }
        self.index();
        match self.format {
            Values::MessagePack | Values::Zend => pack::map(&mut self.out, size32(self.pairs)),
            Values::Php => put_header(&mut self.out, self.pairs),
        }
        self.out.extend_from_slice(&self.map);
        if self.format == Values::Php {
            self.out.push(b'}');
        }
        self.begin_map();
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
            Values::MessagePack | Values::Zend => {
                pack::array(&mut header, size32(self.count));
            }
            Values::Php => {
                put_header(&mut header, self.count);
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

    /// Gives the finished list away in exchange for other memory; returns where
    /// it lies in the memory that is given.
    pub fn swap<'m>(&mut self, memory: &'m mut Vec<u8>) -> &'m [u8] {
        std::mem::swap(&mut self.out, memory);
        memory.get(self.start..).unwrap_or_default()
    }

    /// In PHP's format a list has its indices written out.
    fn index(&mut self) {
        if self.format == Values::Php {
            self.out.extend_from_slice(b"i:");
            digits(&mut self.out, self.count);
            self.out.push(b';');
        }
        self.count += 1;
    }
}

/// Begins an array in PHP's format.
fn put_header(out: &mut Vec<u8>, entries: usize) {
    out.extend_from_slice(b"a:");
    digits(out, entries);
    out.extend_from_slice(b":{");
}

fn put_integer(format: Values, out: &mut Vec<u8>, value: i64) {
    match format {
        Values::MessagePack | Values::Zend => pack::integer(out, value),
        Values::Php => {
            out.extend_from_slice(b"i:");
            digits(out, value);
            out.push(b';');
        }
    }
}

fn put_binary(format: Values, out: &mut Vec<u8>, value: &[u8]) {
    match format {
        // Longer than 32 bits can tell does not get past a limit.
        Values::MessagePack | Values::Zend => {
            let _ = pack::binary(out, value);
        }
        Values::Php => {
            out.extend_from_slice(b"s:");
            digits(out, value.len());
            out.extend_from_slice(b":\"");
            out.extend_from_slice(value);
            out.extend_from_slice(b"\";");
        }
    }
}

fn put(format: Values, out: &mut Vec<u8>, value: &[u8], limits: &Limits) -> Result<(), Malformed> {
    match format {
        Values::MessagePack => {
            out.extend_from_slice(value);
            Ok(())
        }
        Values::Zend => {
            fits(value, limits)?;
            out.extend_from_slice(value);
            Ok(())
        }
        Values::Php => to_php(value, out, limits),
    }
}

fn digits(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

fn size32(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
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
    fn a_list_for_php_itself_holds_only_what_php_has() {
        let limits = Limits::default();
        let mut batch = Batch::default();
        batch.begin(Values::Zend);
        batch.integer(1);
        assert!(batch.value(b"\xd4\x01\x00", &limits).is_err());
        assert!(batch.value(b"\x81\xc0\x00", &limits).is_err());
        batch.value(b"\x81\xa1a\x00", &limits).unwrap();
        batch.finish();
        let mut memory = b"before".to_vec();
        assert_eq!(batch.swap(&mut memory), b"\x92\x01\x81\xa1a\x00");
        batch.begin(Values::Zend);
        batch.integer(2);
        batch.finish();
        assert_eq!(batch.bytes(), b"\x91\x02");
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
    fn a_map_comes_behind_its_description() {
        let limits = Limits::default();
        let mut batch = Batch::default();
        batch.begin(Values::Php);
        batch.begin_map();
        batch.pair(5, b"\x01", &limits).unwrap();
        assert!(batch.pair(6, b"\xd4\x01\x00", &limits).is_err());
        batch.binary_pair(7, b"x");
        batch.end_map([3, -1]);
        batch.end_map([4, -1]);
        batch.finish();
        assert_eq!(
            batch.bytes(),
            b"a:3:{i:0;i:3;i:1;i:-1;i:2;a:2:{i:5;i:1;i:7;s:1:\"x\";}}"
        );
    }

    #[test]
    fn a_list_in_a_map_is_written_in_both_formats() {
        let limits = Limits::default();
        let mut batch = Batch::default();
        let mut written = |format| {
            batch.begin(format);
            batch.begin_map();
            batch
                .list_pair(5, [b"\x01", b"\x80"], ["p", ""], &limits)
                .unwrap();
            let foreign = b"\xd4\x01\x00";
            let added = batch.list_pair(6, [b"\x01", foreign], ["p", ""], &limits);
            assert_eq!(added.is_err(), format != Values::MessagePack);
            batch
                .list_pair(7, [b"\x02", b""], ["", "d"], &limits)
                .unwrap();
            batch.end_map([3, -1]);
            batch.finish();
            batch.bytes().to_vec()
        };
        assert_eq!(
            written(Values::Zend),
            b"\x93\x03\xff\x82\x05\x94\x01\x80\xa1p\xa0\x07\x94\x02\xc0\xa0\xa1d"
        );
        assert!(written(Values::MessagePack).starts_with(b"\x93\x03\xff\x83"));
        assert_eq!(
            String::from_utf8(written(Values::Php)).unwrap(),
            "a:3:{i:0;i:3;i:1;i:-1;i:2;a:2:{\
             i:5;a:4:{i:0;i:1;i:1;a:0:{}i:2;s:1:\"p\";i:3;s:0:\"\";}\
             i:7;a:4:{i:0;i:2;i:1;N;i:2;s:0:\"\";i:3;s:1:\"d\";}}}"
        );
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
