//! Objects: which class's they become, and what is in them.

use std::ptr::null_mut;

use super::class::{ClassView, is_of_type};
use super::decode::Builder;
use crate::msgpack::Item;
use crate::zend::decode::{RECORD, fill, interned, new_array};
use crate::zend::layout::{Array, Class, Object, Payload, Property, Text, Value, kind, types};
use crate::zend::symbols::NO_AUTOLOAD;

/// The property that an object has whose class was not allowed: its class.
const CLASS_NAME: &[u8] = b"__PHP_Incomplete_Class_Name";

/// What becomes of an object.
#[derive(Clone, Copy)]
pub(super) enum Built {
    /// A stdClass object.
    Std,
    /// A stdClass object that says what it should have been.
    Refused,
    /// An object of a class that is built as it is.
    Class(*const Class),
}

impl<'a> Builder<'a> {
    /// # Safety
    /// As with [`Builder::array`].
    pub(super) unsafe fn object(
        &mut self,
        name: &'a [u8],
        pairs: u32,
        into: *mut Value,
        shared: bool,
    ) -> bool {
        // PHP drops it where it looks for a class.
        let name = name.strip_prefix(b"\\").unwrap_or(name);
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
            // That is no class's.
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
    fn names_lose_the_marks_of_their_visibility() {
        assert_eq!(unmarked(b"\0*\0a", b"P"), Some(&b"a"[..]));
        assert_eq!(unmarked(b"\0P\0a\0b", b"P"), Some(&b"a\0b"[..]));
        for other in [&b"\0Q\0a"[..], b"\0PP\0a", b"\0", b"\0P", b"a", b""] {
            assert_eq!(unmarked(other, b"P"), None, "{other:?}");
        }
    }
}
