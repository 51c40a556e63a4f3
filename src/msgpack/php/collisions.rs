//! Counts how often keys would meet in PHP's hash tables, before PHP builds them.
//!
//! PHP's tables hash integers to themselves and strings with a fixed function, so
//! whoever writes a message can choose keys that all fall into one slot: then each
//! insertion compares its key with all before it.

use std::ffi::c_char;

use crate::msgpack::malformed::Malformed;

/// Maps with no more entries than this are not looked at: the worst of them costs
/// PHP 2016 comparisons, for 2 KB of message or more.
const HARMLESS: u32 = 64;

/// How many comparisons the maps of one message may still cost.
#[derive(Clone, Debug)]
pub struct Budget {
    left: u64,
    limit: u64,
}

impl Budget {
    /// Allows `limit` comparisons.
    #[must_use]
    pub const fn new(limit: u64) -> Self {
        Self { left: limit, limit }
    }

    fn spend(&mut self, comparisons: u16) -> Result<(), Malformed> {
        self.left = self
            .left
            .checked_sub(comparisons.into())
            .ok_or(Malformed::Collisions { limit: self.limit })?;
        Ok(())
    }
}

/// How full each slot of one of PHP's hash tables is.
///
/// A key that comes twice counts as two entries, though PHP stores one.
#[derive(Clone, Debug)]
pub struct Table {
    /// Small, so that most tables stay in the processor's nearest cache. A slot that
    /// is full, at 65,535 entries, has cost 2 billion comparisons by then.
    slots: Vec<u16>,
    /// Its keys are names of properties, which no digits make integers.
    names: bool,
}

impl Table {
    /// The table of a map with so many entries, or properties, or `None` for one
    /// too small to do harm. Takes up to 8 bytes an entry: call it for entries that exist.
    #[must_use]
    pub fn new(entries: u32, names: bool) -> Option<Self> {
        if entries <= HARMLESS {
            return None;
        }
        // PHP rounds the entries up to a power of two and has two slots for each
        // (HT_SIZE_TO_MASK in Zend/zend_types.h).
        let slots = (entries as usize)
            .checked_next_power_of_two()?
            .checked_mul(2)?;
        Some(Self {
            slots: vec![0; slots],
            names,
        })
    }

    /// Notes an integer key.
    pub fn integer(&mut self, key: i64, budget: &mut Budget) -> Result<(), Malformed> {
        if self.names {
            return self.string(itoa::Buffer::new().format(key).as_bytes(), budget);
        }
        self.insert(key.cast_unsigned(), budget)
    }

    /// Notes a string key, which to PHP may be an integer.
    #[inline]
    pub fn string(&mut self, key: &[u8], budget: &mut Budget) -> Result<(), Malformed> {
        let hash = match numeric(key) {
            Some(integer) if !self.names => integer.cast_unsigned(),
            _ => hash(key),
        };
        self.insert(hash, budget)
    }

    fn insert(&mut self, hash: u64, budget: &mut Budget) -> Result<(), Malformed> {
        // The number of slots is a power of two below 2^33, so the mask keeps
        // the bits that PHP uses.
        #[allow(clippy::cast_possible_truncation)]
        let slot = hash as usize & (self.slots.len() - 1);
        if let Some(entries) = self.slots.get_mut(slot) {
            let comparisons = *entries;
            *entries = comparisons.saturating_add(1);
            if comparisons > 0 {
                budget.spend(comparisons)?;
            }
        }
        Ok(())
    }
}

/// The integer that PHP makes of a string key: decimal, in range, in the one form
/// that printing the integer gives.
#[inline]
pub(crate) fn numeric(key: &[u8]) -> Option<i64> {
    match key.first() {
        Some(b'-' | b'0'..=b'9') => integer(key),
        _ => None,
    }
}

fn integer(key: &[u8]) -> Option<i64> {
    let digits = key.strip_prefix(b"-").unwrap_or(key);
    match digits {
        [b'1'..=b'9', ..] if key.len() <= 20 => std::str::from_utf8(key).ok()?.parse().ok(),
        b"0" if key.len() == 1 => Some(0),
        _ => None,
    }
}

/// PHP's hash of a string (`zend_inline_hash_func` in `Zend/zend_string.h`). Its bytes are C's
/// `char`, which has a sign on x86 and none on ARM.
#[inline]
pub(crate) fn hash(key: &[u8]) -> u64 {
    let char = |byte: u8| i64::from(c_char::from_ne_bytes([byte]));
    let next = |sum: u64, byte: &u8| sum.wrapping_mul(33).wrapping_add_signed(char(*byte));
    // Four bytes at once: the products do not wait for each other.
    let (fours, rest) = key.as_chunks::<4>();
    let sum = fours.iter().fold(5381_u64, |sum, [a, b, c, d]| {
        let [a, b, c, d] = [*a, *b, *c, *d].map(char);
        let these = a * 33 * 33 * 33 + b * 33 * 33 + c * 33 + d;
        sum.wrapping_mul(33 * 33 * 33 * 33)
            .wrapping_add_signed(these)
    });
    rest.iter().fold(sum, next) | 1 << 63
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comparisons(entries: u32, keys: impl Iterator<Item = i64>) -> u64 {
        let mut budget = Budget::new(u64::MAX);
        let mut table = Table::new(entries, false).expect("large enough to look at");
        for key in keys {
            table.integer(key, &mut budget).expect("unlimited");
        }
        u64::MAX - budget.left
    }

    #[test]
    fn consecutive_integers_never_meet() {
        assert_eq!(comparisons(100_000, 0..100_000), 0);
        assert_eq!(comparisons(100_000, -50_000..50_000), 0);
    }

    #[test]
    fn keys_of_one_slot_cost_a_comparison_for_each_pair() {
        let stride = 2 * 128;
        assert_eq!(
            comparisons(100, (0..100).map(|key| key * stride)),
            100 * 99 / 2
        );
    }

    #[test]
    fn small_maps_are_not_looked_at() {
        assert!(Table::new(64, false).is_none());
        assert!(Table::new(65, false).is_some());
    }

    #[test]
    fn the_budget_holds_for_all_tables_of_a_message() {
        let mut budget = Budget::new(5000);
        let mut fill = || {
            let mut table = Table::new(100, false).expect("large enough to look at");
            (0..100).try_for_each(|key| table.integer(key << 32, &mut budget))
        };
        assert_eq!(fill(), Ok(()));
        assert_eq!(fill(), Err(Malformed::Collisions { limit: 5000 }));
    }

    #[test]
    fn strings_that_are_integers_to_php_are_hashed_as_integers() {
        let cases: [(&[u8], Option<i64>); 14] = [
            (b"0", Some(0)),
            (b"7", Some(7)),
            (b"-7", Some(-7)),
            (b"9223372036854775807", Some(i64::MAX)),
            (b"-9223372036854775808", Some(i64::MIN)),
            (b"9223372036854775808", None),
            (b"-0", None),
            (b"07", None),
            (b"+7", None),
            (b"7 ", None),
            (b"7.0", None),
            (b"", None),
            (b"-", None),
            (b"000000000000000000000000000001", None),
        ];
        for (key, integer) in cases {
            assert_eq!(numeric(key), integer, "{}", key.escape_ascii());
        }
        let mut budget = Budget::new(1);
        let mut table = Table::new(100, false).expect("large enough to look at");
        assert_eq!(table.integer(7, &mut budget), Ok(()));
        assert_eq!(table.string(b"07", &mut budget), Ok(()));
        assert_eq!(table.string(b"7", &mut budget), Ok(()));
        assert_eq!(
            table.string(b"7", &mut budget),
            Err(Malformed::Collisions { limit: 1 })
        );
    }

    #[test]
    fn string_hashes_are_those_of_php() {
        // "Ez" and "FY" are the classic pair that DJBX33A can't tell apart.
        assert_eq!(hash(b"Ez"), hash(b"FY"));
        assert_ne!(hash(b"Ez"), hash(b"Fz"));
        assert_eq!(hash(b""), 0x8000_0000_0000_1505);
        let key: Vec<u8> = (0..=255).rev().collect();
        for size in 0..key.len() {
            let sum = key[..size].iter().fold(5381_u64, |sum, byte| {
                let char = c_char::from_ne_bytes([*byte]);
                sum.wrapping_mul(33).wrapping_add_signed(char.into())
            });
            assert_eq!(hash(&key[..size]), sum | 1 << 63, "{size}");
        }
    }

    #[test]
    fn bytes_above_127_meet_as_in_php() {
        // One more in a byte is 33 less in the next; one of the four is above 127.
        let second = if c_char::MIN == 0 { 200 } else { 16_u8 };
        let pair = [[b'a', second], [b'b', second.wrapping_sub(33)]];
        let keys = (0..1024_usize).map(|key| {
            let halves = (0..10).flat_map(move |bit| pair[key >> bit & 1]);
            halves.collect::<Vec<u8>>()
        });
        let mut budget = Budget::new(u64::MAX);
        let mut table = Table::new(1024, false).expect("large enough to look at");
        for key in keys {
            table.string(&key, &mut budget).expect("unlimited");
        }
        assert_eq!(u64::MAX - budget.left, 1024 * 1023 / 2);
    }
}
