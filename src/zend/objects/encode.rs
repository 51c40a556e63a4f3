//! A value of PHP's as ext-msgpack packs it.

use super::class::{ClassView, Properties, properties};
use super::identities::Identities;
use crate::msgpack::limits::DEEPEST;
use crate::msgpack::pack;
use crate::msgpack::php::objects::{OBJECT_REFERENCE, REFERENCE, SAME_ARRAY, SAME_OBJECT};
use crate::zend::engine::Engine;
use crate::zend::layout::{Array, Object, Text, Value, kind};
use crate::zend::view::{Key, Table, View};

/// What ext-msgpack's settings say of packing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// Objects keep class and identity, and references stay shared. Else an object
    /// is the list of what it holds.
    pub php_only: bool,
    /// A string of 32 to 255 bytes is a str8; else it is a str16.
    pub str8: bool,
}

/// Whoever packs more than this can do without us.
const LARGEST: usize = 256 << 20;

impl View<'_> {
    /// Appends the value to `out` as ext-msgpack packs it. False where that would
    /// run code, or is refused: a class with hooks, a resource, nesting that is too
    /// deep, or a size that is too large. `out` then holds a part.
    pub fn pack_objects(self, out: &mut Vec<u8>, identities: &mut Identities, form: Form) -> bool {
        identities.clear();
        let mut packer = Packer {
            engine: self.engine(),
            out,
            identities,
            form,
            levels: DEEPEST,
            open: Vec::new(),
            last: None,
        };
        // What shares the outermost value is none of its places.
        packer.value(self.dereferenced()) && packer.out.len() <= LARGEST
    }
}

struct Packer<'o> {
    engine: &'static Engine,
    out: &'o mut Vec<u8>,
    identities: &'o mut Identities,
    form: Form,
    /// How many more arrays and objects may be opened inside each other.
    levels: usize,
    /// Without identity: the arrays inside which we are, but for the outermost.
    open: Vec<*const Array>,
    /// The class met last, and whether it can be packed.
    last: Option<(ClassView<'o>, bool)>,
}

impl<'o> Packer<'o> {
    #[allow(clippy::inline_always)] // A call costs as much as a small value.
    #[inline(always)]
    fn value(&mut self, value: &Value) -> bool {
        // SAFETY: the type says which payload it is and what that leads to; it all
        // stays as it is, as whoever made the view promised.
        unsafe {
            match value.kind() {
                kind::UNDEFINED | kind::NULL => pack::nil(self.out),
                kind::FALSE => pack::boolean(self.out, false),
                kind::TRUE => pack::boolean(self.out, true),
                kind::INTEGER => pack::integer(self.out, value.payload.integer),
                kind::FLOAT => pack::float64(self.out, value.payload.float),
                kind::STRING => return self.string(Text::bytes(value.payload.string)),
                kind::ARRAY => {
                    self.identities.count();
                    return self.array(value.payload.array, false);
                }
                _ => return self.shared(value),
            }
        }
        true
    }

    /// An object, a reference, or what cannot be packed here.
    #[inline(never)]
    fn shared(&mut self, value: &Value) -> bool {
        let php_only = self.form.php_only;
        // SAFETY: as above.
        unsafe {
            match value.kind() {
                kind::OBJECT => {
                    let object = value.payload.object;
                    if php_only && let Some(number) = self.identities.meet(object.addr()) {
                        self.identities.count();
                        return self.back(SAME_OBJECT, number);
                    }
                    self.object(&*object, false)
                }
                kind::REFERENCE => {
                    let inner = &(*value.payload.reference).value;
                    let (address, announced) = match inner.kind() {
                        kind::ARRAY => (value.payload.reference.addr(), SAME_ARRAY),
                        kind::OBJECT => (inner.payload.object.addr(), OBJECT_REFERENCE),
                        _ => return self.value(inner),
                    };
                    if php_only && let Some(number) = self.identities.meet(address) {
                        return self.back(announced, number);
                    }
                    if inner.kind() == kind::OBJECT {
                        self.object(&*inner.payload.object, php_only)
                    } else {
                        self.array(inner.payload.array, php_only)
                    }
                }
                _ => false,
            }
        }
    }

    fn back(&mut self, announced: i64, number: u32) -> bool {
        pack::map(self.out, 2);
        pack::nil(self.out);
        pack::integer(self.out, announced);
        pack::integer(self.out, 0);
        pack::integer(self.out, number.into());
        true
    }

    #[allow(clippy::inline_always)] // As above.
    #[inline(always)]
    fn string(&mut self, bytes: &[u8]) -> bool {
        if bytes.len() > LARGEST || self.out.len() > LARGEST {
            return false;
        }
        if self.form.str8 || !matches!(bytes.len(), 32..256) {
            return pack::text(self.out, bytes).is_ok();
        }
        pack::text_without_str8(self.out, bytes);
        true
    }

    /// # Safety
    /// The array is live and stays as it is.
    unsafe fn array(&mut self, array: *const Array, reference: bool) -> bool {
        // SAFETY: as the caller promises.
        let table = unsafe { Table::new(array, self.engine) };
        let Ok(count) = u32::try_from(table.len()) else {
            return false;
        };
        if count == 0 {
            pack::array(self.out, 0);
            return true;
        }
        let opened = !self.form.php_only && self.levels < DEEPEST;
        if opened {
            // An array that holds itself ends with a null.
            if self.open.contains(&array) {
                pack::nil(self.out);
                return true;
            }
            self.open.push(array);
        }
        if !self.enter() {
            return false;
        }
        if !reference && table.is_list() {
            pack::array(self.out, count);
            for row in table.rows() {
                if row.is_used() && !self.value(row.value().value()) {
                    return false;
                }
            }
        } else {
            if reference {
                pack::map(self.out, count.saturating_add(1));
                pack::nil(self.out);
                pack::integer(self.out, REFERENCE);
            } else {
                pack::map(self.out, count);
            }
            for row in table.rows() {
                if row.is_used() && !(self.key(row.key()) && self.value(row.value().value())) {
                    return false;
                }
            }
        }
        if opened {
            self.open.pop();
        }
        self.levels += 1;
        true
    }

    fn object(&mut self, object: &Object, reference: bool) -> bool {
        let class = match self.last {
            Some((class, packable)) if std::ptr::eq(class.address(), object.class) => {
                if !packable {
                    return false;
                }
                class
            }
            _ => {
                // SAFETY: a live object's class; no PHP code runs meanwhile.
                let class: ClassView<'o> = unsafe { ClassView::new(object.class, self.engine) };
                let packable = class.is_packed_as_it_is();
                self.last = Some((class, packable));
                if !packable {
                    return false;
                }
                class
            }
        };
        if !self.enter() {
            return false;
        }
        // SAFETY: a live object and its own class.
        let done = match unsafe { properties(object, class) } {
            Properties::Table(table) => self.table(class, table, reference),
            Properties::Places(places) => self.places(class, places, reference),
            Properties::Hidden => false,
        };
        self.levels += 1;
        done
    }

    fn enter(&mut self) -> bool {
        match self.levels.checked_sub(1) {
            Some(levels) => {
                self.levels = levels;
                true
            }
            None => false,
        }
    }

    /// What begins an object of so many properties.
    fn begin(&mut self, class: ClassView<'_>, count: usize, reference: bool) -> bool {
        let Ok(count) = u32::try_from(count) else {
            return false;
        };
        if !self.form.php_only {
            pack::array(self.out, count);
            return true;
        }
        pack::map(
            self.out,
            count.saturating_add(if reference { 2 } else { 1 }),
        );
        if reference {
            pack::nil(self.out);
            pack::integer(self.out, REFERENCE);
        }
        pack::nil(self.out);
        self.string(class.name())
    }

    fn table(&mut self, class: ClassView<'_>, table: &Array, reference: bool) -> bool {
        // SAFETY: the object's own table, which stays as it is.
        let table = unsafe { Table::new(table, self.engine) };
        let count = table
            .rows()
            .filter(|row| row.is_used() && direct(row.value().value()).kind() != kind::UNDEFINED)
            .count();
        if !self.begin(class, count, reference) {
            return false;
        }
        table.rows().all(|row| {
            let value = direct(row.value().value());
            value.kind() == kind::UNDEFINED
                || (!self.form.php_only || self.key(row.key())) && self.value(value)
        })
    }

    fn places(&mut self, class: ClassView<'_>, places: &[Value], reference: bool) -> bool {
        let set = |(place, value): &(usize, &Value)| {
            value.kind() != kind::UNDEFINED && class.property(*place).is_some()
        };
        let count = places.iter().enumerate().filter(set).count();
        if !self.begin(class, count, reference) {
            return false;
        }
        for (place, value) in places.iter().enumerate().filter(set) {
            let Some(property) = class.property(place) else {
                return false;
            };
            // SAFETY: a property's name stays as its class does.
            let name = unsafe { Text::bytes(property.name) };
            if self.form.php_only && !self.string(name) || !self.value(value) {
                return false;
            }
        }
        true
    }

    #[allow(clippy::inline_always)] // As above.
    #[inline(always)]
    fn key(&mut self, key: Key<'_>) -> bool {
        match key {
            Key::Integer(key) => {
                pack::integer(self.out, key);
                true
            }
            Key::String(key) => self.string(key),
        }
    }
}

/// The value of a declared property, to which a table of properties leads.
fn direct(value: &Value) -> &Value {
    if value.kind() == kind::INDIRECT {
        // SAFETY: it lies in the object whose table this is.
        unsafe { &*value.payload.value }
    } else {
        value
    }
}
