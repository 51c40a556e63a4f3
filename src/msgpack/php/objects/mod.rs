//! The packed form of PHP's `msgpack` extension, between MessagePack and the
//! serialize format: values with their objects, references and enum cases.
//!
//! A key nil marks what MessagePack itself has no word for:
//!
//! | map | what it is |
//! |---|---|
//! | `{nil: "Class", name: value, …}` | an object; names of private and protected properties are PHP's, with NULs |
//! | `{nil: "Class", nil: values}` | an object, by what its `__serialize()` returned |
//! | `{nil: 1, …}` | an array or object that is a reference |
//! | `{nil: 2, 0: id}` | a reference to an array that came before |
//! | `{nil: 3, "Class": "bytes"}` | an object whose class is `Serializable` |
//! | `{nil: 4, 0: id}` | an object that came before |
//! | `{nil: 5, 0: id}` | a reference to an object that came before |
//! | `{nil: 6, "Class": "Case"}` | a case of an enum; also an object with `name` and `value` |
//!
//! Arrays and objects have ids, in the order in which they begin, from 1 on. So
//! do the values that `__serialize()` returns, and a `{nil: 4}`; references to
//! what came before, 2 and 5, have none.

mod allowed;
mod key;
mod known;
pub(crate) mod marks;
mod pack;
mod unpack;

pub use allowed::Allowed;
pub use known::Known;
pub use pack::{Packed, pack};
pub use unpack::{Remarks, Unpacked, unpack};

/// How deep values may be nested: as deep as the extension unpacks. Either way takes
/// less than 2 MB of stack then, which the main thread of a PHP has.
pub const DEPTH: usize = 1024;

pub(crate) const REFERENCE: i64 = 1;
pub(crate) const SAME_ARRAY: i64 = 2;
const CUSTOM: i64 = 3;
pub(crate) const SAME_OBJECT: i64 = 4;
pub(crate) const OBJECT_REFERENCE: i64 = 5;
const ENUM_CASE: i64 = 6;

/// The extension's settings, as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings(pub u32);

impl Settings {
    /// Objects keep their class, and a nil key means what the table says. Else an
    /// object without hooks is only what it holds.
    pub const PHP_ONLY: u32 = 1;
    /// A string of 32 to 255 bytes is a str8; else a str16.
    pub const STR8: u32 = 2;
    /// A float takes 32 bits.
    pub const FORCE_F32: u32 = 4;
    /// A map is an array to PHP, and an object without class a list; else both
    /// are maps and objects.
    pub const ASSOC: u32 = 8;
    /// A key that PHP does not have becomes a value of its own; else a string.
    pub const ILLEGAL_KEY_INSERT: u32 = 16;
    /// What a class wrote itself shares no numbers with the text around it.
    pub const ISOLATED: u32 = 32;

    const fn php_only(self) -> bool {
        self.0 & Self::PHP_ONLY != 0
    }

    const fn str8(self) -> bool {
        self.0 & Self::STR8 != 0
    }

    const fn force_f32(self) -> bool {
        self.0 & Self::FORCE_F32 != 0
    }

    const fn assoc(self) -> bool {
        self.0 & Self::ASSOC != 0
    }

    const fn isolated(self) -> bool {
        self.0 & Self::ISOLATED != 0
    }

    const fn illegal_key_insert(self) -> bool {
        self.0 & Self::ILLEGAL_KEY_INSERT != 0
    }
}

/// Without optimization a thread of the tests has too little stack for DEPTH.
#[cfg(test)]
fn with_stack(test: fn()) {
    let thread = std::thread::Builder::new().stack_size(32 << 20).spawn(test);
    assert!(thread.expect("a thread").join().is_ok());
}
