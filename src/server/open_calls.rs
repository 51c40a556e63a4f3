//! The calls that wait for their answer.

use super::Route;
use super::reply::Reply;
use crate::numbered::Numbered;
use crate::wire::Envelope;

/// What is needed to answer.
pub struct OpenCall {
    pub envelope: Envelope,
    pub route: Route,
    /// How; none for a plain call, which is answered with the bare value.
    pub reply: Option<Box<Reply>>,
}

impl OpenCall {
    /// Whether its answer is a body as it is, not a MessagePack value.
    pub fn is_raw(&self) -> bool {
        self.route == Route::Raw
    }
}

/// Calls by token. A token is the place in a table and how often that place
/// was used, so that one which was used up names nothing. It fits the positive
/// half of 64 bits, as PHP has no more.
///
/// In a worker a token is the number that the supervisor gave the call, so that
/// both can speak of it.
#[derive(Default)]
pub struct OpenCalls {
    places: Vec<Place>,
    free: Vec<u32>,
    numbered: Option<Numbered<OpenCall>>,
}

struct Place {
    uses: u64,
    call: Option<OpenCall>,
}

const INDEX_BITS: u32 = 24;
const INDEX_MASK: u64 = (1 << INDEX_BITS) - 1;

impl OpenCalls {
    /// The most calls that can be open.
    pub const CAPACITY: i64 = 1 << INDEX_BITS;

    /// From now on tokens are the numbers in the envelopes.
    pub fn take_numbers(&mut self) {
        self.numbered = Some(Numbered::default());
    }

    pub fn takes_numbers(&self) -> bool {
        self.numbered.is_some()
    }

    #[allow(clippy::inline_always)] // Else the call is built twice.
    #[inline(always)]
    pub fn insert(&mut self, call: OpenCall) -> u64 {
        if let Some(numbered) = &mut self.numbered {
            let number = call.envelope.number().unwrap_or(0);
            numbered.insert(number, call);
            return number;
        }
        let index = self.free.pop().unwrap_or_else(|| {
            self.places.push(Place {
                uses: 0,
                call: None,
            });
            u32::try_from(self.places.len() - 1).unwrap_or(u32::MAX)
        });
        let Some(place) = self.places.get_mut(index as usize) else {
            return 0;
        };
        place.uses += 1;
        place.call = Some(call);
        place.uses << INDEX_BITS | u64::from(index)
    }

    pub fn get(&self, token: u64) -> Option<&OpenCall> {
        if let Some(numbered) = &self.numbered {
            return numbered.get(&token);
        }
        let place = self.places.get(index(token)?)?;
        (place.uses == token >> INDEX_BITS)
            .then_some(place.call.as_ref())
            .flatten()
    }

    pub fn get_mut(&mut self, token: u64) -> Option<&mut OpenCall> {
        if let Some(numbered) = &mut self.numbered {
            return numbered.get_mut(&token);
        }
        let place = self.places.get_mut(index(token)?)?;
        (place.uses == token >> INDEX_BITS)
            .then_some(place.call.as_mut())
            .flatten()
    }

    pub fn remove(&mut self, token: u64) -> Option<OpenCall> {
        if let Some(numbered) = &mut self.numbered {
            return numbered.remove(&token);
        }
        let index = index(token)?;
        let place = self.places.get_mut(index)?;
        if place.uses != token >> INDEX_BITS {
            return None;
        }
        let call = place.call.take()?;
        self.free.push(u32::try_from(index).ok()?);
        Some(call)
    }

    pub fn count(&self) -> usize {
        let numbered = self.numbered.as_ref().map_or(0, Numbered::len);
        self.places.len() - self.free.len() + numbered
    }

    /// Takes all of them; their tokens name nothing from now on.
    pub fn take_all(&mut self) -> Vec<OpenCall> {
        let numbered = self.numbered.as_mut().map(std::mem::take);
        let mut all: Vec<_> = numbered
            .into_iter()
            .flatten()
            .map(|(_, call)| call)
            .collect();
        for (index, place) in (0..).zip(&mut self.places) {
            if let Some(call) = place.call.take() {
                self.free.push(index);
                all.push(call);
            }
        }
        all
    }
}

fn index(token: u64) -> Option<usize> {
    usize::try_from(token & INDEX_MASK).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(name: &[u8]) -> OpenCall {
        let mut envelope = Envelope::new();
        assert!(envelope.push(name));
        OpenCall {
            envelope,
            route: Route::Function(0),
            reply: None,
        }
    }

    #[test]
    fn a_token_names_one_call_once() {
        let mut calls = OpenCalls::default();
        let first = calls.insert(call(b"first"));
        let second = calls.insert(call(b"second"));
        assert_eq!(calls.count(), 2);
        let envelope = calls.remove(first).unwrap().envelope;
        assert_eq!(envelope.frames().next(), Some(&b"first"[..]));
        assert!(calls.remove(first).is_none());
        let third = calls.insert(call(b"third"));
        assert_ne!(first, third, "the place is used again, the token is not");
        assert!(calls.get(first).is_none());
        assert!(calls.get(second).is_some());
        assert_eq!(calls.count(), 2);
    }

    #[test]
    fn all_are_taken_at_once_and_their_tokens_with_them() {
        let mut calls = OpenCalls::default();
        let tokens = [b"a", b"b", b"c"].map(|name| calls.insert(call(name)));
        assert!(calls.remove(tokens[1]).is_some());
        assert_eq!(calls.take_all().len(), 2);
        assert_eq!(calls.count(), 0);
        assert!(tokens.iter().all(|token| calls.get(*token).is_none()));
        calls.insert(call(b"d"));
        assert_eq!((calls.count(), calls.places.len()), (1, 3));
    }

    #[test]
    fn tokens_from_elsewhere_name_nothing() {
        let mut calls = OpenCalls::default();
        calls.insert(call(b"a"));
        for token in [0, 1, u64::MAX, 1 << 63, 2 << INDEX_BITS] {
            assert!(calls.get(token).is_none());
            assert!(calls.remove(token).is_none());
        }
    }

    #[test]
    fn a_worker_takes_the_supervisors_numbers() {
        let mut calls = OpenCalls::default();
        calls.take_numbers();
        let mut envelope = Envelope::new();
        for frame in [&b"peer"[..], &77_u64.to_be_bytes(), b""] {
            assert!(envelope.push(frame));
        }
        let route = Route::Function(0);
        let reply = None;
        let call = OpenCall {
            envelope,
            route,
            reply,
        };
        assert_eq!(calls.insert(call), 77);
        assert_eq!(calls.count(), 1);
        assert!(calls.get(77).is_some() && calls.get(78).is_none());
        assert!(calls.remove(77).is_some());
        assert!(calls.remove(77).is_none());
        assert_eq!(calls.count(), 0);
    }

    #[test]
    fn places_are_used_again() {
        let mut calls = OpenCalls::default();
        for _ in 0..1000 {
            let token = calls.insert(call(b"a"));
            assert!(calls.remove(token).is_some());
        }
        assert_eq!(calls.places.len(), 1);
    }
}
