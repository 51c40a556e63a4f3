//! The functions that every server has: they tell what it is, what it serves
//! and what it counted. One that the program adds under such a name wins.

use std::time::Duration;

use super::Counters;
use super::routes::{Description, Function};
use crate::msgpack::pack::{self, text};
use crate::msgpack::{Item, Limits, Malformed, Reader, scan};
use crate::wire::{Code, Fault};

/// A function of this library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builtin {
    /// `zroute.ping`: that the server is there, and which one.
    Ping,
    /// `zroute.list`: its functions, and how they describe themselves.
    List,
    /// `zroute.stats`: what it counted.
    Stats,
    /// `zroute.functions`, for a supervisor alone: the list, with those of the
    /// program that it has under names of this library.
    Functions,
}

impl Builtin {
    /// The one of this name.
    #[must_use]
    pub fn find(name: &[u8], for_supervisor: bool) -> Option<Self> {
        match name {
            b"zroute.functions" if for_supervisor => Some(Self::Functions),
            b"zroute.ping" => Some(Self::Ping),
            b"zroute.list" => Some(Self::List),
            b"zroute.stats" => Some(Self::Stats),
            _ => None,
        }
    }
}

/// What begins so guards a function of this library, and is not listed. A supervisor
/// adds some of these itself; they are no functions of the program.
pub const RESERVED: &[u8] = b"zroute.";

/// Writes the answer of `zroute.ping`.
pub fn write_ping(out: &mut Vec<u8>) {
    pack::map(out, 2);
    put(out, "server", "zroute");
    put(out, "version", env!("CARGO_PKG_VERSION"));
}

/// Writes the answer of `zroute.list`: the functions whose names match the
/// glob among the parameters, all without one; those of reserved names only
/// with `reserved`.
pub fn write_list<'a>(
    out: &mut Vec<u8>,
    parameters: &[u8],
    reserved: bool,
    functions: impl Iterator<Item = (&'a [u8], &'a Function)>,
) -> Result<(), Fault> {
    let glob = glob(parameters)?;
    let listed: Vec<_> = functions
        .filter(|(name, _)| reserved || !name.starts_with(RESERVED))
        .filter(|(name, _)| glob.is_none_or(|glob| matches(glob, name)))
        .collect();
    pack::array(out, u32::try_from(listed.len()).unwrap_or(u32::MAX));
    for (name, function) in listed {
        pack::map(out, 1 + function.description.pairs);
        key(out, "name");
        let _ = text(out, name);
        out.extend_from_slice(&function.description.bytes);
    }
    Ok(())
}

/// The one parameter of `zroute.list`.
fn glob(parameters: &[u8]) -> Result<Option<&[u8]>, Fault> {
    let mut reader = Reader::new(parameters);
    let expected = || {
        Fault::new(
            Code::Parameters,
            "zroute.list takes a list with one text at most, a glob for the names",
        )
    };
    match reader.read() {
        Ok(Item::Nil | Item::Array(0) | Item::Map(0)) => Ok(None),
        Ok(Item::Array(1)) => reader.text_or_binary().map(Some).map_err(|_| expected()),
        _ => Err(expected()),
    }
}

/// Whether a glob fits a whole name: `*` stands for any bytes, `?` for one.
fn matches(glob: &[u8], name: &[u8]) -> bool {
    let (mut glob, mut name) = (glob, name);
    // What is behind the latest `*`, and the name from where that has to fit.
    let mut again: Option<(&[u8], &[u8])> = None;
    loop {
        match (glob.split_first(), name.split_first()) {
            (None, None) => return true,
            (Some((b'*', behind)), _) => {
                again = Some((behind, name));
                glob = behind;
                continue;
            }
            (Some((wanted, more)), Some((byte, rest))) if *wanted == b'?' || wanted == byte => {
                (glob, name) = (more, rest);
                continue;
            }
            _ => {}
        }
        let Some((behind, from)) = again else {
            return false;
        };
        let Some((_, from)) = from.split_first() else {
            return false;
        };
        again = Some((behind, from));
        (glob, name) = (behind, from);
    }
}

/// Writes the answer of `zroute.stats`.
pub fn write_stats<'a>(
    out: &mut Vec<u8>,
    counters: &Counters,
    uptime: Duration,
    functions: impl Iterator<Item = (&'a [u8], &'a Function)>,
) {
    let counted: Vec<_> = counters.named().collect();
    pack::map(out, u32::try_from(counted.len() + 2).unwrap_or(u32::MAX));
    for (name, count) in counted {
        key(out, name);
        pack::unsigned(out, count);
    }
    key(out, "uptime_ms");
    pack::unsigned(out, u64::try_from(uptime.as_millis()).unwrap_or(u64::MAX));
    key(out, "functions");
    let functions: Vec<_> = functions.collect();
    pack::map(out, u32::try_from(functions.len()).unwrap_or(u32::MAX));
    for (name, function) in functions {
        let _ = text(out, name);
        pack::map(out, 2);
        key(out, "calls");
        pack::unsigned(out, function.calls);
        key(out, "faults");
        pack::unsigned(out, function.faults);
    }
}

/// Names are short.
fn key(out: &mut Vec<u8>, name: &str) {
    let _ = text(out, name.as_bytes());
}

fn put(out: &mut Vec<u8>, name: &str, value: &str) {
    key(out, name);
    key(out, value);
}

impl Description {
    /// Checks a MessagePack map whose keys are texts, and not `name`.
    pub fn read(map: &[u8], limits: &Limits) -> Result<Self, Malformed> {
        scan(map, limits)?;
        let mut reader = Reader::new(map);
        let pairs = reader.map()?;
        let bytes = reader.remaining().into();
        for _ in 0..pairs {
            let offset = reader.position();
            if reader.text()? == "name" {
                return Err(Malformed::WrongType {
                    expected: "a key that is not the function's own",
                    found: "name",
                    offset,
                });
            }
            reader.skip()?;
        }
        Ok(Self { pairs, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_fit_whole_names() {
        for (glob, name, fits) in [
            ("*", "", true),
            ("math.*", "math.add", true),
            ("math.*", "maths", false),
            ("*.add", "a.b.add", true),
            ("*a*b", "xaybzb", true),
            ("*a*b", "xaybz", false),
            ("?", "a", true),
            ("?", "", false),
            ("a?c", "abc", true),
            ("a**c", "ac", true),
            ("abc", "abcd", false),
            ("", "a", false),
        ] {
            assert_eq!(
                matches(glob.as_bytes(), name.as_bytes()),
                fits,
                "{glob} {name}"
            );
        }
    }

    #[test]
    fn a_glob_of_many_stars_takes_no_more_than_its_product() {
        assert!(!matches(&b"*a".repeat(1000), &[b'a'; 999]));
    }

    #[test]
    fn the_list_takes_one_text_or_nothing() {
        for parameters in [&b"\xc0"[..], b"\x90", b"\x80"] {
            assert_eq!(glob(parameters), Ok(None));
        }
        assert_eq!(glob(b"\x91\xa1*"), Ok(Some(&b"*"[..])));
        for parameters in [
            &b"\x01"[..],
            b"\xa1*",
            b"\x92\xa1*\xa1*",
            b"\x91\x01",
            b"\x81\xa1*\xc0",
        ] {
            assert_eq!(glob(parameters).unwrap_err().code, Code::Parameters);
        }
    }

    #[test]
    fn a_description_is_a_map_of_texts_without_the_name() {
        let read = |bytes: &[u8]| Description::read(bytes, &Limits::default());
        assert_eq!(read(b"\x81\xa3doc\xa1x").unwrap().pairs, 1);
        for bytes in [
            &b"\x90"[..],
            b"\x81\x01\x01",
            b"\x81\xa4name\xa1x",
            b"\x81\xa3doc",
            b"",
        ] {
            assert!(read(bytes).is_err(), "{bytes:?}");
        }
    }
}
