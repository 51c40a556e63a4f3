//! MessagePack-RPC. An id has 32 bits there; what is kept with a call is the one
//! that it has.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::{Dialect, Request, Said, check_is_list, one_frame, unreadable};
use crate::chance::Chance;
use crate::client::{Outcome, Value};
use crate::msgpack::Limits;
use crate::transport::Body;
use crate::wire::messagepack_rpc::{self as wire, Message};

/// The ids that calls in flight have.
pub struct Ids {
    last: u32,
    calls: HashMap<u32, u64>,
}

impl Ids {
    /// They begin anywhere, so that an answer to this program before its restart
    /// fits no call.
    pub fn new() -> Self {
        // The upper half is as good as any.
        let last = u32::try_from(Chance::new().number() >> 32).unwrap_or_default();
        Self {
            last,
            calls: HashMap::new(),
        }
    }

    pub fn write(&mut self, out: &mut Vec<u8>, request: &Request<'_>) -> Result<usize, String> {
        let Request {
            function,
            parameters,
            ..
        } = *request;
        check_is_list(Dialect::MessagePackRpc, parameters)?;
        if !request.meta.is_empty() {
            return Err("MessagePack-RPC has no place for meta".to_string());
        }
        let written = if request.terms.one_way {
            wire::write_notification(out, function, parameters).map(|()| NONE)
        } else {
            let id = self.take(request.id);
            wire::write_request(out, id, function, parameters).map(|()| id as usize)
        };
        written.map_err(|malformed| malformed.to_string())
    }

    /// The next id that no call in flight has.
    fn take(&mut self, call: u64) -> u32 {
        loop {
            self.last = self.last.wrapping_add(1);
            if let Entry::Vacant(free) = self.calls.entry(self.last) {
                free.insert(call);
                return self.last;
            }
        }
    }

    pub fn read(
        &mut self,
        number: Option<u64>,
        body: Body,
        limits: &Limits,
    ) -> Option<(u64, Said)> {
        // What cannot be read has the id of its envelope yet.
        let of_envelope = |outcome| number.map(|number| (number, Said::Ended(outcome)));
        let frame = match one_frame(body) {
            Ok(frame) => frame,
            Err(outcome) => return of_envelope(outcome),
        };
        let (call, result) = match wire::read(frame.as_ref(), limits) {
            Ok(Message::Response {
                id: Some(id),
                error,
                result,
            }) => {
                let fault = (error != NIL).then(|| wire::read_error(error));
                (*self.calls.get(&id)?, fault.ok_or(result.len()))
            }
            Ok(_) => return of_envelope(unreadable("[1, id, error, result]", &"it is not")),
            Err(malformed) => {
                return of_envelope(unreadable("one MessagePack value", &malformed));
            }
        };
        let outcome = match result {
            Ok(fault) => Outcome::Fault(fault),
            Err(length) => Outcome::Answer(Value::end_of(frame, length)),
        };
        Some((call, Said::Ended(outcome)))
    }

    pub fn forget(&mut self, noted: usize) {
        if let Ok(id) = u32::try_from(noted) {
            self.calls.remove(&id);
        }
    }
}

/// What a notification has in place of an id.
const NONE: usize = usize::MAX;
const NIL: &[u8] = b"\xc0";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_go_around_the_edge_of_32_bits_past_those_in_flight() {
        let mut ids = Ids::new();
        ids.last = u32::MAX - 1;
        ids.calls.insert(0, 7);
        assert_eq!(ids.take(1), u32::MAX);
        assert_eq!(ids.take(2), 1);
        ids.forget(u32::MAX as usize);
        ids.forget(0);
        ids.last = u32::MAX - 1;
        assert_eq!(ids.take(3), u32::MAX);
        assert_eq!(ids.take(4), 0);
        ids.forget(NONE);
        assert_eq!(ids.calls.len(), 3);
    }
}
