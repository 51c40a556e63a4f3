//! What cannot go from PHP to MessagePack, and why.

use std::fmt;

/// Why a value was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unpackable {
    /// An object or enum case other than a plain stdClass, a resource, or
    /// something that scripts do not see.
    Foreign {
        /// What it is.
        found: &'static str,
    },
    /// Arrays are nested deeper than allowed.
    TooDeep {
        /// How many levels are allowed.
        limit: usize,
        /// The way there led through a reference or an object, so the value may
        /// hold itself.
        endless: bool,
    },
    /// Arrays hold more values than allowed.
    TooManyNodes {
        /// How many values are allowed; the keys of a map count.
        limit: usize,
    },
    /// The value takes more bytes as MessagePack than allowed.
    TooLarge {
        /// The bytes it took when it was given up.
        size: usize,
        /// How many bytes are allowed.
        limit: usize,
    },
}

impl fmt::Display for Unpackable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign { found } => write!(
                f,
                "expected null, scalars, arrays and stdClass objects, found {found}"
            ),
            Self::TooDeep { limit, .. } => {
                write!(f, "arrays are nested more than {limit} levels deep")
            }
            Self::TooManyNodes { limit } => write!(f, "arrays hold more than {limit} values"),
            Self::TooLarge { size, limit } => {
                write!(f, "{size} bytes are more than the {limit} allowed")
            }
        }
    }
}

impl std::error::Error for Unpackable {}
