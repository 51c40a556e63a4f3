//! Single values with objects and references, in ext-msgpack's form.

use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_int};

use super::{KEPT, LANDED, Parcel};
use crate::capi::gate::gate;
use crate::capi::pointer::text;
use crate::capi::status::{Status, zroute_status};
use crate::msgpack::Limits;
use crate::msgpack::limits::DEEPEST;
use crate::msgpack::php::survey;
use crate::zend::objects::{self, Form, Identities};
use crate::zend::{self, Conversion, Object, Seen, Value};

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
