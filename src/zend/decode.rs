//! MessagePack to a value of PHP's.
//!
//! PHP's allocator may leave every function here by `longjmp`. So nothing in this
//! file has a Drop, locks, borrows or can panic, and what is half built is
//! reachable from nowhere: it is PHP's memory, which PHP takes back at the end of
//! the request that has just failed.

use super::engine::Engine;
use super::layout::{
    ARRAY_COUNTED, Array, Header, Payload, STRING_COUNTED, STRING_HEADER, TEXT_BYTES, Text, Value,
    kind,
};
use super::slot::Slots;
use crate::msgpack::php::numeric;
use crate::msgpack::{Item, Malformed, Reader};

/// Puts what `packed` means into the inbox: by the rules of
/// [`to_php`](crate::msgpack::php::to_php), one exact value of any depth up to the
/// deepest that a limit allows.
///
/// Bytes that were not checked with [`fits`](crate::msgpack::php::fits) are safe
/// too, but cost as much memory as they say, and on an error what was built
/// stays PHP's until the end of the request.
///
/// # Safety
/// The inbox is free (see [`Slots::inbox_is_free`]), `packed` stays as it is, and
/// neither the caller nor anyone it was called by, up to PHP, owns anything that
/// a `longjmp` must not pass.
pub unsafe fn decode(slots: Slots, packed: &[u8]) -> Result<(), Malformed> {
    let mut builder = Builder {
        engine: slots.engine(),
        reader: Reader::new(packed),
        levels: crate::msgpack::limits::DEEPEST + OUTER,
    };
    let mut value = Value::NULL;
    // SAFETY: the value has room for a value.
    unsafe { builder.value(&raw mut value)? };
    // SAFETY: the inbox is free, as the caller promises, and the value is whole.
    unsafe { slots.fill_inbox(value) };
    Ok(())
}

/// Levels that a batch puts around the values in it.
const OUTER: usize = 2;

struct Builder<'a> {
    engine: &'static Engine,
    reader: Reader<'a>,
    /// How many more arrays and maps may be opened: bounds the stack.
    levels: usize,
}

impl Builder<'_> {
    /// Reads one value and writes it to `into`, which is not read, nor released.
    ///
    /// # Safety
    /// `into` has room for a value.
    unsafe fn value(&mut self, into: *mut Value) -> Result<(), Malformed> {
        let offset = self.reader.position();
        let value = match self.reader.read()? {
            Item::Nil => Value::NULL,
            Item::Boolean(false) => Value::plain(kind::FALSE, Payload { integer: 0 }),
            Item::Boolean(true) => Value::plain(kind::TRUE, Payload { integer: 0 }),
            Item::Integer(integer) => Value::plain(kind::INTEGER, Payload { integer }),
            Item::Unsigned(value) => self.string(Digits::of(value).as_bytes()),
            Item::Float32(value) => Value::plain(
                kind::FLOAT,
                Payload {
                    float: value.into(),
                },
            ),
            Item::Float64(float) => Value::plain(kind::FLOAT, Payload { float }),
            Item::Text(value) | Item::Binary(value) => self.string(value),
            Item::Array(0) | Item::Map(0) => Value::plain(
                kind::ARRAY,
                Payload {
                    array: self.engine.symbols.empty_array.cast_mut(),
                },
            ),
            Item::Array(values) => self.list(values)?,
            Item::Map(pairs) => self.map(pairs)?,
            Item::Extension(kind, _) => return Err(Malformed::Extension { kind, offset }),
        };
        // SAFETY: as the caller promises.
        unsafe { into.write(value) };
        Ok(())
    }

    /// A string with a copy of the bytes.
    #[inline]
    fn string(&self, bytes: &[u8]) -> Value {
        let symbols = &self.engine.symbols;
        match bytes {
            // SAFETY: PHP made these before any script ran, and keeps them.
            [] => interned(unsafe { *symbols.empty_string }),
            // SAFETY: as above; the table has all bytes.
            [byte] => interned(unsafe { (*symbols.one_byte_strings)[usize::from(*byte)] }),
            _ => {
                let size = (TEXT_BYTES + bytes.len() + 1).next_multiple_of(8);
                // SAFETY: memory of that size, or none and no return; the head,
                // the bytes and the NUL fit in it.
                let string = unsafe {
                    let string = (symbols.allocate)(size).cast::<Text>();
                    string.write(Text {
                        header: Header {
                            count: 1,
                            type_info: STRING_HEADER,
                        },
                        hash: 0,
                        length: bytes.len(),
                    });
                    let place = string.cast::<u8>().add(TEXT_BYTES);
                    place.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
                    place.add(bytes.len()).write(0);
                    string
                };
                Value {
                    payload: Payload { string },
                    type_info: STRING_COUNTED,
                    spare: 0,
                }
            }
        }
    }

    fn list(&mut self, values: u32) -> Result<Value, Malformed> {
        self.enter()?;
        let symbols = &self.engine.symbols;
        // SAFETY: PHP's functions, on an array that nobody else knows.
        let array = unsafe {
            let array = (symbols.new_array)(values);
            (symbols.make_packed)(array);
            array
        };
        // SAFETY: the array is whole.
        let room = unsafe { (*array).size };
        if self.engine.layout.bare_packed && room >= values {
            // SAFETY: a row of at least `values` places for values; PHP reads
            // none of them before `used` says that they are filled.
            unsafe {
                let places = (*array).data.cast::<Value>();
                for index in 0..values as usize {
                    self.value(places.add(index))?;
                }
                (*array).used = values;
                (*array).count = values;
                (*array).next_index = values.into();
                (*array).position = 0;
            }
        } else {
            for _ in 0..values {
                let mut value = Value::NULL;
                // SAFETY: room for a value; then the array copies it, and owns
                // what it leads to.
                unsafe {
                    self.value(&raw mut value)?;
                    (symbols.append)(array, &raw mut value);
                }
            }
        }
        Ok(self.leave(array))
    }

    fn map(&mut self, pairs: u32) -> Result<Value, Malformed> {
        self.enter()?;
        let symbols = &self.engine.symbols;
        // SAFETY: PHP's functions, on an array that nobody else knows.
        let array = unsafe {
            let array = (symbols.new_array)(pairs);
            (symbols.make_mixed)(array);
            array
        };
        for _ in 0..pairs {
            let offset = self.reader.position();
            let key = self.reader.read()?;
            let mut value = Value::NULL;
            // SAFETY: room for a value.
            unsafe { self.value(&raw mut value)? };
            match key {
                // SAFETY: the array copies the value, and owns what it leads to.
                Item::Integer(key) => unsafe { self.put_integer(array, key, value) },
                // SAFETY: as above.
                Item::Text(key) | Item::Binary(key) => unsafe { self.put(array, key, value) },
                Item::Unsigned(key) => {
                    // SAFETY: as above.
                    unsafe { self.put(array, Digits::of(key).as_bytes(), value) };
                }
                other => {
                    return Err(Malformed::UnsupportedKey {
                        found: other.kind().name(),
                        offset,
                    });
                }
            }
        }
        Ok(self.leave(array))
    }

    /// Puts a value under a string key, which to PHP may be an integer.
    ///
    /// # Safety
    /// The array is whole and nobody else's; the value is the array's to own.
    #[inline]
    unsafe fn put(&self, array: *mut Array, key: &[u8], mut value: Value) {
        if let Some(key) = numeric(key) {
            // SAFETY: as the caller promises.
            unsafe { self.put_integer(array, key, value) };
            return;
        }
        // SAFETY: as the caller promises. A value that is replaced is a string,
        // an array or less: releasing it runs no PHP code.
        unsafe {
            let bytes = key.as_ptr().cast();
            (self.engine.symbols.put_string)(array, bytes, key.len(), &raw mut value);
        }
    }

    /// # Safety
    /// As with [`Builder::put`].
    #[inline]
    unsafe fn put_integer(&self, array: *mut Array, key: i64, mut value: Value) {
        // SAFETY: as the caller promises.
        unsafe {
            (self.engine.symbols.put_integer)(array, key.cast_unsigned(), &raw mut value);
        }
    }

    fn enter(&mut self) -> Result<(), Malformed> {
        self.levels = self.levels.checked_sub(1).ok_or(Malformed::TooDeep {
            limit: crate::msgpack::limits::DEEPEST,
        })?;
        Ok(())
    }

    fn leave(&mut self, array: *mut Array) -> Value {
        self.levels = self.levels.saturating_add(1);
        Value {
            payload: Payload { array },
            type_info: ARRAY_COUNTED,
            spare: 0,
        }
    }
}

/// A string that PHP keeps for ever and does not count.
fn interned(string: *mut Text) -> Value {
    Value::plain(kind::STRING, Payload { string })
}

/// The decimal digits of a number.
struct Digits {
    bytes: [u8; 20],
    start: usize,
}

impl Digits {
    fn of(mut value: u64) -> Self {
        let mut digits = Self {
            bytes: [b'0'; 20],
            start: 20,
        };
        for (index, byte) in digits.bytes.iter_mut().enumerate().rev() {
            *byte = b'0' + (value % 10).to_le_bytes()[0];
            digits.start = index;
            value /= 10;
            if value == 0 {
                break;
            }
        }
        digits
    }

    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_here_needs_a_drop() {
        assert!(!std::mem::needs_drop::<Builder<'_>>());
        assert!(!std::mem::needs_drop::<Slots>());
        assert!(!std::mem::needs_drop::<Item<'_>>());
        assert!(!std::mem::needs_drop::<Result<Value, Malformed>>());
    }

    #[test]
    fn digits_are_those_of_the_number() {
        for value in [0, 9, 10, 12_345, i64::MAX as u64 + 1, u64::MAX] {
            assert_eq!(Digits::of(value).as_bytes(), value.to_string().as_bytes());
        }
    }
}
