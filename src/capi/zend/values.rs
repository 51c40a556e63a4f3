//! Where PHP's values lie, and single values to and fro.

use std::ffi::{CStr, c_char, c_int};

use super::{KEPT, LANDED, Parcel};
use crate::capi::gate::{Failure, gate};
use crate::capi::pointer::text;
use crate::capi::status::{Status, zroute_status};
use crate::msgpack::php::fits;
use crate::msgpack::{Limits, scan};
use crate::zend::{self, Conversion, Names, Object, Seen, Value};

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
