//! Values of a PHP program, read and built in place.
//!
//! What PHP is handed is built after the gate: PHP's allocator may leave by
//! `longjmp`, and then no frame between here and PHP may own anything.

use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_int};

use super::client::zroute_client;
use super::exchange::{self, client::WaitFor};
use super::gate::{Failure, gate};
use super::handle;
use super::pointer::text;
use super::server::{Server, zroute_server};
use super::status::{Status, zroute_status};
use crate::capi::client::Client;
use crate::msgpack::limits::DEEPEST;
use crate::msgpack::php::{fits, survey};
use crate::msgpack::{Limits, scan};
use crate::zend::objects::{self, Form, Identities};
use crate::zend::{
    self, Conversion, Names, Object, Seen, Slots, Unbuilt, Unpackable, Unsupported, Value,
};

impl From<Unsupported> for Failure {
    fn from(error: Unsupported) -> Self {
        Self::new(Status::ZROUTE_UNSUPPORTED, error.to_string())
    }
}

impl From<Unbuilt> for Failure {
    fn from(error: Unbuilt) -> Self {
        match error {
            // The bytes were checked, so this is a defect.
            Unbuilt::Malformed(malformed) => malformed.into(),
            Unbuilt::Memory => Self::new(
                Status::ZROUTE_TOO_LARGE,
                "the value does not fit PHP's memory limit",
            ),
            Unbuilt::NoEngine => Unsupported::NoSlots.into(),
        }
    }
}

impl From<Unpackable> for Failure {
    fn from(error: Unpackable) -> Self {
        let status = match error {
            Unpackable::Foreign { .. } | Unpackable::TooDeep { endless: true, .. } => {
                Status::ZROUTE_NOT_PLAIN
            }
            Unpackable::TooDeep { .. } | Unpackable::TooManyNodes { .. } => {
                Status::ZROUTE_INVALID_VALUE
            }
            Unpackable::TooLarge { .. } => Status::ZROUTE_TOO_LARGE,
        };
        Self::new(status, error.to_string())
    }
}

thread_local! {
    /// What is on its way to PHP. It stays where it is while PHP builds values
    /// from it, borrowed by nobody.
    static LANDED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Beyond this the memory is given back with the next value.
const KEPT: usize = 1 << 20;

/// What is to become a value of PHP's. Owns nothing.
#[derive(Clone, Copy)]
struct Parcel {
    data: *const u8,
    size: usize,
}

impl Parcel {
    fn new(bytes: &[u8]) -> Self {
        Self {
            data: bytes.as_ptr(),
            size: bytes.len(),
        }
    }

    /// Takes the bytes out of a batch, so that they belong to this thread alone.
    fn land(batch: &mut exchange::Batch) -> Self {
        LANDED.with_borrow_mut(|landed| Self::new(batch.swap(landed)))
    }

    /// # Safety
    /// The bytes are there, and stay as they are for `'a`.
    unsafe fn bytes<'a>(self) -> &'a [u8] {
        // SAFETY: as the caller promises.
        unsafe { std::slice::from_raw_parts(self.data, self.size) }
    }
}

/// Checked MessagePack that is to become the inbox's value.
type Delivery = Option<(Slots, Parcel)>;

/// Fills the inbox after the gate, if there is something for it.
///
/// # Safety
/// The parcel's bytes stay as they are, the slots' request still runs, the inbox
/// is free, and the caller owns nothing that a longjmp must not pass.
unsafe fn fill_inbox(function: &'static str, delivery: Delivery) -> zroute_status {
    let Some((slots, parcel)) = delivery else {
        return Status::ZROUTE_OK;
    };
    // SAFETY: as the caller promises.
    match unsafe { zend::decode(parcel.bytes(), slots.inbox()) } {
        Ok(()) => Status::ZROUTE_OK,
        Err(unbuilt) => gate(function, || Err(unbuilt.into())),
    }
}

/// This thread's slots, if the inbox can be filled without releasing anything:
/// a value that was released here could run a destructor.
///
/// # Safety
/// The request in which they were found still runs.
unsafe fn free_slots() -> Result<Slots, Failure> {
    let slots = zend::slots()?;
    // SAFETY: as the caller promises.
    if unsafe { slots.inbox_is_free() } {
        Ok(slots)
    } else {
        Err(Failure::argument("the inbox is expected to be null"))
    }
}

/// Finds out whether this process runs a PHP whose values this library can read
/// and build in place, without a format in between: PHP_VERSION_ID 80100 to
/// 80599, 64-bit Linux, PHP_DEBUG 0, thread-safe or not. `version` is PHP's
/// PHP_VERSION_ID and `debug` its PHP_DEBUG. Nothing but a look-up happens, so a
/// program that is not PHP may call this too.
///
/// ZROUTE_UNSUPPORTED when it does not; zroute_last_error tells why. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_zend_attach(version: u32, debug: c_int) -> zroute_status {
    gate("zroute_zend_attach", || {
        zend::attach(version, debug != 0)?;
        Ok(())
    })
}

/// Finds this thread's slots: two references of PHP's, named by local variables
/// of the PHP function that calls this. Through the outbox PHP hands values over,
/// through the inbox it takes them. Both are to be kept alive, in static
/// properties, and to be found again in each request.
///
/// Two other local variables hold stdClass objects without properties, which
/// become converters: `$packer[$value]` is the value as MessagePack, a string;
/// `$unpacker[$packed]` is what one MessagePack value means, and nothing but
/// null, bool, int, float, string and array can come of it. Where a value cannot
/// be converted, the result is the converter itself and zroute_last_error tells
/// why; from the packer it is null instead where the value has to be looked at,
/// because it holds an object other than stdClass or a resource, or is nested too
/// deep and holds references or objects, and so may hold itself. Past PHP's
/// memory limit PHP ends the script.
///
/// As a test, the outbox is expected to hold a list of a string of two bytes or
/// more, a list and a map, all made at run time.
///
/// ZROUTE_UNSUPPORTED when there are no such variables, or PHP's values look
/// otherwise than expected.
///
/// # Safety
/// A PHP function calls this, through FFI; nothing of it may stay in use after
/// the references were freed, or on another thread. The names are NULL or
/// NUL-terminated texts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_zend_slots(
    outbox: *const c_char,
    inbox: *const c_char,
    packer: *const c_char,
    unpacker: *const c_char,
) -> zroute_status {
    let mut names = None;
    let status = gate("zroute_zend_slots", || {
        // SAFETY: as the caller promises.
        unsafe {
            text("outbox", outbox)?;
            text("inbox", inbox)?;
            text("packer", packer)?;
            text("unpacker", unpacker)?;
            names = Some(Names {
                outbox: CStr::from_ptr(outbox),
                inbox: CStr::from_ptr(inbox),
                packer: CStr::from_ptr(packer),
                unpacker: CStr::from_ptr(unpacker),
            });
        }
        Ok(())
    });
    let Some(names) = names else {
        return status;
    };
    // SAFETY: a PHP function calls this, as the caller promises; this frame owns
    // nothing, should PHP leave it by longjmp. The two do what they are named for.
    match unsafe { zend::find(names, &PACK, &UNPACK) } {
        Ok(()) => Status::ZROUTE_OK,
        Err(unsupported) => gate("zroute_zend_slots", || Err(unsupported.into())),
    }
}

static PACK: Conversion = Conversion::new(zroute_zend_pack);
static UNPACK: Conversion = Conversion::new(zroute_zend_unpack);

/// `[]` of the packer; PHP alone calls it, so it is not exported.
///
/// # Safety
/// PHP calls this, as a converter's `read_dimension`.
unsafe extern "C-unwind" fn zroute_zend_pack(
    packer: *mut Object,
    value: *const Value,
    _fetch: c_int,
    result: *mut Value,
) -> *mut Value {
    let mut parcel = None;
    let mut status = gate("zroute_zend_pack", || {
        // SAFETY: PHP calls this, and no PHP code runs in here.
        let value = unsafe { zend::operand(value) };
        let value = value.ok_or_else(|| Failure::argument("expected a value"))?;
        LANDED.with_borrow_mut(|landed| {
            if landed.capacity() > KEPT {
                *landed = Vec::new();
            }
            landed.clear();
            value.pack(landed, &Limits::default())?;
            parcel = Some(Parcel::new(landed));
            Ok(())
        })
    });
    if let Some(parcel) = parcel {
        // SAFETY: the bytes are this thread's, which does nothing else meanwhile;
        // the result is PHP's to fill; this frame owns nothing.
        match unsafe { zend::string(parcel.bytes(), result) } {
            Ok(()) => return result,
            Err(unbuilt) => status = gate("zroute_zend_pack", || Err(unbuilt.into())),
        }
    }
    // SAFETY: PHP calls this with both.
    unsafe {
        if status == Status::ZROUTE_NOT_PLAIN {
            (*result).type_info = Value::NULL.type_info;
        } else {
            zend::fail(packer, result);
        }
    }
    result
}

/// `[]` of the unpacker; likewise.
///
/// # Safety
/// PHP calls this, as a converter's `read_dimension`.
unsafe extern "C-unwind" fn zroute_zend_unpack(
    unpacker: *mut Object,
    packed: *const Value,
    _fetch: c_int,
    result: *mut Value,
) -> *mut Value {
    let mut parcel = None;
    gate("zroute_zend_unpack", || {
        // SAFETY: PHP calls this, and no PHP code runs in here.
        let Some(Seen::String(packed)) = unsafe { zend::operand(packed) }.map(zend::View::seen)
        else {
            return Err(Failure::argument("expected a string"));
        };
        let limits = Limits::default();
        // What PHP has a value for is a whole value; else a scan knows best why
        // it is none.
        if packed.len() > limits.bytes || fits(packed, &limits).is_err() {
            scan(packed, &limits)?;
            fits(packed, &limits)?;
        }
        parcel = Some(Parcel::new(packed));
        Ok(())
    });
    if let Some(parcel) = parcel {
        // SAFETY: PHP keeps the string meanwhile; the result is PHP's to fill;
        // this frame owns nothing.
        match unsafe { zend::decode(parcel.bytes(), result) } {
            Ok(()) => return result,
            Err(unbuilt) => gate("zroute_zend_unpack", || Err(unbuilt.into())),
        };
    }
    // SAFETY: PHP calls this with both.
    unsafe { zend::fail(unpacker, result) };
    result
}

/// Makes two stdClass objects without properties converters, as zroute_zend_slots
/// does, but of ext-msgpack's own form: with objects and references. They are named
/// by local variables of the PHP function that calls this.
///
/// `$packer[$value]` is a string, or null where to pack it here would run code of
/// the program's, or it is refused: somebody else then packs the whole value.
///
/// `$unpacker[$packed]` is what the bytes mean; the unpacker itself where somebody
/// else has to find that out: bytes that are malformed, or make a value that may be
/// too large for PHP's memory limit, or are in a form that
/// ext-msgpack does not write itself, or name a class that cannot be built without
/// running code. Two properties of the unpacker's tell which classes may be built
/// besides stdClass: `allowed` is true for any, or a text with their names in lower
/// case, a NUL before and after each; `report` is a stdClass object without
/// properties, each time. That is the result when the bytes name a class that may not be
/// built: it then has the value as its property `value`, and an array with the
/// classes' names as its keys as `refused`. Without `refused`, somebody else has to
/// find out what the bytes mean, and all of the report's properties are to be
/// dropped, as after a value. Without a
/// report, all but plain arrays are for somebody else.
///
/// `php_only` and `str8` are ext-msgpack's settings of these names, 0 or 1.
///
/// As a test, `samples` is expected to be a list of three objects, see
/// php/drop-in/msgpack/Sample, and a reference to an array.
///
/// ZROUTE_UNSUPPORTED when there are no such variables, or PHP's classes look
/// otherwise than expected.
///
/// # Safety
/// As with zroute_zend_slots, which was called before in the same request.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_zend_objects(
    packer: *const c_char,
    unpacker: *const c_char,
    samples: *const c_char,
    php_only: c_int,
    str8: c_int,
) -> zroute_status {
    let mut names = None;
    let status = gate("zroute_zend_objects", || {
        // SAFETY: as the caller promises.
        unsafe {
            text("packer", packer)?;
            text("unpacker", unpacker)?;
            text("samples", samples)?;
            names = Some(objects::Names {
                packer: CStr::from_ptr(packer),
                unpacker: CStr::from_ptr(unpacker),
                samples: CStr::from_ptr(samples),
            });
        }
        Ok(zend::slots().map(|_| ())?)
    });
    let (Some(names), Status::ZROUTE_OK) = (names, status) else {
        return status;
    };
    let pack = match (php_only != 0, str8 != 0) {
        (false, false) => &PACK_LISTS_STR16,
        (false, true) => &PACK_LISTS,
        (true, false) => &PACK_OBJECTS_STR16,
        (true, true) => &PACK_OBJECTS,
    };
    let unpack = if php_only == 0 {
        &UNPACK_ARRAYS
    } else {
        &UNPACK_OBJECTS
    };
    // SAFETY: a PHP function calls this, as the caller promises; this frame owns
    // nothing, should PHP leave it by longjmp. The two do what they are named for.
    match unsafe { objects::convert(names, pack, unpack) } {
        Ok(()) => Status::ZROUTE_OK,
        Err(unsupported) => gate("zroute_zend_objects", || Err(unsupported.into())),
    }
}

static PACK_LISTS_STR16: Conversion = Conversion::new(zroute_zend_pack_objects::<false, false>);
static PACK_LISTS: Conversion = Conversion::new(zroute_zend_pack_objects::<false, true>);
static PACK_OBJECTS_STR16: Conversion = Conversion::new(zroute_zend_pack_objects::<true, false>);
static PACK_OBJECTS: Conversion = Conversion::new(zroute_zend_pack_objects::<true, true>);
static UNPACK_ARRAYS: Conversion = Conversion::new(zroute_zend_unpack_objects::<false>);
static UNPACK_OBJECTS: Conversion = Conversion::new(zroute_zend_unpack_objects::<true>);

thread_local! {
    /// What was met in the value that is packed; here to keep its memory.
    static IDENTITIES: RefCell<Identities> = RefCell::new(Identities::default());
}

/// `[]` of a packer of objects; PHP alone calls it.
///
/// # Safety
/// PHP calls this, as a converter's `read_dimension`.
unsafe extern "C-unwind" fn zroute_zend_pack_objects<const PHP_ONLY: bool, const STR8: bool>(
    _packer: *mut Object,
    value: *const Value,
    _fetch: c_int,
    result: *mut Value,
) -> *mut Value {
    let mut parcel = None;
    gate("zroute_zend_pack_objects", || {
        // SAFETY: PHP calls this, and no PHP code runs in here.
        let Some(value) = (unsafe { zend::operand(value) }) else {
            return Ok(());
        };
        LANDED.with_borrow_mut(|landed| {
            if landed.capacity() > KEPT {
                *landed = Vec::new();
            }
            landed.clear();
            let form = Form {
                php_only: PHP_ONLY,
                str8: STR8,
            };
            if IDENTITIES.with_borrow_mut(|met| value.pack_objects(landed, met, form)) {
                parcel = Some(Parcel::new(landed));
            }
        });
        Ok(())
    });
    // SAFETY: PHP calls this with the result. The bytes are this thread's, which
    // does nothing else meanwhile; this frame owns nothing.
    unsafe {
        if parcel.is_none_or(|parcel| zend::string(parcel.bytes(), result).is_err()) {
            (*result).type_info = Value::NULL.type_info;
        }
    }
    result
}

/// Fewer bytes make no value that ends a program which has any memory left.
const SMALL: usize = 16 << 10;

/// `[]` of an unpacker of objects; likewise.
///
/// # Safety
/// PHP calls this, as a converter's `read_dimension`.
unsafe extern "C-unwind" fn zroute_zend_unpack_objects<const PHP_ONLY: bool>(
    unpacker: *mut Object,
    packed: *const Value,
    _fetch: c_int,
    result: *mut Value,
) -> *mut Value {
    let mut parcel = None;
    gate("zroute_zend_unpack_objects", || {
        // SAFETY: PHP calls this, and no PHP code runs in here.
        let Some(Seen::String(packed)) = unsafe { zend::operand(packed) }.map(zend::View::seen)
        else {
            return Ok(());
        };
        // A program may unpack what it has kept, of any size.
        let limits = Limits {
            bytes: usize::MAX,
            depth: DEEPEST,
            nodes: usize::MAX,
            collisions: Limits::default().collisions.max(packed.len() as u64),
        };
        // What does not fit PHP's memory ends the program: few bytes cannot make so
        // large a value, and more have to be looked at closer.
        if let Ok(survey) = survey(packed, &limits)
            && (packed.len() < SMALL || zend::has_room_for(survey.memory))
        {
            parcel = Some((Parcel::new(packed), survey));
        }
        Ok(())
    });
    // SAFETY: PHP keeps the string meanwhile, and calls this with both objects; the
    // result is PHP's to fill; this frame owns nothing.
    unsafe {
        let done = parcel.is_some_and(|(parcel, survey)| {
            let packed = parcel.bytes();
            if survey.special {
                objects::decode(packed, survey, PHP_ONLY, unpacker, result)
            } else {
                zend::decode(packed, result).is_ok()
            }
        });
        if !done {
            zend::fail(unpacker, result);
        }
    }
    result
}

/// zroute_server_exchange for PHP values: the answers are the outbox's array
/// from token to answer, or null for none; the batch is put into the inbox,
/// which is expected to be null and stays so when the time is over. The format
/// of the option `values` has no part in it.
///
/// Everything else is as with zroute_server_exchange; besides,
/// ZROUTE_UNSUPPORTED without slots. Past PHP's memory limit
/// PHP ends the script, before this returns or, with ZROUTE_TOO_LARGE, right after.
///
/// One thread at a time, the thread of the slots.
///
/// # Safety
/// The request in which the slots were found still runs; whoever calls this owns
/// nothing that a longjmp must not pass.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_zend_server_exchange(
    server: *mut zroute_server,
    most: usize,
    timeout_ms: c_int,
) -> zroute_status {
    let mut delivery = None;
    let status = gate("zroute_zend_server_exchange", || {
        // SAFETY: as the caller promises.
        let slots = unsafe { free_slots()? };
        // SAFETY: as the caller promises; no PHP code runs in here.
        let answers = unsafe { slots.outbox() };
        let mut server = handle::enter::<Server>(server.cast())?;
        let batch = exchange::server::turn_in_place(&mut server, answers, most, timeout_ms)?;
        delivery = batch.map(|batch| (slots, Parcel::land(batch)));
        Ok(())
    });
    if status != Status::ZROUTE_OK {
        return status;
    }
    // SAFETY: the bytes are this thread's, which does nothing else meanwhile; the
    // slots were just looked at; this frame owns nothing, and no handle is entered.
    unsafe { fill_inbox("zroute_zend_server_exchange", delivery) }
}

/// zroute_server_answer for PHP values: the answer is the outbox's value, which
/// is taken for plain.
///
/// One thread at a time, the thread of the slots. ZROUTE_UNSUPPORTED without
/// slots, and what zroute_server_answer returns.
///
/// # Safety
/// The request in which the slots were found still runs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_zend_server_answer(
    server: *mut zroute_server,
    token: u64,
) -> zroute_status {
    gate("zroute_zend_server_answer", || {
        let slots = zend::slots()?;
        // SAFETY: as the caller promises; no PHP code runs in here.
        let answer = unsafe { slots.outbox() };
        let mut server = handle::enter::<Server>(server.cast())?;
        exchange::server::answer_in_place(&mut server, token, answer)
    })
}

/// zroute_client_exchange for PHP values: the calls are the outbox's list, or
/// null for none; the results are put into the inbox, which is expected to be
/// null and stays so when nothing ended in time. With `plain` other than 0 a
/// value that is nested too deep is refused for good (see zroute_zend_slots). The
/// format of the option `values` has no part in it.
///
/// Everything else is as with zroute_client_exchange; besides,
/// ZROUTE_UNSUPPORTED without slots. Past PHP's memory limit
/// PHP ends the script, before this returns or, with ZROUTE_TOO_LARGE, right after.
///
/// One thread at a time, the thread of the slots.
///
/// # Safety
/// The request in which the slots were found still runs; whoever calls this owns
/// nothing that a longjmp must not pass.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_zend_client_exchange(
    client: *mut zroute_client,
    plain: c_int,
    wait_for: i64,
    timeout_ms: c_int,
) -> zroute_status {
    let mut delivery = None;
    let status = gate("zroute_zend_client_exchange", || {
        // SAFETY: as the caller promises.
        let slots = unsafe { free_slots()? };
        // SAFETY: as the caller promises; no PHP code runs in here.
        let calls = unsafe { slots.outbox() };
        let mut client = handle::enter::<Client>(client.cast())?;
        let wait_for = WaitFor::of(wait_for);
        let batch =
            exchange::client::turn_in_place(&mut client, calls, plain != 0, wait_for, timeout_ms)?;
        delivery = batch.map(|batch| (slots, Parcel::land(batch)));
        Ok(())
    });
    if status != Status::ZROUTE_OK {
        return status;
    }
    // SAFETY: the bytes are this thread's, which does nothing else meanwhile; the
    // slots were just looked at; this frame owns nothing, and no handle is entered.
    unsafe { fill_inbox("zroute_zend_client_exchange", delivery) }
}

#[cfg(test)]
mod tests {
    use std::ffi::c_void;

    use super::*;
    use crate::capi::last_error::zroute_last_error;

    fn text() -> String {
        let mut buffer = [0_u8; 256];
        // SAFETY: the buffer has the room that is said.
        let length = unsafe { zroute_last_error(buffer.as_mut_ptr().cast(), buffer.len()) };
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    #[test]
    fn outside_php_every_function_says_so() {
        let unsupported = Status::ZROUTE_UNSUPPORTED;
        assert_eq!(zroute_zend_attach(80_236, 0), unsupported);
        assert_eq!(
            text(),
            "zroute_zend_attach: this process does not export PHP's _emalloc"
        );
        let null: *mut c_void = std::ptr::null_mut();
        // SAFETY: the outputs have room, the texts end, and without slots nothing
        // else is touched.
        unsafe {
            let (a, none) = (c"a".as_ptr(), std::ptr::null());
            assert_eq!(zroute_zend_slots(a, a, a, a), unsupported);
            for [o, i, p, u] in [
                [none, a, a, a],
                [a, none, a, a],
                [a, a, none, a],
                [a, a, a, none],
            ] {
                assert_eq!(zroute_zend_slots(o, i, p, u), Status::ZROUTE_BAD_ARGUMENT);
            }
            assert_eq!(zroute_zend_objects(a, a, a, 1, 1), unsupported);
            assert_eq!(zroute_zend_server_exchange(null.cast(), 1, 0), unsupported);
            assert_eq!(zroute_zend_server_answer(null.cast(), 1), unsupported);
            assert_eq!(
                zroute_zend_client_exchange(null.cast(), 0, -2, 0),
                unsupported
            );
        }
    }

    #[test]
    fn nothing_that_is_alive_while_php_allocates_needs_a_drop() {
        assert!(!std::mem::needs_drop::<Delivery>());
    }
}
