//! Writing MessagePack from C.

use std::ffi::{c_char, c_int, c_void};

use super::gate::{Failure, gate};
use super::handle::{self, Object};
use super::pointer::{Output, bytes, text};
use super::status::zroute_status;
use crate::msgpack::{Limits, Writer as Engine};

/// Builds one MessagePack value.
pub struct zroute_writer {
    _opaque: [u8; 0],
}

/// The object behind the handle.
pub(super) struct Writer {
    pub(super) engine: Engine,
}

impl Object for Writer {
    const KIND: u8 = 7;
    const NAME: &'static str = "zroute_writer";
}

/// One addition to the value.
fn add(
    function: &str,
    writer: *mut zroute_writer,
    add: impl FnOnce(&mut Engine) -> Result<(), Failure>,
) -> zroute_status {
    gate(function, || {
        add(&mut handle::enter::<Writer>(writer.cast())?.engine)
    })
}

/// Makes a writer with nothing in it. Free it with zroute_writer_free.
///
/// Any thread may call this.
///
/// # Safety
/// `writer` is NULL or has room for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_writer_new(writer: *mut *mut zroute_writer) -> zroute_status {
    gate("zroute_writer_new", || {
        // SAFETY: as the caller promises.
        let output = unsafe { Output::new("writer", writer) }?;
        // What a message may hold is checked where it is sent.
        let limits = Limits {
            bytes: usize::MAX,
            nodes: usize::MAX,
            ..Limits::default()
        };
        let engine = Engine::new(&limits);
        output.write(handle::insert(Writer { engine })?.cast());
        Ok(())
    })
}

/// Throws away what was written and keeps the memory, for the next value.
///
/// One thread at a time.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_writer_clear(writer: *mut zroute_writer) -> zroute_status {
    add("zroute_writer_clear", writer, |engine| {
        engine.clear();
        Ok(())
    })
}

/// Adds nil.
///
/// One thread at a time.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_writer_nil(writer: *mut zroute_writer) -> zroute_status {
    add("zroute_writer_nil", writer, |engine| {
        engine.nil();
        Ok(())
    })
}

/// Adds false for 0, true for anything else.
///
/// One thread at a time.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_writer_boolean(writer: *mut zroute_writer, value: c_int) -> zroute_status {
    add("zroute_writer_boolean", writer, |engine| {
        engine.boolean(value != 0);
        Ok(())
    })
}

/// Adds an integer in its shortest form.
///
/// One thread at a time.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_writer_integer(writer: *mut zroute_writer, value: i64) -> zroute_status {
    add("zroute_writer_integer", writer, |engine| {
        engine.integer(value);
        Ok(())
    })
}

/// Adds an integer without sign in its shortest form.
///
/// One thread at a time.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_writer_unsigned(writer: *mut zroute_writer, value: u64) -> zroute_status {
    add("zroute_writer_unsigned", writer, |engine| {
        engine.unsigned(value);
        Ok(())
    })
}

/// Adds a floating point number of 64 bits.
///
/// One thread at a time.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_writer_number(writer: *mut zroute_writer, value: f64) -> zroute_status {
    add("zroute_writer_number", writer, |engine| {
        engine.float64(value);
        Ok(())
    })
}

/// Adds a str from a NUL-terminated UTF-8 text, which is copied.
///
/// One thread at a time.
///
/// # Safety
/// `value` is NULL or a NUL-terminated text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_writer_text(
    writer: *mut zroute_writer,
    value: *const c_char,
) -> zroute_status {
    add("zroute_writer_text", writer, |engine| {
        // SAFETY: as the caller promises.
        Ok(engine.text(unsafe { text("value", value) }?)?)
    })
}

/// Adds a bin; the bytes are copied.
///
/// One thread at a time.
///
/// # Safety
/// `data` leads to `size` bytes, or `size` is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_writer_binary(
    writer: *mut zroute_writer,
    data: *const c_void,
    size: usize,
) -> zroute_status {
    add("zroute_writer_binary", writer, |engine| {
        // SAFETY: as the caller promises.
        Ok(engine.binary(unsafe { bytes("data", data, size) }?)?)
    })
}

/// Begins an array: the next `count` values belong to it.
///
/// One thread at a time.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_writer_array(writer: *mut zroute_writer, count: u32) -> zroute_status {
    add("zroute_writer_array", writer, |engine| {
        Ok(engine.array(count)?)
    })
}

/// Begins a map: the next `count` pairs, each a key and then its value, belong
/// to it.
///
/// One thread at a time.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_writer_map(writer: *mut zroute_writer, count: u32) -> zroute_status {
    add("zroute_writer_map", writer, |engine| Ok(engine.map(count)?))
}

/// Adds an extension of the application's type `number`, from -128 to 127; the
/// bytes are copied.
///
/// One thread at a time. ZROUTE_BAD_ARGUMENT for another type.
///
/// # Safety
/// `data` leads to `size` bytes, or `size` is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_writer_extension(
    writer: *mut zroute_writer,
    number: c_int,
    data: *const c_void,
    size: usize,
) -> zroute_status {
    add("zroute_writer_extension", writer, |engine| {
        let kind = i8::try_from(number).map_err(|_| {
            Failure::argument(format!(
                "an extension's type goes from -128 to 127, got {number}"
            ))
        })?;
        // SAFETY: as the caller promises.
        Ok(engine.extension(kind, unsafe { bytes("data", data, size) }?)?)
    })
}

/// Adds one value that is packed already; it is checked and copied.
///
/// One thread at a time. ZROUTE_INVALID_VALUE.
///
/// # Safety
/// `data` leads to `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_writer_packed(
    writer: *mut zroute_writer,
    data: *const c_void,
    size: usize,
) -> zroute_status {
    add("zroute_writer_packed", writer, |engine| {
        // SAFETY: as the caller promises.
        Ok(engine.raw(unsafe { bytes("data", data, size) }?)?)
    })
}

/// Borrows the finished value: good until the writer is written to, cleared or
/// freed. ZROUTE_INVALID_VALUE, with a text that says what is missing, unless
/// exactly one whole value was written.
///
/// One thread at a time.
///
/// # Safety
/// `data` and `size` are NULL or have room for their values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_writer_bytes(
    writer: *const zroute_writer,
    data: *mut *const c_void,
    size: *mut usize,
) -> zroute_status {
    gate("zroute_writer_bytes", || {
        // SAFETY: as the caller promises.
        let outputs = unsafe { (Output::new("data", data)?, Output::new("size", size)?) };
        let writer = handle::enter::<Writer>(writer.cast())?;
        let value = writer.engine.finish()?;
        outputs.0.write(value.as_ptr().cast());
        outputs.1.write(value.len());
        Ok(())
    })
}

/// Frees a writer. NULL is fine.
///
/// One thread at a time.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_writer_free(writer: *mut zroute_writer) -> zroute_status {
    gate("zroute_writer_free", || {
        handle::free::<Writer>(writer.cast()).map(drop)
    })
}
