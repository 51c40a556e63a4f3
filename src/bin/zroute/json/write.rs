//! MessagePack to JSON.

use std::collections::HashSet;
use std::fmt::Write;

use zroute::msgpack::{Item, Malformed, Reader};

use super::{BINARY, EXTENSION, FLOAT, MAP, TEXT, base64, is_reserved};

/// The JSON text of one MessagePack value that was checked against limits.
pub fn from_msgpack(bytes: &[u8]) -> Result<String, Malformed> {
    let mut json = String::with_capacity(2 * bytes.len());
    value(&mut Reader::new(bytes), &mut json)?;
    Ok(json)
}

fn value(reader: &mut Reader, json: &mut String) -> Result<(), Malformed> {
    let start = reader.clone();
    match reader.read()? {
        Item::Nil => json.push_str("null"),
        Item::Boolean(value) => json.push_str(if value { "true" } else { "false" }),
        Item::Integer(value) => push(json, value),
        Item::Unsigned(value) => push(json, value),
        Item::Float32(value) if value.is_finite() => push(json, format_args!("{value:?}")),
        Item::Float32(value) => special(json, f64::from(value)),
        Item::Float64(value) if value.is_finite() => push(json, format_args!("{value:?}")),
        Item::Float64(value) => special(json, value),
        Item::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => quoted(json, text),
            Err(_) => encoded(json, TEXT, text),
        },
        Item::Binary(bytes) => encoded(json, BINARY, bytes),
        Item::Extension(kind, payload) => push(
            json,
            format_args!(
                "{{\"{EXTENSION}\":[{kind},\"{}\"]}}",
                base64::encode(payload)
            ),
        ),
        Item::Array(count) => {
            json.push('[');
            for index in 0..count {
                separate(json, index);
                value(reader, json)?;
            }
            json.push(']');
        }
        Item::Map(count) if has_plain_keys(start)? => {
            json.push('{');
            for index in 0..count {
                separate(json, index);
                quoted(json, &plain_key(reader.read()?).unwrap_or_default());
                json.push(':');
                value(reader, json)?;
            }
            json.push('}');
        }
        Item::Map(count) => {
            push(json, format_args!("{{\"{MAP}\":["));
            for index in 0..count {
                separate(json, index);
                json.push('[');
                value(reader, json)?;
                json.push(',');
                value(reader, json)?;
                json.push(']');
            }
            json.push_str("]}");
        }
    }
    Ok(())
}

/// Whether the map that comes next can be an object as it is.
fn has_plain_keys(mut reader: Reader) -> Result<bool, Malformed> {
    let count = reader.map()?;
    let mut seen = HashSet::new();
    for _ in 0..count {
        let Some(key) = plain_key(reader.peek()?) else {
            return Ok(false);
        };
        if count == 1 && is_reserved(&key) || !seen.insert(key) {
            return Ok(false);
        }
        reader.skip()?;
        reader.skip()?;
    }
    Ok(true)
}

/// What a key is called in an object.
fn plain_key(key: Item) -> Option<String> {
    match key {
        Item::Integer(number) => Some(number.to_string()),
        Item::Unsigned(number) => Some(number.to_string()),
        Item::Text(text) => std::str::from_utf8(text).ok().map(str::to_string),
        _ => None,
    }
}

fn push(json: &mut String, text: impl std::fmt::Display) {
    // Writing to a String does not fail.
    let _ = write!(json, "{text}");
}

fn separate(json: &mut String, index: u32) {
    if index > 0 {
        json.push(',');
    }
}

fn special(json: &mut String, value: f64) {
    let name = match value {
        value if value.is_nan() => "nan",
        value if value > 0.0 => "inf",
        _ => "-inf",
    };
    push(json, format_args!("{{\"{FLOAT}\":\"{name}\"}}"));
}

fn encoded(json: &mut String, key: &str, bytes: &[u8]) {
    push(
        json,
        format_args!("{{\"{key}\":\"{}\"}}", base64::encode(bytes)),
    );
}

/// Every control character is escaped, also those that JSON lets be: a terminal
/// would obey them.
fn quoted(json: &mut String, text: &str) {
    json.push('"');
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            c if c.is_control() => push(json, format_args!("\\u{:04x}", u32::from(c))),
            c => json.push(c),
        }
    }
    json.push('"');
}
