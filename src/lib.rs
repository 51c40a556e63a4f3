//! RPC for PHP and C over ZeroMQ and MessagePack.

pub mod client;
pub mod msgpack;
pub mod server;
pub mod transport;
pub mod wire;
