//! The first 64 bytes of each side (ZMTP 3.1, RFC 37, "greeting"; alike in
//! 3.0, RFC 23).

use super::refusal::Refusal;

/// How many bytes a greeting has.
pub const SIZE: usize = 64;

const SIGNATURE_END: usize = 9;
const MAJOR: usize = 10;
const MINOR: usize = 11;
const MECHANISM: std::ops::Range<usize> = 12..32;
const AS_SERVER: usize = 32;

/// How the two sides get to know each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// They do not.
    Null,
    /// The client tells a name and a password, in the clear.
    Plain,
}

impl Mechanism {
    /// Its name in a greeting.
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Plain => "PLAIN",
        }
    }
}

/// A greeting of this library.
pub fn write(mechanism: Mechanism, as_server: bool) -> [u8; SIZE] {
    let mut greeting = [0; SIZE];
    greeting[0] = 0xff;
    greeting[SIGNATURE_END] = 0x7f;
    greeting[MAJOR] = 3;
    greeting[MINOR] = 1;
    for (place, letter) in greeting[MECHANISM].iter_mut().zip(mechanism.name().bytes()) {
        *place = letter;
    }
    // NULL has no server.
    greeting[AS_SERVER] = u8::from(as_server && mechanism != Mechanism::Null);
    greeting
}

/// Looks at as much of a peer's greeting as has come, so that a peer of
/// another kind is turned away at its first wrong byte. Bytes after the
/// greeting are not looked at.
pub fn check(received: &[u8], mechanism: Mechanism, as_server: bool) -> Result<(), Refusal> {
    let at = |place: usize| received.get(place).copied();
    if at(0).is_some_and(|byte| byte != 0xff) || at(SIGNATURE_END).is_some_and(|byte| byte & 1 == 0)
    {
        return Err(Refusal::silent("not a ZMTP 3 greeting"));
    }
    if at(MAJOR).is_some_and(|major| major < 3) {
        return Err(Refusal::silent("the peer speaks a ZMTP older than 3.0"));
    }
    let Some(theirs) = received.get(MECHANISM) else {
        return Ok(());
    };
    let name = mechanism.name().as_bytes();
    let (theirs, padding) = theirs.split_at(name.len());
    if theirs != name || padding.iter().any(|byte| *byte != 0) {
        return Err(Refusal::silent(match mechanism {
            Mechanism::Null => "the peer asks for a security mechanism, expected NULL",
            Mechanism::Plain => "the peer asks for another security mechanism, expected PLAIN",
        }));
    }
    // libzmq's servers do not say that they are one.
    if mechanism != Mechanism::Null && as_server && at(AS_SERVER) == Some(1) {
        return Err(Refusal::silent("both sides want to be the server of PLAIN"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_side_takes_the_other_ones_greeting() {
        for mechanism in [Mechanism::Null, Mechanism::Plain] {
            for as_server in [false, true] {
                let greeting = write(mechanism, as_server);
                for length in 0..=SIZE {
                    assert_eq!(check(&greeting[..length], mechanism, !as_server), Ok(()));
                }
            }
        }
    }

    #[test]
    fn every_wrong_byte_is_seen_as_soon_as_it_comes() {
        let good = write(Mechanism::Plain, false);
        for place in [0, SIGNATURE_END, MAJOR, 12, 16, 17, 31] {
            let mut bad = good;
            bad[place] = if place == MAJOR { 2 } else { bad[place] ^ 0x43 };
            let seen = (place + 1).max(if place < 32 && place > MAJOR { 32 } else { 0 });
            assert!(
                check(&bad[..seen], Mechanism::Plain, true).is_err(),
                "{place}"
            );
            assert!(check(&bad[..place], Mechanism::Plain, true).is_ok());
        }
    }

    #[test]
    fn a_server_need_not_say_that_it_is_one() {
        let silent = write(Mechanism::Plain, false);
        assert_eq!(check(&silent, Mechanism::Plain, false), Ok(()));
    }

    #[test]
    fn other_mechanisms_roles_and_versions_are_refused() {
        let null = write(Mechanism::Null, false);
        assert!(check(&null, Mechanism::Plain, true).is_err());
        let plain = write(Mechanism::Plain, true);
        assert!(check(&plain, Mechanism::Null, false).is_err());
        assert!(check(&plain, Mechanism::Plain, true).is_err());
        let mut later = null;
        later[MAJOR] = 4;
        later[MINOR] = 7;
        assert!(check(&later, Mechanism::Null, true).is_ok());
    }
}
