//! Z85, the text form of keys: rfc.zeromq.org/spec/32.

const ALPHABET: &[u8; 85] =
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/// Five characters for every four bytes; none when they cannot be divided so.
#[must_use]
pub fn encode(bytes: &[u8]) -> Option<String> {
    let (fours, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return None;
    }
    let mut text = String::with_capacity(fours.len() * 5);
    for four in fours {
        let number = u32::from_be_bytes(*four);
        for power in [52_200_625, 614_125, 7_225, 85, 1] {
            let letter = ALPHABET.get((number / power % 85) as usize)?;
            text.push(char::from(*letter));
        }
    }
    Some(text)
}

/// Four bytes for every five characters; none when it is not Z85.
#[must_use]
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let (fives, rest) = text.as_chunks::<5>();
    if !rest.is_empty() {
        return None;
    }
    let mut bytes = Vec::with_capacity(fives.len() * 4);
    for five in fives {
        let mut number = 0_u32;
        for letter in five {
            let digit = ALPHABET.iter().position(|known| known == letter)?;
            number = number
                .checked_mul(85)?
                .checked_add(u32::try_from(digit).ok()?)?;
        }
        bytes.extend(number.to_be_bytes());
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specifications_example_is_read_and_written() {
        let bytes = [0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b];
        assert_eq!(encode(&bytes).unwrap(), "HelloWorld");
        assert_eq!(decode(b"HelloWorld").unwrap(), bytes);
    }

    #[test]
    fn what_is_not_z85_is_refused() {
        assert_eq!(encode(b"abc"), None);
        for text in [&b"Hell"[..], b"Hell ", b"#####", b"Hell\xff"] {
            assert_eq!(decode(text), None, "{text:?}");
        }
        assert_eq!(decode(b"").unwrap(), b"");
        assert_eq!(decode(b"%nSc0").unwrap(), [0xff; 4]);
    }
}
