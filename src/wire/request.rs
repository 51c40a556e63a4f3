//! Which dialect a body is in, and what it asks for.

use std::time::Duration;

use super::{Code, Fault, plain};
use crate::msgpack::{Limits, Malformed};

/// A body, understood.
#[derive(Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// A call of a function.
    Call(Call<'a>),
    /// Meant as a call, and not one that can be served.
    Refused(Fault),
    /// No call of any dialect: for a raw handler, if there is one; else the
    /// fault is its answer.
    Other(Fault),
}

/// A call of a function.
#[derive(Debug, PartialEq, Eq)]
pub struct Call<'a> {
    /// The function's name; by convention UTF-8.
    pub function: &'a [u8],
    /// One MessagePack value.
    pub parameters: &'a [u8],
    /// How much longer the caller waits, at the time it sent.
    pub budget: Option<Duration>,
    /// A MessagePack map of what travels beside the parameters.
    pub meta: Option<&'a [u8]>,
}

impl<'a> Request<'a> {
    /// Reads a body. Every byte is checked against the limits first, and
    /// nothing is allocated but the text of a fault.
    #[must_use]
    pub fn read(body: &'a [u8], limits: &Limits) -> Self {
        plain::read(body, limits)
    }
}

impl From<Malformed> for Fault {
    fn from(malformed: Malformed) -> Self {
        let code = match malformed {
            Malformed::TooLarge { .. } => Code::TooLarge,
            _ => Code::Parse,
        };
        Self::new(code, malformed.to_string())
    }
}
