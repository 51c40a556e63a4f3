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
}

/// Flag of [`Value::type_info`]: what the payload leads to counts its references.
pub const REFCOUNTED: u32 = 1 << 8;
/// A string that counts its references; without the flag it is PHP's for ever.
pub const STRING_COUNTED: u32 = kind::STRING as u32 | REFCOUNTED;
/// An array that counts its references, and that the cycle collector may visit.
pub const ARRAY_COUNTED: u32 = kind::ARRAY as u32 | REFCOUNTED | 1 << 9;

/// [`Header::type_info`] of a string that was just made: the cycle collector
/// never visits it.
pub const STRING_HEADER: u32 = kind::STRING as u32 | 1 << 4;
/// [`Header::type_info`] of an array that was just made.
pub const ARRAY_HEADER: u32 = kind::ARRAY as u32;

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
    pub class: *const c_void,
    pub handlers: *const c_void,
    /// The properties that are not declared; NULL for none.
    pub properties: *const Array,
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
    assert!(offset_of!(Reference, value) == 8);
};

/// Where the versions differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// A packed array is a row of values: from 8.2. Before, a row of buckets.
    pub bare_packed: bool,
}

impl Layout {
    /// The layout of a `PHP_VERSION_ID`, such as 80236, if the tests were run
    /// with that version, thread-safe and not. Others get `serialize()`.
    pub const fn of(version: u32) -> Option<Self> {
        match version / 100 {
            minor @ 801..=805 => Some(Self {
                bare_packed: minor >= 802,
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_some_versions_are_known() {
        let buckets = Some(Layout { bare_packed: false });
        let values = Some(Layout { bare_packed: true });
        assert_eq!(Layout::of(80_102), buckets);
        for known in [80_200, 80_236, 80_306, 80_424, 80_504] {
            assert_eq!(Layout::of(known), values, "{known}");
        }
        for unknown in [70_400, 80_034, 80_600, 90_000] {
            assert_eq!(Layout::of(unknown), None, "{unknown}");
        }
        assert_eq!(Layout::of(0), None);
        assert_eq!(Layout::of(u32::MAX), None);
    }
}
