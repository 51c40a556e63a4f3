//! How a client's servers are doing.

use std::ffi::{CString, c_char};

use super::client::{Client, zroute_client};
use super::gate::{Failure, gate};
use super::handle;
use super::pointer::Output;
use super::status::{Status, zroute_status};
use crate::client::State;

/// Whether a server gets calls.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum zroute_server_state {
    /// There is no connection; one is being made, now and again.
    ZROUTE_AWAY = 0,
    /// It gets calls.
    ZROUTE_UP = 1,
    /// It has said that it goes away, or has left the list of its service: it
    /// gets no more calls on this connection.
    ZROUTE_LEAVING = 2,
    /// It has failed again and again, and is left alone for a while.
    ZROUTE_LEFT_OUT = 3,
    /// It was, and one call is to show whether it answers again.
    ZROUTE_ON_PROBATION = 4,
}

/// How one server is doing, as its client sees it. The texts are borrowed: they
/// are good until the next call with this client.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct zroute_server_health {
    /// Where it is.
    pub endpoint: *const c_char,
    /// Whether it gets calls.
    pub state: zroute_server_state,
    /// Calls that it has now.
    pub in_flight: u64,
    /// Failures since its last answer: calls with no answer in time, and
    /// connections that were lost with calls on them.
    pub failures: u64,
    /// Why it gets no calls, as far as is known; empty when it does.
    pub trouble: *const c_char,
}

/// Tells how a server is doing: `index` is its place, from 0, in the order of
/// zroute_client_connect; servers of a consul:// endpoint come and go, and those
/// behind one that has gone move up. It takes in what has happened, and never waits.
///
/// One thread at a time. ZROUTE_END when there is none at that place,
/// ZROUTE_INTERRUPTED.
///
/// # Safety
/// `health` is NULL or has room for its value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_client_server(
    client: *mut zroute_client,
    index: usize,
    health: *mut zroute_server_health,
) -> zroute_status {
    gate("zroute_client_server", || {
        // SAFETY: as the caller promises.
        let output = unsafe { Output::new("health", health) }?;
        let mut client = handle::enter::<Client>(client.cast())?;
        let Some(health) = client.engine.health(index)? else {
            return Err(Failure::new(
                Status::ZROUTE_END,
                format!("the client has no server at place {index}"),
            ));
        };
        let texts = &mut client.health_texts;
        *texts = [health.endpoint, health.trouble.unwrap_or_default()]
            .map(|text| CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default());
        let [endpoint, trouble] = texts;
        output.write(zroute_server_health {
            endpoint: endpoint.as_ptr(),
            state: match health.state {
                State::Away => zroute_server_state::ZROUTE_AWAY,
                State::Up => zroute_server_state::ZROUTE_UP,
                State::Leaving => zroute_server_state::ZROUTE_LEAVING,
                State::LeftOut => zroute_server_state::ZROUTE_LEFT_OUT,
                State::OnProbation => zroute_server_state::ZROUTE_ON_PROBATION,
            },
            in_flight: health.in_flight as u64,
            failures: u64::from(health.failures),
            trouble: trouble.as_ptr(),
        });
        Ok(())
    })
}
