//! What is wrong with bytes that should be MessagePack.

use std::fmt;

/// Why bytes were refused. Offsets count bytes from the start of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// There is no byte at all.
    Empty,
    /// The message ends before the value that starts at `offset` does. An array
    /// or map that claims more entries than bytes are left counts as well.
    Truncated {
        /// Where the value that is not whole starts.
        offset: usize,
    },
    /// The byte 0xc1, which MessagePack never uses.
    ReservedByte {
        /// Where it is.
        offset: usize,
    },
    /// Arrays and maps are nested deeper than allowed.
    TooDeep {
        /// How many levels are allowed.
        limit: usize,
    },
    /// Arrays and maps hold more values than allowed.
    TooManyNodes {
        /// How many values are allowed.
        limit: usize,
    },
    /// The message, or one string in it, is longer than allowed.
    TooLarge {
        /// Its size in bytes.
        size: usize,
        /// How many bytes are allowed.
        limit: usize,
    },
    /// Bytes follow the value.
    TrailingBytes {
        /// Where the first of them is.
        offset: usize,
        /// How many there are.
        count: usize,
    },
    /// A well-formed value of another type than asked for.
    WrongType {
        /// The type asked for.
        expected: &'static str,
        /// The type that is there.
        found: &'static str,
        /// Where the value starts.
        offset: usize,
    },
    /// A map key that PHP arrays can't have.
    UnsupportedKey {
        /// The key's type.
        found: &'static str,
        /// Where the key starts.
        offset: usize,
    },
    /// An extension type, which has no counterpart in PHP.
    Extension {
        /// The application's number for the type.
        kind: i8,
        /// Where the value starts.
        offset: usize,
    },
    /// The keys of the message's maps would collide in PHP's hash tables.
    Collisions {
        /// How many comparisons of keys are allowed.
        limit: u64,
    },
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Empty => write!(f, "expected a MessagePack value, found no bytes"),
            Self::Truncated { offset } => {
                write!(
                    f,
                    "the MessagePack value at byte {offset} continues past the end of the message"
                )
            }
            Self::ReservedByte { offset } => {
                write!(
                    f,
                    "expected a MessagePack value at byte {offset}, found the reserved byte 0xc1"
                )
            }
            Self::TooDeep { limit } => {
                write!(
                    f,
                    "arrays and maps are nested more than {limit} levels deep"
                )
            }
            Self::TooManyNodes { limit } => {
                write!(f, "arrays and maps hold more than {limit} values")
            }
            Self::TooLarge { size, limit } => {
                write!(f, "{size} bytes are more than the {limit} allowed")
            }
            Self::TrailingBytes { offset, count } => {
                let s = if count == 1 { "" } else { "s" };
                write!(
                    f,
                    "expected the message to end at byte {offset}, found {count} more byte{s}"
                )
            }
            Self::WrongType {
                expected,
                found,
                offset,
            } => {
                write!(f, "expected {expected} at byte {offset}, found {found}")
            }
            Self::UnsupportedKey { found, offset } => {
                write!(
                    f,
                    "expected an integer or a string as map key at byte {offset}, found {found}"
                )
            }
            Self::Extension { kind, offset } => {
                write!(
                    f,
                    "the extension type {kind} at byte {offset} has no counterpart in PHP"
                )
            }
            Self::Collisions { limit } => {
                write!(
                    f,
                    "map keys collide: PHP would need more than {limit} comparisons of keys"
                )
            }
        }
    }
}

impl std::error::Error for Malformed {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_say_where_what_was_expected_and_what_was_found() {
        let texts = [
            (
                Malformed::WrongType {
                    expected: "map",
                    found: "array",
                    offset: 7,
                },
                "expected map at byte 7, found array",
            ),
            (
                Malformed::TrailingBytes {
                    offset: 3,
                    count: 1,
                },
                "expected the message to end at byte 3, found 1 more byte",
            ),
            (
                Malformed::TrailingBytes {
                    offset: 3,
                    count: 2,
                },
                "expected the message to end at byte 3, found 2 more bytes",
            ),
            (
                Malformed::TooLarge {
                    size: 20,
                    limit: 10,
                },
                "20 bytes are more than the 10 allowed",
            ),
        ];
        for (error, text) in texts {
            assert_eq!(error.to_string(), text);
        }
    }
}
