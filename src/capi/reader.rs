//! Reading MessagePack from C.

use std::ffi::{c_char, c_int, c_void};

use super::gate::{Failure, gate};
use super::handle::{self, Entered, Object};
use super::pointer::{Output, bytes, text};
use super::status::{Status, zroute_status};
use crate::msgpack::{Item, Limits, Reader as Engine, scan};

/// A position in one MessagePack value.
pub struct zroute_reader {
    _opaque: [u8; 0],
}

/// The types of MessagePack values.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum zroute_type {
    /// No value.
    ZROUTE_TYPE_NIL = 0,
    /// `boolean` is 0 or 1.
    ZROUTE_TYPE_BOOLEAN = 1,
    /// A number that fits 64 bits with sign: `integer`.
    ZROUTE_TYPE_INTEGER = 2,
    /// A number above INT64_MAX: `unsigned_integer`.
    ZROUTE_TYPE_UNSIGNED = 3,
    /// A floating point number of either width: `number`.
    ZROUTE_TYPE_FLOAT = 4,
    /// A str: `data` and `size`. Not NUL-terminated, and not checked to be
    /// UTF-8.
    ZROUTE_TYPE_TEXT = 5,
    /// A bin: `data` and `size`.
    ZROUTE_TYPE_BINARY = 6,
    /// `size` values follow.
    ZROUTE_TYPE_ARRAY = 7,
    /// `size` pairs of key and value follow.
    ZROUTE_TYPE_MAP = 8,
    /// An application's type: `extension`, `data` and `size`.
    ZROUTE_TYPE_EXTENSION = 9,
}

/// One value, or the header of an array or map. Which fields count is said by
/// `type`; the others are 0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct zroute_item {
    /// What it is.
    pub r#type: zroute_type,
    /// 0 or 1.
    pub boolean: c_int,
    /// The number of the extension's type.
    pub extension: c_int,
    /// A number with sign.
    pub integer: i64,
    /// A number without sign; set for every integer that is not negative.
    pub unsigned_integer: u64,
    /// A floating point number.
    pub number: f64,
    /// The bytes, in the memory that the reader reads.
    pub data: *const c_void,
    /// How many bytes, values or pairs.
    pub size: usize,
}

/// The object behind the handle.
pub(super) struct Reader {
    engine: Engine<'static>,
}

impl Reader {
    /// Begins anew with a value that was checked.
    ///
    /// # Safety
    /// The bytes stay, unchanged, as long as C is told that they do.
    pub(super) unsafe fn begin(&mut self, checked: &[u8]) {
        // SAFETY: as the caller promises.
        self.engine = Engine::new(unsafe { &*std::ptr::from_ref(checked) });
    }
}

impl Object for Reader {
    const KIND: u8 = 6;
    const NAME: &'static str = "zroute_reader";
}

fn item(item: Item<'_>) -> zroute_item {
    use zroute_type::{
        ZROUTE_TYPE_ARRAY, ZROUTE_TYPE_BINARY, ZROUTE_TYPE_BOOLEAN, ZROUTE_TYPE_EXTENSION,
        ZROUTE_TYPE_FLOAT, ZROUTE_TYPE_INTEGER, ZROUTE_TYPE_MAP, ZROUTE_TYPE_NIL, ZROUTE_TYPE_TEXT,
        ZROUTE_TYPE_UNSIGNED,
    };
    let nothing = zroute_item {
        r#type: ZROUTE_TYPE_NIL,
        boolean: 0,
        extension: 0,
        integer: 0,
        unsigned_integer: 0,
        number: 0.0,
        data: std::ptr::null(),
        size: 0,
    };
    let with_bytes = |r#type, bytes: &[u8]| zroute_item {
        r#type,
        data: bytes.as_ptr().cast(),
        size: bytes.len(),
        ..nothing
    };
    match item {
        Item::Nil => nothing,
        Item::Boolean(value) => zroute_item {
            r#type: ZROUTE_TYPE_BOOLEAN,
            boolean: c_int::from(value),
            ..nothing
        },
        Item::Integer(value) => zroute_item {
            r#type: ZROUTE_TYPE_INTEGER,
            integer: value,
            unsigned_integer: u64::try_from(value).unwrap_or(0),
            ..nothing
        },
        Item::Unsigned(value) => zroute_item {
            r#type: ZROUTE_TYPE_UNSIGNED,
            unsigned_integer: value,
            ..nothing
        },
        Item::Float32(value) => zroute_item {
            r#type: ZROUTE_TYPE_FLOAT,
            number: f64::from(value),
            ..nothing
        },
        Item::Float64(value) => zroute_item {
            r#type: ZROUTE_TYPE_FLOAT,
            number: value,
            ..nothing
        },
        Item::Text(bytes) => with_bytes(ZROUTE_TYPE_TEXT, bytes),
        Item::Binary(bytes) => with_bytes(ZROUTE_TYPE_BINARY, bytes),
        Item::Array(count) => zroute_item {
            r#type: ZROUTE_TYPE_ARRAY,
            size: count as usize,
            ..nothing
        },
        Item::Map(count) => zroute_item {
            r#type: ZROUTE_TYPE_MAP,
            size: count as usize,
            ..nothing
        },
        Item::Extension(number, bytes) => zroute_item {
            extension: c_int::from(number),
            ..with_bytes(ZROUTE_TYPE_EXTENSION, bytes)
        },
    }
}

/// A reader over C's bytes.
///
/// # Safety
/// `data` leads to `size` bytes, which stay, unchanged, until the reader is
/// freed or reset.
unsafe fn over(data: *const c_void, size: usize) -> Result<Engine<'static>, Failure> {
    // SAFETY: as the caller promises, for as long as the reader uses them.
    let data: &'static [u8] = unsafe { bytes("data", data, size) }?;
    let limits = Limits {
        bytes: usize::MAX,
        nodes: usize::MAX,
        ..Limits::default()
    };
    scan(data, &limits)?;
    Ok(Engine::new(data))
}

fn enter(reader: *const zroute_reader) -> Result<Entered<Reader>, Failure> {
    handle::enter::<Reader>(reader.cast())
}

fn at_end() -> Failure {
    Failure::new(Status::ZROUTE_END, "everything is read")
}

/// Makes a reader of one MessagePack value, which is checked as a whole first.
/// The bytes are not copied: they must stay, unchanged, until the reader is
/// freed or reset. Free it with zroute_reader_free.
///
/// Any thread may call this. ZROUTE_INVALID_VALUE.
///
/// # Safety
/// `data` leads to `size` bytes; `reader` is NULL or has room for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_reader_new(
    data: *const c_void,
    size: usize,
    reader: *mut *mut zroute_reader,
) -> zroute_status {
    gate("zroute_reader_new", || {
        // SAFETY: as the caller promises.
        let (output, engine) = unsafe { (Output::new("reader", reader)?, over(data, size)?) };
        output.write(handle::insert(Reader { engine })?.cast());
        Ok(())
    })
}

/// Begins anew with another value, as zroute_reader_new does. After a failure
/// the reader is where it was.
///
/// One thread at a time.
///
/// # Safety
/// `data` leads to `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_reader_reset(
    reader: *mut zroute_reader,
    data: *const c_void,
    size: usize,
) -> zroute_status {
    gate("zroute_reader_reset", || {
        let mut reader = enter(reader)?;
        // SAFETY: as the caller promises.
        reader.engine = unsafe { over(data, size) }?;
        Ok(())
    })
}

/// Reads the next value, or the header of an array or map, whose values are
/// then next. ZROUTE_END when everything is read.
///
/// One thread at a time.
///
/// # Safety
/// `item` is NULL or has room for its value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_reader_next(
    reader: *mut zroute_reader,
    item: *mut zroute_item,
) -> zroute_status {
    gate("zroute_reader_next", || {
        // SAFETY: as the caller promises.
        let output = unsafe { Output::new("item", item) }?;
        let mut reader = enter(reader)?;
        if reader.engine.is_at_end() {
            return Err(at_end());
        }
        output.write(self::item(reader.engine.read()?));
        Ok(())
    })
}

/// Looks at the next value without reading it. ZROUTE_END when everything is
/// read.
///
/// One thread at a time.
///
/// # Safety
/// `item` is NULL or has room for its value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_reader_peek(
    reader: *const zroute_reader,
    item: *mut zroute_item,
) -> zroute_status {
    gate("zroute_reader_peek", || {
        // SAFETY: as the caller promises.
        let output = unsafe { Output::new("item", item) }?;
        let reader = enter(reader)?;
        if reader.engine.is_at_end() {
            return Err(at_end());
        }
        output.write(self::item(reader.engine.peek()?));
        Ok(())
    })
}

/// Reads an integer. ZROUTE_WRONG_TYPE, with nothing read, when the next value
/// is none that fits; ZROUTE_END when everything is read.
///
/// One thread at a time.
///
/// # Safety
/// `value` is NULL or has room for its value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_reader_integer(
    reader: *mut zroute_reader,
    value: *mut i64,
) -> zroute_status {
    // SAFETY: as the caller promises.
    unsafe { read("zroute_reader_integer", reader, value, Engine::integer) }
}

/// Reads an array of integers, at most `capacity` of them, into `values`;
/// `count` tells how many there were. ZROUTE_WRONG_TYPE when something else is
/// next, or among them; ZROUTE_TOO_LARGE when there are more. Nothing is read
/// then.
///
/// One thread at a time.
///
/// # Safety
/// `values` has room for `capacity` integers; `count` is NULL or has room for
/// its value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_reader_integers(
    reader: *mut zroute_reader,
    values: *mut i64,
    capacity: usize,
    count: *mut usize,
) -> zroute_status {
    gate("zroute_reader_integers", || {
        // SAFETY: as the caller promises.
        let output = unsafe { Output::new("count", count) }?;
        if values.is_null() && capacity > 0 {
            return Err(Failure::argument("values is NULL, with a capacity"));
        }
        let mut reader = enter(reader)?;
        if reader.engine.is_at_end() {
            return Err(at_end());
        }
        let mut ahead = reader.engine.clone();
        let length = ahead.array()? as usize;
        if length > capacity {
            return Err(Failure::new(
                Status::ZROUTE_TOO_LARGE,
                format!("the array has {length} values, there is room for {capacity}"),
            ));
        }
        let mut checked = ahead.clone();
        for _ in 0..length {
            checked.integer()?;
        }
        for index in 0..length {
            let value = ahead.integer()?;
            // SAFETY: the index is below the capacity, as the caller promises.
            unsafe { values.add(index).write(value) };
        }
        reader.engine = checked;
        output.write(length);
        Ok(())
    })
}

/// Reads a number: a floating point number of either width, or an integer that
/// a double holds exactly. Else as zroute_reader_integer.
///
/// # Safety
/// `value` is NULL or has room for its value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_reader_number(
    reader: *mut zroute_reader,
    value: *mut f64,
) -> zroute_status {
    // SAFETY: as the caller promises.
    unsafe { read("zroute_reader_number", reader, value, number) }
}

/// A float as it is; an integer if it comes back from a double unchanged.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
fn number(reader: &mut Engine<'static>) -> Result<f64, crate::msgpack::Malformed> {
    let exact = match reader.peek() {
        Ok(Item::Integer(value)) => Some(value as f64).filter(|wide| *wide as i128 == value.into()),
        Ok(Item::Unsigned(value)) => {
            Some(value as f64).filter(|wide| *wide as i128 == value.into())
        }
        _ => None,
    };
    match exact {
        Some(value) => reader.skip().map(|()| value),
        None => reader.float(),
    }
}

/// Reads the header of an array: `count` values are next. Else as
/// zroute_reader_integer.
///
/// # Safety
/// `count` is NULL or has room for its value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_reader_array(
    reader: *mut zroute_reader,
    count: *mut u32,
) -> zroute_status {
    // SAFETY: as the caller promises.
    unsafe { read("zroute_reader_array", reader, count, Engine::array) }
}

/// Reads the header of a map: `count` pairs of key and value are next. Else as
/// zroute_reader_integer.
///
/// # Safety
/// `count` is NULL or has room for its value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_reader_map(
    reader: *mut zroute_reader,
    count: *mut u32,
) -> zroute_status {
    // SAFETY: as the caller promises.
    unsafe { read("zroute_reader_map", reader, count, Engine::map) }
}

/// One typed read.
///
/// # Safety
/// `value` is NULL or has room for its value.
unsafe fn read<T>(
    function: &str,
    reader: *mut zroute_reader,
    value: *mut T,
    read: impl FnOnce(&mut Engine<'static>) -> Result<T, crate::msgpack::Malformed>,
) -> zroute_status {
    gate(function, || {
        // SAFETY: as the caller promises.
        let output = unsafe { Output::new("the output", value) }?;
        let mut reader = enter(reader)?;
        if reader.engine.is_at_end() {
            return Err(at_end());
        }
        output.write(read(&mut reader.engine)?);
        Ok(())
    })
}

/// Reads a str or bin and borrows its bytes, from the memory that the reader
/// reads; they are not NUL-terminated. Else as zroute_reader_integer.
///
/// # Safety
/// `data` and `size` are NULL or have room for their values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_reader_bytes(
    reader: *mut zroute_reader,
    data: *mut *const c_void,
    size: *mut usize,
) -> zroute_status {
    gate("zroute_reader_bytes", || {
        // SAFETY: as the caller promises.
        let outputs = unsafe { (Output::new("data", data)?, Output::new("size", size)?) };
        let mut reader = enter(reader)?;
        if reader.engine.is_at_end() {
            return Err(at_end());
        }
        let bytes = reader.engine.text_or_binary()?;
        outputs.0.write(bytes.as_ptr().cast());
        outputs.1.write(bytes.len());
        Ok(())
    })
}

/// Reads a map, which must be next, up to the value of `key`, which is then
/// next. ZROUTE_END, with nothing read, when the map has no such key or
/// everything is read; ZROUTE_WRONG_TYPE when no map is next.
///
/// One thread at a time.
///
/// # Safety
/// `key` is NULL or a NUL-terminated text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_reader_find(
    reader: *mut zroute_reader,
    key: *const c_char,
) -> zroute_status {
    gate("zroute_reader_find", || {
        // SAFETY: as the caller promises.
        let key = unsafe { text("key", key) }?;
        let mut reader = enter(reader)?;
        if reader.engine.is_at_end() {
            return Err(at_end());
        }
        let mut ahead = reader.engine.clone();
        for _ in 0..ahead.map()? {
            let candidate = ahead.slice()?;
            if Engine::new(candidate).text_or_binary() == Ok(key.as_bytes()) {
                reader.engine = ahead;
                return Ok(());
            }
            ahead.skip()?;
        }
        Err(Failure::new(
            Status::ZROUTE_END,
            format!("the map has no key '{}'", key.escape_debug()),
        ))
    })
}

/// Skips one value with all that is inside it. ZROUTE_END when everything is
/// read.
///
/// One thread at a time.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_reader_skip(reader: *mut zroute_reader) -> zroute_status {
    gate("zroute_reader_skip", || {
        let mut reader = enter(reader)?;
        if reader.engine.is_at_end() {
            return Err(at_end());
        }
        Ok(reader.engine.skip()?)
    })
}

/// Skips one value and borrows its bytes: MessagePack that can be passed on.
/// ZROUTE_END when everything is read.
///
/// One thread at a time.
///
/// # Safety
/// `data` and `size` are NULL or have room for their values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_reader_slice(
    reader: *mut zroute_reader,
    data: *mut *const c_void,
    size: *mut usize,
) -> zroute_status {
    gate("zroute_reader_slice", || {
        // SAFETY: as the caller promises.
        let outputs = unsafe { (Output::new("data", data)?, Output::new("size", size)?) };
        let mut reader = enter(reader)?;
        if reader.engine.is_at_end() {
            return Err(at_end());
        }
        let slice = reader.engine.slice()?;
        outputs.0.write(slice.as_ptr().cast());
        outputs.1.write(slice.len());
        Ok(())
    })
}

/// Frees a reader; the bytes it read are the caller's. NULL is fine.
///
/// One thread at a time.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_reader_free(reader: *mut zroute_reader) -> zroute_status {
    gate("zroute_reader_free", || {
        handle::free::<Reader>(reader.cast()).map(drop)
    })
}
