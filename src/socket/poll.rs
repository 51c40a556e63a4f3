//! Waiting for sockets and descriptors.

use std::ffi::c_int;

use super::{Error, Socket};
use crate::transport::plain;

/// A message, or bytes, can be received without waiting.
pub const IN: i16 = 1;
/// A message, or bytes, can be sent without waiting.
pub const OUT: i16 = 2;
/// A descriptor is in error.
pub const ERROR: i16 = 4;
/// A descriptor has urgent bytes.
pub const PRIORITY: i16 = 8;

/// What a poll looks at.
#[derive(Clone, Copy)]
pub enum Item<'a> {
    /// A socket.
    Socket(&'a Socket),
    /// A file descriptor.
    Descriptor(c_int),
}

/// Waits until one of the items is ready for its events, and hands each one's
/// readiness to `found`; 0 for those that are not. Returns how many are. -1
/// waits for ever.
pub fn poll<'a>(
    items: impl Iterator<Item = (Item<'a>, i16)>,
    milliseconds: i64,
    mut found: impl FnMut(usize, i16),
) -> Result<usize, Error> {
    let mut polled: Vec<_> = items
        .map(|(item, events)| match item {
            Item::Socket(socket) => plain::Polled::socket(&socket.plain, events),
            Item::Descriptor(descriptor) => plain::Polled::descriptor(descriptor, events),
        })
        .collect();
    // SAFETY: the sockets are borrowed, and each belongs to this thread now.
    let ready =
        unsafe { plain::poll(&mut polled, milliseconds) }.map_err(Error::of("wait for sockets"))?;
    for (index, item) in polled.iter().enumerate() {
        found(index, item.ready());
    }
    Ok(ready)
}
