//! How PHP lays its values out in memory: the 64-bit builds of 8.1 to 8.5
//! without debugging, thread-safe or not (`Zend/zend_types.h` of each).

use std::ffi::c_void;
use std::mem::offset_of;

/// A type's number, the low byte of [`Value::type_info`].
pub mod kind {
    pub const UNDEFINED: u8 = 0;
    pub const NULL: u8 = 1;
    pub const FALSE: u8 = 2;
    pub const TRUE: u8 = 3;
    pub const INTEGER: u8 = 4;
    pub const FLOAT: u8 = 5;
    pub const STRING: u8 = 6;
    pub const ARRAY: u8 = 7;
    pub const OBJECT: u8 = 8;
    pub const RESOURCE: u8 = 9;
    pub const REFERENCE: u8 = 10;
    /// In a table of variables or properties: the value is elsewhere.
    pub const INDIRECT: u8 = 12;
}

/// Flag of [`Value::type_info`]: what the payload leads to counts its references.
pub const REFCOUNTED: u32 = 1 << 8;
/// A string that counts its references; without the flag it is PHP's for ever.
pub const STRING_COUNTED: u32 = kind::STRING as u32 | REFCOUNTED;
/// Flag of [`Value::type_info`]: the cycle collector may visit what it leads to.
pub const COLLECTABLE: u32 = 1 << 9;
/// An object, which counts its references.
pub const OBJECT_COUNTED: u32 = kind::OBJECT as u32 | REFCOUNTED | COLLECTABLE;
/// An array that counts its references.
pub const ARRAY_COUNTED: u32 = kind::ARRAY as u32 | REFCOUNTED | COLLECTABLE;

/// [`Header::type_info`] of a string that was just made: the cycle collector
/// never visits it.
pub const STRING_HEADER: u32 = kind::STRING as u32 | 1 << 4;
/// [`Header::type_info`] of an array that was just made.
pub const ARRAY_HEADER: u32 = kind::ARRAY as u32;
/// [`Header::type_info`] of a reference that was just made.
pub const REFERENCE_HEADER: u32 = kind::REFERENCE as u32 | 1 << 4;

/// Flag of [`Array::flags`]: the keys are the indices.
pub const PACKED: u32 = 1 << 2;

/// `zval`
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Value {
    pub payload: Payload,
    pub type_info: u32,
    /// Whoever holds the value uses it: a hash table chains its buckets with it.
    pub spare: u32,
}

/// `zend_value`
#[repr(C)]
#[derive(Clone, Copy)]
pub union Payload {
    pub integer: i64,
    pub float: f64,
    pub string: *mut Text,
    pub array: *mut Array,
    pub object: *mut Object,
    pub reference: *mut Reference,
    pub value: *mut Value,
}

impl Value {
    pub const NULL: Self = Self::plain(kind::NULL, Payload { integer: 0 });

    /// A value of a type that counts no references.
    pub const fn plain(kind: u8, payload: Payload) -> Self {
        Self {
            payload,
            type_info: kind as u32,
            spare: 0,
        }
    }

    /// An array that counts its references.
    pub const fn array(array: *mut Array) -> Self {
        Self {
            payload: Payload { array },
            type_info: ARRAY_COUNTED,
            spare: 0,
        }
    }

    pub const fn object(object: *mut Object) -> Self {
        Self {
            payload: Payload { object },
            type_info: OBJECT_COUNTED,
            spare: 0,
        }
    }

    /// The number of its type.
    #[must_use]
    pub const fn kind(&self) -> u8 {
        self.type_info.to_le_bytes()[0]
    }

    pub const fn is_refcounted(&self) -> bool {
        // Any flag means it, as in Z_TYPE_INFO_REFCOUNTED.
        self.type_info & 0xff00 != 0
    }
}

/// `zend_refcounted_h`
#[repr(C)]
pub struct Header {
    pub count: u32,
    pub type_info: u32,
}

/// `zend_string`; the bytes and a NUL follow.
#[repr(C)]
pub struct Text {
    pub header: Header,
    /// 0 until someone needs it.
    pub hash: u64,
    pub length: usize,
}

/// Where the bytes of a [`Text`] begin.
pub const TEXT_BYTES: usize = 24;

impl Text {
    /// # Safety
    /// The string is whole, and stays as it is for `'a`.
    #[inline]
    pub unsafe fn bytes<'a>(text: *const Self) -> &'a [u8] {
        // SAFETY: as the caller promises; so many bytes follow the head.
        unsafe { std::slice::from_raw_parts(text.cast::<u8>().add(TEXT_BYTES), (*text).length) }
    }
}

/// `zend_array`
#[repr(C)]
pub struct Array {
    pub header: Header,
    pub flags: u32,
    pub mask: u32,
    /// Of a packed array, from 8.2, its values; else its buckets.
    pub data: *mut c_void,
    /// How many places are in use, deleted ones included.
    pub used: u32,
    /// How many elements there are.
    pub count: u32,
    /// How many places there are.
    pub size: u32,
    pub position: u32,
    pub next_index: i64,
    pub destructor: *const c_void,
}

/// `Bucket`
#[repr(C)]
pub struct Bucket {
    pub value: Value,
    /// The key if it is an integer, else its hash.
    pub hash: u64,
    /// NULL if the key is an integer.
    pub key: *const Text,
}

/// `zend_object`; the declared properties follow.
#[repr(C)]
pub struct Object {
    pub header: Header,
    pub handle: u32,
    /// Padding before 8.4. A lazy object has flags here, but no stdClass object
    /// is lazy: its class declares no properties.
    pub extra_flags: u32,
    pub class: *const Class,
    pub handlers: *const c_void,
    /// All properties by name, with [`kind::INDIRECT`] for the declared ones; NULL
    /// while nobody has asked for that and all are declared.
    pub properties: *mut Array,
}

/// Where the declared properties of an [`Object`] begin.
pub const FIRST_PROPERTY: usize = size_of::<Object>();

/// Bits of [`Object::extra_flags`] from 8.4: its properties are not there yet, or
/// are another object's.
pub const LAZY: u32 = 1 << 31 | 1 << 30;

/// `zend_class_entry`, as far as all versions have it alike.
#[repr(C)]
pub struct Class {
    pub kind: u8,
    pub name: *const Text,
    /// If it is linked.
    pub parent: *const Self,
    pub references: u32,
    pub flags: u32,
    /// How many properties are declared for each object.
    pub declared: u32,
    pub declared_static: u32,
    pub defaults: *const Value,
    pub static_values: [*const c_void; 2],
    pub methods: Array,
    pub property_names: Array,
    pub constants: Array,
    pub shared: [*const c_void; 2],
    /// One for each declared property, in the order of their places; NULL where
    /// none has the place. NULL if there are none.
    pub properties: *const *const Property,
    pub constructor: *const c_void,
    pub destructor: *const c_void,
    pub magic: [*const c_void; 9],
    /// The method `__serialize`.
    pub serialize: *const c_void,
    /// The method `__unserialize`.
    pub unserialize: *const c_void,
}

/// [`Class::kind`] of one that a script declares.
pub const USER_CLASS: u8 = 2;

/// Bits of [`Class::flags`].
pub mod class_flags {
    /// An interface, a trait, or abstract in one of two ways: it has no objects.
    pub const NO_OBJECTS: u32 = 1 << 0 | 1 << 1 | 1 << 4 | 1 << 6;
    /// Parents and interfaces are known.
    pub const LINKED: u32 = 1 << 3;
    /// All of its constants and defaults are values: to make an object runs no
    /// code.
    pub const CONSTANTS_UPDATED: u32 = 1 << 12;
    pub const ENUM: u32 = 1 << 28;
    pub const NOT_SERIALIZABLE: u32 = 1 << 29;
}

/// `zend_property_info`, as far as all versions have it alike.
#[repr(C)]
pub struct Property {
    /// Bytes from the object to the value.
    pub offset: u32,
    pub flags: u32,
    /// With the marks of its visibility.
    pub name: *const Text,
    pub documentation: *const Text,
    pub attributes: *const Array,
    pub class: *const Class,
    /// A class's name if [`types::NAME`] is set.
    pub type_name: *const Text,
    pub type_mask: u32,
}

/// Bits of [`Property::type_mask`]; `1 << kind` are the other ones.
pub mod types {
    /// The bits of kinds.
    pub const KINDS: u32 = 0x3_ffff;
    /// Any bit of classes.
    pub const CLASSES: u32 = 0x1c0_0000;
    /// A class by its name.
    pub const NAME: u32 = 1 << 24;
}

/// `zend_reference`
#[repr(C)]
pub struct Reference {
    pub header: Header,
    pub value: Value,
    pub sources: *const c_void,
}

const _: () = {
    assert!(size_of::<Value>() == 16);
    assert!(offset_of!(Value, type_info) == 8);
    assert!(size_of::<Text>() == TEXT_BYTES);
    assert!(offset_of!(Text, length) == 16);
    assert!(size_of::<Array>() == 56);
    assert!(offset_of!(Array, data) == 16);
    assert!(offset_of!(Array, used) == 24);
    assert!(offset_of!(Array, next_index) == 40);
    assert!(size_of::<Bucket>() == 32);
    assert!(offset_of!(Object, class) == 16);
    assert!(offset_of!(Object, properties) == 32);
    assert!(FIRST_PROPERTY == 40);
    assert!(offset_of!(Class, name) == 8);
    assert!(offset_of!(Class, flags) == 28);
    assert!(offset_of!(Class, declared) == 32);
    assert!(offset_of!(Class, methods) == 64);
    assert!(offset_of!(Class, property_names) == 120);
    assert!(offset_of!(Class, properties) == 248);
    assert!(offset_of!(Class, destructor) == 264);
    assert!(offset_of!(Class, serialize) == 344);
    assert!(offset_of!(Class, unserialize) == 352);
    assert!(offset_of!(Property, name) == 8);
    assert!(offset_of!(Property, class) == 32);
    assert!(offset_of!(Property, type_mask) == 48);
    assert!(offset_of!(Reference, value) == 8);
};

/// Where the versions differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// A packed array is a row of values: from 8.2. Before, a row of buckets.
    pub bare_packed: bool,
    /// [`Value::type_info`] of a reference. From 8.5 the cycle collector asks the
    /// value, and no longer the header, whether it may visit it.
    pub reference: u32,
    /// Where in a [`Class`] there is how its objects are made if not as usual, and
    /// from there where `Serializable` is: to text, and back.
    pub class_hooks: [usize; 3],
    /// Objects can be lazy, and properties can have hooks: from 8.4, where in a
    /// class it says how many of its properties have.
    pub hooked_properties: Option<usize>,
}

impl Layout {
    /// The layout of a `PHP_VERSION_ID`, such as 80236, if the tests were run
    /// with that version, thread-safe and not. Others get `serialize()`.
    pub const fn of(version: u32) -> Option<Self> {
        match version / 100 {
            minor @ 801..=805 => {
                let maker = match minor {
                    801 => 368,
                    802 => 376,
                    _ => 384,
                };
                Some(Self {
                    bare_packed: minor >= 802,
                    reference: kind::REFERENCE as u32
                        | REFCOUNTED
                        | if minor >= 805 { COLLECTABLE } else { 0 },
                    class_hooks: [maker, maker + 24, maker + 32],
                    hooked_properties: if minor >= 804 { Some(432) } else { None },
                })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_some_versions_are_known() {
        let [old, new] = [80_102, 80_504].map(|known| Layout::of(known).expect("known"));
        assert!(!old.bare_packed && old.hooked_properties.is_none());
        assert!(new.bare_packed && new.hooked_properties.is_some());
        for known in [80_200, 80_236, 80_306, 80_424] {
            assert!(
                Layout::of(known).is_some_and(|layout| layout.bare_packed),
                "{known}"
            );
        }
        for unknown in [70_400, 80_034, 80_600, 90_000] {
            assert_eq!(Layout::of(unknown), None, "{unknown}");
        }
        assert_eq!(Layout::of(0), None);
        assert_eq!(Layout::of(u32::MAX), None);
    }
}
