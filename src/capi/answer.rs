//! The end of a call, as its caller sees it.

use std::ffi::{CString, c_char, c_void};

use super::gate::{Failure, gate};
use super::handle::{self, Object};
use super::pointer::Output;
use super::reader::{Reader, zroute_reader};
use super::status::{Status, zroute_status};
use crate::client::{Outcome, and};

/// How one call ended. Free it with zroute_answer_free.
pub struct zroute_answer {
    _opaque: [u8; 0],
}

/// The object behind the handle.
pub struct Answer {
    id: u64,
    outcome: Result<Outcome, Failure>,
    name: CString,
    message: CString,
}

impl Object for Answer {
    const KIND: u8 = 5;
    const NAME: &'static str = "zroute_answer";
}

impl Answer {
    pub fn new(id: u64, outcome: Outcome) -> Self {
        let (name, message) = match &outcome {
            Outcome::Fault(fault) => (terminated(&fault.name), terminated(&fault.message)),
            _ => Default::default(),
        };
        let outcome = match outcome {
            Outcome::Answer(_) | Outcome::Fault(_) => Ok(outcome),
            other => Err(local_failure(other)),
        };
        Self {
            id,
            outcome,
            name,
            message,
        }
    }
}

impl Answer {
    fn value(&self) -> Result<&[u8], Failure> {
        match &self.outcome {
            Ok(Outcome::Answer(value)) => Ok(value.as_ref()),
            Ok(Outcome::Fault(fault)) => Err(Failure::new(Status::ZROUTE_FAULT, fault.to_string())),
            Ok(_) => Err(Failure::new(Status::ZROUTE_INVALID_ANSWER, "no answer")),
            Err(failure) => Err(Failure::new(failure.status, failure.text.clone())),
        }
    }
}

fn terminated(text: &str) -> CString {
    CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default()
}

/// The status and the text of a call that ended without an answer.
pub(super) fn local_failure(outcome: Outcome) -> Failure {
    match outcome {
        Outcome::TimedOut {
            function,
            endpoint,
            trouble,
            waited,
        } => Failure::new(
            Status::ZROUTE_TIMEOUT,
            format!(
                "{function} at {endpoint} gave no answer within {} ms; it may still run there{}",
                waited.as_millis(),
                and(&trouble)
            ),
        ),
        Outcome::ConnectionLost {
            function,
            endpoint,
            trouble,
            waited,
        } => Failure::new(
            Status::ZROUTE_OUTCOME_UNKNOWN,
            format!(
                "{function} at {endpoint} may have run: {} after {} ms, before an answer came. \
                 Declare calls idempotent that may run twice",
                if trouble.is_empty() {
                    "the connection was lost"
                } else {
                    &trouble
                },
                waited.as_millis()
            ),
        ),
        Outcome::NotConnected {
            function,
            endpoint,
            waited,
            ..
        } if endpoint.is_empty() => Failure::new(
            Status::ZROUTE_NOT_CONNECTED,
            format!(
                "{function} was not sent within {} ms: the client is connected to nothing",
                waited.as_millis()
            ),
        ),
        Outcome::NotConnected {
            function,
            endpoint,
            trouble,
            waited,
        } => {
            let because = if trouble.is_empty() {
                String::new()
            } else {
                format!(" ({})", trouble.join("; "))
            };
            let advice = if because.contains("left out") {
                "Does the server answer?"
            } else if because.contains("the peer ") {
                "Do both ends have the same keys, or the same password?"
            } else {
                "Is the server running?"
            };
            Failure::new(
                Status::ZROUTE_NOT_CONNECTED,
                format!(
                    "{function} was not sent: no connection to {endpoint} within {} ms{because}. \
                     {advice}",
                    waited.as_millis()
                ),
            )
        }
        Outcome::Unsendable(reason) => Failure::new(Status::ZROUTE_INVALID_VALUE, reason),
        Outcome::TooLarge { size, limit } => Failure::new(
            Status::ZROUTE_TOO_LARGE,
            format!("the request has {size} bytes, the limit (max_message) is {limit}"),
        ),
        Outcome::Invalid(reason) => Failure::new(Status::ZROUTE_INVALID_ANSWER, reason),
        Outcome::Unknown => Failure::new(
            Status::ZROUTE_UNKNOWN_CALL,
            "no call in flight has this id; each is collected once",
        ),
        Outcome::Answer(_) => Failure::new(Status::ZROUTE_OK, "the call was answered"),
        Outcome::Fault(fault) => Failure::new(Status::ZROUTE_FAULT, fault.to_string()),
    }
}

/// Tells which call this is the end of: the id from zroute_client_submit.
///
/// One thread at a time.
///
/// # Safety
/// `id` is NULL or has room for its value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_answer_id(
    answer: *const zroute_answer,
    id: *mut u64,
) -> zroute_status {
    gate("zroute_answer_id", || {
        // SAFETY: as the caller promises.
        let output = unsafe { Output::new("id", id) }?;
        output.write(handle::enter::<Answer>(answer.cast())?.id);
        Ok(())
    })
}

/// Borrows the value: one checked MessagePack value, good as long as the
/// answer. Any other end is told by the status: ZROUTE_FAULT when the call
/// failed at the server (zroute_answer_fault has the details), and
/// ZROUTE_TIMEOUT, ZROUTE_OUTCOME_UNKNOWN, ZROUTE_NOT_CONNECTED,
/// ZROUTE_INVALID_ANSWER or ZROUTE_TOO_LARGE when it failed here.
///
/// One thread at a time.
///
/// # Safety
/// `data` and `size` are NULL or have room for their values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_answer_value(
    answer: *const zroute_answer,
    data: *mut *const c_void,
    size: *mut usize,
) -> zroute_status {
    gate("zroute_answer_value", || {
        // SAFETY: as the caller promises.
        let outputs = unsafe { (Output::new("data", data)?, Output::new("size", size)?) };
        let answer = handle::enter::<Answer>(answer.cast())?;
        let value = answer.value()?;
        outputs.0.write(value.as_ptr().cast());
        outputs.1.write(value.len());
        Ok(())
    })
}

/// Points a reader at the value, as zroute_reader_reset does, without checking
/// it again. The value is good as long as the answer. Any other end is told as
/// by zroute_answer_value.
///
/// One thread at a time.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_answer_read(
    answer: *const zroute_answer,
    reader: *mut zroute_reader,
) -> zroute_status {
    gate("zroute_answer_read", || {
        let answer = handle::enter::<Answer>(answer.cast())?;
        let mut reader = handle::enter::<Reader>(reader.cast())?;
        // SAFETY: the value lies in the answer, and the caller is told that it
        // is good no longer than that.
        unsafe { reader.begin(answer.value()?) };
        Ok(())
    })
}

/// Borrows what the server says went wrong: its code (docs/wire.md lists
/// them), a word for programs and a sentence for people, good as long as the
/// answer. ZROUTE_END when the call did not fail at the server.
///
/// One thread at a time.
///
/// # Safety
/// `code`, `name` and `message` are NULL or have room for their values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_answer_fault(
    answer: *const zroute_answer,
    code: *mut i64,
    name: *mut *const c_char,
    message: *mut *const c_char,
) -> zroute_status {
    gate("zroute_answer_fault", || {
        // SAFETY: as the caller promises.
        let outputs = unsafe {
            (
                Output::new("code", code)?,
                Output::new("name", name)?,
                Output::new("message", message)?,
            )
        };
        let answer = handle::enter::<Answer>(answer.cast())?;
        let Ok(Outcome::Fault(fault)) = &answer.outcome else {
            return Err(Failure::new(
                Status::ZROUTE_END,
                "this call did not fail at the server",
            ));
        };
        outputs.0.write(fault.code.number());
        outputs.1.write(answer.name.as_ptr());
        outputs.2.write(answer.message.as_ptr());
        Ok(())
    })
}

/// Frees an answer and what was borrowed from it. NULL is fine.
///
/// One thread at a time.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_answer_free(answer: *mut zroute_answer) -> zroute_status {
    gate("zroute_answer_free", || {
        handle::free::<Answer>(answer.cast()).map(drop)
    })
}
