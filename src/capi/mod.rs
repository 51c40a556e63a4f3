//! The C ABI, by the ten rules of `docs/c.md`. Nothing imports this room.
//!
//! | file | holds |
//! |---|---|
//! | `answer`, `call`, `client`, `options`, `reader`, `server`, `writer` | the functions of one handle each |
//! | `call_flags` | what a caller declares of a call |
//! | `board` | the worker's side of `zroute serve` |
//! | `context`, `socket` | plain sockets |
//! | `curve` | key pairs and their text |
//! | `exchange` | the pull form: batches of calls and answers in one call |
//! | `gate` | what every function passes through: panics, errors, statuses |
//! | `handle` | handles that can be stale, foreign or freed twice, safely |
//! | `health` | how a client's servers are doing |
//! | `last_error` | the thread's error text |
//! | `php` | values in PHP's serialize format |
//! | `pointer` | what C hands in, checked |
//! | `shared` | clients that outlive the requests of a host |
//! | `status` | the numbers |
//! | `version` | which library this is |
//! | `zend` | values of a PHP program in place |

// C's names are the ABI, and the comments go into the C header.
#![allow(non_camel_case_types, clippy::doc_markdown)]

mod answer;
mod board;
mod call;
mod call_flags;
mod client;
mod context;
mod curve;
mod exchange;
mod gate;
mod handle;
mod health;
mod last_error;
mod options;
mod php;
mod pointer;
mod reader;
mod server;
mod shared;
mod socket;
mod status;
mod version;
mod writer;
mod zend;
