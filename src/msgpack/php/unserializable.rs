//! What can't go from PHP to MessagePack, and why.

use std::fmt;

/// Why a value of PHP's was refused. Offsets count bytes from the start of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unserializable {
    /// An object or enum case; of all classes only `stdClass` is a plain record.
    Object {
        /// Its class; bytes that are not UTF-8 are replaced.
        class: String,
    },
    /// A reference, or the same object at two places.
    Reference,
    /// Arrays are nested deeper than allowed.
    TooDeep {
        /// How many levels are allowed.
        limit: usize,
    },
    /// Arrays hold more values than allowed.
    TooManyNodes {
        /// How many values are allowed; the keys of a map count.
        limit: usize,
    },
    /// The value takes more bytes as MessagePack than allowed.
    TooLarge {
        /// Its size in bytes.
        size: usize,
        /// How many bytes are allowed.
        limit: usize,
    },
    /// The text is not what `serialize()` writes.
    Syntax {
        /// Where it stops making sense.
        offset: usize,
    },
}

impl fmt::Display for Unserializable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object { class } => write!(
                f,
                "expected null, scalars, arrays and stdClass objects, found an object of class {class}"
            ),
            Self::Reference => write!(
                f,
                "expected plain values, found a reference or the same object at two places"
            ),
            Self::TooDeep { limit } => {
                write!(f, "arrays are nested more than {limit} levels deep")
            }
            Self::TooManyNodes { limit } => write!(f, "arrays hold more than {limit} values"),
            Self::TooLarge { size, limit } => {
                write!(f, "{size} bytes are more than the {limit} allowed")
            }
            Self::Syntax { offset } => {
                write!(f, "expected what serialize() writes at byte {offset}")
            }
        }
    }
}

impl std::error::Error for Unserializable {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_name_what_was_found() {
        let object = Unserializable::Object {
            class: "App\\User".to_owned(),
        };
        assert_eq!(
            object.to_string(),
            "expected null, scalars, arrays and stdClass objects, found an object of class App\\User"
        );
        assert_eq!(
            Unserializable::Syntax { offset: 3 }.to_string(),
            "expected what serialize() writes at byte 3"
        );
    }
}
