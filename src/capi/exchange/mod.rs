//! The pull form: batches of calls and answers in one call of the ABI, as
//! lists in MessagePack or in PHP's serialize format.

mod batch;
pub mod client;
pub mod server;

use super::gate::Failure;
use super::status::Status;
use crate::msgpack::php::Unserializable;
use crate::msgpack::{Malformed, Reader};

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
