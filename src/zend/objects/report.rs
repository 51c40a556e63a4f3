//! What an unpacker is told, and what it has to say.

use std::ffi::CStr;
use std::ptr::null_mut;

use super::allowed::Allowed;
use crate::zend::converter::property;
use crate::zend::decode::{copy, fill, new_array, release};
use crate::zend::engine::Engine;
use crate::zend::layout::{Array, Object, Text, Value, kind};
use crate::zend::symbols::NO_MEMORY;

/// Where an unpacker keeps what it is told: an [`Allowed`], as true or a text.
const ALLOWED: &CStr = c"allowed";

/// Where it has the stdClass object, empty so far, that is the result when there is
/// something to be said. That then has the value as its property `value`; and, if there is a
/// value, the names of the classes that were refused as the keys of `refused`.
const REPORT: &CStr = c"report";

/// # Safety
/// As with [`property`].
pub unsafe fn allowed<'a>(engine: &Engine, properties: *const Array) -> Allowed<'a> {
    // SAFETY: as the caller promises; the type says what the payload leads to.
    unsafe {
        let value = property(engine, properties, ALLOWED);
        match value.as_ref().map(Value::kind) {
            Some(kind::TRUE) => Allowed::Any,
            Some(kind::STRING) => Allowed::Names(Text::bytes((*value).payload.string)),
            _ => Allowed::Std,
        }
    }
}

/// Where there is room for what is to be said; NULL when there is none, or what was
/// said still has to be heard.
///
/// # Safety
/// As with [`property`].
pub unsafe fn room(engine: &Engine, properties: *const Array) -> *mut Object {
    // SAFETY: as above; the variable was set before any script ran.
    unsafe {
        let value = property(engine, properties, REPORT);
        if value.as_ref().map(Value::kind) != Some(kind::OBJECT) {
            return null_mut();
        }
        let object = (*value).payload.object;
        if !std::ptr::eq((*object).class, *engine.symbols.std_class)
            || (*object)
                .properties
                .as_ref()
                .is_some_and(|properties| properties.count > 0 || properties.header.count != 1)
        {
            return null_mut();
        }
        object
    }
}

/// Makes the report the result.
///
/// # Safety
/// The report is a live stdClass object, whose table is empty and nobody else's. The value, and the
/// array unless it is NULL, are the report's to own.
pub unsafe fn tell(
    engine: &'static Engine,
    report: *mut Object,
    value: Value,
    refused: *mut Array,
    done: bool,
    into: *mut Value,
) -> bool {
    // SAFETY: as the caller promises; the table is whole.
    unsafe {
        if (*report).properties.is_null() {
            let Ok(table) = new_array(engine, 2, false) else {
                return false;
            };
            (*report).properties = table;
        }
        let table = (*report).properties;
        if !put(engine, table, b"value", value) {
            return false;
        }
        let name: &[u8] = if done { b"refused" } else { b"dropped" };
        if !refused.is_null() && !put(engine, table, name, Value::array(refused)) {
            return false;
        }
        (*report).header.count += 1;
        fill(into, Value::object(report));
    }
    true
}

/// # Safety
/// The table is whole, and has no place of that name; the value is
/// its to own.
unsafe fn put(engine: &Engine, table: *mut Array, name: &[u8], value: Value) -> bool {
    let Ok(name) = copy(engine, name) else {
        return false;
    };
    // SAFETY: as the caller promises; the table has counted its own reference to
    // the name, and this one is ours.
    unsafe {
        let place = (engine.symbols.place_string)(table, name);
        release(engine, name);
        if place.is_null() || place == NO_MEMORY {
            return false;
        }
        fill(place, value);
    }
    true
}
