//! MessagePack values as JSON, and back.
//!
//! JSON has no name for some of them. They become an object with one key:
//!
//! | MessagePack | JSON |
//! |---|---|
//! | bin | `{"$binary": base64}` |
//! | str that is not UTF-8 | `{"$text": base64}` |
//! | a float that is not finite | `{"$float": "nan"}`, `"inf"`, `"-inf"` |
//! | an extension | `{"$extension": [type, base64]}` |
//! | a map with other keys than str and integer, or with a key twice | `{"$map": [[key, value], …]}` |
//!
//! Both directions know them, so that every value survives there and back, but for
//! integer keys of maps, which become their digits, as in PHP's `json_encode`.
//!
//! | file | holds |
//! |---|---|
//! | `base64` | bytes as text |
//! | `read` | JSON to MessagePack |
//! | `write` | MessagePack to JSON |

mod base64;
mod read;
mod write;

pub use read::{list, to_msgpack};
pub use write::from_msgpack;

const BINARY: &str = "$binary";
const TEXT: &str = "$text";
const FLOAT: &str = "$float";
const EXTENSION: &str = "$extension";
const MAP: &str = "$map";

/// Whether an object with this one key means something else than a map.
fn is_reserved(key: &str) -> bool {
    [BINARY, TEXT, FLOAT, EXTENSION, MAP].contains(&key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(bytes: &[u8]) -> String {
        let json = from_msgpack(bytes).unwrap();
        assert_eq!(to_msgpack(&json).unwrap(), bytes, "{json}");
        assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
        json
    }

    #[test]
    fn values_of_json_are_themselves() {
        for json in [
            "null",
            "true",
            "false",
            "0",
            "-5",
            "-9223372036854775808",
            "18446744073709551615",
            "6.0",
            "-0.0",
            "0.1",
            "1e300",
            "\"\"",
            "\"grüße\\n\\\"\\\\\"",
            "[]",
            "[1,[2,[]]]",
            "{}",
            "{\"b\":1,\"a\":{\"c\":[true]}}",
        ] {
            assert_eq!(from_msgpack(&to_msgpack(json).unwrap()).unwrap(), json);
        }
    }

    #[test]
    fn what_json_has_no_name_for_survives() {
        for (bytes, json) in [
            (&b"\xc4\x02\x00\xff"[..], r#"{"$binary":"AP8="}"#),
            (b"\xa1\xff", r#"{"$text":"/w=="}"#),
            (b"\xcb\x7f\xf0\0\0\0\0\0\0", r#"{"$float":"inf"}"#),
            (b"\xcb\xff\xf0\0\0\0\0\0\0", r#"{"$float":"-inf"}"#),
            (b"\xcb\x7f\xf8\0\0\0\0\0\0", r#"{"$float":"nan"}"#),
            (b"\xd4\xfe\x07", r#"{"$extension":[-2,"Bw=="]}"#),
            (b"\x81\xc0\x01", r#"{"$map":[[null,1]]}"#),
            (b"\x82\xa1a\x01\xa1a\x02", r#"{"$map":[["a",1],["a",2]]}"#),
            (b"\x82\x01\x01\xa11\x02", r#"{"$map":[[1,1],["1",2]]}"#),
            (b"\x81\xa4$map\x90", r#"{"$map":[["$map",[]]]}"#),
        ] {
            assert_eq!(there_and_back(bytes), json);
        }
    }

    #[test]
    fn integer_keys_become_their_digits() {
        assert_eq!(
            from_msgpack(b"\x82\x01\xa1a\xff\xa1b").unwrap(),
            r#"{"1":"a","-1":"b"}"#
        );
    }

    #[test]
    fn floats_of_32_bits_are_not_made_longer() {
        assert_eq!(from_msgpack(b"\xca\x3d\xcc\xcc\xcd").unwrap(), "0.1");
    }

    #[test]
    fn control_characters_are_escaped_all() {
        assert_eq!(
            from_msgpack(b"\xa4\x1b\x7f\xc2\x9b").unwrap(),
            r#""\u001b\u007f\u009b""#
        );
    }

    #[test]
    fn what_is_no_json_is_refused_with_the_place() {
        for (json, expected) in [
            ("World", "column 1"),
            ("[1,]", "column 4"),
            ("1 2", "column 3"),
            ("", "EOF"),
            (r#"{"$binary":"?"}"#, "base64"),
            (r#"{"$float":"many"}"#, "nan"),
            (r#"{"$extension":[200,""]}"#, "-128 to 127"),
            (r#"{"$map":[[1]]}"#, "pair"),
        ] {
            let error = to_msgpack(json).unwrap_err();
            assert!(error.contains(expected), "{json}: {error}");
        }
    }

    #[test]
    fn an_object_with_other_keys_beside_is_a_map() {
        assert_eq!(
            to_msgpack(r#"{"$binary":"AP8=","a":1}"#).unwrap(),
            b"\x82\xa7$binary\xa4AP8=\xa1a\x01"
        );
    }
}
