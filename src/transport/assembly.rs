//! A message put together from its frames.

use super::{Body, Frame, Incoming};
use crate::wire::Envelope;

/// Takes the frames of one message. Of frames that are too many it keeps none
/// and counts them.
#[derive(Debug, Default)]
pub struct Assembly {
    envelope: Envelope,
    /// Frames that the peer has sent.
    count: usize,
    /// Those of them that came after the delimiter.
    after: usize,
    /// Frames were too large for an envelope.
    overflowed: bool,
}

impl Assembly {
    /// Begins a message that a router got: its envelope starts with the routing
    /// id of the peer.
    pub fn from_peer(routing_id: &[u8]) -> Self {
        let mut assembly = Self::default();
        // A routing id has 255 bytes at most, so it fits.
        let _ = assembly.envelope.push(routing_id);
        assembly
    }

    /// Adds a frame; returns the message when `more` tells that it was the last
    /// one. The next message needs a new assembly.
    #[inline]
    pub fn add<F: AsRef<[u8]>>(&mut self, frame: F, more: bool) -> Option<Incoming>
    where
        Frame: From<F>,
    {
        self.count += 1;
        let body = if self.envelope.is_delimited() {
            self.after += 1;
            match self.after {
                _ if more => return None,
                1 => Body::One(frame.into()),
                several => Body::Several(several),
            }
        } else if self.count == 1 && !more && !frame.as_ref().is_empty() {
            Body::One(frame.into())
        } else {
            self.overflowed = self.overflowed || !self.envelope.push(frame.as_ref());
            if more {
                return None;
            }
            if self.envelope.is_delimited() {
                Body::Missing
            } else {
                self.envelope = self.envelope.routing_id_alone();
                Body::Several(self.count)
            }
        };
        let envelope = std::mem::take(&mut self.envelope);
        Some(Incoming { envelope, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    /// The envelope's frames and the body of a message from the peer "id".
    fn assemble(frames: &[&'static [u8]]) -> (Vec<Vec<u8>>, Body) {
        let mut assembly = Assembly::from_peer(b"id");
        let last = frames.len() - 1;
        for (place, frame) in frames.iter().enumerate() {
            let added = assembly.add(Bytes::from_static(frame), place < last);
            assert_eq!(added.is_some(), place == last);
            if let Some(Incoming { envelope, body }) = added {
                return (envelope.frames().map(<[u8]>::to_vec).collect(), body);
            }
        }
        unreachable!("the last frame ends the message")
    }

    fn is_body(body: &Body, expected: &[u8]) -> bool {
        matches!(body, Body::One(frame) if frame.as_ref() == expected)
    }

    #[test]
    fn a_body_comes_behind_a_delimiter_or_alone() {
        let (envelope, body) = assemble(&[b"12345678", b"", b"body"]);
        assert_eq!(envelope, [&b"id"[..], b"12345678", b""]);
        assert!(is_body(&body, b"body"));
        let (envelope, body) = assemble(&[b"", b""]);
        assert_eq!(envelope, [&b"id"[..], b""]);
        assert!(is_body(&body, b""));
        let (envelope, body) = assemble(&[b"body"]);
        assert_eq!(envelope, [b"id"]);
        assert!(is_body(&body, b"body"));
    }

    #[test]
    fn a_message_that_ends_with_its_delimiter_has_no_body() {
        for frames in [&[&b""[..]][..], &[b"12345678", b""]] {
            let (_, body) = assemble(frames);
            assert!(matches!(body, Body::Missing));
        }
    }

    #[test]
    fn frames_that_are_too_many_are_counted() {
        let (envelope, body) = assemble(&[b"a", b"", b"b", b"", b"d"]);
        assert_eq!(envelope, [&b"id"[..], b"a", b""]);
        assert!(matches!(body, Body::Several(3)));
        let (envelope, body) = assemble(&[b"a", b"b", b"c"]);
        assert_eq!(envelope, [b"id"]);
        assert!(matches!(body, Body::Several(3)));
    }

    #[test]
    fn an_envelope_that_is_too_large_is_counted() {
        const LARGE: &[u8] = &[1; 4000];
        let (envelope, body) = assemble(&[LARGE, LARGE, b"", b"body"]);
        assert_eq!(envelope, [b"id"]);
        assert!(matches!(body, Body::Several(4)));
    }
}
