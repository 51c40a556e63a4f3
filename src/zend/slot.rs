//! Where the outbox and the inbox are.
//!
//! The addresses belong to a thread: under a thread-safe PHP each has its own
//! static properties. They are good until the end of the request, when PHP frees
//! its static properties; the next request finds its own before first use.

use std::cell::Cell;
use std::ffi::CStr;

use super::converter::{self, Conversion};
use super::decode;
use super::engine::{Engine, Unsupported, attached};
use super::layout::{self, Array, Value, kind};
use super::view::{Seen, View};

/// The values of two references that PHP keeps in static properties.
#[derive(Clone, Copy)]
pub struct Slots {
    engine: &'static Engine,
    /// What PHP hands over; read, never changed.
    outbox: *const Value,
    /// What PHP is handed; null but for the moment in which it takes it.
    inbox: *mut Value,
}

thread_local! {
    // Plain addresses without a Drop: nothing happens to them when a thread ends.
    static SLOTS: Cell<Option<Slots>> = const { Cell::new(None) };
}

/// The local variables of a PHP function by which it shows what it keeps.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    /// A reference; what PHP hands over.
    pub outbox: &'a CStr,
    /// A reference; what PHP is handed.
    pub inbox: &'a CStr,
    /// A plain stdClass object, to become a converter.
    pub packer: &'a CStr,
    /// Another.
    pub unpacker: &'a CStr,
}

/// Finds the slots: the references that two local variables of the running PHP
/// function are, which somebody else must keep alive. Makes the objects in two
/// others converters. Owns nothing across the calls of PHP's, which may leave by
/// `longjmp`.
///
/// As a test of the layout, the first is expected to hold a list of a string, an
/// array and an array, all just made, of which the last is a map.
///
/// # Safety
/// A PHP function runs on this thread, and has called this through FFI. The
/// conversions do what they are named for.
pub unsafe fn find(
    names: Names<'_>,
    pack: &'static Conversion,
    unpack: &'static Conversion,
) -> Result<(), Unsupported> {
    SLOTS.set(None);
    // They may be of a request that has ended.
    decode::disown_keys();
    let engine = attached().ok_or(Unsupported::NoSlots)?;
    // SAFETY: a PHP function runs, as the caller promises.
    let locals = unsafe { (engine.symbols.local_variables)() };
    if locals.is_null() {
        return Err(Unsupported::Variable);
    }
    // SAFETY: the table stays until the PHP function returns.
    let (outbox, inbox, packer, unpacker) = unsafe {
        (
            referred(variable(engine, locals, names.outbox)?)?,
            referred(variable(engine, locals, names.inbox)?)?,
            converter::plain_object(engine, variable(engine, locals, names.packer)?)?,
            converter::plain_object(engine, variable(engine, locals, names.unpacker)?)?,
        )
    };
    let slots = Slots {
        engine,
        outbox,
        inbox,
    };
    // SAFETY: both lie in references that the static properties keep alive, and
    // no PHP code runs here.
    unsafe { slots.probe()? };
    let (pack, unpack) = (pack.handlers(engine)?, unpack.handlers(engine)?);
    // SAFETY: both are live objects that have PHP's own table.
    unsafe {
        converter::convert(packer, pack);
        converter::convert(unpacker, unpack);
    }
    SLOTS.set(Some(slots));
    Ok(())
}

/// A local variable by its name.
///
/// # Safety
/// `locals` is the table of a PHP function's variables.
pub(super) unsafe fn variable(
    engine: &Engine,
    locals: *const Array,
    name: &CStr,
) -> Result<*mut Value, Unsupported> {
    // SAFETY: as the caller promises. The table leads to the function's own
    // variable, which is marked by a type that no value of a script has.
    unsafe {
        let found = (engine.symbols.find_string)(locals, name.as_ptr(), name.count_bytes());
        if found.is_null() || (*found).kind() != kind::INDIRECT {
            return Err(Unsupported::Variable);
        }
        let variable = (*found).payload.value;
        if variable.is_null() {
            return Err(Unsupported::Variable);
        }
        Ok(variable)
    }
}

/// The value inside the reference that a variable is.
///
/// # Safety
/// The variable is live.
unsafe fn referred(variable: *mut Value) -> Result<*mut Value, Unsupported> {
    // SAFETY: as the caller promises; a reference leads to the value it shares.
    unsafe {
        if (*variable).kind() != kind::REFERENCE {
            return Err(Unsupported::Variable);
        }
        Ok(&raw mut (*(*variable).payload.reference).value)
    }
}

/// The bits of a header that tell a type, and whether the cycle collector visits
/// it; what is above changes while a value lives.
const HEADER_BITS: u32 = 0x1f;

/// This thread's slots, with an inbox that can be filled without releasing what
/// is in it.
pub fn slots() -> Result<Slots, Unsupported> {
    SLOTS.get().ok_or(Unsupported::NoSlots)
}

impl Slots {
    /// What PHP hands over.
    ///
    /// # Safety
    /// The request in which the slots were found still runs, on this thread, and
    /// no PHP code runs while the view lives.
    pub unsafe fn outbox<'a>(&self) -> View<'a> {
        // SAFETY: the static property keeps the reference alive; nobody writes,
        // as the caller promises.
        unsafe { View::new(&*self.outbox, self.engine) }
    }

    /// Whether the inbox can be filled without releasing anything.
    ///
    /// # Safety
    /// The request in which the slots were found still runs, on this thread.
    #[must_use]
    pub unsafe fn inbox_is_free(&self) -> bool {
        // SAFETY: the static property keeps the reference alive.
        unsafe { !(*self.inbox).is_refcounted() }
    }

    /// Where a value for PHP is to be put.
    #[must_use]
    pub fn inbox(&self) -> *mut Value {
        self.inbox
    }

    /// Checks that PHP's own values look as those that `decode` makes.
    ///
    /// # Safety
    /// As with [`Slots::outbox`].
    unsafe fn probe(&self) -> Result<(), Unsupported> {
        // SAFETY: as the caller promises.
        let sample = unsafe { self.outbox() };
        let Seen::Array(sample) = sample.seen() else {
            return Err(Unsupported::Probe);
        };
        let expected = [
            (layout::STRING_COUNTED, layout::STRING_HEADER),
            (layout::ARRAY_COUNTED, layout::ARRAY_HEADER),
            (layout::ARRAY_COUNTED, layout::ARRAY_HEADER),
        ];
        let mut found = 0;
        for ((_, view), expected) in sample.entries().zip(expected) {
            let value = view.value();
            if value.type_info != expected.0 {
                return Err(Unsupported::Probe);
            }
            // SAFETY: the value counts its references, so its payload leads to
            // the header with which all such values begin.
            let header = unsafe { &(*value.payload.string).header };
            if header.type_info & HEADER_BITS != expected.1 || header.count == 0 {
                return Err(Unsupported::Probe);
            }
            found += 1;
        }
        if found != expected.len() || !sample.is_list() || sample.len() != found {
            return Err(Unsupported::Probe);
        }
        Ok(())
    }
}
