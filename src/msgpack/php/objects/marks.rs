//! The marks of a map, read strictly: the forms that ext-msgpack and this library
//! write, and no others.

use super::{OBJECT_REFERENCE, REFERENCE, SAME_ARRAY, SAME_OBJECT};
use crate::msgpack::reader::{Item, Reader};

/// What a map is that begins with a nil key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marks<'a> {
    /// An array, shared with places that follow; this many pairs are in it.
    Reference { pairs: u32 },
    /// An object with so many properties.
    Object {
        class: &'a [u8],
        /// Places that follow may share it.
        reference: bool,
        pairs: u32,
    },
    /// What was met before. The outermost value is 1; each array and object that
    /// is written counts, and each [`Earlier::Object`], but not the other two.
    Back { what: Earlier, number: usize },
}

/// What a back reference leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earlier {
    SharedArray,
    Object,
    SharedObject,
}

impl Earlier {
    /// Whether a value that is met once more so has a number of its own.
    pub const fn is_numbered(self) -> bool {
        matches!(self, Self::Object)
    }
}

/// Whether the next key is one that announces something.
#[inline]
pub fn are_next(reader: &Reader<'_>) -> bool {
    reader.remaining().first() == Some(&NIL)
}

const NIL: u8 = 0xc0;

/// Reads the nil keys that a map of so many pairs begins with, and what they
/// announce. `None` when it is in no form that is known here.
pub fn read<'a>(reader: &mut Reader<'a>, pairs: u32) -> Option<Marks<'a>> {
    let Item::Nil = reader.read().ok()? else {
        return None;
    };
    let left = pairs.checked_sub(1)?;
    match reader.read().ok()? {
        Item::Text(class) => object(reader, class, false, left),
        Item::Integer(REFERENCE) if left > 0 => {
            if !are_next(reader) {
                return Some(Marks::Reference { pairs: left });
            }
            reader.nil().ok()?;
            match reader.read().ok()? {
                Item::Text(class) => object(reader, class, true, left - 1),
                _ => None,
            }
        }
        Item::Integer(announced) if left == 1 => {
            let what = match announced {
                SAME_ARRAY => Earlier::SharedArray,
                SAME_OBJECT => Earlier::Object,
                OBJECT_REFERENCE => Earlier::SharedObject,
                _ => return None,
            };
            let (Item::Integer(0), Item::Integer(number)) =
                (reader.read().ok()?, reader.read().ok()?)
            else {
                return None;
            };
            let number = usize::try_from(number).ok()?;
            Some(Marks::Back { what, number })
        }
        _ => None,
    }
}

/// A second nil key would announce what `__serialize()` has returned.
fn object<'a>(
    reader: &Reader<'a>,
    class: &'a [u8],
    reference: bool,
    pairs: u32,
) -> Option<Marks<'a>> {
    (pairs == 0 || !are_next(reader)).then_some(Marks::Object {
        class,
        reference,
        pairs,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(map: &[u8]) -> Option<Marks<'_>> {
        let mut reader = Reader::new(map);
        let pairs = reader.map().expect("a map");
        read(&mut reader, pairs)
    }

    #[test]
    fn what_the_extension_writes_is_known() {
        assert_eq!(
            marks(b"\x82\xc0\x01\x00\x05"),
            Some(Marks::Reference { pairs: 1 })
        );
        let object = |reference, pairs| {
            Some(Marks::Object {
                class: b"P",
                reference,
                pairs,
            })
        };
        assert_eq!(marks(b"\x81\xc0\xa1P"), object(false, 0));
        assert_eq!(marks(b"\x82\xc0\xa1P\xa1a\x01"), object(false, 1));
        assert_eq!(marks(b"\x83\xc0\x01\xc0\xa1P\xa1a\x01"), object(true, 1));
        for (announced, what) in [
            (2, Earlier::SharedArray),
            (4, Earlier::Object),
            (5, Earlier::SharedObject),
        ] {
            assert_eq!(
                marks(&[0x82, 0xc0, announced, 0, 7]),
                Some(Marks::Back { what, number: 7 })
            );
        }
    }

    #[test]
    fn every_other_form_is_left_to_somebody_else() {
        let others: [&[u8]; 11] = [
            b"\x81\xc0\xc0",
            b"\x81\xc0\x01",
            b"\x82\xc0\x01\xc0\x01",
            b"\x82\xc0\x02\x01\x02",
            b"\x82\xc0\x02\x00\xff",
            b"\x83\xc0\x02\x00\x02\x00\x02",
            b"\x82\xc0\x03\xa1P\xa1x",
            b"\x82\xc0\x06\xa1P\xa1x",
            b"\x82\xc0\xa1P\xc0\x90",
            b"\x81\xc0\xc4\x01P",
            b"\x81\xa1a\x01",
        ];
        for map in others {
            assert_eq!(marks(map), None, "{map:02x?}");
        }
    }
}
