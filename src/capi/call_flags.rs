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
}

use zroute_call_flag::{ZROUTE_IDEMPOTENT, ZROUTE_ONE_WAY};

/// The terms that a sum of flags stands for.
pub fn terms(flags: i64) -> Result<Terms, Failure> {
    let (idempotent, one_way) = (ZROUTE_IDEMPOTENT as i64, ZROUTE_ONE_WAY as i64);
    if flags & !(idempotent | one_way) != 0 {
        return Err(Failure::argument(format!(
            "flags is expected to be a sum of ZROUTE_IDEMPOTENT and ZROUTE_ONE_WAY, got {flags}"
        )));
    }
    Ok(Terms {
        idempotent: flags & idempotent != 0,
        one_way: flags & one_way != 0,
    })
}
