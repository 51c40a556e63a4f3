//! What was met before while a value is packed, and its number.

/// Numbers by address. Made once a thread, and cleared for each value.
#[derive(Default)]
pub struct Identities {
    met: Vec<(usize, u32)>,
    /// Places in `met`, one more than they are, by a hash of the address; empty
    /// while there are few.
    places: Vec<u32>,
    numbered: u32,
}

/// So many are found quicker one after the other.
const FEW: usize = 8;

/// Beyond this the memory is given back.
const KEPT: usize = 1 << 16;

impl Identities {
    pub fn clear(&mut self) {
        if self.met.capacity() > KEPT {
            *self = Self::default();
        }
        self.met.clear();
        self.places.clear();
        self.numbered = 0;
    }

    /// Counts something that nobody needs to find again.
    #[inline]
    pub const fn count(&mut self) {
        self.numbered = self.numbered.wrapping_add(1);
    }

    /// The number of what was met; else it is counted, and will be found.
    #[inline]
    pub fn meet(&mut self, address: usize) -> Option<u32> {
        if self.places.is_empty() {
            for (met, number) in &self.met {
                if *met == address {
                    return Some(*number);
                }
            }
        } else if let Some(number) = self.find(address) {
            return Some(number);
        }
        self.count();
        self.met.push((address, self.numbered));
        if self.met.len() > FEW {
            self.note();
        }
        None
    }

    fn find(&self, address: usize) -> Option<u32> {
        let mut at = self.hash(address);
        loop {
            let place = *self.places.get(at)?;
            let index = place.checked_sub(1)?;
            let (met, number) = self.met.get(index as usize)?;
            if *met == address {
                return Some(*number);
            }
            at = (at + 1) & (self.places.len() - 1);
        }
    }

    /// Notes the place of the last, or of all when the table is made anew.
    fn note(&mut self) {
        let mut from = self.met.len() - 1;
        if self.met.len() * 2 > self.places.len() {
            let size = (self.met.len() * 4).next_power_of_two();
            self.places.clear();
            self.places.resize(size, 0);
            from = 0;
        }
        for index in from..self.met.len() {
            let Some((address, _)) = self.met.get(index) else {
                return;
            };
            let mut at = self.hash(*address);
            while self.places.get(at).is_some_and(|place| *place != 0) {
                at = (at + 1) & (self.places.len() - 1);
            }
            if let (Some(place), Ok(number)) = (self.places.get_mut(at), u32::try_from(index + 1)) {
                *place = number;
            }
        }
    }

    /// `places` has a power of two of them. Addresses differ in their middle bits.
    const fn hash(&self, address: usize) -> usize {
        (address >> 3).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32 & (self.places.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_the_number_that_it_was_met_with() {
        let mut identities = Identities::default();
        for round in 0..3 {
            identities.clear();
            let many = [5, 40, 3000][round];
            for index in 0..many {
                assert_eq!(identities.meet(0x7f00_0000 + 56 * index as usize), None);
                identities.count();
            }
            for index in 0..many {
                let number = Some(2 * index + 1);
                assert_eq!(identities.meet(0x7f00_0000 + 56 * index as usize), number);
            }
        }
    }
}
