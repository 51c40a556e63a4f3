//! Waiting for many.

use std::ffi::{c_int, c_short};

use super::{Plain, enter, zroute_socket};
use crate::capi::gate::{Failure, gate};
use crate::capi::handle::Entered;
use crate::capi::pointer::Output;
use crate::capi::status::zroute_status;
use crate::socket::{Item, poll};

/// What a poll looks for; libzmq's numbers, to be added up.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum zroute_poll_event {
    /// A message, or bytes at a descriptor, can be received without waiting.
    ZROUTE_POLL_IN = 1,
    /// A message, or bytes, can be sent without waiting.
    ZROUTE_POLL_OUT = 2,
    /// A descriptor is in error.
    ZROUTE_POLL_ERROR = 4,
    /// A descriptor has urgent bytes.
    ZROUTE_POLL_PRIORITY = 8,
}

const _: () = {
    // libzmq's numbers are handed on as they are.
    assert!(zroute_poll_event::ZROUTE_POLL_IN as c_short == crate::socket::IN);
    assert!(zroute_poll_event::ZROUTE_POLL_OUT as c_short == crate::socket::OUT);
    assert!(zroute_poll_event::ZROUTE_POLL_ERROR as c_short == crate::socket::ERROR);
    assert!(zroute_poll_event::ZROUTE_POLL_PRIORITY as c_short == crate::socket::PRIORITY);
};

/// One item of a poll.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct zroute_poll_item {
    /// A socket; NULL for a file descriptor.
    pub socket: *mut zroute_socket,
    /// A file descriptor, when `socket` is NULL.
    pub descriptor: c_int,
    /// What to look for, ZROUTE_POLL_IN and so on.
    pub events: c_short,
    /// What was found; written by the poll.
    pub ready: c_short,
}

/// Waits until an item is ready, `timeout_ms` milliseconds at most, -1 for ever.
/// `ready` is how many are; 0 when the time was over. A socket may be there
/// several times.
///
/// ZROUTE_INTERRUPTED when a signal came. ZROUTE_BAD_HANDLE and ZROUTE_BUSY are
/// about any of the sockets.
///
/// # Safety
/// `items` leads to `count` items; `ready` is NULL or has room for its value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_socket_poll(
    items: *mut zroute_poll_item,
    count: usize,
    timeout_ms: i64,
    ready: *mut usize,
) -> zroute_status {
    gate("zroute_socket_poll", || {
        // SAFETY: as the caller promises.
        let output = unsafe { Output::new("ready", ready)? };
        if count > c_int::MAX.unsigned_abs() as usize {
            return Err(Failure::argument(format!("impossible count, {count}")));
        }
        let given: &mut [zroute_poll_item] = if count == 0 {
            &mut []
        } else if items.is_null() {
            return Err(Failure::argument("items is NULL"));
        } else {
            // SAFETY: not NULL, and as many as the caller promises.
            unsafe { std::slice::from_raw_parts_mut(items, count) }
        };
        // Where the entered socket of each item is.
        let mut entered: Vec<Entered<Plain>> = Vec::with_capacity(count);
        let mut owners: Vec<*mut zroute_socket> = Vec::with_capacity(count);
        let mut places = Vec::with_capacity(count);
        for item in &*given {
            if item.socket.is_null() {
                places.push(usize::MAX);
                continue;
            }
            match enter(item.socket) {
                Ok(plain) => {
                    places.push(entered.len());
                    entered.push(plain);
                    owners.push(item.socket);
                }
                // Perhaps busy with this very poll.
                Err(failure) => match owners.iter().position(|owner| *owner == item.socket) {
                    Some(place) => places.push(place),
                    None => return Err(failure),
                },
            }
        }
        let looked = given.iter().zip(&places).map(|(item, place)| {
            let what = entered
                .get(*place)
                .map_or(Item::Descriptor(item.descriptor), |plain| {
                    Item::Socket(&plain.socket)
                });
            (what, item.events)
        });
        let mut found = Vec::with_capacity(count);
        let ready = poll(looked, timeout_ms.max(-1), |_, events| found.push(events))?;
        for (item, events) in given.iter_mut().zip(found) {
            item.ready = events;
        }
        output.write(ready);
        Ok(())
    })
}
