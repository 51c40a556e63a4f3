//! The frames that travel before the body.

/// All frames of a message up to and including the first empty one.
///
/// A server echoes them as they came: the first is the routing id that its
/// own socket put there, the others (a REQ's request id, a DEALER's call id)
/// belong to the peer. Typical envelopes fit without an allocation.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// Each frame as a 16-bit length in the machine's order, then its bytes.
    inline: [u8; INLINE],
    length: u16,
    delimited: bool,
    /// All of it, once it is too long for `inline`. Boxed, because envelopes are
    /// moved about and few need it.
    #[allow(clippy::box_collection)]
    spilled: Option<Box<Vec<u8>>>,
}

const INLINE: usize = 28;
const PREFIX: usize = size_of::<u16>();

impl Default for Envelope {
    fn default() -> Self {
        Self {
            inline: [0; INLINE],
            length: 0,
            delimited: false,
            spilled: None,
        }
    }
}

impl Envelope {
    /// See [`Self::number_beside`].
    pub const BESIDE: &[u8] = b"s";

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
    #[inline]
    pub fn push(&mut self, frame: &[u8]) -> bool {
        let start = usize::from(self.length);
        let end = start + PREFIX + frame.len();
        if end > Self::LIMIT {
            return false;
        }
        // Both fit 16 bits, as the limit does.
        #[allow(clippy::cast_possible_truncation)]
        let (size, length) = (frame.len() as u16, end as u16);
        let prefix = size.to_ne_bytes();
        if let (Some(place), None) = (self.inline.get_mut(start..end), &self.spilled) {
            let (before, after) = place.split_at_mut(PREFIX);
            before.copy_from_slice(&prefix);
            after.copy_from_slice(frame);
        } else {
            self.spill().extend_from_slice(&prefix);
            self.spill().extend_from_slice(frame);
        }
        self.length = length;
        self.delimited = frame.is_empty();
        true
    }

    fn spill(&mut self) -> &mut Vec<u8> {
        let packed = self.inline.get(..usize::from(self.length));
        self.spilled
            .get_or_insert_with(|| Box::new(packed.unwrap_or_default().to_vec()))
    }

    fn packed(&self) -> &[u8] {
        match &self.spilled {
            Some(packed) => packed,
            None => self
                .inline
                .get(..usize::from(self.length))
                .unwrap_or_default(),
        }
    }

    /// Whether the last frame is the empty delimiter.
    #[must_use]
    pub fn is_delimited(&self) -> bool {
        self.delimited
    }

    /// The frames in order.
    pub fn frames(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.packed();
        std::iter::from_fn(move || {
            let (length, after) = rest.split_first_chunk::<PREFIX>()?;
            let (frame, after) =
                after.split_at_checked(usize::from(u16::from_ne_bytes(*length)))?;
            rest = after;
            Some(frame)
        })
    }

    /// The bytes that all frames hold together.
    #[must_use]
    pub fn size(&self) -> usize {
        self.frames().map(<[u8]>::len).sum()
    }

    /// The number by which its sender knows the call, if the envelope is of the
    /// form that this library's clients send: the routing id, eight bytes, the
    /// delimiter.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        let mut frames = self.frames().skip(1);
        let number = frames.next()?.try_into().ok().map(u64::from_be_bytes);
        number.filter(|_| frames.next() == Some(b""))
    }

    /// The number of the call that something is said of between a supervisor and its
    /// worker, beside requests and answers: after the number comes [`Self::BESIDE`].
    #[must_use]
    pub fn number_beside(&self) -> Option<u64> {
        let mut frames = self.frames().skip(1);
        let number = frames.next()?.try_into().ok().map(u64::from_be_bytes);
        number.filter(|_| frames.next() == Some(Self::BESIDE))
    }

    /// The first frame alone: the routing id, for an answer to a message whose
    /// other frames make no sense.
    #[must_use]
    pub fn routing_id_alone(&self) -> Self {
        let mut alone = Self::new();
        if let Some(id) = self.frames().next() {
            // It fitted before.
            let _ = alone.push(id);
            alone.delimited = false;
        }
        alone
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
        let envelope = envelope(&[b"route", b"12345678", b""]).routing_id_alone();
        assert_eq!(envelope.frames().collect::<Vec<_>>(), [b"route"]);
        assert!(!envelope.is_delimited());
    }

    #[test]
    fn a_long_envelope_comes_back_as_it_was_pushed() {
        let long = [7; 300];
        let frames: [&[u8]; 5] = [b"\0abcd", b"12345678", &long, b"x", b""];
        let envelope = envelope(&frames);
        assert_eq!(envelope.frames().collect::<Vec<_>>(), frames);
        assert_eq!(envelope.clone().frames().collect::<Vec<_>>(), frames);
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
