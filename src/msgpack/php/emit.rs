//! MessagePack to PHP's serialize format.

use super::collisions::{Budget, Table};
use super::write;
use crate::msgpack::limits::Limits;
use crate::msgpack::malformed::Malformed;
use crate::msgpack::reader::{Item, Reader};

/// Appends `value`, one MessagePack value, to `out` as the text that PHP's
/// `unserialize()` turns into the same value.
///
/// Only `N b i d s a` are written, so no object can come of it. A str and a bin
/// become a string, an array and a map an array, a float of 32 bits one of 64. An
/// integer above PHP's largest becomes the string of its digits. Of keys that come
/// twice PHP keeps the last value.
///
/// Refused are extensions, map keys that are neither integer nor string, and maps
/// whose keys collide, besides what a scan refuses but for the size. On an error
/// `out` is as it was.
pub fn to_php(value: &[u8], out: &mut Vec<u8>, limits: &Limits) -> Result<(), Malformed> {
    let length = out.len();
    let mut emitter = Emitter {
        reader: Reader::new(value),
        out,
        levels: limits.levels(),
        nodes: limits.nodes,
        collisions: Budget::new(limits.collisions),
        limits,
    };
    let result = emitter.message();
    if result.is_err() {
        out.truncate(length);
    }
    result
}

struct Emitter<'a, 'o> {
    reader: Reader<'a>,
    out: &'o mut Vec<u8>,
    /// How many more arrays and maps may be opened inside each other from here.
    levels: usize,
    /// How many more values arrays and maps may hold.
    nodes: usize,
    collisions: Budget,
    limits: &'o Limits,
}

impl Emitter<'_, '_> {
    fn message(&mut self) -> Result<(), Malformed> {
        if self.reader.is_at_end() {
            return Err(Malformed::Empty);
        }
        self.value()?;
        match self.reader.remaining().len() {
            0 => Ok(()),
            count => Err(Malformed::TrailingBytes {
                offset: self.reader.position(),
                count,
            }),
        }
    }

    fn value(&mut self) -> Result<(), Malformed> {
        let offset = self.reader.position();
        match self.reader.read()? {
            Item::Nil => write::nil(self.out),
            Item::Boolean(value) => write::boolean(self.out, value),
            Item::Integer(value) => write::integer(self.out, value),
            Item::Unsigned(value) => {
                write::string(self.out, itoa::Buffer::new().format(value).as_bytes());
            }
            Item::Float32(value) => write::float(self.out, value.into()),
            Item::Float64(value) => write::float(self.out, value),
            Item::Text(value) | Item::Binary(value) => write::string(self.out, value),
            Item::Array(values) => self.array(values)?,
            Item::Map(pairs) => self.map(pairs)?,
            Item::Extension(kind, _) => return Err(Malformed::Extension { kind, offset }),
        }
        Ok(())
    }

    fn array(&mut self, values: u32) -> Result<(), Malformed> {
        self.enter(values, values as usize)?;
        for index in 0..values {
            write::integer(self.out, index.into());
            self.value()?;
        }
        self.leave();
        Ok(())
    }

    fn map(&mut self, pairs: u32) -> Result<(), Malformed> {
        // The table is built after the budget said that the entries exist.
        self.enter(pairs, (pairs as usize).saturating_mul(2))?;
        let mut table = Table::new(pairs, false);
        for _ in 0..pairs {
            self.key(table.as_mut())?;
            self.value()?;
        }
        self.leave();
        Ok(())
    }

    fn key(&mut self, table: Option<&mut Table>) -> Result<(), Malformed> {
        let offset = self.reader.position();
        match self.reader.read()? {
            Item::Integer(key) => {
                if let Some(table) = table {
                    table.integer(key, &mut self.collisions)?;
                }
                write::integer(self.out, key);
            }
            Item::Text(key) | Item::Binary(key) => self.string_key(key, table)?,
            Item::Unsigned(key) => {
                let mut digits = itoa::Buffer::new();
                self.string_key(digits.format(key).as_bytes(), table)?;
            }
            other => {
                return Err(Malformed::UnsupportedKey {
                    found: other.kind().name(),
                    offset,
                });
            }
        }
        Ok(())
    }

    fn string_key(&mut self, key: &[u8], table: Option<&mut Table>) -> Result<(), Malformed> {
        if let Some(table) = table {
            table.string(key, &mut self.collisions)?;
        }
        write::string(self.out, key);
        Ok(())
    }

    fn enter(&mut self, entries: u32, values: usize) -> Result<(), Malformed> {
        self.levels = self.levels.checked_sub(1).ok_or(Malformed::TooDeep {
            limit: self.limits.levels(),
        })?;
        self.nodes = self
            .nodes
            .checked_sub(values)
            .ok_or(Malformed::TooManyNodes {
                limit: self.limits.nodes,
            })?;
        write::array(self.out, entries);
        Ok(())
    }

    fn leave(&mut self) {
        self.levels += 1;
        self.out.push(b'}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::msgpack::writer::Writer;

    fn php(value: &[u8]) -> Result<String, Malformed> {
        let mut out = Vec::new();
        to_php(value, &mut out, &Limits::default())?;
        Ok(String::from_utf8_lossy(&out).into_owned())
    }

    fn map_of_keys(pairs: u32, stride: i64) -> Vec<u8> {
        let mut writer = Writer::new(&Limits::default());
        writer.map(pairs).expect("fits");
        for key in 0..pairs {
            writer.integer(i64::from(key) * stride);
            writer.nil();
        }
        writer.finish().expect("whole").to_vec()
    }

    #[test]
    fn each_type_has_its_form() {
        let cases: [(&[u8], &str); 17] = [
            (b"\xc0", "N;"),
            (b"\xc2", "b:0;"),
            (b"\xc3", "b:1;"),
            (b"\x00", "i:0;"),
            (b"\x7f", "i:127;"),
            (b"\xcc\x80", "i:128;"),
            (b"\xe0", "i:-32;"),
            (
                b"\xd3\x80\x00\x00\x00\x00\x00\x00\x00",
                "i:-9223372036854775808;",
            ),
            (b"\xa5hello", "s:5:\"hello\";"),
            (b"\xc4\x02\"\x00", "s:2:\"\"\0\";"),
            (b"\xa0", "s:0:\"\";"),
            (b"\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a", "d:0.1;"),
            (b"\xcb\x80\x00\x00\x00\x00\x00\x00\x00", "d:-0.0;"),
            (b"\xca\x3f\x00\x00\x00", "d:0.5;"),
            (b"\x90", "a:0:{}"),
            (b"\x80", "a:0:{}"),
            (
                b"\x92\x05\x82\xa1a\x01\x02\xc0",
                "a:2:{i:0;i:5;i:1;a:2:{s:1:\"a\";i:1;i:2;N;}}",
            ),
        ];
        for (value, text) in cases {
            assert_eq!(php(value).as_deref(), Ok(text), "{value:02x?}");
        }
    }

    #[test]
    fn floats_without_digits_have_names() {
        let float = |value: f64| php(&[&[0xcb], &value.to_be_bytes()[..]].concat());
        assert_eq!(float(f64::INFINITY).as_deref(), Ok("d:INF;"));
        assert_eq!(float(f64::NEG_INFINITY).as_deref(), Ok("d:-INF;"));
        assert_eq!(float(f64::NAN).as_deref(), Ok("d:NAN;"));
    }

    #[test]
    fn integers_beyond_php_become_their_digits() {
        let largest = b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff";
        let digits = "s:20:\"18446744073709551615\";";
        assert_eq!(php(largest).as_deref(), Ok(digits));
        let key = [&[0x81], &largest[..], &[0xc0]].concat();
        assert_eq!(php(&key), Ok(format!("a:1:{{{digits}N;}}")));
    }

    #[test]
    fn numbers_of_every_length_are_written_whole() {
        for number in [0, 9, 10, 99, 100, 127, 128, 1000, i64::MAX] {
            let mut writer = Writer::new(&Limits::default());
            writer.integer(number);
            let value = writer.finish().expect("whole");
            assert_eq!(php(value), Ok(format!("i:{number};")));
        }
        for length in [9, 10, 99, 100, 127, 128, 1000] {
            let mut writer = Writer::new(&Limits::default());
            let text = "x".repeat(length);
            writer.text(&text).expect("fits");
            let value = writer.finish().expect("whole");
            assert_eq!(php(value), Ok(format!("s:{length}:\"{text}\";")));
        }
        for entries in [9_u32, 10, 99, 100, 127, 128, 1000] {
            let mut writer = Writer::new(&Limits::default());
            writer.array(entries).expect("fits");
            (0..entries).for_each(|_| writer.nil());
            let value = writer.finish().expect("whole");
            let body = (0..entries)
                .map(|key| format!("i:{key};N;"))
                .collect::<Vec<_>>()
                .concat();
            assert_eq!(php(value), Ok(format!("a:{entries}:{{{body}}}")));
        }
    }

    #[test]
    fn what_php_has_no_place_for_is_refused() {
        let key = |found, offset| Err(Malformed::UnsupportedKey { found, offset });
        assert_eq!(php(b"\x81\xc0\x01"), key("nil", 1));
        assert_eq!(php(b"\x82\x01\x01\xc2\x01"), key("boolean", 3));
        assert_eq!(php(b"\x81\xca\x00\x00\x00\x00\x01"), key("float", 1));
        assert_eq!(php(b"\x81\x90\x01"), key("array", 1));
        assert_eq!(php(b"\x81\x80\x01"), key("map", 1));
        assert_eq!(php(b"\x81\xd4\x05\x00\x01"), key("extension", 1));
        assert_eq!(
            php(b"\x91\xd6\xff\x00\x00\x00\x00"),
            Err(Malformed::Extension {
                kind: -1,
                offset: 1
            })
        );
    }

    #[test]
    fn bytes_that_were_not_scanned_do_no_harm() {
        assert_eq!(php(b""), Err(Malformed::Empty));
        assert_eq!(php(b"\x92\x01"), Err(Malformed::Truncated { offset: 0 }));
        assert_eq!(php(b"\x91\xc1"), Err(Malformed::ReservedByte { offset: 1 }));
        assert_eq!(
            php(b"\x01\x02"),
            Err(Malformed::TrailingBytes {
                offset: 1,
                count: 1
            })
        );
        assert_eq!(
            php(&[0x91].repeat(200_000)),
            Err(Malformed::TooDeep { limit: 128 })
        );
        let mut nodes = vec![0xdd, 0x00, 0x20, 0x00, 0x00];
        nodes.resize(3 << 20, 0xc0);
        let limit = 1 << 20;
        assert_eq!(php(&nodes), Err(Malformed::TooManyNodes { limit }));
    }

    #[test]
    fn the_deepest_nesting_that_can_be_allowed_fits_the_stack_of_a_thread() {
        let limits = Limits {
            depth: usize::MAX,
            ..Limits::default()
        };
        let thread = std::thread::Builder::new().stack_size(2 << 20);
        let walk = move || {
            let mut out = Vec::new();
            let mut value = [0x81, 0x01].repeat(512);
            value.push(0xc0);
            to_php(&value, &mut out, &limits)
        };
        let result = thread.spawn(walk).expect("a thread").join();
        assert!(matches!(result, Ok(Ok(()))));
    }

    #[test]
    fn an_error_leaves_out_as_it_was() {
        let mut out = b"before".to_vec();
        let result = to_php(b"\x92\x01\xc1", &mut out, &Limits::default());
        assert!(result.is_err());
        assert_eq!(out, b"before");
        assert_eq!(to_php(b"\x01", &mut out, &Limits::default()), Ok(()));
        assert_eq!(out, b"beforei:1;");
    }

    #[test]
    fn round_numbers_as_keys_are_no_attack() {
        let keys = map_of_keys(5000, 1024);
        assert!(php(&keys).is_ok());
    }

    #[test]
    fn chosen_keys_are_refused() {
        let refused = Err(Malformed::Collisions { limit: 4_000_000 });
        let keys = map_of_keys(200_000, 1 << 18);
        assert_eq!(php(&keys), refused);
        let mut writer = Writer::new(&Limits::default());
        writer.map(1 << 13).expect("fits");
        for bits in 0..1 << 13 {
            // "Ez" and "FY" have one hash, so have all words made of them.
            let key: String = (0..13)
                .map(|bit| if bits >> bit & 1 == 0 { "Ez" } else { "FY" })
                .collect();
            writer.text(&key).expect("fits");
            writer.nil();
        }
        assert_eq!(php(writer.finish().expect("whole")), refused);
    }

    #[test]
    fn many_maps_of_a_few_chosen_keys_each_are_refused_too() {
        let keys = map_of_keys(1000, 1 << 18);
        let mut writer = Writer::new(&Limits::default());
        writer.array(9).expect("fits");
        for _ in 0..9 {
            writer.raw(&keys).expect("fits");
        }
        assert!(php(&keys).is_ok());
        let limit = 4_000_000;
        assert_eq!(
            php(writer.finish().expect("whole")),
            Err(Malformed::Collisions { limit })
        );
    }
}
