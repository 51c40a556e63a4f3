//! PHP's values, read and built in place: no format between PHP and MessagePack.
//!
//! PHP keeps two references in static properties, the outbox and the inbox.
//! Native code learns once a request where their values lie, and from then on
//! reads the one and fills the other through functions that the php binary
//! exports to its extensions. Server and client hand over batches so. Single
//! values go through two objects, whose `[]` native code has made its own.
//!
//! | file | holds |
//! |---|---|
//! | `engine` | which PHP this process runs, if it is one that is known |
//! | `symbols` | the functions that the php binary exports |
//! | `layout` | how that PHP lays its values out in memory |
//! | `memory` | how much memory PHP may still take |
//! | `slot` | where the outbox and the inbox are |
//! | `converter` | objects of PHP's whose `[]` converts a value |
//! | `view` | a value of PHP's, read in place |
//! | `encode` | a value of PHP's to MessagePack |
//! | `decode` | MessagePack to a value of PHP's |
//! | `objects` | with classes and references, as ext-msgpack has them |
//! | `unpackable` | what cannot travel, and why |
//!
//! Three rules keep this safe.
//!
//! 1. No PHP code runs inside: nothing that could have a destructor is ever
//!    released here, and reading a value calls nothing.
//! 2. PHP's allocator leaves by `longjmp` when the memory limit is passed.
//!    So between the entry of the ABI and a call of the allocator no frame owns
//!    anything with a Drop, no handle is entered, nothing is borrowed, and what
//!    is half built is reachable from nowhere: PHP takes its memory back at the
//!    end of the request. (A PHP that has functions which fail instead is asked
//!    through those, and raises its error when the call has returned.)
//! 3. Bytes are checked before the first allocation: limits, keys, extensions.

mod converter;
mod decode;
mod encode;
mod engine;
mod layout;
mod memory;
pub mod objects;
mod slot;
mod symbols;
mod unpackable;
mod view;

pub use converter::{Conversion, convert_variable, fail, number_in, operand};
pub use decode::{Unbuilt, decode, integer, string, strings};
pub use engine::{Unsupported, attach};
pub use layout::{Object, Value};
pub use memory::has_room_for;
pub use slot::{Names, Slots, find, slots};
pub use unpackable::Unpackable;
pub use view::{Key, Seen, Table, View};
