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
        let value = if self.value.kind() == kind::REFERENCE {
            // SAFETY: the type says what the payload leads to.
            unsafe { &(*self.value.payload.reference).value }
        } else {
            self.value
        };
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
    let plain = object.class == unsafe { *engine.symbols.std_class };
    if plain {
        let properties = if object.properties.is_null() {
            engine.symbols.empty_array
        } else {
            object.properties
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
    unsafe fn new(array: *const Array, engine: &'static Engine) -> Self {
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
    #[must_use]
    pub fn entries(&self) -> Entries<'a> {
        let packed = self.array.flags & PACKED != 0;
        let bare = packed && self.engine.layout.bare_packed;
        Entries {
            next: self.array.data.cast(),
            bare,
            index: 0,
            // An array without places has a pointer to nothing, but none in use.
            used: self.array.used,
            engine: self.engine,
            table: PhantomData,
        }
    }
}

/// The elements of a table. Places whose element was deleted are passed over.
pub struct Entries<'a> {
    /// The next place: a value, or the value that a bucket begins with.
    next: *const Value,
    /// Whether a place is a value alone.
    bare: bool,
    index: u32,
    used: u32,
    engine: &'static Engine,
    table: PhantomData<&'a Array>,
}

impl<'a> Iterator for Entries<'a> {
    type Item = (Key<'a>, View<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        while self.index < self.used {
            let index = self.index;
            self.index += 1;
            // SAFETY: `used` places lie in a row, each a value or a bucket, which
            // begins with its value; the last step goes just behind the last.
            let (value, key) = unsafe {
                if self.bare {
                    let value = &*self.next;
                    self.next = self.next.add(1);
                    (value, Key::Integer(index.into()))
                } else {
                    let bucket = &*self.next.cast::<Bucket>();
                    self.next = self.next.cast::<Bucket>().add(1).cast();
                    let key = if bucket.key.is_null() {
                        Key::Integer(bucket.hash.cast_signed())
                    } else {
                        Key::String(Text::bytes(bucket.key))
                    };
                    (&bucket.value, key)
                }
            };
            if value.kind() != kind::UNDEFINED {
                // SAFETY: it lies in a table that stays as it is.
                return Some((key, unsafe { View::new(value, self.engine) }));
            }
        }
        None
    }
}
