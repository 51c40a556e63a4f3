//! Limits, queues, timings and keys of a socket.

use std::ffi::CString;
use std::time::Duration;

use super::keys::AllowedKeys;
use super::{Error, libzmq, plain};

/// What a socket is made with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which transport carries the messages. None leaves it to the environment
    /// variable `ZROUTE_TRANSPORT`, and without one to what the other options
    /// need.
    pub kind: Option<Kind>,
    /// A frame larger than this ends its sender's connection, unread. It is
    /// set above the limit that a server answers about.
    pub largest_frame: usize,
    /// Messages that wait for one peer before the socket holds them itself.
    pub send_high_water: u32,
    /// Messages of one peer that wait to be taken.
    pub receive_high_water: u32,
    /// Bytes that are held for peers that read slowly, all together.
    pub send_buffer: usize,
    /// Bytes that are held for messages that have not come whole, all together.
    /// Only `zmtp` counts them.
    pub receive_buffer: usize,
    /// How long a new connection may take to introduce itself.
    pub handshake: Duration,
    /// Connections that wait to be accepted.
    pub backlog: u32,
    /// How often a peer is asked for a sign of life; zero for never. One that
    /// gives none for three times as long is given up.
    pub heartbeat: Duration,
    /// Whether a dealer's owner asks how its connections end, with
    /// `Transport::take_ended`.
    pub tells_endings: bool,
    /// How long closing may take to send what is on its way.
    pub linger: Duration,
    /// The first pause before a lost connection is made again.
    pub reconnect: Duration,
    /// The longest such pause.
    pub reconnect_longest: Duration,
    /// Encryption and the server's proof of who it is.
    pub curve: Option<Curve>,
    /// A name and a password that the client tells and the server checks.
    pub credentials: Option<Credentials>,
}

/// Which transport carries the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// ZMTP on the caller's thread.
    Zmtp,
    /// The system's libzmq.
    Libzmq,
}

impl Kind {
    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "zmtp" => Some(Self::Zmtp),
            "libzmq" => Some(Self::Libzmq),
            _ => None,
        }
    }
}

/// A name and a password, of 255 bytes each at most. They cross the network in
/// the clear.
#[derive(Clone)]
pub struct Credentials {
    /// The name.
    pub username: String,
    /// The password.
    pub password: String,
}

impl Credentials {
    /// As many bytes as a name or a password may have.
    pub const LONGEST: usize = 255;

    /// Whether these are the ones. It takes as long for a wrong guess that is
    /// close as for one that is not.
    #[must_use]
    pub fn are(&self, username: &[u8], password: &[u8]) -> bool {
        let differs = |known: &str, guess: &[u8]| {
            let known = known.as_bytes();
            let unlike = known.len() ^ guess.len();
            // A guess of another length is compared with itself.
            let known = if unlike == 0 { known } else { guess };
            let different = known
                .iter()
                .zip(guess)
                .fold(0, |seen, (known, guess)| seen | (known ^ guess));
            usize::from(std::hint::black_box(different)) | unlike
        };
        differs(&self.username, username) | differs(&self.password, password) == 0
    }
}

impl std::fmt::Debug for Credentials {
    /// Shows no password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// CURVE keys, each as 40 characters of Z85.
#[derive(Clone)]
pub enum Curve {
    /// A server's own secret key.
    Server {
        /// Its secret key.
        secret_key: String,
        /// Whom it lets in; anybody who knows its public key without a list.
        allowed: Option<AllowedKeys>,
    },
    /// A client's keys.
    Client {
        /// The public key of the server it means to reach.
        server_key: String,
        /// Its own pair; a fresh one is made when it has none.
        pair: Option<KeyPair>,
    },
}

/// A CURVE key pair, each key as 40 characters of Z85.
#[derive(Clone)]
pub struct KeyPair {
    /// What others may know.
    pub public_key: String,
    /// What nobody else may know.
    pub secret_key: String,
}

impl KeyPair {
    /// A fresh pair.
    pub fn generate() -> Result<Self, Error> {
        libzmq::key_pair()
    }

    /// The pair that a secret key is one half of.
    pub fn of_secret(secret_key: &str) -> Result<Self, Error> {
        let bad = |reason: String| Error::Option {
            name: "curve_secret_key",
            reason,
        };
        let text = CString::new(secret_key).map_err(|error| bad(error.to_string()))?;
        let public = plain::public_key(&text)
            .map_err(|_| bad("expected a CURVE key: 40 characters of Z85".to_string()))?;
        Ok(Self {
            public_key: String::from_utf8_lossy(public.get(..40).unwrap_or_default()).into_owned(),
            secret_key: secret_key.to_string(),
        })
    }
}

impl std::fmt::Debug for Curve {
    /// Shows no key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Server { .. } => "Server",
            Self::Client { .. } => "Client",
        })
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            kind: None,
            largest_frame: 32 << 20,
            send_high_water: 1000,
            receive_high_water: 1000,
            send_buffer: 64 << 20,
            receive_buffer: 256 << 20,
            handshake: Duration::from_secs(5),
            backlog: 4096,
            heartbeat: Duration::ZERO,
            tells_endings: false,
            linger: Duration::from_secs(1),
            reconnect: Duration::from_millis(100),
            reconnect_longest: Duration::from_secs(1),
            curve: None,
            credentials: None,
        }
    }
}

/// Names the transport for whoever does not ask for one.
const VARIABLE: &str = "ZROUTE_TRANSPORT";

impl Options {
    /// The transport that these options ask for.
    pub(super) fn kind(&self) -> Result<Kind, Error> {
        let refuse = |reason: &str| {
            Err(Error::Option {
                name: "transport",
                reason: reason.to_string(),
            })
        };
        if self.curve.is_some() && self.credentials.is_some() {
            return refuse("CURVE keys and a PLAIN password exclude each other");
        }
        let wanted = match (self.kind, std::env::var(VARIABLE)) {
            (Some(kind), _) => Some(kind),
            (None, Ok(name)) if !name.is_empty() => match Kind::named(&name) {
                Some(kind) => Some(kind),
                None => {
                    return refuse(&format!(
                        "the environment variable {VARIABLE} is expected to be 'zmtp' or \
                         'libzmq', got '{}'",
                        name.escape_debug()
                    ));
                }
            },
            (None, _) => None,
        };
        match (wanted, &self.curve) {
            // The variable is for those who can have it; the option is a wish.
            (Some(Kind::Zmtp), Some(_)) if self.kind.is_some() => {
                refuse("CURVE needs 'libzmq'; leave the option out")
            }
            (_, Some(_)) => Ok(Kind::Libzmq),
            (Some(kind), None) => Ok(kind),
            (None, None) => Ok(Kind::Zmtp),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_told_apart() {
        let known = Credentials {
            username: "name".to_string(),
            password: "secret".to_string(),
        };
        assert!(known.are(b"name", b"secret"));
        for (username, password) in [
            ("name", "secreT"),
            ("name", "secret "),
            ("name", ""),
            ("", ""),
            ("nam", "secret"),
            ("secret", "name"),
        ] {
            assert!(!known.are(username.as_bytes(), password.as_bytes()));
        }
        assert!(!format!("{known:?}").contains("secret"));
    }

    #[test]
    fn curve_is_carried_by_libzmq() {
        let curve = Some(Curve::Server {
            secret_key: String::new(),
            allowed: None,
        });
        let options = Options {
            curve,
            ..Options::default()
        };
        assert_eq!(options.kind(), Ok(Kind::Libzmq));
        let options = Options {
            kind: Some(Kind::Zmtp),
            ..options
        };
        assert!(options.kind().is_err());
    }
}
