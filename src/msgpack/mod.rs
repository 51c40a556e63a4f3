//! MessagePack as bytes: check, slice, read and write it, and translate it to
//! and from PHP's serialize format. What a message means is `wire`'s business.

pub mod kind;
pub mod limits;
pub mod malformed;
pub(crate) mod pack;
pub mod php;
pub mod reader;
pub mod scan;
mod step;
pub mod writer;

pub use kind::Kind;
pub use limits::Limits;
pub use malformed::Malformed;
pub use reader::{Item, Reader};
pub use scan::{Scanner, Skimmed, scan, skim};
pub use writer::{Incomplete, Writer};
