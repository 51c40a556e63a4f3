//! The classes that bytes may name.

/// Which classes may be built; stdClass always.
#[derive(Clone, Copy)]
pub enum Allowed<'a> {
    /// No other.
    Std,
    /// Each whose name is here, in lower case and with a NUL before and after.
    Names(&'a [u8]),
    /// Any.
    Any,
}

/// Longer names are in no list.
const LONGEST: usize = 256;

impl Allowed<'_> {
    pub fn has(self, class: &[u8]) -> bool {
        match self {
            Self::Std => false,
            Self::Any => true,
            Self::Names(names) => {
                let mut folded = [0; LONGEST + 2];
                let Some(place) = folded.get_mut(1..=class.len()) else {
                    return false;
                };
                place.copy_from_slice(class);
                place.make_ascii_lowercase();
                let Some(folded) = folded.get(..class.len() + 2) else {
                    return false;
                };
                !class.is_empty()
                    && !class.contains(&0)
                    && names.windows(folded.len()).any(|name| name == folded)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_there_by_its_whole_name() {
        let names = Allowed::Names(b"\0stdclass\0app\\order\0suit\0");
        for class in [&b"App\\Order"[..], b"Suit", b"SUIT"] {
            assert!(names.has(class));
            assert!(Allowed::Any.has(class));
            assert!(!Allowed::Std.has(class));
        }
        let long = [b's'; LONGEST + 3];
        for class in [
            &b""[..],
            b"order",
            b"Sui",
            b"app\\order\0suit",
            b"\\Suit",
            b"\0",
            &long,
        ] {
            assert!(!names.has(class), "{class:?}");
        }
    }
}
