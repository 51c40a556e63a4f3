//! Which PHP this process runs, if it is one that is known.

use std::ffi::CStr;
use std::fmt;
use std::sync::OnceLock;

use super::layout::Layout;
use super::symbols::Symbols;
use crate::msgpack::php::hash;

/// A PHP whose values can be read and built in place.
#[derive(Clone, Copy)]
pub struct Engine {
    pub(super) symbols: Symbols,
    pub(super) layout: Layout,
}

/// Found once; the php binary does not change under a process.
static ENGINE: OnceLock<Engine> = OnceLock::new();

/// Why values cannot be read and built in place here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsupported {
    /// The process exports no such symbol: it is not PHP, or not one we know.
    Symbol(&'static str),
    /// Its version's layout is not known.
    Version(u32),
    /// It was built for debugging.
    Debug,
    /// The binary is of another version than the caller says.
    Mismatch(u32),
    /// Values of this machine are not laid out as on 64-bit little-endian Linux.
    Machine,
    /// `find` has not been called on this thread, or not in this process.
    NoSlots,
    /// The variable is not there, or is no reference.
    Variable,
    /// A value that PHP made is not laid out as expected.
    Probe,
    /// The table of what an object does is not laid out as expected.
    Handlers,
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Symbol(name) => write!(f, "this process does not export PHP's {name}"),
            Self::Version(version) => write!(
                f,
                "PHP_VERSION_ID {version} is not one whose values are known: PHP 8.1 to 8.5 are"
            ),
            Self::Debug => write!(f, "this PHP was built for debugging"),
            Self::Mismatch(version) => write!(
                f,
                "the engine of this process is not that of PHP_VERSION_ID {version}"
            ),
            Self::Machine => write!(f, "values are known on 64-bit Linux alone"),
            Self::NoSlots => write!(f, "zroute_zend_slots has not been called on this thread"),
            Self::Variable => write!(
                f,
                "expected the names of two local variables that are references and two that are objects"
            ),
            Self::Probe => write!(f, "PHP's values are laid out otherwise than expected"),
            Self::Handlers => write!(f, "PHP's objects work otherwise than expected"),
        }
    }
}

/// A string of which both have to find the same hash.
const SAMPLE: &CStr = c"ein Schlüssel für Bäume";

/// Looks this process's PHP up. Anything but success leaves things as they were.
pub fn attach(version: u32, debug: bool) -> Result<&'static Engine, Unsupported> {
    if !cfg!(all(
        target_os = "linux",
        target_pointer_width = "64",
        target_endian = "little"
    )) {
        return Err(Unsupported::Machine);
    }
    let layout = Layout::of(version).ok_or(Unsupported::Version(version))?;
    if debug {
        return Err(Unsupported::Debug);
    }
    let symbols = Symbols::find().map_err(Unsupported::Symbol)?;
    // SAFETY: PHP's function returns a terminated text that stays.
    let text = unsafe { CStr::from_ptr((symbols.version)()) };
    if !is_engine_of(text.to_bytes(), version) {
        return Err(Unsupported::Mismatch(version));
    }
    // SAFETY: PHP's function reads so many bytes.
    if unsafe { (symbols.hash)(SAMPLE.as_ptr(), SAMPLE.count_bytes()) } != hash(SAMPLE.to_bytes()) {
        return Err(Unsupported::Probe);
    }
    Ok(ENGINE.get_or_init(|| Engine { symbols, layout }))
}

/// The engine that [`attach`] found.
pub(super) fn attached() -> Option<&'static Engine> {
    ENGINE.get()
}

/// Whether the text names the engine of a PHP: 4.2.36 is that of 8.2.36.
fn is_engine_of(text: &[u8], version: u32) -> bool {
    let expected = format!("Zend Engine v4.{}.{}", version / 100 % 100, version % 100);
    text.strip_prefix(expected.as_bytes())
        .is_some_and(|rest| !rest.first().is_some_and(u8::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_without_php_is_refused() {
        let why = |version, debug| attach(version, debug).err();
        assert_eq!(why(80_236, false), Some(Unsupported::Symbol("_emalloc")));
        assert_eq!(why(80_236, true), Some(Unsupported::Debug));
        assert_eq!(why(70_400, false), Some(Unsupported::Version(70_400)));
        assert!(attached().is_none());
    }

    #[test]
    fn the_engines_version_goes_with_phps() {
        let text = b"Zend Engine v4.2.36, Copyright (c) Zend Technologies\n";
        assert!(is_engine_of(text, 80_236));
        assert!(is_engine_of(b"Zend Engine v4.5.0-dev, Copyright", 80_500));
        assert!(!is_engine_of(text, 80_203));
        assert!(!is_engine_of(text, 80_336));
        assert!(!is_engine_of(b"", 80_236));
    }
}
