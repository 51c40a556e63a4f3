//! MessagePack to a value of PHP's.
//!
//! PHP's allocator may leave every function here by `longjmp`. So nothing in this
//! file has a Drop, locks, borrows or can panic, and what is half built is
//! reachable from nowhere: it is PHP's memory, which PHP takes back at the end of
//! the request that has just failed.

use std::cell::Cell;
use std::ptr::null_mut;

use super::engine::{Engine, attached};
use super::layout::{
    Array, Header, Payload, STRING_COUNTED, STRING_HEADER, TEXT_BYTES, Text, Value, kind,
};
use super::symbols::{MakePlaces, NO_MEMORY};
use crate::msgpack::limits::DEEPEST;
use crate::msgpack::php::{hash, numeric};
use crate::msgpack::{Item, Malformed, Reader};

/// Why nothing was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unbuilt {
    /// The bytes are not what they should be.
    Malformed(Malformed),
    /// It does not fit PHP's memory limit, of which PHP will tell the script.
    Memory,
    /// No engine was attached.
    NoEngine,
}

impl From<Malformed> for Unbuilt {
    fn from(error: Malformed) -> Self {
        Self::Malformed(error)
    }
}

/// Puts what `packed` means into `into`: one value, by the rules of
/// [`to_php`](crate::msgpack::php::to_php), except that a float keeps all its bits.
///
/// Bytes that were not checked with [`fits`](crate::msgpack::php::fits) are safe
/// too, but cost as much memory as they say. On an error what was built stays
/// PHP's until the end of the request.
///
/// # Safety
/// PHP runs a request on this thread, in which the slots were found. `into` is a
/// place of PHP's that holds nothing that has to be released. `packed` stays as
/// it is, and neither the caller nor anyone it was called by, up to PHP, owns
/// anything that a `longjmp` must not pass.
pub unsafe fn decode(packed: &[u8], into: *mut Value) -> Result<(), Unbuilt> {
    let engine = attached().ok_or(Unbuilt::NoEngine)?;
    let mut value = Value::NULL;
    KEYS.with(|keys| {
        let mut builder = Builder {
            engine,
            reader: Reader::new(packed),
            levels: DEEPEST + OUTER,
            keys,
            unbuilt: None,
        };
        // SAFETY: the value has room for a value.
        if unsafe { builder.value(&raw mut value) } {
            Ok(())
        } else {
            Err(builder.unbuilt.unwrap_or(Unbuilt::Memory))
        }
    })?;
    // SAFETY: as the caller promises, and the value is whole.
    unsafe { fill(into, value) };
    Ok(())
}

/// Puts the bytes into `into` as a string.
///
/// # Safety
/// As with [`decode`].
pub unsafe fn string(bytes: &[u8], into: *mut Value) -> Result<(), Unbuilt> {
    let engine = attached().ok_or(Unbuilt::NoEngine)?;
    let string = new_string(engine, bytes)?;
    // SAFETY: as the caller promises, and the string is whole.
    unsafe { fill(into, string) };
    Ok(())
}

/// Puts a list of strings into `into`.
///
/// # Safety
/// As with [`decode`]; the iterator owns nothing.
pub unsafe fn strings<'a>(
    strings: impl ExactSizeIterator<Item = &'a [u8]>,
    into: *mut Value,
) -> Result<(), Unbuilt> {
    let engine = attached().ok_or(Unbuilt::NoEngine)?;
    let array = new_array(engine, u32::try_from(strings.len()).unwrap_or(0), true)?;
    for bytes in strings {
        let mut value = new_string(engine, bytes)?;
        // SAFETY: the array is whole and nobody else's; it copies the value, and owns
        // what it leads to.
        stored(unsafe { (engine.symbols.append)(array, &raw mut value) })?;
    }
    // SAFETY: as the caller promises, and the array is whole.
    unsafe { fill(into, Value::array(array)) };
    Ok(())
}

/// Puts an int into `into`.
///
/// # Safety
/// `into` is a place of PHP's that holds nothing that has to be released.
pub unsafe fn integer(integer: i64, into: *mut Value) {
    // SAFETY: as the caller promises.
    unsafe { fill(into, Value::plain(kind::INTEGER, Payload { integer })) };
}

/// # Safety
/// The place holds nothing that has to be released; the value is its to own.
pub(super) unsafe fn fill(into: *mut Value, value: Value) {
    // SAFETY: as the caller promises. What holds the value keeps its spare bits.
    unsafe {
        (*into).payload = value.payload;
        (*into).type_info = value.type_info;
    }
}

/// Levels that a batch puts around the values in it: the list, a map by token, a
/// call with its context.
const OUTER: usize = 3;

/// Keys that are kept for the next map that has them, in this message or a later
/// one: records have the same ones, and a kept key needs no memory and no
/// hashing.
pub(super) struct Keys([Cell<*mut Text>; PLACES]);

const PLACES: usize = 64;

thread_local! {
    /// Strings of which one reference is counted for their place here. They end
    /// with PHP's request, as the slots do. Plain addresses without a Drop.
    pub(super) static KEYS: Keys = const { Keys([const { Cell::new(null_mut()) }; PLACES]) };
}

/// Forgets the keys without a look at them: with their request they have gone.
pub(super) fn disown_keys() {
    KEYS.with(|keys| keys.0.iter().for_each(|place| place.set(null_mut())));
}

/// Larger maps have keys that no other has: they are not kept.
pub(super) const RECORD: u32 = 64;

/// Longer keys are not kept: comparing them would cost too much.
pub(super) const LONGEST_KEPT: usize = 32;

impl Keys {
    /// A string of two bytes or more, of which one reference stays counted for
    /// its place among the keys.
    #[inline]
    pub(super) fn kept(&self, engine: &Engine, key: &[u8]) -> Result<*mut Text, Unbuilt> {
        let (Some(first), Some(last)) = (key.first(), key.last()) else {
            return copy(engine, key);
        };
        // Spreads the keys of most records well enough.
        let index = (usize::from(*first) ^ usize::from(*last) << 1 ^ key.len() << 2) % PLACES;
        let Some(place) = self.0.get(index) else {
            return copy(engine, key);
        };
        let kept = place.get();
        if !kept.is_null() {
            // SAFETY: the reference that is counted here keeps it alive.
            if equal(unsafe { Text::bytes(kept) }, key) {
                return Ok(kept);
            }
            place.set(null_mut());
            // SAFETY: this place's own reference.
            unsafe { release(engine, kept) };
        }
        let new = copy_of_key(engine, key)?;
        place.set(new);
        Ok(new)
    }
}

struct Builder<'a> {
    engine: &'static Engine,
    reader: Reader<'a>,
    /// How many more arrays and maps may be opened: bounds the stack.
    levels: usize,
    keys: &'a Keys,
    /// Why a function has returned false. Kept here, because a bool is handed
    /// back faster.
    unbuilt: Option<Unbuilt>,
}

impl Builder<'_> {
    /// Reads one value and writes it to `into`, which is not read, nor released.
    ///
    /// # Safety
    /// `into` has room for a value.
    #[allow(clippy::inline_always)] // A call costs as much as a small value.
    #[inline(always)]
    unsafe fn value(&mut self, into: *mut Value) -> bool {
        if let Some(integer) = self.reader.one_byte_integer() {
            // SAFETY: as the caller promises.
            unsafe { into.write(Value::plain(kind::INTEGER, Payload { integer })) };
            return true;
        }
        // SAFETY: as the caller promises.
        unsafe { self.other(into) }
    }

    /// Any value.
    ///
    /// # Safety
    /// As with [`Builder::value`].
    unsafe fn other(&mut self, into: *mut Value) -> bool {
        let offset = self.reader.position();
        let item = match self.reader.read() {
            Ok(item) => item,
            Err(why) => return self.give_up(why.into()),
        };
        let built = match item {
            Item::Nil => Ok(Value::NULL),
            Item::Boolean(false) => Ok(Value::plain(kind::FALSE, Payload { integer: 0 })),
            Item::Boolean(true) => Ok(Value::plain(kind::TRUE, Payload { integer: 0 })),
            Item::Integer(integer) => Ok(Value::plain(kind::INTEGER, Payload { integer })),
            Item::Unsigned(value) => new_string(self.engine, Digits::of(value).as_bytes()),
            Item::Float32(value) => Ok(Value::plain(
                kind::FLOAT,
                Payload {
                    float: value.into(),
                },
            )),
            Item::Float64(float) => Ok(Value::plain(kind::FLOAT, Payload { float })),
            Item::Text(value) | Item::Binary(value) => new_string(self.engine, value),
            Item::Array(0) | Item::Map(0) => Ok(Value::plain(
                kind::ARRAY,
                Payload {
                    array: self.engine.symbols.empty_array.cast_mut(),
                },
            )),
            // SAFETY: as the caller promises.
            Item::Array(values) => return unsafe { self.list(values, into) },
            // SAFETY: as the caller promises.
            Item::Map(pairs) => return unsafe { self.map(pairs, into) },
            Item::Extension(kind, _) => Err(Malformed::Extension { kind, offset }.into()),
        };
        match built {
            Ok(value) => {
                // SAFETY: as the caller promises.
                unsafe { into.write(value) };
                true
            }
            Err(why) => self.give_up(why),
        }
    }

    #[cold]
    fn give_up(&mut self, why: Unbuilt) -> bool {
        self.unbuilt = Some(why);
        false
    }

    /// A new array with places for so many elements.
    fn array(&mut self, size: u32, packed: bool) -> Result<*mut Array, Unbuilt> {
        self.levels = self
            .levels
            .checked_sub(1)
            .ok_or(Malformed::TooDeep { limit: DEEPEST })?;
        new_array(self.engine, size, packed)
    }

    /// # Safety
    /// As with [`Builder::value`].
    unsafe fn list(&mut self, values: u32, into: *mut Value) -> bool {
        let array = match self.array(values, true) {
            Ok(array) => array,
            Err(why) => return self.give_up(why),
        };
        // SAFETY: the array is whole.
        let room = unsafe { (*array).size };
        if self.engine.layout.bare_packed && room >= values {
            // SAFETY: a row of at least `values` places for values; PHP reads
            // none of them before `used` says that they are filled.
            unsafe {
                let mut place = (*array).data.cast::<Value>();
                let end = place.add(values as usize);
                while place < end {
                    let left = end.offset_from_unsigned(place);
                    let numbers = self.reader.one_byte_integers(left);
                    for number in numbers {
                        let integer = number.cast_signed().into();
                        place.write(Value::plain(kind::INTEGER, Payload { integer }));
                        place = place.add(1);
                    }
                    if numbers.is_empty() {
                        if !self.other(place) {
                            return false;
                        }
                        place = place.add(1);
                    }
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
                let place = unsafe {
                    if !self.value(&raw mut value) {
                        return false;
                    }
                    (self.engine.symbols.append)(array, &raw mut value)
                };
                if stored(place).is_err() {
                    return self.give_up(Unbuilt::Memory);
                }
            }
        }
        // SAFETY: as the caller promises.
        unsafe { self.close(array, into) };
        true
    }

    /// # Safety
    /// As with [`Builder::value`].
    unsafe fn map(&mut self, pairs: u32, into: *mut Value) -> bool {
        let array = match self.array(pairs, false) {
            Ok(array) => array,
            Err(why) => return self.give_up(why),
        };
        for _ in 0..pairs {
            // SAFETY: the array is whole and nobody else's.
            if let Err(why) = unsafe { self.pair(array, pairs <= RECORD) } {
                return self.give_up(why);
            }
        }
        // SAFETY: as the caller promises.
        unsafe { self.close(array, into) };
        true
    }

    /// Reads a key and its value and puts them into the array.
    ///
    /// # Safety
    /// The array is whole and nobody else's.
    #[inline]
    unsafe fn pair(&mut self, array: *mut Array, keep: bool) -> Result<(), Unbuilt> {
        let offset = self.reader.position();
        let key = self.reader.read()?;
        let mut value = Value::NULL;
        // SAFETY: room for a value.
        if !unsafe { self.value(&raw mut value) } {
            return Err(self.unbuilt.unwrap_or(Unbuilt::Memory));
        }
        // SAFETY: as the caller promises; the array copies the value, and owns
        // what it leads to.
        unsafe {
            match key {
                Item::Integer(key) => self.put_integer(array, key, value),
                Item::Text(key) | Item::Binary(key) => self.put(array, key, value, keep),
                Item::Unsigned(key) => self.put(array, Digits::of(key).as_bytes(), value, keep),
                other => {
                    let found = other.kind().name();
                    Err(Malformed::UnsupportedKey { found, offset }.into())
                }
            }
        }
    }

    /// Puts a value under a string key, which to PHP may be an integer. A value
    /// that is replaced is a string, an array or less: releasing it runs no PHP
    /// code.
    ///
    /// # Safety
    /// The array is whole and nobody else's; the value is the array's to own.
    #[inline]
    unsafe fn put(
        &mut self,
        array: *mut Array,
        key: &[u8],
        value: Value,
        keep: bool,
    ) -> Result<(), Unbuilt> {
        if let Some(key) = numeric(key) {
            // SAFETY: as the caller promises; the key is a whole string.
            return unsafe { self.put_integer(array, key, value) };
        }
        if let Some(key) = interned(self.engine, key) {
            // SAFETY: as the caller promises; the key is a whole string.
            return unsafe { self.put_string(array, key, value) };
        }
        if key.len() <= LONGEST_KEPT && keep {
            let key = self.keys.kept(self.engine, key)?;
            // SAFETY: as the caller promises; the key is a whole string.
            return unsafe { self.put_string(array, key, value) };
        }
        let key = copy_of_key(self.engine, key)?;
        // SAFETY: as the caller promises; the key is a whole string.
        let put = unsafe { self.put_string(array, key, value) };
        // SAFETY: the array has counted its own reference, and this one is ours.
        unsafe { release(self.engine, key) };
        put
    }

    /// # Safety
    /// As with [`Builder::put`]; the key is whole, and no integer to PHP.
    #[inline]
    unsafe fn put_string(
        &self,
        array: *mut Array,
        key: *mut Text,
        mut value: Value,
    ) -> Result<(), Unbuilt> {
        // SAFETY: as the caller promises.
        stored(unsafe { (self.engine.symbols.put_string)(array, key, &raw mut value) })
    }

    /// # Safety
    /// As with [`Builder::put`].
    #[inline]
    unsafe fn put_integer(
        &self,
        array: *mut Array,
        key: i64,
        mut value: Value,
    ) -> Result<(), Unbuilt> {
        let put = self.engine.symbols.put_integer;
        // SAFETY: as the caller promises.
        stored(unsafe { put(array, key.cast_unsigned(), &raw mut value) })
    }

    /// # Safety
    /// As with [`Builder::value`].
    unsafe fn close(&mut self, array: *mut Array, into: *mut Value) {
        self.levels = self.levels.saturating_add(1);
        // SAFETY: as the caller promises.
        unsafe { into.write(Value::array(array)) };
    }
}

/// A new array with places for so many elements.
pub(super) fn new_array(engine: &Engine, size: u32, packed: bool) -> Result<*mut Array, Unbuilt> {
    let symbols = &engine.symbols;
    // SAFETY: PHP's allocator, then its functions on an array that nobody else
    // knows.
    unsafe {
        let array = (symbols.allocate)(size_of::<Array>()).cast::<Array>();
        if array.is_null() {
            return Err(Unbuilt::Memory);
        }
        (symbols.init_array)(array, size, symbols.release, false);
        match symbols.make_places {
            MakePlaces::Surely(make) => make(array, packed),
            MakePlaces::Perhaps(make) => {
                if make(array, packed, true) != 0 {
                    return Err(Unbuilt::Memory);
                }
            }
        }
        Ok(array)
    }
}

/// Gives back one reference to a counted string.
///
/// # Safety
/// The reference is the caller's.
#[inline]
pub(super) unsafe fn release(engine: &Engine, string: *mut Text) {
    // SAFETY: as the caller promises; the last reference frees.
    unsafe {
        if (*string).header.count == 1 {
            (engine.symbols.free)(string.cast());
        } else {
            (*string).header.count -= 1;
        }
    }
}

#[inline]
pub(super) fn new_string(engine: &Engine, bytes: &[u8]) -> Result<Value, Unbuilt> {
    Ok(match interned(engine, bytes) {
        Some(string) => Value::plain(kind::STRING, Payload { string }),
        None => Value {
            payload: Payload {
                string: copy(engine, bytes)?,
            },
            type_info: STRING_COUNTED,
            spare: 0,
        },
    })
}

/// The string that PHP keeps for ever and does not count, for no byte or one.
#[inline]
pub(super) fn interned(engine: &Engine, bytes: &[u8]) -> Option<*mut Text> {
    let symbols = &engine.symbols;
    match bytes {
        // SAFETY: PHP made these before any script ran, and keeps them.
        [] => Some(unsafe { *symbols.empty_string }),
        // SAFETY: as above; there is one for each byte.
        [byte] => Some(unsafe { (*symbols.one_byte_strings)[usize::from(*byte)] }),
        _ => None,
    }
}

/// A new string with a copy of the bytes, and one reference counted.
#[inline]
pub(super) fn copy(engine: &Engine, bytes: &[u8]) -> Result<*mut Text, Unbuilt> {
    hashed(engine, bytes, 0)
}

/// The same, with its hash, which PHP would ask for next.
#[inline]
pub(super) fn copy_of_key(engine: &Engine, bytes: &[u8]) -> Result<*mut Text, Unbuilt> {
    hashed(engine, bytes, hash(bytes))
}

/// The hash is that of the bytes, or 0: PHP then finds it out itself.
#[inline]
fn hashed(engine: &Engine, bytes: &[u8], hash: u64) -> Result<*mut Text, Unbuilt> {
    let size = (TEXT_BYTES + bytes.len() + 1).next_multiple_of(8);
    // SAFETY: PHP's allocator may be asked for any size.
    let string = unsafe { (engine.symbols.allocate)(size) }.cast::<Text>();
    if string.is_null() {
        return Err(Unbuilt::Memory);
    }
    // SAFETY: the head, the bytes and the NUL fit into memory of that size,
    // which is nobody else's, and aligned as all of PHP's.
    unsafe {
        string.write(Text {
            header: Header {
                count: 1,
                type_info: STRING_HEADER,
            },
            hash,
            length: bytes.len(),
        });
        let place = string.cast::<u8>().add(TEXT_BYTES);
        place.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        place.add(bytes.len()).write(0);
    }
    Ok(string)
}

/// Whether both are the same bytes; short ones are compared without a call.
#[inline]
fn equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len()
        && (ends_equal::<16>(a, b)
            .or_else(|| ends_equal::<8>(a, b))
            .or_else(|| ends_equal::<4>(a, b)))
        .unwrap_or_else(|| a == b)
}

/// Compares N to 2 N bytes: the first N, and the last N.
#[inline]
fn ends_equal<const N: usize>(a: &[u8], b: &[u8]) -> Option<bool> {
    if a.len() > 2 * N {
        return None;
    }
    let first = a.first_chunk::<N>()? == b.first_chunk::<N>()?;
    Some(first && a.last_chunk::<N>()? == b.last_chunk::<N>()?)
}

/// Whether PHP has stored an element.
#[inline]
fn stored(place: *mut Value) -> Result<(), Unbuilt> {
    if place.is_null() || place == NO_MEMORY {
        return Err(Unbuilt::Memory);
    }
    Ok(())
}

/// The decimal digits of a number.
pub(super) struct Digits {
    bytes: [u8; 20],
    start: usize,
}

impl Digits {
    pub(super) fn of(mut value: u64) -> Self {
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

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_here_needs_a_drop() {
        assert!(!std::mem::needs_drop::<Builder<'_>>());
        assert!(!std::mem::needs_drop::<Keys>());
        assert!(!std::mem::needs_drop::<Item<'_>>());
        assert!(!std::mem::needs_drop::<Result<Value, Unbuilt>>());
    }

    #[test]
    fn equal_bytes_are_those_that_differ_nowhere() {
        let a = [7_u8; 70];
        for size in 0..a.len() {
            assert!(equal(&a[..size], &a[..size]));
            assert!(!equal(&a[..size], &a[..=size]));
            for at in 0..size {
                let mut b = a;
                b[at] = 8;
                assert!(!equal(&a[..size], &b[..size]), "{size}, {at}");
            }
        }
    }

    #[test]
    fn digits_are_those_of_the_number() {
        for value in [0, 9, 10, 12_345, i64::MAX as u64 + 1, u64::MAX] {
            assert_eq!(Digits::of(value).as_bytes(), value.to_string().as_bytes());
        }
    }
}
