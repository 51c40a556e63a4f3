//! RPC for PHP and C over ZeroMQ and MessagePack.

pub mod msgpack;
pub mod transport;
pub mod wire;
