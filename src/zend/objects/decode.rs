//! A value of PHP's from what ext-msgpack packs.
//!
//! PHP's allocator may leave every function here by `longjmp`. So nothing in this
//! file has a Drop, locks, borrows or can panic. Arrays and objects are put into
//! their places before what is in them, and each table knows how much of it is
//! filled: what is half built PHP can drop like all that it has made itself.

use std::ptr::{null, null_mut};

use super::allowed::Allowed;
use super::class::{ClassView, is_of_type};
use crate::msgpack::limits::DEEPEST;
use crate::msgpack::php::objects::marks::{self, Earlier, Marks};
use crate::msgpack::php::{Survey, numeric};
use crate::msgpack::{Item, Reader};
use crate::zend::decode::{
    Digits, KEYS, Keys, LONGEST_KEPT, RECORD, copy, fill, interned, new_array, new_string, release,
};
use crate::zend::engine::{Engine, attached};
use crate::zend::layout::{
    Array, Class, Header, Object, Payload, Property, REFERENCE_HEADER, Reference, Text, Value,
    kind, types,
};
use crate::zend::symbols::{NO_AUTOLOAD, NO_MEMORY};

/// The property that an object has whose class was not allowed: its class.
const CLASS_NAME: &[u8] = b"__PHP_Incomplete_Class_Name";

/// Where an unpacker keeps what it is told: an [`Allowed`], as true or a text.
const ALLOWED: &std::ffi::CStr = c"allowed";

/// Where it has the stdClass object, empty so far, that is the result when there is
/// something to be said. That then has the value as its property `value`; and, if there is a
/// value, the names of the classes that were refused as the keys of `refused`.
const REPORT: &std::ffi::CStr = c"report";

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
        (allowed(engine, properties), report(engine, properties))
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
    unsafe { tell(engine, report, value, refused, done, into) }
}

/// # Safety
/// NULL, or the unpacker's own table, which stays as it is.
unsafe fn property(engine: &Engine, properties: *const Array, name: &std::ffi::CStr) -> *mut Value {
    if properties.is_null() {
        return null_mut();
    }
    let find = engine.symbols.find_string;
    // SAFETY: as the caller promises.
    unsafe { find(properties, name.as_ptr(), name.count_bytes()) }
}

/// # Safety
/// As with [`property`].
unsafe fn allowed<'a>(engine: &Engine, properties: *const Array) -> Allowed<'a> {
    // SAFETY: as the caller promises; the type says what the payload leads to.
    unsafe {
        let value = property(engine, properties, ALLOWED);
        match value.as_ref().map(Value::kind) {
            Some(kind::TRUE) => Allowed::Any,
            Some(kind::STRING) => Allowed::Names(Text::bytes((*value).payload.string)),
            _ => Allowed::Std,
        }
    }
}

/// NULL when there is none, or it still has to be heard.
///
/// # Safety
/// As with [`property`].
unsafe fn report(engine: &Engine, properties: *const Array) -> *mut Object {
    // SAFETY: as above; the variable was set before any script ran.
    unsafe {
        let value = property(engine, properties, REPORT);
        if value.as_ref().map(Value::kind) != Some(kind::OBJECT) {
            return null_mut();
        }
        let object = (*value).payload.object;
        if !std::ptr::eq((*object).class, *engine.symbols.std_class)
            || (*object)
                .properties
                .as_ref()
                .is_some_and(|properties| properties.count > 0 || properties.header.count != 1)
        {
            return null_mut();
        }
        object
    }
}

/// Makes the report the result.
///
/// # Safety
/// The report is a live stdClass object, whose table is empty and nobody else's. The value, and the
/// array unless it is NULL, are the report's to own.
unsafe fn tell(
    engine: &'static Engine,
    report: *mut Object,
    value: Value,
    refused: *mut Array,
    done: bool,
    into: *mut Value,
) -> bool {
    // SAFETY: as the caller promises; the table is whole.
    unsafe {
        if (*report).properties.is_null() {
            let Ok(table) = new_array(engine, 2, false) else {
                return false;
            };
            (*report).properties = table;
        }
        let table = (*report).properties;
        if !put(engine, table, b"value", value) {
            return false;
        }
        let name: &[u8] = if done { b"refused" } else { b"dropped" };
        if !refused.is_null() && !put(engine, table, name, Value::array(refused)) {
            return false;
        }
        (*report).header.count += 1;
        fill(into, Value::object(report));
    }
    true
}

/// # Safety
/// The table is whole, and has no place of that name; the value is
/// its to own.
unsafe fn put(engine: &Engine, table: *mut Array, name: &[u8], value: Value) -> bool {
    let Ok(name) = copy(engine, name) else {
        return false;
    };
    // SAFETY: as the caller promises; the table has counted its own reference to
    // the name, and this one is ours.
    unsafe {
        let place = (engine.symbols.place_string)(table, name);
        release(engine, name);
        if place.is_null() || place == NO_MEMORY {
            return false;
        }
        fill(place, value);
    }
    true
}

/// What becomes of an object.
#[derive(Clone, Copy)]
enum Built {
    /// A stdClass object.
    Std,
    /// A stdClass object that says what it should have been.
    Refused,
    /// An object of a class that is built as it is.
    Class(*const Class),
}

struct Builder<'a> {
    engine: &'static Engine,
    reader: Reader<'a>,
    keys: &'a Keys,
    php_only: bool,
    /// How many more arrays and objects may be opened: bounds the stack.
    levels: usize,
    /// The arrays, objects and references that have a number, none of them
    /// counted; NULL if nothing refers to them.
    met: *mut Value,
    room: usize,
    numbered: usize,
    allowed: Allowed<'a>,
    /// The class named last.
    last: Option<(&'a [u8], Built)>,
    /// The names of the classes that were refused, as keys; NULL for none.
    refused: *mut Array,
}

impl<'a> Builder<'a> {
    /// Reads one value and fills `into` with it, without a look at what is in it.
    /// Whatever the outcome, it then holds a value.
    ///
    /// # Safety
    /// `into` is a place for a value, which holds nothing that counts.
    #[allow(clippy::inline_always)] // A call costs as much as a small value.
    #[inline(always)]
    unsafe fn value(&mut self, into: *mut Value) -> bool {
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
    unsafe fn string(&self, bytes: &[u8], into: *mut Value) -> bool {
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
    fn meet(&mut self, value: Value) {
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
    unsafe fn at_string(&self, array: *mut Array, key: &[u8], keep: bool) -> *mut Value {
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
                    let Ok(key) = copy(self.engine, key) else {
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

    /// # Safety
    /// As with [`Builder::array`].
    unsafe fn object(
        &mut self,
        name: &'a [u8],
        pairs: u32,
        into: *mut Value,
        shared: bool,
    ) -> bool {
        let Some(built) = self.class(name) else {
            return false;
        };
        let class = match built {
            Built::Class(class) => class,
            // SAFETY: PHP sets the variable before any script runs.
            Built::Std | Built::Refused => unsafe { *self.engine.symbols.std_class },
        };
        let mut made = Value::NULL;
        // SAFETY: a class whose objects are made without running code.
        if unsafe { (self.engine.symbols.make_object)(&raw mut made, class) } != 0
            || made.kind() != kind::OBJECT
        {
            return false;
        }
        // SAFETY: as the caller promises; a new object that is nobody else's.
        unsafe {
            let object = made.payload.object;
            let made = Value::object(object);
            fill(into, made);
            if !shared {
                self.meet(made);
            }
            match built {
                Built::Std => pairs == 0 || self.dynamic(object, pairs, None),
                Built::Refused => self.refuse(name) && self.dynamic(object, pairs, Some(name)),
                Built::Class(class) => self.declared(object, class, pairs),
            }
        }
    }

    /// What becomes of objects of a class; `None` when that is for `unserialize()`
    /// to find out.
    #[inline]
    fn class(&mut self, name: &'a [u8]) -> Option<Built> {
        match self.last {
            Some((last, built)) if last == name => Some(built),
            _ => self.look_up(name),
        }
    }

    #[inline(never)]
    fn look_up(&mut self, name: &'a [u8]) -> Option<Built> {
        let built = if name.eq_ignore_ascii_case(b"stdClass") {
            Built::Std
        } else if name.contains(&0) {
            return None;
        } else if self.allowed.has(name) {
            // PHP drops the first backslash, which is another matter.
            if name.first() == Some(&b'\\') {
                return None;
            }
            let text = match interned(self.engine, name) {
                Some(text) => text,
                None => self.keys.kept(self.engine, name).ok()?,
            };
            // SAFETY: a whole string, which stays among the keys; no code runs.
            let class = unsafe { (self.engine.symbols.class)(text, null_mut(), NO_AUTOLOAD) };
            // SAFETY: if it is there, it is a class of the engine's, and stays.
            let known = unsafe { class.as_ref() }?;
            // SAFETY: as above.
            if !unsafe { ClassView::new(known, self.engine) }.is_built_as_it_is() {
                return None;
            }
            Built::Class(class)
        } else {
            Built::Refused
        };
        self.last = Some((name, built));
        Some(built)
    }

    /// Notes the name of a class that was refused.
    ///
    /// # Safety
    /// PHP runs a request on this thread.
    unsafe fn refuse(&mut self, name: &[u8]) -> bool {
        if self.refused.is_null() {
            let Ok(array) = new_array(self.engine, 1, false) else {
                return false;
            };
            self.refused = array;
        }
        // SAFETY: a whole array of our own, which grows where needed. A name that
        // is there has its place.
        unsafe {
            let before = (*self.refused).count;
            let place = self.at_string(self.refused, name, true);
            !place.is_null() || (*self.refused).count == before
        }
    }

    /// Fills a stdClass object. `refused`: what its class should have been; then
    /// names lose their marks.
    ///
    /// # Safety
    /// The object is new, and has no properties.
    unsafe fn dynamic(&mut self, object: *mut Object, pairs: u32, refused: Option<&[u8]>) -> bool {
        let Ok(table) = new_array(self.engine, pairs.saturating_add(1), false) else {
            return false;
        };
        // SAFETY: as the caller promises; the table is whole and has the places.
        unsafe {
            (*object).properties = table;
            if let Some(class) = refused {
                let place = self.at_string(table, CLASS_NAME, true);
                if place.is_null() || !self.string(class, place) {
                    return false;
                }
            }
            for _ in 0..pairs {
                let place = self.named(table, pairs <= RECORD, refused);
                if place.is_null() || !self.value(place) {
                    return false;
                }
            }
        }
        true
    }

    /// Reads a key and makes its place among properties.
    ///
    /// # Safety
    /// As with [`Builder::element`].
    #[inline]
    unsafe fn named(
        &mut self,
        table: *mut Array,
        keep: bool,
        refused: Option<&[u8]>,
    ) -> *mut Value {
        let mut digits = itoa::Buffer::new();
        let name = match self.reader.read() {
            Ok(Item::Text(name) | Item::Binary(name)) => name,
            Ok(Item::Integer(name)) => digits.format(name).as_bytes(),
            Ok(Item::Unsigned(name)) => digits.format(name).as_bytes(),
            _ => return null_mut(),
        };
        let name = match (name.first(), refused) {
            (Some(0), Some(class)) => match unmarked(name, class) {
                Some(name) => name,
                None => return null_mut(),
            },
            (Some(0), None) => return null_mut(),
            _ => name,
        };
        // SAFETY: as the caller promises.
        unsafe { self.at_string(table, name, keep) }
    }

    /// Fills an object of a class that is built as it is, if the names are those of
    /// its declared properties, and the values of their types.
    ///
    /// # Safety
    /// The object is new, and of the class.
    unsafe fn declared(&mut self, object: *mut Object, class: *const Class, pairs: u32) -> bool {
        // SAFETY: a class of the engine's.
        let class = unsafe { ClassView::new(class, self.engine) };
        let mut next = 0;
        let mut filled = 0_u64;
        for _ in 0..pairs {
            let Ok(Item::Text(name)) = self.reader.read() else {
                return false;
            };
            let Some((place, property)) = declared(class, next, name) else {
                return false;
            };
            next = place + 1;
            let bit = 1 << place;
            if filled & bit != 0 {
                return false;
            }
            filled |= bit;
            // SAFETY: the place of a declared property of a new object, which has
            // its default.
            unsafe {
                let into: *mut Value = object.cast::<u8>().add(property.offset as usize).cast();
                if (*into).is_refcounted() {
                    let header = &raw mut (*(*into).payload.string).header;
                    if (*header).count < 2 {
                        return false;
                    }
                    (*header).count -= 1;
                }
                fill(into, Value::plain(kind::UNDEFINED, Payload { integer: 0 }));
                if !self.value(into) || !self.is_of_type(property, &*into) {
                    return false;
                }
            }
        }
        true
    }

    /// # Safety
    /// The value is live, and stays as it is.
    unsafe fn is_of_type(&self, property: &Property, value: &Value) -> bool {
        match value.kind() {
            // It would have to watch over what others put into it.
            kind::REFERENCE => property.type_mask & (types::KINDS | types::CLASSES) == 0,
            kind::OBJECT => {
                // SAFETY: a live object's class.
                let class = unsafe { ClassView::new((*value.payload.object).class, self.engine) };
                is_of_type(property, value, Some(class))
            }
            _ => is_of_type(property, value, None),
        }
    }
}

/// A declared property by its name, with the marks of its visibility; most likely
/// the one in the place `next`.
#[inline]
fn declared<'c>(class: ClassView<'c>, next: usize, name: &[u8]) -> Option<(usize, &'c Property)> {
    /// Of classes with more, each object costs too long a search.
    const MOST: usize = 64;

    let is = |place: usize| {
        let property = class.property(place)?;
        // SAFETY: a property's name stays as its class does.
        (unsafe { Text::bytes(property.name) } == name).then_some((place, property))
    };
    if class.declared() > MOST {
        return None;
    }
    is(next).or_else(|| (0..class.declared()).find_map(is))
}

/// The name of a property without what makes it protected, or private to the class.
fn unmarked<'n>(name: &'n [u8], class: &[u8]) -> Option<&'n [u8]> {
    let rest = name.strip_prefix(b"\0")?;
    rest.strip_prefix(b"*")
        .or_else(|| rest.strip_prefix(class))?
        .strip_prefix(b"\0")
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

    #[test]
    fn names_lose_the_marks_of_their_visibility() {
        assert_eq!(unmarked(b"\0*\0a", b"P"), Some(&b"a"[..]));
        assert_eq!(unmarked(b"\0P\0a\0b", b"P"), Some(&b"a\0b"[..]));
        for other in [&b"\0Q\0a"[..], b"\0PP\0a", b"\0", b"\0P", b"a", b""] {
            assert_eq!(unmarked(other, b"P"), None, "{other:?}");
        }
    }
}
