//! The bytes of a body as the transport holds them.

use std::fmt;

/// A body that arrived, held without a copy.
pub struct Frame(zmq::Message);

impl Frame {
    pub(super) fn new(message: zmq::Message) -> Self {
        Self(message)
    }
}

impl AsRef<[u8]> for Frame {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({} bytes)", self.as_ref().len())
    }
}
