//! What holds for every message, tried on random ones.

mod msgpack_model;

use msgpack_model::{Value, payload, php_value, scalar};
use proptest::prelude::*;
use zroute::msgpack::php::{Serialized, from_php, to_php};
use zroute::msgpack::{Kind, Limits, Reader, Scanner, Writer, scan};

/// Where the value at `at` ends, if it is within the limits: written down from the
/// specification with no thought of speed.
fn end_of_value(bytes: &[u8], at: usize, levels: usize, nodes: &mut usize) -> Option<usize> {
    let number = |width: usize| -> Option<usize> {
        let digits = bytes.get(at + 1..at + 1 + width)?;
        Some(
            digits
                .iter()
                .fold(0, |sum, digit| sum << 8 | usize::from(*digit)),
        )
    };
    let first = *bytes.get(at)?;
    let leaf = match first {
        0x00..=0x7f | 0xe0..=0xff | 0xc0 | 0xc2 | 0xc3 => Some(1),
        0xa0..=0xbf => Some(1 + usize::from(first & 0x1f)),
        0xcc | 0xd0 => Some(2),
        0xcd | 0xd1 | 0xd4 => Some(3),
        0xce | 0xd2 | 0xca => Some(5),
        0xcf | 0xd3 | 0xcb => Some(9),
        0xc4 | 0xd9 => Some(2 + number(1)?),
        0xc5 | 0xda => Some(3 + number(2)?),
        0xc6 | 0xdb => Some(5 + number(4)?),
        0xc7 => Some(3 + number(1)?),
        0xc8 => Some(4 + number(2)?),
        0xc9 => Some(6 + number(4)?),
        0xd5 => Some(4),
        0xd6 => Some(6),
        0xd7 => Some(10),
        0xd8 => Some(18),
        _ => None,
    };
    if let Some(size) = leaf {
        return (at + size <= bytes.len()).then_some(at + size);
    }
    let (header, entries) = match first {
        0x90..=0x9f => (1, usize::from(first & 0x0f)),
        0xdc => (3, number(2)?),
        0xdd => (5, number(4)?),
        0x80..=0x8f => (1, 2 * usize::from(first & 0x0f)),
        0xde => (3, 2 * number(2)?),
        0xdf => (5, 2 * number(4)?),
        _ => return None,
    };
    let levels = levels.checked_sub(1)?;
    let mut at = at + header;
    for _ in 0..entries {
        *nodes = nodes.checked_sub(1)?;
        at = end_of_value(bytes, at, levels, nodes)?;
    }
    Some(at)
}

fn is_message(bytes: &[u8], limits: &Limits) -> bool {
    let mut nodes = limits.nodes;
    let end = end_of_value(bytes, 0, limits.depth, &mut nodes);
    bytes.len() <= limits.bytes && end == Some(bytes.len())
}

/// A random value of any type.
fn any_value() -> impl Strategy<Value = Value> {
    let extension =
        (any::<i8>(), payload()).prop_map(|(kind, bytes)| Value::Extension(kind, bytes));
    prop_oneof![8 => scalar(), 1 => extension].prop_recursive(6, 64, 20, |inner| {
        let pairs = prop::collection::vec((inner.clone(), inner.clone()), 0..20);
        prop_oneof![
            prop::collection::vec(inner, 0..20).prop_map(Value::Array),
            pairs.prop_map(Value::Map),
        ]
    })
}

/// Bytes of which many are headers.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        3 => any::<u8>(),
        1 => 0x80..=0xa3_u8,
        1 => 0xc0..=0xdf_u8,
        2 => 0x00..=0x05_u8,
    ];
    prop::collection::vec(byte, 0..40)
}

/// A message with some of its bytes changed, and perhaps cut.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3);
    (
        any_value(),
        changes,
        any::<prop::sample::Index>(),
        any::<bool>(),
    )
        .prop_map(|(value, changes, cut, is_cut)| {
            let mut bytes = value.packed();
            for (index, byte) in changes {
                let index = index.index(bytes.len());
                bytes[index] = byte;
            }
            if is_cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            bytes
        })
}

fn small_limits() -> impl Strategy<Value = Limits> {
    (0..60_usize, 0..6_usize, 0..40_usize).prop_map(|(bytes, depth, nodes)| Limits {
        bytes,
        depth,
        nodes,
        ..Limits::default()
    })
}

fn any_limits() -> impl Strategy<Value = Limits> {
    prop_oneof![Just(Limits::default()), small_limits()]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_written_is_read_again(value in any_value()) {
        let bytes = value.packed();
        prop_assert_eq!(scan(&bytes, &Limits::default()), Ok(()));
        let mut reader = Reader::new(&bytes);
        prop_assert_eq!(Value::read(&mut reader), Ok(value));
        prop_assert!(reader.is_at_end());
    }

    #[test]
    fn every_cut_is_refused(value in any_value()) {
        let bytes = value.packed();
        for end in 0..bytes.len() {
            prop_assert!(scan(&bytes[..end], &Limits::default()).is_err(), "cut at {}", end);
            prop_assert!(Reader::new(&bytes[..end]).skip().is_err(), "cut at {}", end);
        }
    }

    #[test]
    fn the_scan_accepts_what_the_specification_does(
        bytes in prop_oneof![soup(), damaged()],
        limits in any_limits(),
    ) {
        prop_assert_eq!(scan(&bytes, &limits).is_ok(), is_message(&bytes, &limits));
    }

    #[test]
    fn the_reader_finds_the_end_of_any_value(bytes in prop_oneof![soup(), damaged()]) {
        let mut nodes = usize::MAX;
        let end = end_of_value(&bytes, 0, usize::MAX, &mut nodes);
        let mut reader = Reader::new(&bytes);
        let slice = reader.slice().ok();
        prop_assert_eq!(slice, end.map(|end| &bytes[..end]));
        prop_assert_eq!(reader.position(), end.unwrap_or(0));
        prop_assert_eq!(Value::read(&mut Reader::new(&bytes)).is_ok(), end.is_some());
    }

    #[test]
    fn reading_a_map_piece_by_piece_checks_as_much_as_a_scan(
        bytes in prop_oneof![soup(), damaged()],
        limits in any_limits(),
    ) {
        let mut scanner = Scanner::new(&bytes, &limits);
        if let Ok(pairs) = scanner.map_header() {
            let whole = (0..2 * pairs).try_for_each(|_| scanner.value().map(|_| ()));
            scanner.leave();
            let whole = whole.and_then(|()| scanner.finish());
            prop_assert_eq!(whole.is_ok(), is_message(&bytes, &limits));
        } else {
            let is_map = Scanner::new(&bytes, &limits).kind() == Ok(Kind::Map);
            prop_assert!(!is_map || !is_message(&bytes, &limits));
        }
    }

    #[test]
    fn what_a_writer_finishes_passes_a_scan(value in any_value(), limits in any_limits()) {
        let bytes = value.packed();
        let mut writer = Writer::new(&limits);
        let written = writer.raw(&bytes).is_ok();
        prop_assert_eq!(written, is_message(&bytes, &limits));
        if written {
            prop_assert_eq!(writer.finish(), Ok(&bytes[..]));
        }
    }

    #[test]
    fn values_survive_the_way_to_php_and_back(value in php_value()) {
        let limits = Limits::default();
        let mut text = Vec::new();
        prop_assert_eq!(to_php(&value.packed(), &mut text, &limits), Ok(()));
        let mut bytes = Vec::new();
        prop_assert!(from_php(&text, &mut bytes, &limits).is_ok());
        prop_assert_eq!(Value::read(&mut Reader::new(&bytes)), Ok(value.after_php()));

        let mut cursor = Serialized::new(&text, &limits);
        prop_assert_eq!(cursor.skip_value(), Ok(()));
        prop_assert_eq!(cursor.finish(), Ok(()));
    }

    #[test]
    fn nothing_malformed_reaches_php(
        bytes in prop_oneof![soup(), damaged()],
        limits in any_limits(),
    ) {
        let limits = Limits { bytes: usize::MAX, ..limits };
        let mut text = b"before".to_vec();
        if to_php(&bytes, &mut text, &limits).is_ok() {
            prop_assert_eq!(scan(&bytes, &limits), Ok(()));
        } else {
            prop_assert_eq!(text, b"before");
        }
    }

    #[test]
    fn what_comes_from_php_passes_a_scan(
        value in php_value(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..2),
        limits in any_limits(),
    ) {
        let mut text = Vec::new();
        prop_assert_eq!(to_php(&value.packed(), &mut text, &Limits::default()), Ok(()));
        for (index, byte) in changes {
            let index = index.index(text.len());
            text[index] = byte;
        }
        let mut bytes = b"before".to_vec();
        if from_php(&text, &mut bytes, &limits).is_ok() {
            prop_assert_eq!(scan(&bytes[6..], &limits), Ok(()));
        } else {
            prop_assert_eq!(bytes, b"before");
        }
    }
}
