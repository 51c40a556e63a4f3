//! What a caller declares of a call.

use super::gate::Failure;
use crate::client::Terms;

/// Declares something of a call; add them up.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum zroute_call_flag {
    /// Running it twice does no harm: it is tried again when its connection is
    /// lost or its server has too much to do, as the options `retries`,
    /// `retry_base_ms`, `retry_max_ms` and `retry_budget_percent` allow.
    ZROUTE_IDEMPOTENT = 1,
    /// Nobody waits for its end, and nothing is kept of it.
    ZROUTE_ONE_WAY = 2,
    /// It gives many values, which zroute_client_stream_next takes one by one; its
    /// timeout is the longest wait for each. Tried again only as long as none has
    /// come. With the option `dialect` at `zerorpc` alone.
    ZROUTE_STREAM = 4,
}

use zroute_call_flag::{ZROUTE_IDEMPOTENT, ZROUTE_ONE_WAY, ZROUTE_STREAM};

/// The terms that a sum of flags stands for.
pub fn terms(flags: i64) -> Result<Terms, Failure> {
    let (idempotent, one_way) = (ZROUTE_IDEMPOTENT as i64, ZROUTE_ONE_WAY as i64);
    let stream = ZROUTE_STREAM as i64;
    let both = one_way | stream;
    if flags & !(idempotent | both) != 0 || flags & both == both {
        return Err(Failure::argument(format!(
            "flags is expected to be a sum of ZROUTE_IDEMPOTENT and one of ZROUTE_ONE_WAY and \
             ZROUTE_STREAM, got {flags}"
        )));
    }
    Ok(Terms {
        idempotent: flags & idempotent != 0,
        one_way: flags & one_way != 0,
        stream: flags & stream != 0,
    })
}
