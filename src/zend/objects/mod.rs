//! Values with objects and references, as ext-msgpack packs and unpacks them.
//!
//! | file | holds |
//! |---|---|
//! | `class` | whether a class's objects can be read and built without running code |
//! | `identities` | what was met before, and its number |
//! | `encode` | a value to bytes |
//! | `decode` | bytes to a value |
//! | `properties` | of that the objects |
//! | `report` | what an unpacker is told, and what it has to say |
//! | `allowed` | the classes that bytes may name |
//! | `sample` | a test of how classes are laid out |
//!
//! Besides the three rules of all that is in place (see the module above): what is
//! half built is whole to PHP at every moment, because PHP knows of each object
//! from its first moment on. Nothing is ever released here, since that may start
//! PHP's cycle collector, and with it somebody's destructor.

mod allowed;
mod class;
mod decode;
mod encode;
mod identities;
mod properties;
mod report;
mod sample;

use std::ffi::CStr;

use super::converter::{self, Conversion};
use super::engine::{Unsupported, attached};
use super::slot::variable;
use super::view::{Seen, View};

pub use decode::decode;
pub use encode::Form;
pub use identities::Identities;

/// The local variables of a PHP function by which it shows what it keeps.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    /// A plain stdClass object, to become a converter.
    pub packer: &'a CStr,
    /// Another.
    pub unpacker: &'a CStr,
    /// Three objects and a reference, as a test of the layout.
    pub samples: &'a CStr,
}

/// Makes two objects of the running PHP function's converters, if classes are laid
/// out as expected. Owns nothing across the calls of PHP's.
///
/// # Safety
/// A PHP function runs on this thread, and has called this through FFI. The
/// conversions do what they are named for.
pub unsafe fn convert(
    names: Names<'_>,
    pack: &'static Conversion,
    unpack: &'static Conversion,
) -> Result<(), Unsupported> {
    let engine = attached().ok_or(Unsupported::NoSlots)?;
    // SAFETY: a PHP function runs, as the caller promises.
    let locals = unsafe { (engine.symbols.local_variables)() };
    if locals.is_null() {
        return Err(Unsupported::Variable);
    }
    // SAFETY: the table stays until the PHP function returns, and so do the values.
    let (packer, unpacker, samples) = unsafe {
        (
            converter::plain_object(engine, variable(engine, locals, names.packer)?)?,
            converter::plain_object(engine, variable(engine, locals, names.unpacker)?)?,
            View::new(&*variable(engine, locals, names.samples)?, engine),
        )
    };
    let Seen::Array(samples) = samples.seen() else {
        return Err(Unsupported::Variable);
    };
    let mut entries = samples.entries().map(|(_, sample)| sample);
    let (Some(plain), Some(hooked), Some(internal), Some(reference), None) = (
        entries.next(),
        entries.next(),
        entries.next(),
        entries.next(),
        entries.next(),
    ) else {
        return Err(Unsupported::Variable);
    };
    // SAFETY: the array of the PHP function's holds them.
    if !unsafe { sample::is_as_expected(engine, &[plain, hooked, internal, reference]) } {
        return Err(Unsupported::Probe);
    }
    let (pack, unpack) = (pack.handlers(engine)?, unpack.handlers(engine)?);
    // SAFETY: both are live objects that have PHP's own table.
    unsafe {
        converter::convert(packer, pack);
        converter::convert(unpacker, unpack);
    }
    Ok(())
}
