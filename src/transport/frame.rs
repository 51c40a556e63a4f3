//! The bytes of a body as the transport holds them.

use std::fmt;

use bytes::Bytes;

/// A body that arrived, held without a copy.
pub struct Frame(Held);

enum Held {
    /// Boxed, because frames are moved about, and this is the larger kind.
    Libzmq(Box<zmq::Message>),
    Shared(Bytes),
}

impl Frame {
    /// The same bytes in memory of their own. A small body that is kept for
    /// long would else keep all that was read together with it.
    #[must_use]
    pub fn detached(self) -> Self {
        match self.0 {
            Held::Shared(bytes) => Self(Held::Shared(Bytes::copy_from_slice(&bytes))),
            held @ Held::Libzmq(_) => Self(held),
        }
    }
}

impl Default for Frame {
    /// No bytes.
    fn default() -> Self {
        Self(Held::Shared(Bytes::new()))
    }
}

impl From<zmq::Message> for Frame {
    fn from(message: zmq::Message) -> Self {
        Self(Held::Libzmq(Box::new(message)))
    }
}

impl From<Bytes> for Frame {
    fn from(bytes: Bytes) -> Self {
        Self(Held::Shared(bytes))
    }
}

impl From<Vec<u8>> for Frame {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Held::Shared(bytes.into()))
    }
}

impl AsRef<[u8]> for Frame {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        match &self.0 {
            Held::Libzmq(message) => message,
            Held::Shared(bytes) => bytes,
        }
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({} bytes)", self.as_ref().len())
    }
}
