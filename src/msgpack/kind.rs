//! The types a MessagePack value can have.

use rmp::Marker;

/// A value's type, as its first byte tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No value.
    Nil,
    /// True or false.
    Boolean,
    /// A whole number of any width, with or without sign.
    Integer,
    /// A floating point number of 32 or 64 bits.
    Float,
    /// MessagePack's str. Old writers put bytes of any kind into it.
    Text,
    /// MessagePack's bin.
    Binary,
    /// A list of values.
    Array,
    /// Pairs of a key and a value.
    Map,
    /// A type of the application's own, timestamps included.
    Extension,
}

impl Kind {
    /// The type that `first`, a value's first byte, announces; `None` for 0xc1.
    #[must_use]
    #[inline]
    pub const fn of(first: u8) -> Option<Self> {
        Some(match Marker::from_u8(first) {
            Marker::Null => Self::Nil,
            Marker::True | Marker::False => Self::Boolean,
            Marker::FixPos(_)
            | Marker::FixNeg(_)
            | Marker::U8
            | Marker::U16
            | Marker::U32
            | Marker::U64
            | Marker::I8
            | Marker::I16
            | Marker::I32
            | Marker::I64 => Self::Integer,
            Marker::F32 | Marker::F64 => Self::Float,
            Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => Self::Text,
            Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => Self::Binary,
            Marker::FixArray(_) | Marker::Array16 | Marker::Array32 => Self::Array,
            Marker::FixMap(_) | Marker::Map16 | Marker::Map32 => Self::Map,
            Marker::FixExt1
            | Marker::FixExt2
            | Marker::FixExt4
            | Marker::FixExt8
            | Marker::FixExt16
            | Marker::Ext8
            | Marker::Ext16
            | Marker::Ext32 => Self::Extension,
            Marker::Reserved => return None,
        })
    }

    /// The name that errors use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nil => "nil",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Text => "string",
            Self::Binary => "binary",
            Self::Array => "array",
            Self::Map => "map",
            Self::Extension => "extension",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_but_the_reserved_one_has_a_type() {
        for first in 0..=u8::MAX {
            assert_eq!(Kind::of(first).is_none(), first == 0xc1, "{first:#04x}");
        }
    }
}
