//! The pull form: batches of calls and answers in one call of the ABI, as
//! lists in MessagePack, in PHP's serialize format, or as PHP's own values.

mod batch;
pub mod client;
pub mod server;

pub use batch::Batch;

use super::gate::Failure;
use super::status::Status;
use crate::msgpack::php::Unserializable;
use crate::msgpack::{Limits, Malformed, Reader};
use crate::zend::{Unpackable, View};

impl From<Unserializable> for Failure {
    fn from(error: Unserializable) -> Self {
        let status = match error {
            Unserializable::Object { .. } | Unserializable::Reference => Status::ZROUTE_NOT_PLAIN,
            Unserializable::TooLarge { .. } => Status::ZROUTE_TOO_LARGE,
            _ => Status::ZROUTE_INVALID_VALUE,
        };
        Self::new(status, error.to_string())
    }
}

/// Why a 0 is not taken at its word: `serialize()` writes one for a resource.
const MAYBE_A_RESOURCE: &str = "a 0 in it may stand for a resource";

/// Appends a value of PHP's to `out`. Unless it was looked at, one that may hold
/// itself is not plain.
pub fn pack(
    value: View<'_>,
    out: &mut Vec<u8>,
    limits: &Limits,
    looked_at: bool,
) -> Result<(), Failure> {
    value.pack(out, limits).map_err(|error| match error {
        Unpackable::TooDeep { limit, .. } if looked_at => Unpackable::TooDeep {
            limit,
            endless: false,
        }
        .into(),
        other => other.into(),
    })
}

/// Nothing follows a batch.
fn at_end(reader: &Reader<'_>) -> Result<(), Failure> {
    match reader.remaining().len() {
        0 => Ok(()),
        count => Err(Malformed::TrailingBytes {
            offset: reader.position(),
            count,
        }
        .into()),
    }
}
