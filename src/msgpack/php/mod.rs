//! Values between MessagePack and the text that PHP's `serialize()` writes and
//! `unserialize()` reads, without a value in memory between the two.

mod collisions;
mod emit;
mod fit;
pub mod objects;
mod parse;
mod serialized;
mod text;
mod unserializable;
mod write;

pub(crate) use collisions::{hash, numeric};
pub use emit::to_php;
pub use fit::fits;
pub(crate) use fit::{Survey, survey};
pub use parse::{Notes, from_php};
pub use serialized::Serialized;
pub use unserializable::Unserializable;
