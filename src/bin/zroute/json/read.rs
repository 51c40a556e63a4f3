//! JSON to MessagePack.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use zroute::msgpack::{Limits, Reader, Writer};

use super::{BINARY, EXTENSION, FLOAT, TEXT, base64, is_reserved};

/// One MessagePack value; an error names the place in the text. A number with a
/// point or an exponent, or beyond 64 bits, becomes a float.
pub fn to_msgpack(json: &str) -> Result<Vec<u8>, String> {
    match serde_json::from_str::<Packed>(json) {
        Ok(packed) => Ok(packed.0),
        Err(error) => Err(error.to_string()),
    }
}

/// A list of values that are MessagePack already.
pub fn list(values: &[Vec<u8>]) -> Vec<u8> {
    // As many as a command line has words.
    let count = u32::try_from(values.len()).unwrap_or(u32::MAX);
    header(0x90, count, &values.concat())
}

/// A value, as MessagePack.
struct Packed(Vec<u8>);

impl<'de> Deserialize<'de> for Packed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Packing).map(Packed)
    }
}

struct Packing;

impl<'de> Visitor<'de> for Packing {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Vec<u8>, E> {
        one(|writer| {
            writer.nil();
            Ok(())
        })
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Vec<u8>, E> {
        one(|writer| {
            writer.boolean(value);
            Ok(())
        })
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Vec<u8>, E> {
        one(|writer| {
            writer.integer(value);
            Ok(())
        })
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Vec<u8>, E> {
        one(|writer| {
            writer.unsigned(value);
            Ok(())
        })
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Vec<u8>, E> {
        one(|writer| {
            writer.float64(value);
            Ok(())
        })
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Vec<u8>, E> {
        one(|writer| writer.text(value).map_err(|error| error.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<u8>, A::Error> {
        let mut values = Vec::new();
        let mut count = 0;
        while let Some(Packed(value)) = list.next_element()? {
            values.extend_from_slice(&value);
            count += 1;
        }
        with_header(0x90, count, &values)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Vec<u8>, A::Error> {
        let mut pairs = Vec::new();
        let mut count = 0;
        let mut only = None;
        while let Some((key, Packed(value))) = object.next_entry::<String, Packed>()? {
            pairs.extend(Packing.visit_str::<A::Error>(&key)?);
            pairs.extend_from_slice(&value);
            count += 1;
            only = (count == 1).then_some((key, value));
        }
        match only {
            Some((key, value)) if is_reserved(&key) => meant(&key, &value).map_err(|expected| {
                Error::custom(format_args!("'{key}' is expected to hold {expected}"))
            }),
            _ => with_header(0x80, count, &pairs),
        }
    }
}

/// The value that an object with one reserved key means; else what is expected.
fn meant(key: &str, value: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut reader = Reader::new(value);
    let mut bytes = |expected| {
        let text = reader.text().map_err(|_| expected)?;
        base64::decode(text).ok_or(expected)
    };
    match key {
        BINARY => {
            let bytes = bytes("base64")?;
            alone(|writer| writer.binary(&bytes).map_err(|error| error.to_string()))
        }
        TEXT => {
            let bytes = bytes("base64")?;
            alone(|writer| writer.text_bytes(&bytes).map_err(|error| error.to_string()))
        }
        FLOAT => {
            let value = match reader.text() {
                Ok("nan") => f64::NAN,
                Ok("inf") => f64::INFINITY,
                Ok("-inf") => f64::NEG_INFINITY,
                _ => return Err("\"nan\", \"inf\" or \"-inf\""),
            };
            alone(|writer| {
                writer.float64(value);
                Ok(())
            })
        }
        EXTENSION => {
            let expected = "a list of a type, from -128 to 127, and base64";
            let (Ok(2), Ok(kind)) = (reader.array(), reader.integer()) else {
                return Err(expected);
            };
            let kind = i8::try_from(kind).map_err(|_| expected)?;
            let text = reader.text().map_err(|_| expected)?;
            let payload = base64::decode(text).ok_or(expected)?;
            alone(|writer| {
                writer
                    .extension(kind, &payload)
                    .map_err(|error| error.to_string())
            })
        }
        _ => {
            let expected = "a list of lists, each a pair of key and value";
            let count = reader.array().map_err(|_| expected)?;
            let mut pairs = Vec::new();
            for _ in 0..count {
                if reader.array() != Ok(2) {
                    return Err(expected);
                }
                for _ in 0..2 {
                    pairs.extend_from_slice(reader.slice().map_err(|_| expected)?);
                }
            }
            Ok(header(0x80, count, &pairs))
        }
    }
}

fn alone(write: impl FnOnce(&mut Writer) -> Result<(), String>) -> Result<Vec<u8>, &'static str> {
    packed(write).map_err(|_| "less")
}

fn one<E: Error>(write: impl FnOnce(&mut Writer) -> Result<(), String>) -> Result<Vec<u8>, E> {
    packed(write).map_err(Error::custom)
}

/// One value without others inside.
fn packed(write: impl FnOnce(&mut Writer) -> Result<(), String>) -> Result<Vec<u8>, String> {
    let mut writer = Writer::new(&Limits::default());
    write(&mut writer)?;
    match writer.finish() {
        Ok(bytes) => Ok(bytes.to_vec()),
        Err(incomplete) => Err(incomplete.to_string()),
    }
}

fn with_header<E: Error>(short: u8, count: usize, values: &[u8]) -> Result<Vec<u8>, E> {
    u32::try_from(count)
        .map(|count| header(short, count, values))
        .map_err(|_| Error::custom("more values than MessagePack can count"))
}

/// The header of an array (0x90) or map (0x80), and what is inside.
fn header(short: u8, count: u32, values: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(5 + values.len());
    let long = if short == 0x90 { 0xdc } else { 0xde };
    match (u8::try_from(count), u16::try_from(count)) {
        (Ok(count @ 0..=15), _) => bytes.push(short | count),
        (_, Ok(count)) => {
            bytes.push(long);
            bytes.extend(count.to_be_bytes());
        }
        _ => {
            bytes.push(long + 1);
            bytes.extend(count.to_be_bytes());
        }
    }
    bytes.extend_from_slice(values);
    bytes
}
