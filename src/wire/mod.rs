//! What the bytes of a message mean. No sockets here, so that every dialect
//! can be tested and fuzzed alone.
//!
//! | file | holds |
//! |---|---|
//! | `envelope` | the frames before the body, echoed verbatim with the answer |
//! | `fault` | why a call got no answer: code, name, message |
//! | `fault_map` | a fault as MessagePack |
//! | `messagepack_rpc` | MessagePack-RPC |
//! | `plain` | the plain dialect, a map with `function_name` and `parameters` |
//! | `request` | which dialect a body is in, and what it asks for |
//! | `zerorpc` | the events of zerorpc, version 3 |

mod envelope;
mod fault;
mod fault_map;
pub mod messagepack_rpc;
pub mod plain;
mod request;
pub mod zerorpc;

pub use envelope::Envelope;
pub use fault::{Code, Fault};
pub use request::{Call, Dialect, Request};
