//! Batches of a server and a client, through the slots.

use std::ffi::c_int;

use super::{LANDED, Parcel};
use crate::capi::client::{Client, zroute_client};
use crate::capi::exchange::{self, client::WaitFor};
use crate::capi::gate::{Failure, gate};
use crate::capi::handle;
use crate::capi::pointer::Output;
use crate::capi::server::{Server, zroute_server};
use crate::capi::status::{Status, zroute_status};
use crate::zend::{self, Slots};

/// Takes the bytes out of a batch, so that they belong to this thread alone.
fn land(batch: &mut exchange::Batch) -> Parcel {
    LANDED.with_borrow_mut(|landed| Parcel::new(batch.swap(landed)))
}

/// Checked MessagePack that is to become the inbox's value.
type Delivery = Option<(Slots, Parcel)>;

/// Fills the inbox after the gate, if there is something for it.
///
/// # Safety
/// The parcel's bytes stay as they are, the slots' request still runs, the inbox
/// is free, and the caller owns nothing that a longjmp must not pass.
unsafe fn fill_inbox(function: &'static str, delivery: Delivery) -> zroute_status {
    let Some((slots, parcel)) = delivery else {
        return Status::ZROUTE_OK;
    };
    // SAFETY: as the caller promises.
    match unsafe { zend::decode(parcel.bytes(), slots.inbox()) } {
        Ok(()) => Status::ZROUTE_OK,
        Err(unbuilt) => gate(function, || Err(unbuilt.into())),
    }
}

/// This thread's slots, if the inbox can be filled without releasing anything:
/// a value that was released here could run a destructor.
///
/// # Safety
/// The request in which they were found still runs.
unsafe fn free_slots() -> Result<Slots, Failure> {
    let slots = zend::slots()?;
    // SAFETY: as the caller promises.
    if unsafe { slots.inbox_is_free() } {
        Ok(slots)
    } else {
        Err(Failure::argument("the inbox is expected to be null"))
    }
}

/// zroute_server_exchange for PHP values: the answers are the outbox's array
/// from token to answer, or null for none; the batch is put into the inbox,
/// which is expected to be null and stays so when the time is over. The format
/// of the option `values` has no part in it.
///
/// Everything else is as with zroute_server_exchange; besides,
/// ZROUTE_UNSUPPORTED without slots. Past PHP's memory limit
/// PHP ends the script, before this returns or, with ZROUTE_TOO_LARGE, right after.
///
/// One thread at a time, the thread of the slots.
///
/// # Safety
/// The request in which the slots were found still runs; whoever calls this owns
/// nothing that a longjmp must not pass.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_zend_server_exchange(
    server: *mut zroute_server,
    most: usize,
    timeout_ms: c_int,
) -> zroute_status {
    let mut delivery = None;
    let status = gate("zroute_zend_server_exchange", || {
        // SAFETY: as the caller promises.
        let slots = unsafe { free_slots()? };
        // SAFETY: as the caller promises; no PHP code runs in here.
        let answers = unsafe { slots.outbox() };
        let mut server = handle::enter::<Server>(server.cast())?;
        let batch = exchange::server::turn_in_place(&mut server, answers, most, timeout_ms)?;
        delivery = batch.map(|batch| (slots, land(batch)));
        Ok(())
    });
    if status != Status::ZROUTE_OK {
        return status;
    }
    // SAFETY: the bytes are this thread's, which does nothing else meanwhile; the
    // slots were just looked at; this frame owns nothing, and no handle is entered.
    unsafe { fill_inbox("zroute_zend_server_exchange", delivery) }
}

/// zroute_server_answer for PHP values: the answer is the outbox's value, which
/// is taken for plain.
///
/// One thread at a time, the thread of the slots. ZROUTE_UNSUPPORTED without
/// slots, and what zroute_server_answer returns.
///
/// # Safety
/// The request in which the slots were found still runs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_zend_server_answer(
    server: *mut zroute_server,
    token: u64,
) -> zroute_status {
    gate("zroute_zend_server_answer", || {
        let slots = zend::slots()?;
        // SAFETY: as the caller promises; no PHP code runs in here.
        let answer = unsafe { slots.outbox() };
        let mut server = handle::enter::<Server>(server.cast())?;
        exchange::server::answer_in_place(&mut server, token, answer)
    })
}

/// zroute_server_stream for PHP values: the item is the outbox's value.
///
/// One thread at a time, the thread of the slots. ZROUTE_UNSUPPORTED without
/// slots, and what zroute_server_stream returns.
///
/// # Safety
/// The request in which the slots were found still runs; `room` has room for its value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_zend_server_stream(
    server: *mut zroute_server,
    token: u64,
    room: *mut u32,
) -> zroute_status {
    gate("zroute_zend_server_stream", || {
        // SAFETY: as the caller promises.
        let output = unsafe { Output::new("room", room) }?;
        let slots = zend::slots()?;
        // SAFETY: as the caller promises; no PHP code runs in here.
        let item = unsafe { slots.outbox() };
        let mut server = handle::enter::<Server>(server.cast())?;
        output.write(exchange::server::stream_in_place(&mut server, token, item)?);
        Ok(())
    })
}

/// zroute_client_exchange for PHP values: the calls are the outbox's list, or
/// null for none; the results are put into the inbox, which is expected to be
/// null and stays so when nothing ended in time. With `plain` other than 0 a
/// value that is nested too deep is refused for good (see zroute_zend_slots). The
/// format of the option `values` has no part in it.
///
/// Everything else is as with zroute_client_exchange; besides,
/// ZROUTE_UNSUPPORTED without slots. Past PHP's memory limit
/// PHP ends the script, before this returns or, with ZROUTE_TOO_LARGE, right after.
///
/// One thread at a time, the thread of the slots.
///
/// # Safety
/// The request in which the slots were found still runs; whoever calls this owns
/// nothing that a longjmp must not pass.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_zend_client_exchange(
    client: *mut zroute_client,
    plain: c_int,
    wait_for: i64,
    timeout_ms: c_int,
) -> zroute_status {
    let mut delivery = None;
    let status = gate("zroute_zend_client_exchange", || {
        // SAFETY: as the caller promises.
        let slots = unsafe { free_slots()? };
        // SAFETY: as the caller promises; no PHP code runs in here.
        let calls = unsafe { slots.outbox() };
        let mut client = handle::enter::<Client>(client.cast())?;
        let wait_for = WaitFor::of(wait_for);
        let batch =
            exchange::client::turn_in_place(&mut client, calls, plain != 0, wait_for, timeout_ms)?;
        delivery = batch.map(|batch| (slots, land(batch)));
        Ok(())
    });
    if status != Status::ZROUTE_OK {
        return status;
    }
    // SAFETY: the bytes are this thread's, which does nothing else meanwhile; the
    // slots were just looked at; this frame owns nothing, and no handle is entered.
    unsafe { fill_inbox("zroute_zend_client_exchange", delivery) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_alive_while_php_allocates_needs_a_drop() {
        assert!(!std::mem::needs_drop::<Delivery>());
    }
}
