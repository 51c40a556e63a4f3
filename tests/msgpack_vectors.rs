//! Every form that MessagePack has for a value reads as the same value, and the
//! writer picks the shortest. The values are those that the public msgpack-test-suite
//! looks at.

use zroute::msgpack::{Item, Limits, Malformed, Reader, Writer, scan};

fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits
        .bytes()
        .filter_map(|digit| char::from(digit).to_digit(16))
        .map(|digit| u8::try_from(digit).expect("a digit"))
        .collect();
    assert_eq!(digits.len() % 2, 0, "two digits a byte");
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

fn written(write: impl FnOnce(&mut Writer) -> Result<(), Malformed>) -> Vec<u8> {
    let mut writer = Writer::new(&Limits::default());
    write(&mut writer).expect("within the limits");
    writer.finish().expect("one whole value").to_vec()
}

/// Checks that `form` is one value, that it reads as `item`, and that no cut of it does.
fn reads_as(form: &[u8], item: Item<'_>) {
    let start = &form[..form.len().min(12)];
    assert_eq!(scan(form, &Limits::default()), Ok(()), "{start:02x?}");
    assert_eq!(Reader::new(form).peek(), Ok(item), "{start:02x?}");
    assert_eq!(Reader::new(form).read(), Ok(item), "{start:02x?}");
    assert_eq!(Reader::new(form).slice(), Ok(form), "{start:02x?}");
    for end in (0..form.len().min(20)).chain([form.len() - 1]) {
        assert!(
            scan(&form[..end], &Limits::default()).is_err(),
            "{start:02x?} cut at {end}"
        );
    }
}

/// A header of one byte for the type and `width` bytes for the length, if it fits.
fn header(first: u8, width: usize, length: usize) -> Option<Vec<u8>> {
    let digits = u64::try_from(length).ok()?.to_be_bytes();
    let (unused, digits) = digits.split_at(digits.len() - width);
    let fits = unused.iter().all(|digit| *digit == 0);
    fits.then(|| [&[first], digits].concat())
}

#[test]
fn nil_and_booleans() {
    reads_as(&hex("c0"), Item::Nil);
    reads_as(&hex("c2"), Item::Boolean(false));
    reads_as(&hex("c3"), Item::Boolean(true));
    let nil = |writer: &mut Writer| {
        writer.nil();
        Ok(())
    };
    assert_eq!(written(nil), hex("c0"));
    for (value, form) in [(false, "c2"), (true, "c3")] {
        let boolean = |writer: &mut Writer| {
            writer.boolean(value);
            Ok(())
        };
        assert_eq!(written(boolean), hex(form));
    }
}

#[test]
fn integers_at_the_edges_of_each_width() {
    let shortest = [
        (0, "00"),
        (1, "01"),
        (127, "7f"),
        (128, "cc 80"),
        (255, "cc ff"),
        (256, "cd 01 00"),
        (32767, "cd 7f ff"),
        (32768, "cd 80 00"),
        (65535, "cd ff ff"),
        (65536, "ce 00 01 00 00"),
        (2_147_483_647, "ce 7f ff ff ff"),
        (2_147_483_648, "ce 80 00 00 00"),
        (4_294_967_295, "ce ff ff ff ff"),
        (4_294_967_296, "cf 00 00 00 01 00 00 00 00"),
        (281_474_976_710_656, "cf 00 01 00 00 00 00 00 00"),
        (9_007_199_254_740_993, "cf 00 20 00 00 00 00 00 01"),
        (9_223_372_036_854_775_807, "cf 7f ff ff ff ff ff ff ff"),
        (9_223_372_036_854_775_808, "cf 80 00 00 00 00 00 00 00"),
        (18_446_744_073_709_551_615, "cf ff ff ff ff ff ff ff ff"),
        (-1, "ff"),
        (-32, "e0"),
        (-33, "d0 df"),
        (-127, "d0 81"),
        (-128, "d0 80"),
        (-129, "d1 ff 7f"),
        (-255, "d1 ff 01"),
        (-256, "d1 ff 00"),
        (-32768, "d1 80 00"),
        (-32769, "d2 ff ff 7f ff"),
        (-65535, "d2 ff ff 00 01"),
        (-2_147_483_648, "d2 80 00 00 00"),
        (-2_147_483_649, "d3 ff ff ff ff 7f ff ff ff"),
        (-4_294_967_296, "d3 ff ff ff ff 00 00 00 00"),
        (-9_223_372_036_854_775_808, "d3 80 00 00 00 00 00 00 00"),
    ];
    for (number, form) in shortest {
        let number: i128 = number;
        let form = hex(form);
        let signed = i64::try_from(number).ok();
        let unsigned = u64::try_from(number).ok();
        let item = signed.map(Item::Integer).or(unsigned.map(Item::Unsigned));
        let item = item.expect("fits 64 bits");
        let mut forms = vec![form.clone()];
        forms.extend(
            u8::try_from(number)
                .ok()
                .map(|n| [&[0xcc], &n.to_be_bytes()[..]].concat()),
        );
        forms.extend(
            u16::try_from(number)
                .ok()
                .map(|n| [&[0xcd], &n.to_be_bytes()[..]].concat()),
        );
        forms.extend(
            u32::try_from(number)
                .ok()
                .map(|n| [&[0xce], &n.to_be_bytes()[..]].concat()),
        );
        forms.extend(unsigned.map(|n| [&[0xcf], &n.to_be_bytes()[..]].concat()));
        forms.extend(
            i8::try_from(number)
                .ok()
                .map(|n| [&[0xd0], &n.to_be_bytes()[..]].concat()),
        );
        forms.extend(
            i16::try_from(number)
                .ok()
                .map(|n| [&[0xd1], &n.to_be_bytes()[..]].concat()),
        );
        forms.extend(
            i32::try_from(number)
                .ok()
                .map(|n| [&[0xd2], &n.to_be_bytes()[..]].concat()),
        );
        forms.extend(signed.map(|n| [&[0xd3], &n.to_be_bytes()[..]].concat()));
        for other in &forms {
            reads_as(other, item);
            assert!(other.len() >= form.len());
            assert_eq!(Reader::new(other).integer().ok(), signed);
            assert_eq!(Reader::new(other).unsigned().ok(), unsigned);
        }
        if let Some(signed) = signed {
            let integer = |writer: &mut Writer| {
                writer.integer(signed);
                Ok(())
            };
            assert_eq!(written(integer), form, "{number}");
        }
        if let Some(unsigned) = unsigned {
            let integer = |writer: &mut Writer| {
                writer.unsigned(unsigned);
                Ok(())
            };
            assert_eq!(written(integer), form, "{number}");
        }
    }
}

#[test]
fn floats_to_the_last_bit() {
    let cases = [
        (0.0, "cb 0000000000000000", "ca 00000000"),
        (-0.0, "cb 8000000000000000", "ca 80000000"),
        (0.5, "cb 3fe0000000000000", "ca 3f000000"),
        (-0.5, "cb bfe0000000000000", "ca bf000000"),
        (1.0, "cb 3ff0000000000000", "ca 3f800000"),
        (f64::from(f32::MAX), "cb 47efffffe0000000", "ca 7f7fffff"),
        (
            f64::from(f32::MIN_POSITIVE),
            "cb 3810000000000000",
            "ca 00800000",
        ),
        (f64::INFINITY, "cb 7ff0000000000000", "ca 7f800000"),
        (f64::NEG_INFINITY, "cb fff0000000000000", "ca ff800000"),
    ];
    for (number, double, single) in cases {
        #[allow(clippy::cast_possible_truncation)] // All of them fit.
        let number32 = number as f32;
        let (double, single) = (hex(double), hex(single));
        reads_as(&double, Item::Float64(number));
        reads_as(&single, Item::Float32(number32));
        for form in [&double, &single] {
            let read = Reader::new(form).float().map(f64::to_bits);
            assert_eq!(read, Ok(number.to_bits()));
        }
        let float64 = |writer: &mut Writer| {
            writer.float64(number);
            Ok(())
        };
        assert_eq!(written(float64), double);
        let float32 = |writer: &mut Writer| {
            writer.float32(number32);
            Ok(())
        };
        assert_eq!(written(float32), single);
    }
    for nan in ["cb 7ff8000000000000", "cb fff0000000000001", "ca 7fc00000"] {
        let form = hex(nan);
        assert_eq!(scan(&form, &Limits::default()), Ok(()));
        assert!(Reader::new(&form).float().is_ok_and(f64::is_nan));
    }
}

#[test]
fn strings_and_binaries_at_the_edges_of_each_width() {
    let shortest = [
        (0, "a0", "c4 00"),
        (1, "a1", "c4 01"),
        (31, "bf", "c4 1f"),
        (32, "d9 20", "c4 20"),
        (255, "d9 ff", "c4 ff"),
        (256, "da 01 00", "c5 01 00"),
        (65535, "da ff ff", "c5 ff ff"),
        (65536, "db 00 01 00 00", "c6 00 01 00 00"),
    ];
    for (length, text_header, binary_header) in shortest {
        let text = "x".repeat(length);
        let bytes = text.as_bytes();

        let form = [&hex(text_header), bytes].concat();
        assert_eq!(written(|writer| writer.text(&text)), form, "{length}");
        assert_eq!(written(|writer| writer.text_bytes(bytes)), form, "{length}");
        reads_as(&form, Item::Text(bytes));
        for (first, width) in [(0xd9, 1), (0xda, 2), (0xdb, 4)] {
            if let Some(header) = header(first, width, length) {
                reads_as(&[&header, bytes].concat(), Item::Text(bytes));
            }
        }

        let form = [&hex(binary_header), bytes].concat();
        assert_eq!(written(|writer| writer.binary(bytes)), form, "{length}");
        for (first, width) in [(0xc4, 1), (0xc5, 2), (0xc6, 4)] {
            if let Some(header) = header(first, width, length) {
                reads_as(&[&header, bytes].concat(), Item::Binary(bytes));
            }
        }
    }
}

#[test]
fn strings_of_several_scripts() {
    for text in ["Кириллица", "ひらがな", "한글", "汉字", "漢字", "❤", "🍺"]
    {
        let form = written(|writer| writer.text(text));
        reads_as(&form, Item::Text(text.as_bytes()));
        assert_eq!(Reader::new(&form).text(), Ok(text));
    }
}

#[test]
fn arrays_and_maps_at_the_edges_of_each_width() {
    let shortest = [
        (0_u32, "90", "80"),
        (1, "91", "81"),
        (15, "9f", "8f"),
        (16, "dc 00 10", "de 00 10"),
        (65535, "dc ff ff", "de ff ff"),
        (65536, "dd 00 01 00 00", "df 00 01 00 00"),
    ];
    for (entries, array_header, map_header) in shortest {
        let count = usize::try_from(entries).expect("64 bits");
        let values = vec![0xc0; count];
        let pairs = [0x01, 0xc0].repeat(count);

        let form = [&hex(array_header), &values[..]].concat();
        let array = |writer: &mut Writer| {
            writer.array(entries)?;
            (0..entries).for_each(|_| writer.nil());
            Ok(())
        };
        assert_eq!(written(array), form, "{entries}");
        reads_as(&form, Item::Array(entries));
        for (first, width) in [(0xdc, 2), (0xdd, 4)] {
            if let Some(header) = header(first, width, count) {
                reads_as(&[&header, &values[..]].concat(), Item::Array(entries));
            }
        }

        let form = [&hex(map_header), &pairs[..]].concat();
        let map = |writer: &mut Writer| {
            writer.map(entries)?;
            for _ in 0..entries {
                writer.integer(1);
                writer.nil();
            }
            Ok(())
        };
        assert_eq!(written(map), form, "{entries}");
        reads_as(&form, Item::Map(entries));
        for (first, width) in [(0xde, 2), (0xdf, 4)] {
            if let Some(header) = header(first, width, count) {
                reads_as(&[&header, &pairs[..]].concat(), Item::Map(entries));
            }
        }
    }
}

#[test]
fn arrays_and_maps_inside_each_other() {
    // [[], {}, "a", {"b": [1]}]
    let form = hex("94 90 80 a1 61 81 a1 62 91 01");
    let nested = |writer: &mut Writer| {
        writer.array(4)?;
        writer.array(0)?;
        writer.map(0)?;
        writer.text("a")?;
        writer.map(1)?;
        writer.text("b")?;
        writer.array(1)?;
        writer.integer(1);
        Ok(())
    };
    assert_eq!(written(nested), form);
    reads_as(&form, Item::Array(4));
    let longer = hex("dc 00 04 dd 00 00 00 00 de 00 00 d9 01 61 df 00 00 00 01 da 00 01 62 91 01");
    reads_as(&longer, Item::Array(4));
}

#[test]
fn extensions_of_every_size() {
    let shortest = [
        (0_usize, "c7 00 10"),
        (1, "d4 10"),
        (2, "d5 10"),
        (3, "c7 03 10"),
        (4, "d6 10"),
        (5, "c7 05 10"),
        (8, "d7 10"),
        (15, "c7 0f 10"),
        (16, "d8 10"),
        (17, "c7 11 10"),
        (255, "c7 ff 10"),
        (256, "c8 01 00 10"),
        (65535, "c8 ff ff 10"),
        (65536, "c9 00 01 00 00 10"),
    ];
    for (size, header_form) in shortest {
        let payload = vec![0xc1; size];
        let form = [hex(header_form), payload.clone()].concat();
        assert_eq!(
            written(|writer| writer.extension(16, &payload)),
            form,
            "{size}"
        );
        reads_as(&form, Item::Extension(16, &payload));
        for (first, width) in [(0xc7, 1), (0xc8, 2), (0xc9, 4)] {
            if let Some(header) = header(first, width, size) {
                let form = [&header, &[0x80][..], &payload].concat();
                reads_as(&form, Item::Extension(-128, &payload));
            }
        }
    }
}

#[test]
fn timestamps_are_extensions_of_type_minus_one() {
    let cases = [
        // 2018-01-02T03:04:05Z in 32 bits
        ("d6 ff 5a4af6a5", 4),
        // the same with 678901234 ns, in 64 bits
        ("d7 ff a1dcd7c85a4af6a5", 8),
        // the year 2514, in 64 bits
        ("d7 ff 0000000400000000", 8),
        // one second before 1970, in 96 bits
        ("c7 0c ff 00000000 ffffffffffffffff", 12),
    ];
    for (form, size) in cases {
        let form = hex(form);
        let payload = &form[form.len() - size..];
        reads_as(&form, Item::Extension(-1, payload));
        assert_eq!(written(|writer| writer.extension(-1, payload)), form);
    }
}

#[test]
fn the_byte_that_is_never_used_is_refused_everywhere() {
    for (form, offset) in [("c1", 0), ("91 c1", 1), ("81 c1 c0", 1), ("81 c0 c1", 2)] {
        let form = hex(form);
        let refused = Malformed::ReservedByte { offset };
        assert_eq!(scan(&form, &Limits::default()), Err(refused));
        assert_eq!(Reader::new(&form).skip(), Err(refused));
    }
}
