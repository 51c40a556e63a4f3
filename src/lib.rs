//! RPC for PHP and C over ZeroMQ and MessagePack.
//!
//! | room | what lives there |
//! |---|---|
//! | [`msgpack`] | bytes: check, read, write, translate to and from PHP's format |
//! | [`wire`] | what the bytes mean: requests, answers, faults; no I/O |
//! | [`transport`] | how frames travel, behind one trait |
//! | `chance` | numbers by chance |
//! | `numbered` | tables by numbers of our own |
//! | [`server`] | functions, limits, open calls |
//! | [`client`] | calls in flight, deadlines, several endpoints |
//! | `supervisor` | `zroute serve`: PHP worker processes behind one port |
//! | `discovery` | servers found through Consul (feature `discovery`) |
//! | [`socket`] | the plain patterns: sockets of every type, poll, proxy |
//! | `zend` | PHP's values, read and built in place |
//! | `capi` | the C ABI; nothing imports it |

mod capi;
mod chance;
pub mod client;
#[cfg(feature = "discovery")]
pub mod discovery;
pub mod msgpack;
mod numbered;
pub mod server;
pub mod socket;
#[cfg(feature = "cli")]
pub mod supervisor;
pub mod transport;
pub mod wire;
mod zend;
