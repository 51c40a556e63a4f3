//! A value of PHP's from what ext-msgpack packs.
//!
//! PHP's allocator may leave every function here by `longjmp`. So nothing in this
//! file has a Drop, locks, borrows or can panic. Arrays and objects are put into
//! their places before what is in them, and each table knows how much of it is
//! filled: what is half built PHP can drop like all that it has made itself.

use std::ptr::{null, null_mut};

use super::allowed::Allowed;
use super::properties::Built;
use super::report;
use crate::msgpack::limits::DEEPEST;
use crate::msgpack::php::objects::marks::{self, Earlier, Marks};
use crate::msgpack::php::{Survey, numeric};
use crate::msgpack::{Item, Reader};
use crate::zend::decode::{
    Digits, KEYS, Keys, LONGEST_KEPT, RECORD, copy_of_key, fill, interned, new_array, new_string,
    release,
};
use crate::zend::engine::{Engine, attached};
use crate::zend::layout::{
    Array, Header, Object, Payload, REFERENCE_HEADER, Reference, Value, kind,
};
use crate::zend::symbols::NO_MEMORY;

/// Puts what `packed` means to ext-msgpack into `into`. False where that is for
/// somebody else to find out: `into` is then as it was.
///
/// # Safety
/// As with [`decode`](crate::zend::decode()); the survey is that of the bytes, and
/// the unpacker is a live object of stdClass with its own `[]`.
pub unsafe fn decode(
    packed: &[u8],
    survey: Survey,
    php_only: bool,
    unpacker: *mut Object,
    into: *mut Value,
) -> bool {
    let Some(engine) = attached() else {
        return false;
    };
    // SAFETY: the unpacker is live.
    let (allowed, report) = unsafe {
        let properties = (*unpacker).properties;
        (
            report::allowed(engine, properties),
            report::room(engine, properties),
        )
    };
    // What may fail midway needs somebody to drop what is there by then.
    if report.is_null() || survey.marks && !php_only {
        return false;
    }
    let room = if survey.back { survey.containers } else { 0 };
    let met = if room > 0 {
        // SAFETY: PHP's allocator may be asked for any size.
        let met: *mut Value =
            unsafe { (engine.symbols.allocate)(room.saturating_mul(size_of::<Value>())) }.cast();
        if met.is_null() {
            return false;
        }
        met
    } else {
        null_mut()
    };
    let mut value = Value::NULL;
    let (done, refused) = KEYS.with(|keys| {
        let mut builder = Builder {
            engine,
            reader: Reader::new(packed),
            keys,
            php_only,
            levels: DEEPEST,
            met,
            room,
            numbered: 0,
            allowed,
            last: None,
            refused: null_mut(),
        };
        // SAFETY: the value has room for a value.
        let done = unsafe { builder.value(&raw mut value) };
        (done, builder.refused)
    });
    if !met.is_null() {
        // SAFETY: ours, and nothing in it counts.
        unsafe { (engine.symbols.free)(met.cast()) };
    }
    if done && refused.is_null() {
        // SAFETY: as the caller promises, and the value is whole.
        unsafe { fill(into, value) };
        return true;
    }
    // SAFETY: a live object without properties; the value and the array are its.
    unsafe { report::tell(engine, report, value, refused, done, into) }
}

pub(super) struct Builder<'a> {
    pub(super) engine: &'static Engine,
    pub(super) reader: Reader<'a>,
    pub(super) keys: &'a Keys,
    php_only: bool,
    /// How many more arrays and objects may be opened: bounds the stack.
    levels: usize,
    /// The arrays, objects and references that have a number, none of them
    /// counted; NULL if nothing refers to them.
    met: *mut Value,
    room: usize,
    numbered: usize,
    pub(super) allowed: Allowed<'a>,
    /// The class named last.
    pub(super) last: Option<(&'a [u8], Built)>,
    /// The names of the classes that were refused, as keys; NULL for none.
    pub(super) refused: *mut Array,
}

impl Builder<'_> {
    /// Reads one value and fills `into` with it, without a look at what is in it.
    /// Whatever the outcome, it then holds a value.
    ///
    /// # Safety
    /// `into` is a place for a value, which holds nothing that counts.
    #[allow(clippy::inline_always)] // A call costs as much as a small value.
    #[inline(always)]
    pub(super) unsafe fn value(&mut self, into: *mut Value) -> bool {
        if let Some(integer) = self.reader.one_byte_integer() {
            // SAFETY: as the caller promises.
            unsafe { fill(into, Value::plain(kind::INTEGER, Payload { integer })) };
            return true;
        }
        // SAFETY: as the caller promises.
        unsafe { self.other(into) }
    }

    /// # Safety
    /// As with [`Builder::value`].
    unsafe fn other(&mut self, into: *mut Value) -> bool {
        let Ok(item) = self.reader.read() else {
            return false;
        };
        let built = match item {
            Item::Nil | Item::Extension(..) => Value::NULL,
            Item::Boolean(value) => Value::plain(
                if value { kind::TRUE } else { kind::FALSE },
                Payload { integer: 0 },
            ),
            Item::Integer(integer) => Value::plain(kind::INTEGER, Payload { integer }),
            Item::Float32(value) => {
                let float = value.into();
                Value::plain(kind::FLOAT, Payload { float })
            }
            Item::Float64(float) => Value::plain(kind::FLOAT, Payload { float }),
            Item::Unsigned(value) => {
                // SAFETY: as the caller promises.
                return unsafe { self.string(Digits::of(value).as_bytes(), into) };
            }
            // SAFETY: as the caller promises.
            Item::Text(value) | Item::Binary(value) => return unsafe { self.string(value, into) },
            Item::Array(0) => {
                let empty = self.empty();
                self.meet(empty);
                empty
            }
            Item::Map(0) if !self.php_only => self.empty(),
            // SAFETY: as the caller promises.
            Item::Array(values) => return unsafe { self.list(values, into) },
            // SAFETY: as the caller promises.
            Item::Map(pairs) => return unsafe { self.map(pairs, into) },
        };
        // SAFETY: as the caller promises.
        unsafe { fill(into, built) };
        true
    }

    /// # Safety
    /// As with [`Builder::value`].
    pub(super) unsafe fn string(&self, bytes: &[u8], into: *mut Value) -> bool {
        let Ok(string) = new_string(self.engine, bytes) else {
            return false;
        };
        // SAFETY: as the caller promises.
        unsafe { fill(into, string) };
        true
    }

    fn empty(&self) -> Value {
        let array = self.engine.symbols.empty_array.cast_mut();
        Value::plain(kind::ARRAY, Payload { array })
    }

    /// Gives the next number to a value.
    #[inline]
    pub(super) fn meet(&mut self, value: Value) {
        if self.numbered < self.room {
            // SAFETY: `met` has so many places.
            unsafe { self.met.add(self.numbered).write(value) };
            self.numbered += 1;
        }
    }

    #[inline]
    fn enter(&mut self) -> bool {
        match self.levels.checked_sub(1) {
            Some(levels) => {
                self.levels = levels;
                true
            }
            None => false,
        }
    }

    /// # Safety
    /// As with [`Builder::value`].
    unsafe fn list(&mut self, values: u32, into: *mut Value) -> bool {
        if !self.enter() {
            return false;
        }
        let Ok(array) = new_array(self.engine, values, true) else {
            return false;
        };
        self.meet(Value::array(array));
        // SAFETY: as the caller promises; the array is whole, and in its place.
        unsafe {
            fill(into, Value::array(array));
            let mut done = true;
            if self.engine.layout.bare_packed && (*array).size >= values {
                let mut filled = 0;
                let places: *mut Value = (*array).data.cast();
                while done && filled < values {
                    // A row of at least `values` places for values; PHP reads none
                    // of them before `used` says that they are filled.
                    let place = places.add(filled as usize);
                    place.write(Value::NULL);
                    done = self.value(place);
                    filled += 1;
                }
                (*array).used = filled;
                (*array).count = filled;
                (*array).next_index = filled.into();
                (*array).position = 0;
            } else {
                let mut left = values;
                while done && left > 0 {
                    let mut null = Value::NULL;
                    let place = (self.engine.symbols.append)(array, &raw mut null);
                    done = !place.is_null() && place != NO_MEMORY && self.value(place);
                    left -= 1;
                }
            }
            self.levels += 1;
            done
        }
    }

    /// # Safety
    /// As with [`Builder::value`].
    unsafe fn map(&mut self, pairs: u32, into: *mut Value) -> bool {
        if !self.enter() {
            return false;
        }
        let marks = if pairs > 0 && marks::are_next(&self.reader) {
            match marks::read(&mut self.reader, pairs) {
                Some(marks) => marks,
                None => return false,
            }
        } else if pairs > 0 {
            // SAFETY: as the caller promises.
            let done = unsafe { self.array(pairs, into, false) };
            self.levels += 1;
            return done;
        } else {
            Marks::Object {
                class: b"stdClass",
                reference: false,
                pairs: 0,
            }
        };
        // SAFETY: as the caller promises; what a new reference refers to is a place.
        let done = unsafe {
            match marks {
                Marks::Reference { pairs } => match self.reference(into) {
                    Some(place) => self.array(pairs, place, true),
                    None => false,
                },
                Marks::Object {
                    class,
                    reference: true,
                    pairs,
                } => match self.reference(into) {
                    Some(place) => self.object(class, pairs, place, true),
                    None => false,
                },
                Marks::Object { class, pairs, .. } => self.object(class, pairs, into, false),
                Marks::Back { what, number } => self.back(what, number, into),
            }
        };
        self.levels += 1;
        done
    }

    /// Puts a new reference in, which has the next number; returns the place that
    /// it refers to. The outermost value can be none.
    ///
    /// # Safety
    /// As with [`Builder::value`].
    unsafe fn reference(&mut self, into: *mut Value) -> Option<*mut Value> {
        if self.levels + 1 >= DEEPEST {
            return None;
        }
        // SAFETY: PHP's allocator.
        let reference: *mut Reference =
            unsafe { (self.engine.symbols.allocate)(size_of::<Reference>()) }.cast();
        if reference.is_null() {
            return None;
        }
        let value = Value {
            payload: Payload { reference },
            type_info: self.engine.layout.reference,
            spare: 0,
        };
        // SAFETY: memory of that size; then as the caller promises.
        unsafe {
            reference.write(Reference {
                header: Header {
                    count: 1,
                    type_info: REFERENCE_HEADER,
                },
                value: Value::NULL,
                sources: null(),
            });
            fill(into, value);
            self.meet(value);
            Some(&raw mut (*reference).value)
        }
    }

    /// What was met before, once more.
    ///
    /// # Safety
    /// As with [`Builder::value`].
    unsafe fn back(&mut self, what: Earlier, number: usize, into: *mut Value) -> bool {
        let Some(index) = number.checked_sub(1).filter(|index| *index < self.numbered) else {
            return false;
        };
        // SAFETY: so many were met. They still are, because nothing is released;
        // the type says what the payload leads to, which all begin with a header.
        unsafe {
            let earlier = *self.met.add(index);
            let held = if earlier.kind() == kind::REFERENCE {
                (*earlier.payload.reference).value
            } else {
                earlier
            };
            let found = match (what, held.kind()) {
                (Earlier::Object, kind::OBJECT) => held,
                // Where it is not written that the first place is shared, that
                // would have to become a reference now.
                (Earlier::SharedObject, kind::OBJECT) | (Earlier::SharedArray, kind::ARRAY)
                    if earlier.kind() == kind::REFERENCE =>
                {
                    earlier
                }
                _ => return false,
            };
            if found.is_refcounted() {
                (*found.payload.string).header.count += 1;
            }
            fill(into, found);
            if what.is_numbered() {
                self.meet(found);
            }
        }
        true
    }

    /// `shared`: it is a reference that has the number.
    ///
    /// # Safety
    /// As with [`Builder::value`].
    unsafe fn array(&mut self, pairs: u32, into: *mut Value, shared: bool) -> bool {
        let Ok(array) = new_array(self.engine, pairs, false) else {
            return false;
        };
        let value = Value::array(array);
        if !shared {
            self.meet(value);
        }
        // SAFETY: as the caller promises; the array is whole, and has the places.
        unsafe {
            fill(into, value);
            for _ in 0..pairs {
                let place = self.element(array, pairs <= RECORD);
                if place.is_null() || !self.value(place) {
                    return false;
                }
            }
        }
        true
    }

    /// Reads a key and makes its place in an array; NULL if there is one, or the
    /// key is none of an array's.
    ///
    /// # Safety
    /// The array is whole, in one place alone, and has a place left.
    #[inline]
    unsafe fn element(&mut self, array: *mut Array, keep: bool) -> *mut Value {
        // SAFETY: as the caller promises.
        unsafe {
            match self.reader.read() {
                Ok(Item::Integer(key)) => self.at_integer(array, key),
                Ok(Item::Text(key) | Item::Binary(key)) => match numeric(key) {
                    Some(key) => self.at_integer(array, key),
                    None => self.at_string(array, key, keep),
                },
                Ok(Item::Unsigned(key)) => self.at_string(array, Digits::of(key).as_bytes(), keep),
                _ => null_mut(),
            }
        }
    }

    /// # Safety
    /// As with [`Builder::element`].
    #[inline]
    unsafe fn at_integer(&self, array: *mut Array, key: i64) -> *mut Value {
        // SAFETY: as the caller promises.
        unsafe {
            let before = (*array).count;
            let place = (self.engine.symbols.place_integer)(array, key.cast_unsigned());
            if (*array).count == before {
                return null_mut();
            }
            place
        }
    }

    /// # Safety
    /// As with [`Builder::element`]; to PHP the key is no integer, or the array is
    /// one of properties.
    #[inline]
    pub(super) unsafe fn at_string(&self, array: *mut Array, key: &[u8], keep: bool) -> *mut Value {
        let place = self.engine.symbols.place_string;
        let kept = match interned(self.engine, key) {
            Some(key) => Some(Ok(key)),
            None if keep && key.len() <= LONGEST_KEPT => Some(self.keys.kept(self.engine, key)),
            None => None,
        };
        // SAFETY: as the caller promises; the key is whole. The array has counted
        // its own reference to a copy, and the other is ours.
        unsafe {
            let before = (*array).count;
            let place = match kept {
                Some(Ok(key)) => place(array, key),
                Some(Err(_)) => return null_mut(),
                None => {
                    let Ok(key) = copy_of_key(self.engine, key) else {
                        return null_mut();
                    };
                    let place = place(array, key);
                    release(self.engine, key);
                    place
                }
            };
            if (*array).count == before || place == NO_MEMORY {
                return null_mut();
            }
            place
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_here_needs_a_drop() {
        assert!(!std::mem::needs_drop::<Builder<'_>>());
        assert!(!std::mem::needs_drop::<Survey>());
        assert!(!std::mem::needs_drop::<itoa::Buffer>());
    }
}
