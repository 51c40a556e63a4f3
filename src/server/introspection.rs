//! What zerorpc's tools ask of a server: the functions `_zerorpc_*`, answered from what
//! the functions say of themselves.
//!
//! | function | answer |
//! |---|---|
//! | `_zerorpc_ping` | `["pong", name]` |
//! | `_zerorpc_name` | the server's name |
//! | `_zerorpc_list` | the functions' names |
//! | `_zerorpc_help` of a function | its text for people, or nil |
//! | `_zerorpc_args` of a function | `[names, rest, nil, defaults]` as Python's argspec has it, or nil |
//! | `_zerorpc_inspect` | `{name, methods: {function: {args: [{name, default}] or nil, doc}}}` |

use super::builtins::RESERVED;
use super::routes::Function;
use crate::msgpack::{Reader, pack};
use crate::wire::{Code, Fault};

const NIL: &[u8] = b"\xc0";

/// Writes the answer of such a function; none if it is none. `functions` are all of
/// the server's, `name` is the server's.
pub fn answer<'a>(
    out: &mut Vec<u8>,
    function: &[u8],
    parameters: &[u8],
    name: &str,
    functions: impl Iterator<Item = (&'a [u8], &'a Function)>,
) -> Option<Result<(), Fault>> {
    let mut functions = functions.filter(|(name, _)| !is_hidden(name));
    match function {
        b"_zerorpc_ping" => {
            pack::array(out, 2);
            text(out, b"pong");
            text(out, name.as_bytes());
        }
        b"_zerorpc_name" => text(out, name.as_bytes()),
        b"_zerorpc_list" => {
            let names: Vec<_> = functions.map(|(name, _)| name).collect();
            pack::array(out, size(names.len()));
            for name in names {
                text(out, name);
            }
        }
        b"_zerorpc_help" | b"_zerorpc_args" => {
            let wanted = match one_text(parameters) {
                Ok(wanted) => wanted,
                Err(fault) => return Some(Err(fault)),
            };
            let Some((_, found)) = functions.find(|(name, _)| *name == wanted) else {
                return Some(Err(super::unknown_function(wanted)));
            };
            if function == b"_zerorpc_help" {
                out.extend_from_slice(part(found, b"doc").unwrap_or(NIL));
            } else {
                write_argspec(out, found);
            }
        }
        b"_zerorpc_inspect" => {
            let functions: Vec<_> = functions.collect();
            pack::map(out, 2);
            text(out, b"name");
            text(out, name.as_bytes());
            text(out, b"methods");
            pack::map(out, size(functions.len()));
            for (name, function) in functions {
                text(out, name);
                pack::map(out, 2);
                text(out, b"args");
                write_args(out, function);
                text(out, b"doc");
                out.extend_from_slice(part(function, b"doc").unwrap_or(NIL));
            }
        }
        _ => return None,
    }
    Some(Ok(()))
}

/// Those that zerorpc's own servers leave out too.
fn is_hidden(name: &[u8]) -> bool {
    name.starts_with(b"_") || name.starts_with(RESERVED)
}

fn one_text(parameters: &[u8]) -> Result<&[u8], Fault> {
    let mut reader = Reader::new(parameters);
    let one = matches!(reader.array(), Ok(1));
    let name = reader.text_or_binary();
    name.ok().filter(|_| one).ok_or_else(|| {
        Fault::new(
            Code::Parameters,
            "expected one parameter, the name of a function",
        )
    })
}

/// One of the things that a function says of itself.
fn part<'a>(function: &'a Function, wanted: &[u8]) -> Option<&'a [u8]> {
    entries(&function.description.bytes, function.description.pairs)
        .find_map(|(key, value)| (key == wanted).then_some(value))
}

/// The keys that are texts, and their values.
fn entries(bytes: &[u8], pairs: u32) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut reader = Reader::new(bytes);
    (0..pairs).filter_map(move |_| {
        let key = reader.slice().ok()?;
        let value = reader.slice().ok()?;
        Some((Reader::new(key).text_or_binary().ok()?, value))
    })
}

/// One parameter as a function describes it.
#[derive(Default)]
struct Parameter<'a> {
    name: &'a [u8],
    default: Option<&'a [u8]>,
    optional: bool,
    variadic: bool,
}

/// None if a function does not say, or not as a list of maps with names.
fn parameters(function: &Function) -> Option<Vec<Parameter<'_>>> {
    let mut reader = Reader::new(part(function, b"parameters")?);
    let count = reader.array().ok()?;
    let mut parameters = Vec::new();
    for _ in 0..count {
        let mut map = Reader::new(reader.slice().ok()?);
        let pairs = map.map().ok()?;
        let mut parameter = Parameter::default();
        for (key, value) in entries(map.remaining(), pairs) {
            let mut value_of = Reader::new(value);
            match key {
                b"name" => parameter.name = value_of.text_or_binary().ok()?,
                b"default" => parameter.default = Some(value),
                b"optional" => parameter.optional = value_of.boolean() == Ok(true),
                b"variadic" => parameter.variadic = value_of.boolean() == Ok(true),
                _ => {}
            }
        }
        parameters.push(parameter);
    }
    Some(parameters)
}

fn write_args(out: &mut Vec<u8>, function: &Function) {
    let Some(parameters) = parameters(function) else {
        return pack::nil(out);
    };
    pack::array(out, size(parameters.len()));
    for parameter in parameters {
        pack::map(out, 1 + u32::from(parameter.default.is_some()));
        text(out, b"name");
        if parameter.variadic {
            text(out, &[b"*", parameter.name].concat());
        } else {
            text(out, parameter.name);
        }
        if let Some(default) = parameter.default {
            text(out, b"default");
            out.extend_from_slice(default);
        }
    }
}

fn write_argspec(out: &mut Vec<u8>, function: &Function) {
    let Some(parameters) = parameters(function) else {
        return pack::nil(out);
    };
    let (rest, named): (Vec<_>, Vec<_>) = parameters.iter().partition(|one| one.variadic);
    pack::array(out, 4);
    pack::array(out, size(named.len()));
    for parameter in &named {
        text(out, parameter.name);
    }
    match rest.first() {
        Some(rest) => text(out, rest.name),
        None => pack::nil(out),
    }
    pack::nil(out);
    // Python's defaults are those of the last parameters.
    let optional = named.iter().rev().take_while(|one| one.optional).count();
    if optional == 0 {
        return pack::nil(out);
    }
    pack::array(out, size(optional));
    for parameter in named.iter().skip(named.len() - optional) {
        out.extend_from_slice(parameter.default.unwrap_or(NIL));
    }
}

/// Names are short.
fn text(out: &mut Vec<u8>, name: &[u8]) {
    let _ = pack::text(out, name);
}

fn size(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::msgpack::Limits;
    use crate::server::routes::{Description, Routes};

    /// `plus(a, b = 5, *more)` with a doc, `bare` without a word, and two hidden ones.
    fn routes() -> Routes {
        let mut routes = Routes::default();
        let plus = routes.add(b"plus");
        for name in [&b"bare"[..], b"_own", b"zroute.own"] {
            routes.add(name);
        }
        let description = b"\x82\xaaparameters\x93\x81\xa4name\xa1a\
            \x83\xa4name\xa1b\xa8optional\xc3\xa7default\x05\
            \x82\xa4name\xa4more\xa8variadic\xc3\xa3doc\xa4Adds";
        routes.function(plus).unwrap().description =
            Description::read(description, &Limits::default()).unwrap();
        routes
    }

    fn ask(function: &str, parameters: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        answer(
            &mut out,
            function.as_bytes(),
            parameters,
            "adder",
            routes().functions(),
        )
        .expect("a function of zerorpc's")
        .unwrap();
        out
    }

    #[test]
    fn the_server_tells_its_name_and_its_functions() {
        assert_eq!(ask("_zerorpc_ping", b"\x90"), b"\x92\xa4pong\xa5adder");
        assert_eq!(ask("_zerorpc_name", b"\x90"), b"\xa5adder");
        assert_eq!(ask("_zerorpc_list", b"\x90"), b"\x92\xa4bare\xa4plus");
    }

    #[test]
    fn a_function_tells_what_is_known_of_it() {
        assert_eq!(ask("_zerorpc_help", b"\x91\xa4plus"), b"\xa4Adds");
        assert_eq!(ask("_zerorpc_help", b"\x91\xa4bare"), b"\xc0");
        assert_eq!(
            ask("_zerorpc_args", b"\x91\xa4plus"),
            b"\x94\x92\xa1a\xa1b\xa4more\xc0\x91\x05"
        );
        assert_eq!(ask("_zerorpc_args", b"\x91\xa4bare"), b"\xc0");
        assert_eq!(
            ask("_zerorpc_inspect", b"\x90"),
            b"\x82\xa4name\xa5adder\xa7methods\x82\
              \xa4bare\x82\xa4args\xc0\xa3doc\xc0\
              \xa4plus\x82\xa4args\x93\x81\xa4name\xa1a\x82\xa4name\xa1b\xa7default\x05\
              \x81\xa4name\xa5*more\xa3doc\xa4Adds"
        );
    }

    #[test]
    fn a_wrong_question_is_a_fault() {
        let mut out = Vec::new();
        let mut fault = |parameters: &[u8]| {
            let name = b"_zerorpc_help";
            let answered = answer(&mut out, name, parameters, "", routes().functions());
            answered.unwrap().unwrap_err().code
        };
        assert_eq!(fault(b"\x90"), Code::Parameters);
        assert_eq!(fault(b"\x91\x01"), Code::Parameters);
        assert_eq!(fault(b"\x91\xa4_own"), Code::UnknownFunction);
        assert!(
            answer(
                &mut Vec::new(),
                b"_other",
                b"\x90",
                "",
                routes().functions()
            )
            .is_none()
        );
    }
}
