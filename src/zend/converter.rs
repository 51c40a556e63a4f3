//! Objects of PHP's whose `[]` converts a value: `$packer[$value]`.
//!
//! What an object does is a table of functions, which PHP lets whoever makes an
//! object choose. A converter is a plain stdClass object with its own
//! `read_dimension`. Reading a dimension is one step of PHP's, where a call
//! through FFI is dozens; and both values lie where PHP has them, so nobody
//! needs to hand them over.

use std::ffi::{CStr, c_int};
use std::ptr::null_mut;
use std::sync::OnceLock;

use super::engine::{Engine, Unsupported, attached};
use super::layout::{Array, Object, Value, kind};
use super::slot::variable;
use super::symbols::{Handler, Symbols};
use super::view::View;

/// `zend_object_read_dimension_t`: reads `object[offset]` into `result`, which
/// is returned. `offset` is NULL where a script writes `[]`.
pub type ReadDimension = unsafe extern "C-unwind" fn(
    object: *mut Object,
    offset: *const Value,
    fetch: c_int,
    result: *mut Value,
) -> *mut Value;

/// What `[]` of a kind of converter does.
pub struct Conversion {
    read: ReadDimension,
    /// PHP's own table with the one entry replaced, made when it is needed first.
    table: OnceLock<Handlers>,
}

impl Conversion {
    /// The function does what it is to be named for.
    #[must_use]
    pub const fn new(read: ReadDimension) -> Self {
        Self {
            read,
            table: OnceLock::new(),
        }
    }

    pub(super) fn handlers(
        &'static self,
        engine: &Engine,
    ) -> Result<&'static Handlers, Unsupported> {
        if let Some(handlers) = self.table.get() {
            return Ok(handlers);
        }
        // SAFETY: the symbols are those of the engine that runs here.
        let (mut table, index) = unsafe { table(&engine.symbols) }.ok_or(Unsupported::Handlers)?;
        if let Some(place) = table.get_mut(index) {
            *place = self.read as Handler;
        }
        Ok(self.table.get_or_init(|| Handlers(table)))
    }
}

/// The most entries that a table of handlers has in a known version.
const MOST: usize = 26;

/// `zend_object_handlers`; not all entries are in use in each version.
type Table = [Handler; MOST];

/// The table that a converter has instead of PHP's own.
pub(super) struct Handlers(Table);

// SAFETY: addresses of functions, which are the same for all threads and stay.
unsafe impl Send for Handlers {}
// SAFETY: as above; the tables are never changed.
unsafe impl Sync for Handlers {}

/// A copy of PHP's table, and which entry is `read_dimension`: the seventh, from
/// 8.5 the eighth. Two entries whose addresses PHP exports tell, and so that it
/// ends where it is expected to.
///
/// # Safety
/// The symbols are those of a known engine.
unsafe fn table(symbols: &Symbols) -> Option<(Table, usize)> {
    /// Entries behind `read_dimension`: the other anchor, then one more.
    const TO_COMPARE: usize = 17;
    const BEHIND_COMPARE: usize = 1;

    let own = symbols.std_handlers;
    let index = (6..=7).find(|index| {
        // SAFETY: the table of any known version has 25 entries or more.
        unsafe { *own.add(*index) == symbols.read_dimension }
    })?;
    let compare = index + TO_COMPARE;
    // SAFETY: 24 entries are there, as above.
    if unsafe { *own.add(compare) } != symbols.compare_objects {
        return None;
    }
    let mut copy = [std::ptr::null(); MOST];
    for (at, place) in copy
        .iter_mut()
        .enumerate()
        .take(compare + BEHIND_COMPARE + 1)
    {
        // SAFETY: the two anchors have shown that this is a table that ends one
        // entry behind the second.
        *place = unsafe { *own.add(at) };
    }
    Some((copy, index))
}

/// The object that a variable holds, if it can be made a converter.
///
/// # Safety
/// The variable and what it holds are live.
pub(super) unsafe fn plain_object(
    engine: &Engine,
    variable: *const Value,
) -> Result<*mut Object, Unsupported> {
    // SAFETY: as the caller promises; the type says what the payload leads to.
    unsafe {
        if (*variable).kind() != kind::OBJECT {
            return Err(Unsupported::Variable);
        }
        let object = (*variable).payload.object;
        let symbols = &engine.symbols;
        let std = symbols.std_handlers.cast();
        if !std::ptr::eq((*object).class, *symbols.std_class) || (*object).handlers != std {
            return Err(Unsupported::Probe);
        }
        Ok(object)
    }
}

/// Makes a plain object a converter.
///
/// # Safety
/// The object is live and has PHP's own table.
pub(super) unsafe fn convert(object: *mut Object, handlers: &'static Handlers) {
    // SAFETY: as the caller promises; the table is a copy of PHP's but for the one
    // entry, and stays as long as the process.
    unsafe { (*object).handlers = (&raw const handlers.0).cast() };
}

/// Makes the plain object in a local variable of the running PHP function a
/// converter.
///
/// # Safety
/// A PHP function runs on this thread, and has called this through FFI. The
/// conversion does what it is named for. Whoever calls this owns nothing that a
/// `longjmp` must not pass.
pub unsafe fn convert_variable(
    name: &CStr,
    conversion: &'static Conversion,
) -> Result<(), Unsupported> {
    let engine = attached().ok_or(Unsupported::NoSlots)?;
    // SAFETY: as the caller promises; the table stays until the PHP function returns.
    unsafe {
        let locals = (engine.symbols.local_variables)();
        if locals.is_null() {
            return Err(Unsupported::Variable);
        }
        let object = plain_object(engine, variable(engine, locals, name)?)?;
        convert(object, conversion.handlers(engine)?);
    }
    Ok(())
}

/// A property of a converter's, by its name; NULL if it has none.
///
/// # Safety
/// NULL, or the converter's own table of properties, which stays as it is.
pub(super) unsafe fn property(
    engine: &Engine,
    properties: *const Array,
    name: &CStr,
) -> *mut Value {
    if properties.is_null() {
        return null_mut();
    }
    // SAFETY: as the caller promises.
    unsafe { (engine.symbols.find_string)(properties, name.as_ptr(), name.count_bytes()) }
}

/// A property of a converter's that is an int, 0 if it has none.
///
/// # Safety
/// PHP has called the object's `read_dimension`, and no PHP code has run since.
#[must_use]
pub unsafe fn number_in(object: *const Object, name: &CStr) -> i64 {
    let Some(engine) = attached() else {
        return 0;
    };
    // SAFETY: the object is live, as the caller promises; the type says what the
    // payload is.
    unsafe {
        match property(engine, (*object).properties, name).as_ref() {
            Some(value) if value.kind() == kind::INTEGER => value.payload.integer,
            _ => 0,
        }
    }
}

/// What a converter was asked to convert.
///
/// # Safety
/// PHP has called a converter's `read_dimension` with this offset, and no PHP
/// code runs while the view lives.
#[must_use]
pub unsafe fn operand<'a>(offset: *const Value) -> Option<View<'a>> {
    let engine = attached()?;
    // SAFETY: PHP keeps the value while it reads the dimension.
    let value = unsafe { offset.as_ref()? };
    // SAFETY: as above, and as the caller promises.
    Some(unsafe { View::new(value, engine) })
}

/// Makes the converter itself the result, which tells PHP of a failure: neither
/// conversion gives an object.
///
/// # Safety
/// PHP has called the object's `read_dimension` with this result.
pub unsafe fn fail(object: *mut Object, result: *mut Value) {
    // SAFETY: both are PHP's to change, as the caller promises, and the object
    // lives.
    unsafe {
        (*object).header.count += 1;
        (*result).payload.object = object;
        (*result).type_info = Value::object(object).type_info;
    }
}
