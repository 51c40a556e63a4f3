//! The frames that travel before the body.

use smallvec::SmallVec;

/// All frames of a message up to and including the first empty one.
///
/// A server echoes them as they came: the first is the routing id that its
/// own socket put there, the others (a REQ's request id, a DEALER's call id)
/// belong to the peer. Typical envelopes fit without an allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// Each frame as a 32-bit length in the machine's order, then its bytes.
    packed: SmallVec<[u8; 36]>,
    delimited: bool,
}

const LENGTH: usize = size_of::<u32>();

impl Envelope {
    /// More bytes than any real peer needs; beyond it a message is malformed.
    pub const LIMIT: usize = 4096;

    /// An envelope with no frame.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a frame; an empty one ends the envelope.
    ///
    /// Returns false, and adds nothing, when the envelope would grow past
    /// [`Envelope::LIMIT`].
    #[must_use]
    pub fn push(&mut self, frame: &[u8]) -> bool {
        if self.packed.len() + LENGTH + frame.len() > Self::LIMIT {
            return false;
        }
        let length = u32::try_from(frame.len()).unwrap_or(u32::MAX);
        self.packed.extend_from_slice(&length.to_ne_bytes());
        self.packed.extend_from_slice(frame);
        self.delimited = frame.is_empty();
        true
    }

    /// Whether the last frame is the empty delimiter.
    #[must_use]
    pub fn is_delimited(&self) -> bool {
        self.delimited
    }

    /// The frames in order.
    pub fn frames(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.packed.as_slice();
        std::iter::from_fn(move || {
            let (length, after) = rest.split_first_chunk::<LENGTH>()?;
            let (frame, after) = after.split_at_checked(u32::from_ne_bytes(*length) as usize)?;
            rest = after;
            Some(frame)
        })
    }

    /// The bytes that all frames hold together.
    #[must_use]
    pub fn size(&self) -> usize {
        self.frames().map(<[u8]>::len).sum()
    }

    /// Keeps the first frame, the routing id, and drops the others.
    pub fn keep_routing_id(&mut self) {
        let first = self.frames().next().map_or(0, |id| LENGTH + id.len());
        self.packed.truncate(first);
        self.delimited = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(frames: &[&[u8]]) -> Envelope {
        let mut envelope = Envelope::new();
        for frame in frames {
            assert!(envelope.push(frame));
        }
        envelope
    }

    #[test]
    fn frames_come_back_as_they_were_pushed() {
        let frames: [&[u8]; 3] = [b"\0abcd", b"12345678", b""];
        let envelope = envelope(&frames);
        assert_eq!(envelope.frames().collect::<Vec<_>>(), frames);
        assert!(envelope.is_delimited());
        assert_eq!(envelope.size(), 13);
    }

    #[test]
    fn only_an_empty_last_frame_delimits() {
        assert!(!envelope(&[b"id"]).is_delimited());
        assert!(!Envelope::new().is_delimited());
    }

    #[test]
    fn the_routing_id_can_be_kept_alone() {
        let mut envelope = envelope(&[b"route", b"12345678", b""]);
        envelope.keep_routing_id();
        assert_eq!(envelope.frames().collect::<Vec<_>>(), [b"route"]);
        assert!(!envelope.is_delimited());
    }

    #[test]
    fn an_envelope_does_not_grow_without_end() {
        let mut envelope = Envelope::new();
        assert!(!envelope.push(&[0; Envelope::LIMIT]));
        assert_eq!(envelope.frames().count(), 0);
        while envelope.push(&[0; 100]) {}
        assert!(envelope.size() <= Envelope::LIMIT);
    }
}
