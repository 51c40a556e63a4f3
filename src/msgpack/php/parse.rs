//! PHP's serialize format to MessagePack.

use super::text::Text;
use super::unserializable::Unserializable;
use crate::msgpack::limits::Limits;
use crate::msgpack::malformed::Malformed;
use crate::msgpack::pack;
use crate::msgpack::reader::Reader;

/// What the text can't tell about a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// An integer 0 stands somewhere inside an array or object. `serialize()`
    /// writes a resource as `i:0;` without a word, so whoever must not send a
    /// resource as 0 looks at the PHP value again when this is true.
    pub zero: bool,
}

/// Appends `serialized`, what `serialize()` made of one value, to `out` as MessagePack.
///
/// An array whose keys are 0, 1, 2, … in this order becomes an array, so does an
/// empty one; any other becomes a map. A `stdClass` object becomes a map. A string
/// becomes a str if it is UTF-8, else a bin. What comes out passes a scan with the
/// same limits. On an error `out` is as it was.
pub fn from_php(
    serialized: &[u8],
    out: &mut Vec<u8>,
    limits: &Limits,
) -> Result<Notes, Unserializable> {
    let length = out.len();
    let mut text = Text::new(serialized, 0);
    let notes = pack_value(&mut text, out, limits)?;
    if text.peek().is_some() {
        out.truncate(length);
        return Err(text.syntax());
    }
    Ok(notes)
}

/// Appends the next value of `text` to `out`. On an error `out` is as it was.
pub(super) fn pack_value(
    text: &mut Text<'_>,
    out: &mut Vec<u8>,
    limits: &Limits,
) -> Result<Notes, Unserializable> {
    let start = out.len();
    let mut packer = Packer {
        text,
        out,
        levels: limits.levels(),
        nodes: limits.nodes,
        limits,
        notes: Notes::default(),
    };
    let result = packer.value();
    let notes = packer.notes;
    let (size, limit) = (out.len() - start, limits.bytes);
    let error = match result {
        Ok(()) if size <= limit => return Ok(notes),
        Ok(()) => Unserializable::TooLarge { size, limit },
        Err(error) => error,
    };
    out.truncate(start);
    Err(error)
}

struct Packer<'a, 't> {
    text: &'t mut Text<'a>,
    out: &'t mut Vec<u8>,
    /// How many more arrays may be opened inside each other from here.
    levels: usize,
    /// How many more values arrays may hold.
    nodes: usize,
    limits: &'t Limits,
    notes: Notes,
}

impl<'a> Packer<'a, '_> {
    #[inline]
    fn read<T>(
        &mut self,
        read: impl FnOnce(&mut Text<'a>) -> Option<T>,
    ) -> Result<T, Unserializable> {
        read(self.text).ok_or_else(|| self.text.syntax())
    }

    fn value(&mut self) -> Result<(), Unserializable> {
        match self.text.peek() {
            Some(b'N') => {
                self.read(Text::nil)?;
                pack::nil(self.out);
            }
            Some(b'b') => {
                let value = self.read(Text::boolean)?;
                pack::boolean(self.out, value);
            }
            Some(b'i') => {
                let value = self.read(Text::integer)?;
                self.notes.zero |= value == 0 && self.levels < self.limits.levels();
                pack::integer(self.out, value);
            }
            Some(b'd') => {
                let value = self.read(Text::float)?;
                pack::float64(self.out, value);
            }
            Some(b's') => self.string()?,
            Some(b'a') => self.array()?,
            Some(b'O') => self.object()?,
            Some(b'C' | b'E') => {
                let class = self.read(Text::class)?;
                return Err(foreign(class));
            }
            Some(b'R' | b'r') => return Err(Unserializable::Reference),
            _ => return Err(self.text.syntax()),
        }
        Ok(())
    }

    #[inline]
    fn string(&mut self) -> Result<(), Unserializable> {
        let value = self.read(Text::string)?;
        let packed = if std::str::from_utf8(value).is_ok() {
            pack::text(self.out, value)
        } else {
            pack::binary(self.out, value)
        };
        packed.map_err(too_long)
    }

    fn array(&mut self) -> Result<(), Unserializable> {
        let entries = self.read(Text::array)?;
        let count = self.enter(entries)?;
        let header = self.out.len();
        pack::array(self.out, count);
        let first = self.out.len();
        for index in 0..count {
            let entry = self.text.rest;
            if self.text.integer() != Some(index.into()) {
                self.text.rest = entry;
                self.hold(entries)?;
                list_to_map(self.out, header, first, index);
                self.pairs(count - index)?;
                break;
            }
            self.value()?;
        }
        self.leave()
    }

    fn object(&mut self) -> Result<(), Unserializable> {
        let class = self.read(Text::class)?;
        if class != b"stdClass" {
            return Err(foreign(class));
        }
        let entries = self.read(Text::properties)?;
        let count = self.enter(entries)?;
        self.hold(entries)?;
        pack::map(self.out, count);
        self.pairs(count)?;
        self.leave()
    }

    fn pairs(&mut self, count: u32) -> Result<(), Unserializable> {
        for _ in 0..count {
            if self.text.peek() == Some(b'i') {
                let key = self.read(Text::integer)?;
                pack::integer(self.out, key);
            } else {
                self.string()?;
            }
            self.value()?;
        }
        Ok(())
    }

    fn enter(&mut self, entries: usize) -> Result<u32, Unserializable> {
        let limit = self.limits.levels();
        self.levels = self
            .levels
            .checked_sub(1)
            .ok_or(Unserializable::TooDeep { limit })?;
        self.hold(entries)?;
        u32::try_from(entries).map_err(|_| self.text.syntax())
    }

    /// Takes the values that an array holds from the budget.
    fn hold(&mut self, entries: usize) -> Result<(), Unserializable> {
        let limit = self.limits.nodes;
        self.nodes = self
            .nodes
            .checked_sub(entries)
            .ok_or(Unserializable::TooManyNodes { limit })?;
        Ok(())
    }

    fn leave(&mut self) -> Result<(), Unserializable> {
        self.levels += 1;
        self.read(Text::close)
    }
}

/// Turns the array whose header is at `header` into a map of as many entries,
/// and gives the `values` that are already there, from `first` on, their keys.
///
/// Most maps show with their first key, when there is nothing to move yet.
pub(super) fn list_to_map(out: &mut Vec<u8>, header: usize, first: usize, values: u32) {
    if let Some(marker) = out.get_mut(header) {
        *marker = match *marker {
            0xdc => 0xde,
            0xdd => 0xdf,
            small => small ^ 0x90 ^ 0x80,
        };
    }
    if values == 0 {
        return;
    }
    let moved = out.split_off(first);
    let mut reader = Reader::new(&moved);
    for key in 0..values {
        pack::unsigned(out, key.into());
        // What was packed here is well-formed.
        let value = reader.slice().unwrap_or_default();
        out.extend_from_slice(value);
    }
}

fn foreign(class: &[u8]) -> Unserializable {
    // An enum is written as "Class:Case".
    let class = class.split(|byte| *byte == b':').next().unwrap_or(class);
    Unserializable::Object {
        class: String::from_utf8_lossy(class).into_owned(),
    }
}

/// A string longer than MessagePack's 32 bits can say.
fn too_long(error: Malformed) -> Unserializable {
    match error {
        Malformed::TooLarge { size, limit } => Unserializable::TooLarge { size, limit },
        _ => Unserializable::Syntax { offset: 0 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::msgpack::scan::scan;

    fn packed(text: &str) -> Result<Vec<u8>, Unserializable> {
        let mut out = Vec::new();
        from_php(text.as_bytes(), &mut out, &Limits::default())?;
        Ok(out)
    }

    fn zero(text: &str) -> bool {
        let mut out = Vec::new();
        from_php(text.as_bytes(), &mut out, &Limits::default())
            .expect("well-formed")
            .zero
    }

    #[test]
    fn each_type_has_its_form() {
        let cases: [(&str, &[u8]); 21] = [
            ("N;", b"\xc0"),
            ("b:0;", b"\xc2"),
            ("b:1;", b"\xc3"),
            ("i:0;", b"\x00"),
            ("i:-32;", b"\xe0"),
            ("i:-33;", b"\xd0\xdf"),
            ("i:128;", b"\xcc\x80"),
            (
                "i:9223372036854775807;",
                b"\xcf\x7f\xff\xff\xff\xff\xff\xff\xff",
            ),
            (
                "i:-9223372036854775808;",
                b"\xd3\x80\x00\x00\x00\x00\x00\x00\x00",
            ),
            ("d:0.1;", b"\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a"),
            ("d:1.0E+25;", b"\xcb\x45\x20\x8b\x2a\x2c\x28\x02\x91"),
            ("d:-0;", b"\xcb\x80\x00\x00\x00\x00\x00\x00\x00"),
            ("d:INF;", b"\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00"),
            ("d:-INF;", b"\xcb\xff\xf0\x00\x00\x00\x00\x00\x00"),
            ("d:NAN;", b"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"),
            ("s:0:\"\";", b"\xa0"),
            ("s:3:\"a\";\";", b"\xa3a\";"),
            ("a:0:{}", b"\x90"),
            ("a:2:{i:0;i:5;i:1;b:1;}", b"\x92\x05\xc3"),
            ("a:1:{s:1:\"0\";i:5;}", b"\x81\xa10\x05"),
            ("O:8:\"stdClass\":1:{s:1:\"a\";i:5;}", b"\x81\xa1a\x05"),
        ];
        for (text, value) in cases {
            assert_eq!(packed(text).as_deref(), Ok(value), "{text}");
        }
        assert_eq!(packed("O:8:\"stdClass\":0:{}").as_deref(), Ok(&b"\x80"[..]));
    }

    #[test]
    fn bytes_that_are_not_utf8_become_binary() {
        let mut out = Vec::new();
        let text = b"a:1:{s:1:\"\xff\";s:2:\"\xc3\xa9\";}";
        assert!(from_php(text, &mut out, &Limits::default()).is_ok());
        assert_eq!(out, b"\x81\xc4\x01\xff\xa2\xc3\xa9");
    }

    #[test]
    fn a_list_that_proves_to_be_a_map_gets_its_keys() {
        let cases: [(&str, &[u8]); 5] = [
            ("a:2:{i:0;i:7;s:1:\"x\";i:8;}", b"\x82\x00\x07\xa1x\x08"),
            (
                "a:3:{i:0;a:1:{i:0;N;}i:1;i:8;i:3;i:9;}",
                b"\x83\x00\x91\xc0\x01\x08\x03\x09",
            ),
            ("a:1:{i:1;N;}", b"\x81\x01\xc0"),
            ("a:1:{i:-1;N;}", b"\x81\xff\xc0"),
            ("a:2:{i:1;N;i:0;N;}", b"\x82\x01\xc0\x00\xc0"),
        ];
        for (text, value) in cases {
            assert_eq!(packed(text).as_deref(), Ok(value), "{text}");
        }
    }

    #[test]
    fn long_lists_that_prove_to_be_maps_change_their_header_too() {
        for (entries, header) in [
            (16_u32, &b"\xde\x00\x10"[..]),
            (65536, b"\xdf\x00\x01\x00\x00"),
        ] {
            let last = entries - 1;
            let body = (0..last)
                .map(|key| format!("i:{key};N;"))
                .collect::<Vec<_>>()
                .concat();
            let text = format!("a:{entries}:{{{body}s:1:\"x\";N;}}");
            let value = packed(&text).expect("well-formed");
            assert_eq!(value.get(..header.len()), Some(header));
            assert_eq!(scan(&value, &Limits::default()), Ok(()));
            let mut reader = Reader::new(&value);
            assert_eq!(reader.map(), Ok(entries));
            for key in 0..last {
                assert_eq!(reader.unsigned(), Ok(key.into()));
                assert_eq!(reader.nil(), Ok(()));
            }
            assert_eq!(reader.text(), Ok("x"));
        }
    }

    #[test]
    fn objects_and_references_are_refused_by_name() {
        let object = |class: &str| {
            Err(Unserializable::Object {
                class: class.to_owned(),
            })
        };
        assert_eq!(packed("O:3:\"Foo\":0:{}"), object("Foo"));
        assert_eq!(packed("a:1:{i:0;O:5:\"A\\Foo\":0:{}}"), object("A\\Foo"));
        assert_eq!(packed("C:3:\"Foo\":2:{xx}"), object("Foo"));
        assert_eq!(packed("E:10:\"Suit:Clubs\";"), object("Suit"));
        assert_eq!(packed("O:8:\"StdClass\":0:{}"), object("StdClass"));
        let reference = Err(Unserializable::Reference);
        assert_eq!(packed("a:2:{i:0;N;i:1;R:2;}"), reference);
        assert_eq!(packed("a:2:{i:0;N;i:1;r:2;}"), reference);
    }

    #[test]
    fn nonsense_is_refused_with_its_place() {
        let cases = [
            ("", 0),
            ("x", 0),
            ("N", 0),
            ("N;N;", 2),
            ("b:2;", 0),
            ("i:;", 2),
            ("i:1", 3),
            ("i:12345678901234567890;", 21),
            ("i:9223372036854775808;", 21),
            ("d:1.5", 2),
            ("d:infinity;", 2),
            ("d:;", 2),
            ("s:1:\"ab\";", 0),
            ("s:9:\"a\";", 0),
            ("s:999:\"a\";", 7),
            ("a:1:{}", 5),
            ("a:1:{i:0;N;", 11),
            ("a:1:{i:0;N;i:1;N;}", 11),
            ("a:99999999999:{}", 15),
            ("a:1:{b:0;N;}", 5),
        ];
        for (text, offset) in cases {
            let limits = Limits {
                nodes: usize::MAX,
                ..Limits::default()
            };
            let mut out = Vec::new();
            let refused = Err(Unserializable::Syntax { offset });
            assert_eq!(
                from_php(text.as_bytes(), &mut out, &limits),
                refused,
                "{text}"
            );
        }
    }

    #[test]
    fn limits_are_those_of_the_scan() {
        let limits = Limits {
            bytes: 6,
            depth: 2,
            nodes: 4,
            ..Limits::default()
        };
        let check = |text: &str, expected: Result<(), Unserializable>| {
            let mut out = b"before".to_vec();
            let result = from_php(text.as_bytes(), &mut out, &limits);
            assert_eq!(result.map(|_| ()), expected, "{text}");
            match expected {
                Ok(()) => assert_eq!(scan(&out[6..], &limits), Ok(()), "{text}"),
                Err(_) => assert_eq!(out, b"before", "{text}"),
            }
        };
        check("a:1:{i:0;a:0:{}}", Ok(()));
        let deep = Unserializable::TooDeep { limit: 2 };
        check("a:1:{i:0;a:1:{i:0;a:0:{}}}", Err(deep));
        check("a:4:{i:0;N;i:1;N;i:2;N;i:3;N;}", Ok(()));
        let nodes = Unserializable::TooManyNodes { limit: 4 };
        check("a:5:{i:0;N;i:1;N;i:2;N;i:3;N;i:4;N;}", Err(nodes.clone()));
        check("a:2:{i:0;N;i:2;N;}", Ok(()));
        check("a:3:{i:0;N;i:1;N;i:3;N;}", Err(nodes));
        let large = Unserializable::TooLarge { size: 7, limit: 6 };
        check("s:6:\"abcdef\";", Err(large));
        check("s:5:\"abcde\";", Ok(()));
    }

    #[test]
    fn the_deepest_nesting_that_can_be_allowed_fits_the_stack_of_a_thread() {
        let limits = Limits {
            depth: usize::MAX,
            ..Limits::default()
        };
        let thread = std::thread::Builder::new().stack_size(2 << 20);
        let walk = move || {
            let text = "a:1:{s:1:\"a\";".repeat(511) + "a:0:{}" + &"}".repeat(511);
            from_php(text.as_bytes(), &mut Vec::new(), &limits)
        };
        let result = thread.spawn(walk).expect("a thread").join();
        assert!(matches!(result, Ok(Ok(_))));
    }

    #[test]
    fn a_zero_inside_an_array_is_noted() {
        assert!(zero("a:1:{i:0;i:0;}"));
        assert!(zero("a:1:{i:0;a:1:{s:1:\"x\";i:0;}}"));
        assert!(zero("O:8:\"stdClass\":1:{s:1:\"x\";i:0;}"));
        assert!(!zero("i:0;"));
        assert!(!zero("a:1:{i:0;i:1;}"));
        assert!(!zero("a:2:{i:0;d:0;i:5;s:1:\"0\";}"));
    }
}
