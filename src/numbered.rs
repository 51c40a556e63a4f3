//! Tables by numbers that this library has given out itself, one after the other.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Values by number. Numbers of somebody else's choice may be looked up, and none
/// entered: the hash withstands nobody, which is why it takes no time. A supervisor's numbers
/// are its own too, and only it reaches its workers.
pub type Numbered<T> = HashMap<u64, T, BuildHasherDefault<Spread>>;

/// Spreads numbers that follow each other over all bits.
#[derive(Default)]
pub struct Spread(u64);

impl Hasher for Spread {
    #[inline]
    fn write_u64(&mut self, number: u64) {
        // Fibonacci hashing: 2^64 by the golden ratio. Its best bits are the highest; a
        // table takes the lowest and the highest, so some go around.
        self.0 = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(20);
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(self.0 ^ u64::from(*byte));
        }
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::hash::{BuildHasher, BuildHasherDefault};

    #[test]
    fn numbers_that_follow_each_other_are_spread_at_both_ends_of_the_hash() {
        for first in [0, 1 << 20, u64::MAX / 4, 0x5555_5555_5555_5555] {
            for step in [1, 2, 256, 1 << 32] {
                let hash = |number: u64| {
                    let number = first + number * step;
                    BuildHasherDefault::<Spread>::default().hash_one(number)
                };
                let of =
                    |part: fn(u64) -> u64| (0..1024).map(hash).map(part).collect::<HashSet<_>>();
                let (low, high) = (of(|hash| hash % 1024).len(), of(|hash| hash >> 57).len());
                assert!(low > 400, "{first} by {step}: {low} of 1024 places");
                assert!(high > 64, "{first} by {step}: {high} of 128 tags");
            }
        }
    }

    #[test]
    fn values_are_found_by_their_numbers() {
        let mut table = Numbered::default();
        for number in 0..1000_u64 {
            table.insert(number, number * 2);
        }
        assert!((0..1000).all(|number| table.remove(&number) == Some(number * 2)));
        assert_eq!(table.get(&1000), None);
    }
}
