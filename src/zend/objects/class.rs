//! A class of PHP's: whether its objects can be read and built without running code.

use std::ffi::c_void;

use crate::zend::engine::Engine;
use crate::zend::layout::{
    Array, Class, FIRST_PROPERTY, LAZY, Object, Property, Text, USER_CLASS, Value, class_flags,
    types,
};

/// A class, of whose entry nothing changes while no PHP code runs.
#[derive(Clone, Copy)]
pub struct ClassView<'a> {
    class: &'a Class,
    engine: &'static Engine,
}

impl<'a> ClassView<'a> {
    /// # Safety
    /// The class is the engine's, laid out as it says, and stays for `'a`.
    pub unsafe fn new(class: *const Class, engine: &'static Engine) -> Self {
        // SAFETY: as the caller promises.
        let class = unsafe { &*class };
        Self { class, engine }
    }

    pub fn address(self) -> *const Class {
        self.class
    }

    pub fn name(self) -> &'a [u8] {
        // SAFETY: each class has a name, which stays as it does.
        unsafe { Text::bytes(self.class.name) }
    }

    pub fn is_std(self) -> bool {
        // SAFETY: PHP sets the variable before any script runs.
        std::ptr::eq(self.class, unsafe { *self.engine.symbols.std_class })
    }

    /// Whether PHP would read an object of it for `serialize()` as it reads all:
    /// no method of the class's, no function of an extension's.
    pub fn is_packed_as_it_is(self) -> bool {
        if self.is_std() {
            return true;
        }
        if self.class.kind != USER_CLASS
            || self.class.flags & class_flags::LINKED == 0
            || self.class.flags & class_flags::NOT_SERIALIZABLE != 0
        {
            return false;
        }
        // An enum has none of what follows, though its objects are made otherwise.
        if self.class.flags & class_flags::ENUM != 0 {
            return true;
        }
        let [maker, serialize, _] = self.hooks();
        maker.is_null()
            && serialize.is_null()
            && self.class.serialize.is_null()
            && !self.has_method(c"__sleep")
    }

    /// Whether PHP would build an object of it for `unserialize()` as it builds
    /// all, without a default that has to be computed first. Nor has it a
    /// destructor: whoever drops what is half built runs no code of the class's.
    pub fn is_built_as_it_is(self) -> bool {
        if self.is_std() {
            return true;
        }
        if self.class.kind != USER_CLASS
            || self.class.flags & class_flags::LINKED == 0
            || self.class.flags & class_flags::CONSTANTS_UPDATED == 0
            || self.class.flags
                & (class_flags::NO_OBJECTS | class_flags::ENUM | class_flags::NOT_SERIALIZABLE)
                != 0
        {
            return false;
        }
        let [maker, serialize, unserialize] = self.hooks();
        maker.is_null()
            && serialize.is_null()
            && unserialize.is_null()
            && self.class.unserialize.is_null()
            && self.class.destructor.is_null()
            && !self.has_hooked_properties()
            && !self.has_method(c"__wakeup")
    }

    /// What is NULL in a class whose objects are made, and turned to text and
    /// back, as usual.
    fn hooks(self) -> [*const c_void; 3] {
        let entry: *const Class = self.class;
        self.engine.layout.class_hooks.map(|at| {
            // SAFETY: the layout says that the entry has a pointer there.
            unsafe { entry.byte_add(at).cast::<*const c_void>().read() }
        })
    }

    fn has_hooked_properties(self) -> bool {
        let entry: *const Class = self.class;
        self.engine.layout.hooked_properties.is_some_and(|at| {
            // SAFETY: the layout says that the entry has a number there.
            unsafe { entry.byte_add(at).cast::<u32>().read() != 0 }
        })
    }

    fn has_method(self, name: &std::ffi::CStr) -> bool {
        let find = self.engine.symbols.find_string;
        // SAFETY: a whole table, and a name that ends; nothing is changed.
        unsafe {
            !find(
                &raw const self.class.methods,
                name.as_ptr(),
                name.count_bytes(),
            )
            .is_null()
        }
    }

    /// How many properties are declared for each object.
    pub const fn declared(self) -> usize {
        self.class.declared as usize
    }

    /// A declared property by its place.
    pub fn property(self, place: usize) -> Option<&'a Property> {
        if place >= self.declared() || self.class.properties.is_null() {
            return None;
        }
        // SAFETY: so many pointers are there, each NULL or to a property's
        // description that stays as the class does.
        let property = unsafe { (*self.class.properties.add(place)).as_ref()? };
        // What lies elsewhere is not understood.
        (property.offset as usize == FIRST_PROPERTY + place * size_of::<Value>())
            .then_some(property)
    }

    /// The class that it extends.
    pub fn parent(self) -> Option<Self> {
        if self.class.flags & class_flags::LINKED == 0 || self.class.parent.is_null() {
            return None;
        }
        // SAFETY: of a linked class it is one, which stays as long.
        Some(unsafe { Self::new(self.class.parent, self.engine) })
    }

    pub const fn is_user(self) -> bool {
        self.class.kind == USER_CLASS
    }

    /// Whether PHP makes its objects as usual, has no method or function of its
    /// own to turn them to text and back, nor to end them: in this order.
    pub fn usual(self) -> [bool; 6] {
        let [maker, to_text, from_text] = self.hooks();
        [
            maker,
            to_text,
            from_text,
            self.class.serialize,
            self.class.unserialize,
            self.class.destructor,
        ]
        .map(<*const c_void>::is_null)
    }

    pub fn has_sleep(self) -> bool {
        self.has_method(c"__sleep")
    }
}

/// Whether a value of this kind can be in the property as it is. `class` is its
/// class if it is an object.
pub fn is_of_type(property: &Property, value: &Value, class: Option<ClassView<'_>>) -> bool {
    let mask = property.type_mask;
    if mask & (types::KINDS | types::CLASSES) == 0 || mask & 1 << value.kind() != 0 {
        return true;
    }
    class.is_some_and(|class| {
        // SAFETY: such a type has a name, which stays as the property does.
        mask & types::CLASSES == types::NAME
            && unsafe { Text::bytes(property.type_name) }.eq_ignore_ascii_case(class.name())
    })
}

/// An object whose class [is packed as it is](ClassView::is_packed_as_it_is): how
/// its properties can be read.
pub enum Properties<'a> {
    /// By name; the declared ones are elsewhere.
    Table(&'a Array),
    /// Nothing but the declared ones.
    Places(&'a [Value]),
    /// Not without running code.
    Hidden,
}

/// # Safety
/// The object is live, and stays as it is for `'a`; the class is its own.
pub unsafe fn properties<'a>(object: &'a Object, class: ClassView<'a>) -> Properties<'a> {
    let engine = class.engine;
    let may_be_lazy = engine.layout.hooked_properties.is_some() && !class.is_std();
    let usual = object.handlers == engine.symbols.std_handlers.cast()
        || class.class.flags & class_flags::ENUM != 0;
    if !usual || may_be_lazy && object.extra_flags & LAZY != 0 {
        return Properties::Hidden;
    }
    if !object.properties.is_null() {
        // SAFETY: the object's own table, which stays as it does.
        return Properties::Table(unsafe { &*object.properties });
    }
    // SAFETY: the values of the declared properties follow the object.
    Properties::Places(unsafe {
        std::slice::from_raw_parts(
            (&raw const *object).cast::<u8>().add(FIRST_PROPERTY).cast(),
            class.declared(),
        )
    })
}
