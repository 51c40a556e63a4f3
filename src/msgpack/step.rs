//! The one step that every walk over values is made of: past a scalar, or past
//! the header of an array or map.

use rmp::Marker;

use super::malformed::Malformed;

/// Where a step led.
pub(super) enum Step {
    /// A value without values inside ends before `next`.
    Leaf { next: usize },
    /// An array or map whose header ends before `next` holds `entries` values,
    /// keys counted; never more than there are bytes left.
    Container { next: usize, entries: usize },
}

/// How the bytes of a value are laid out.
#[derive(Clone, Copy)]
enum Shape {
    /// So many bytes in all.
    Fixed(u8),
    /// A length of `width` bytes, `extra` bytes not counted in it, the payload.
    Counted { width: u8, extra: u8 },
    /// So many values follow.
    Small { entries: u8 },
    /// A count of `width` bytes, then `count * factor` values.
    Large { width: u8, factor: u8 },
    /// Not a value.
    Reserved,
}

/// rmp's table of first bytes, in the form that `step` needs.
static SHAPES: [Shape; 256] = {
    let mut shapes = [Shape::Reserved; 256];
    let mut first = 0;
    while first <= u8::MAX as usize {
        #[allow(clippy::cast_possible_truncation)] // `first` is at most 255.
        let marker = Marker::from_u8(first as u8);
        shapes[first] = shape(marker);
        first += 1;
    }
    shapes
};

const fn shape(marker: Marker) -> Shape {
    match marker {
        Marker::Null | Marker::True | Marker::False | Marker::FixPos(_) | Marker::FixNeg(_) => {
            Shape::Fixed(1)
        }
        Marker::U8 | Marker::I8 => Shape::Fixed(2),
        Marker::U16 | Marker::I16 | Marker::FixExt1 => Shape::Fixed(3),
        Marker::FixExt2 => Shape::Fixed(4),
        Marker::U32 | Marker::I32 | Marker::F32 => Shape::Fixed(5),
        Marker::FixExt4 => Shape::Fixed(6),
        Marker::U64 | Marker::I64 | Marker::F64 => Shape::Fixed(9),
        Marker::FixExt8 => Shape::Fixed(10),
        Marker::FixExt16 => Shape::Fixed(18),
        Marker::FixStr(length) => Shape::Fixed(1 + length),
        Marker::Str8 | Marker::Bin8 => Shape::Counted { width: 1, extra: 0 },
        Marker::Str16 | Marker::Bin16 => Shape::Counted { width: 2, extra: 0 },
        Marker::Str32 | Marker::Bin32 => Shape::Counted { width: 4, extra: 0 },
        Marker::Ext8 => Shape::Counted { width: 1, extra: 1 },
        Marker::Ext16 => Shape::Counted { width: 2, extra: 1 },
        Marker::Ext32 => Shape::Counted { width: 4, extra: 1 },
        Marker::FixArray(entries) => Shape::Small { entries },
        Marker::FixMap(pairs) => Shape::Small { entries: 2 * pairs },
        Marker::Array16 => Shape::Large {
            width: 2,
            factor: 1,
        },
        Marker::Array32 => Shape::Large {
            width: 4,
            factor: 1,
        },
        Marker::Map16 => Shape::Large {
            width: 2,
            factor: 2,
        },
        Marker::Map32 => Shape::Large {
            width: 4,
            factor: 2,
        },
        Marker::Reserved => Shape::Reserved,
    }
}

/// How many bytes a value that begins so has, if its first byte tells and it is
/// no array, map or extension; else 0.
#[inline]
pub(super) const fn leaf_size(first: u8) -> usize {
    LEAVES[first as usize] as usize
}

static LEAVES: [u8; 256] = {
    let mut leaves = [0; 256];
    let mut first = 0;
    while first < leaves.len() {
        let extension =
            Marker::FixExt1.to_u8() as usize <= first && first <= Marker::FixExt16.to_u8() as usize;
        if let (Shape::Fixed(size), false) = (SHAPES[first], extension) {
            leaves[first] = size;
        }
        first += 1;
    }
    leaves
};

/// Whether a value that begins so has no other byte and is a number.
#[inline]
pub(super) const fn is_one_byte(first: u8) -> bool {
    first < 0x80 || first >= 0xe0
}

/// Takes one step over `bytes` from the value that starts at `at`.
#[inline]
pub(super) fn step(bytes: &[u8], at: usize) -> Result<Step, Malformed> {
    let truncated = Malformed::Truncated { offset: at };
    let first = *bytes.get(at).ok_or(truncated)?;
    match SHAPES[usize::from(first)] {
        Shape::Fixed(size) => {
            let next = at + usize::from(size);
            if next <= bytes.len() {
                Ok(Step::Leaf { next })
            } else {
                Err(truncated)
            }
        }
        Shape::Small { entries } => container(bytes, at + 1, usize::from(entries)).ok_or(truncated),
        Shape::Counted { width, extra } => counted(bytes, at, width, extra).ok_or(truncated),
        Shape::Large { width, factor } => {
            let entries = count(bytes, at + 1, width)
                .and_then(|count| count.checked_mul(usize::from(factor)));
            entries
                .and_then(|entries| container(bytes, at + 1 + usize::from(width), entries))
                .ok_or(truncated)
        }
        Shape::Reserved => Err(Malformed::ReservedByte { offset: at }),
    }
}

/// As `step`, of a value whose entries may not be there yet: where its header or
/// all of it ends, and how many values follow.
pub(super) fn step_alone(bytes: &[u8], at: usize) -> Result<(usize, u64), Malformed> {
    let truncated = Malformed::Truncated { offset: at };
    let first = *bytes.get(at).ok_or(truncated)?;
    match SHAPES[usize::from(first)] {
        Shape::Small { entries } => Ok((at + 1, entries.into())),
        Shape::Large { width, factor } => {
            let count = count(bytes, at + 1, width).ok_or(truncated)?;
            Ok((
                at + 1 + usize::from(width),
                count as u64 * u64::from(factor),
            ))
        }
        _ => match step(bytes, at)? {
            Step::Leaf { next } | Step::Container { next, .. } => Ok((next, 0)),
        },
    }
}

#[inline]
fn container(bytes: &[u8], next: usize, entries: usize) -> Option<Step> {
    let left = bytes.len().checked_sub(next)?;
    (entries <= left).then_some(Step::Container { next, entries })
}

#[inline]
fn counted(bytes: &[u8], at: usize, width: u8, extra: u8) -> Option<Step> {
    let length = count(bytes, at + 1, width)?;
    let body = at + 1 + usize::from(width) + usize::from(extra);
    let left = bytes.len().checked_sub(body)?;
    (length <= left).then_some(Step::Leaf {
        next: body + length,
    })
}

#[inline]
fn count(bytes: &[u8], at: usize, width: u8) -> Option<usize> {
    let digits = bytes.get(at..)?;
    Some(match width {
        1 => usize::from(*digits.first()?),
        2 => usize::from(u16::from_be_bytes(*digits.first_chunk()?)),
        _ => u32::from_be_bytes(*digits.first_chunk()?) as usize,
    })
}
