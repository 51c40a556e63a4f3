//! The plain dialect. The call's id travels in the envelope, which every server
//! echoes.

use super::{Request, one_frame, unreadable};
use crate::client::{Outcome, Value};
use crate::msgpack::Limits;
use crate::transport::Body;
use crate::wire::plain;

/// What is kept: where what follows the deadline begins in the request.
#[inline]
pub fn write(out: &mut Vec<u8>, request: &Request<'_>) -> Result<usize, String> {
    plain::write_request(
        out,
        request.function,
        request.timeout,
        request.meta,
        request.parameters,
    )
    .map_err(|malformed| malformed.to_string())
}

#[inline]
pub fn read(body: Body, limits: &Limits) -> Outcome {
    let frame = match one_frame(body) {
        Ok(frame) => frame,
        Err(outcome) => return outcome,
    };
    match plain::read_answer(frame.as_ref(), limits) {
        Ok(plain::Answer::Value) => Outcome::Answer(Value::whole(frame)),
        Ok(plain::Answer::Fault(fault)) => Outcome::Fault(fault),
        Err(malformed) => unreadable("one MessagePack value", &malformed),
    }
}
