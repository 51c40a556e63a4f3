//! A value of PHP's, read in place.

use std::marker::PhantomData;

use super::engine::Engine;
use super::layout::{Array, Bucket, Object, PACKED, Text, Value, kind};

/// A value, borrowed from PHP while no PHP code runs.
#[derive(Clone, Copy)]
pub struct View<'a> {
    value: &'a Value,
    engine: &'static Engine,
}

/// What a value is.
pub enum Seen<'a> {
    /// null, or a variable that was never set.
    Null,
    /// A boolean.
    Boolean(bool),
    /// An int.
    Integer(i64),
    /// A float.
    Float(f64),
    /// A string; any bytes.
    String(&'a [u8]),
    /// An array.
    Array(Table<'a>),
    /// A plain stdClass object: its properties.
    Record(Table<'a>),
    /// Anything else: what it is.
    Foreign(&'static str),
}

/// A key of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    /// An int.
    Integer(i64),
    /// A string; any bytes.
    String(&'a [u8]),
}

impl<'a> View<'a> {
    /// # Safety
    /// `value` is a live value of the engine's, laid out as it says, and neither
    /// it nor anything that it leads to changes while the view or something got
    /// from it is in use.
    pub(super) const unsafe fn new(value: &'a Value, engine: &'static Engine) -> Self {
        Self { value, engine }
    }

    pub(super) const fn value(&self) -> &'a Value {
        self.value
    }

    pub(super) const fn engine(&self) -> &'static Engine {
        self.engine
    }

    /// Itself, or what it refers to.
    #[inline]
    pub(super) fn dereferenced(&self) -> &'a Value {
        if self.value.kind() == kind::REFERENCE {
            // SAFETY: the type says what the payload leads to.
            unsafe { &(*self.value.payload.reference).value }
        } else {
            self.value
        }
    }

    /// Whether it is a reference or an object: two places may share it, and it
    /// may hold itself.
    #[inline]
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        matches!(self.value.kind(), kind::REFERENCE | kind::OBJECT)
    }

    /// What it is; a reference is what it refers to.
    #[inline]
    #[must_use]
    pub fn seen(self) -> Seen<'a> {
        let value = self.dereferenced();
        // SAFETY: the type says which payload it is and what that leads to; it
        // all stays as it is, as whoever made the view promised.
        unsafe {
            match value.kind() {
                kind::UNDEFINED | kind::NULL => Seen::Null,
                kind::FALSE => Seen::Boolean(false),
                kind::TRUE => Seen::Boolean(true),
                kind::INTEGER => Seen::Integer(value.payload.integer),
                kind::FLOAT => Seen::Float(value.payload.float),
                kind::STRING => Seen::String(Text::bytes(value.payload.string)),
                kind::ARRAY => Seen::Array(Table::new(value.payload.array, self.engine)),
                kind::OBJECT => object(&*value.payload.object, self.engine),
                kind::RESOURCE => Seen::Foreign("a resource"),
                _ => Seen::Foreign("a value that scripts do not see"),
            }
        }
    }
}

/// # Safety
/// The object is live and stays as it is for `'a`.
unsafe fn object<'a>(object: &'a Object, engine: &'static Engine) -> Seen<'a> {
    // SAFETY: PHP sets the variable before any script runs.
    let plain = std::ptr::eq(object.class, unsafe { *engine.symbols.std_class });
    if plain {
        let properties = if object.properties.is_null() {
            engine.symbols.empty_array
        } else {
            object.properties.cast_const()
        };
        // SAFETY: the class declares no properties, so these are all; they stay
        // as the object does.
        Seen::Record(unsafe { Table::new(properties, engine) })
    } else {
        Seen::Foreign("an object")
    }
}

/// A hash table: an array, or the properties of an object.
#[derive(Clone, Copy)]
pub struct Table<'a> {
    array: &'a Array,
    engine: &'static Engine,
}

impl<'a> Table<'a> {
    /// # Safety
    /// The array is live, and stays with all that is in it as it is for `'a`.
    pub(super) unsafe fn new(array: *const Array, engine: &'static Engine) -> Self {
        // SAFETY: as the caller promises.
        let array = unsafe { &*array };
        Self { array, engine }
    }

    /// How many elements it has.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.array.count as usize
    }

    /// Whether its keys are 0, 1, 2, … in this order.
    #[must_use]
    pub fn is_list(&self) -> bool {
        if self.array.flags & PACKED != 0 && self.array.used == self.array.count {
            return true;
        }
        let mut expected = 0;
        self.entries().all(|(key, _)| {
            expected += 1;
            key == Key::Integer(expected - 1)
        })
    }

    /// Its elements in their order.
    #[inline]
    pub fn entries(&self) -> impl Iterator<Item = (Key<'a>, View<'a>)> {
        let used = self.rows().filter(|row| row.is_used());
        used.map(|row| (row.key(), row.value()))
    }

    /// Its places in their order, also those whose element was deleted.
    #[inline]
    pub(super) fn rows(&self) -> Rows<'a> {
        let packed = self.array.flags & PACKED != 0;
        Rows {
            next: self.array.data.cast(),
            bare: packed && self.engine.layout.bare_packed,
            index: 0,
            // An array without places has a pointer to nothing, but none in use.
            used: self.array.used,
            engine: self.engine,
            table: PhantomData,
        }
    }
}

/// The places of a table.
pub(super) struct Rows<'a> {
    /// The next place: a value, or the value that a bucket begins with.
    next: *const Value,
    /// Whether a place is a value alone.
    bare: bool,
    index: u32,
    used: u32,
    engine: &'static Engine,
    table: PhantomData<&'a Array>,
}

/// A place of a table.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    /// A value, or the value that a bucket begins with.
    place: *const Value,
    bare: bool,
    index: u32,
    engine: &'static Engine,
    table: PhantomData<&'a Array>,
}

impl<'a> Row<'a> {
    /// Whether there is an element in it.
    #[inline]
    pub(super) fn is_used(self) -> bool {
        // SAFETY: it lies in a table that stays as it is.
        unsafe { (*self.place).kind() != kind::UNDEFINED }
    }

    #[inline]
    pub(super) fn value(self) -> View<'a> {
        // SAFETY: as above.
        unsafe { View::new(&*self.place, self.engine) }
    }

    #[inline]
    pub(super) fn key(self) -> Key<'a> {
        if self.bare {
            return Key::Integer(self.index.into());
        }
        // SAFETY: the place is a bucket, whose key stays as it is with the table.
        unsafe {
            let bucket = self.place.cast::<Bucket>();
            if (*bucket).key.is_null() {
                Key::Integer((*bucket).hash.cast_signed())
            } else {
                Key::String(Text::bytes((*bucket).key))
            }
        }
    }
}

impl<'a> Iterator for Rows<'a> {
    type Item = Row<'a>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.index >= self.used {
            return None;
        }
        let index = self.index;
        self.index += 1;
        let step = if self.bare { 1 } else { BUCKET };
        // SAFETY: `used` places lie in a row, each a value or a bucket, which
        // begins with its value; the last step goes just behind the last.
        let after = unsafe { self.next.add(step) };
        let place = std::mem::replace(&mut self.next, after);
        Some(Row {
            place,
            bare: self.bare,
            index,
            engine: self.engine,
            table: PhantomData,
        })
    }
}

/// A bucket is as large as so many values.
const BUCKET: usize = size_of::<Bucket>() / size_of::<Value>();
