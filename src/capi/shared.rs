//! Clients that outlive the requests of a host, such as php-fpm's.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{c_char, c_int, c_void};

use super::client::{Client, zroute_client};
use super::gate::gate;
use super::handle;
use super::options::{self, zroute_options};
use super::pointer::{Output, text};
use super::status::zroute_status;

thread_local! {
    /// This thread's shared clients, by name. One may have been freed, or belong
    /// to the process that this one was forked from; its handle tells.
    static SHARED: RefCell<HashMap<String, *mut c_void>> = RefCell::default();
}

/// The client of this name that this thread has, or a new one, made with
/// `options`; then `made` is 1, else 0, and the options are not used. A
/// client that was there keeps its connections; its calls are given up as by
/// zroute_client_cancel_all. So a host whose requests come and go in one process
/// connects once.
///
/// It is nobody's to free: it lives as long as its process, unless
/// zroute_client_free ends it; the next call makes another then. A forked child
/// gets one of its own.
///
/// Any thread may call this; each has its own clients. ZROUTE_BAD_OPTION,
/// ZROUTE_BUSY.
///
/// # Safety
/// `name` is NULL or a NUL-terminated text; `made` and `client` are NULL or have
/// room for their values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_client_shared(
    name: *const c_char,
    options: *const zroute_options,
    made: *mut c_int,
    client: *mut *mut zroute_client,
) -> zroute_status {
    gate("zroute_client_shared", || {
        // SAFETY: as the caller promises.
        let (name, is_new, output) = unsafe {
            (
                text("name", name)?,
                Output::new("made", made)?,
                Output::new("client", client)?,
            )
        };
        let fresh = options::with(options, Client::new)?;
        let known = SHARED.with_borrow(|shared| shared.get(name).copied());
        if let Some(known) = known
            && let Ok(mut client) = handle::enter::<Client>(known)
        {
            client.cancel_all()?;
            is_new.write(0);
            output.write(known.cast());
            return Ok(());
        }
        let fresh = handle::insert(fresh)?;
        SHARED.with_borrow_mut(|shared| shared.insert(name.to_string(), fresh));
        is_new.write(1);
        output.write(fresh.cast());
        Ok(())
    })
}
