//! How two peers get to know each other before the first message: greeting,
//! then NULL (RFC 37) or PLAIN (RFC 24).

use super::command::{self, Command, Metadata};
use super::greeting::{self, Mechanism};
use super::header::write_command;
use super::refusal::Refusal;
use crate::transport::Credentials;

/// Which side of a call this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Serves: a ROUTER.
    Router,
    /// Calls: a DEALER.
    Dealer,
}

impl Role {
    fn socket_type(self) -> &'static str {
        match self {
            Self::Router => "ROUTER",
            Self::Dealer => "DEALER",
        }
    }

    /// The socket types that may be at the other end (RFC 28).
    fn talks_to(self, other: &[u8]) -> bool {
        let peers: &[&[u8]] = match self {
            Self::Router => &[b"REQ", b"DEALER", b"ROUTER"],
            Self::Dealer => &[b"REP", b"DEALER", b"ROUTER"],
        };
        peers.contains(&other)
    }
}

/// The state of one handshake. It writes what is to be sent to `out`.
#[derive(Debug)]
pub struct Handshake {
    role: Role,
    awaited: Awaited,
    /// The peer is this library too.
    pub is_zroute: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaited {
    Greeting,
    Hello,
    Welcome,
    Initiate,
    Ready,
}

impl Handshake {
    /// Begins: the greeting goes out at once.
    pub fn begin(role: Role, credentials: Option<&Credentials>, out: &mut Vec<u8>) -> Self {
        let greeting = greeting::write(mechanism(credentials), role == Role::Router);
        out.extend_from_slice(&greeting);
        Self {
            role,
            awaited: Awaited::Greeting,
            is_zroute: false,
        }
    }

    /// Whether the peer's greeting is to come next, not a command.
    pub fn awaits_greeting(&self) -> bool {
        self.awaited == Awaited::Greeting
    }

    /// Looks at as much of the greeting as has come.
    pub fn check_greeting(
        &self,
        received: &[u8],
        credentials: Option<&Credentials>,
    ) -> Result<(), Refusal> {
        greeting::check(received, mechanism(credentials), self.role == Role::Router)
    }

    /// The whole greeting has come and was good.
    pub fn greeted(&mut self, credentials: Option<&Credentials>, out: &mut Vec<u8>) {
        self.awaited = match (credentials, self.role) {
            (None, role) => {
                command::write_metadata(out, "READY", role.socket_type());
                Awaited::Ready
            }
            (Some(_), Role::Router) => Awaited::Hello,
            (Some(credentials), Role::Dealer) => {
                command::write_hello(out, &credentials.username, &credentials.password);
                Awaited::Welcome
            }
        };
    }

    /// Takes a command; true when the handshake is done.
    pub fn take(
        &mut self,
        body: &[u8],
        credentials: Option<&Credentials>,
        out: &mut Vec<u8>,
    ) -> Result<bool, Refusal> {
        match (self.awaited, Command::read(body)?) {
            (_, Command::Error { .. }) => Err(Refusal::silent("the peer refused the handshake")),
            (Awaited::Ready, Command::Ready(metadata)) => {
                self.check_peer(&metadata)?;
                Ok(true)
            }
            (Awaited::Hello, Command::Hello { username, password }) => {
                let good = credentials.is_some_and(|known| known.are(username, password));
                if !good {
                    return Err(Refusal::told("Invalid username or password"));
                }
                write_command(out, "WELCOME", &[]);
                self.awaited = Awaited::Initiate;
                Ok(false)
            }
            (Awaited::Initiate, Command::Initiate(metadata)) => {
                self.check_peer(&metadata)?;
                command::write_metadata(out, "READY", self.role.socket_type());
                Ok(true)
            }
            (Awaited::Welcome, Command::Welcome) => {
                command::write_metadata(out, "INITIATE", self.role.socket_type());
                self.awaited = Awaited::Ready;
                Ok(false)
            }
            _ => Err(Refusal::told("unexpected command in the handshake")),
        }
    }

    fn check_peer(&mut self, metadata: &Metadata<'_>) -> Result<(), Refusal> {
        self.is_zroute = metadata.is_zroute;
        match metadata.socket_type {
            Some(other) if self.role.talks_to(other) => Ok(()),
            Some(_) => Err(Refusal::told(match self.role {
                Role::Router => "a socket of this type cannot talk to a ROUTER",
                Role::Dealer => "a socket of this type cannot talk to a DEALER",
            })),
            None => Err(Refusal::told("the metadata has no Socket-Type")),
        }
    }
}

fn mechanism(credentials: Option<&Credentials>) -> Mechanism {
    match credentials {
        Some(_) => Mechanism::Plain,
        None => Mechanism::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::super::header::Header;
    use super::*;

    struct Side {
        handshake: Handshake,
        credentials: Option<Credentials>,
        out: Vec<u8>,
        done: bool,
    }

    impl Side {
        fn new(role: Role, credentials: Option<Credentials>) -> Self {
            let mut out = Vec::new();
            let handshake = Handshake::begin(role, credentials.as_ref(), &mut out);
            Self {
                handshake,
                credentials,
                out,
                done: false,
            }
        }

        /// Takes in all that the other side wrote.
        fn hear(&mut self, mut bytes: &[u8]) -> Result<(), Refusal> {
            let known = self.credentials.as_ref();
            if self.handshake.awaits_greeting() {
                self.handshake.check_greeting(bytes, known)?;
                bytes = &bytes[greeting::SIZE..];
                self.handshake.greeted(known, &mut self.out);
            }
            while let Some(header) = Header::read(bytes, command::LARGEST)? {
                let (frame, rest) = bytes.split_at(header.total());
                assert!(header.command && !self.done);
                let known = self.credentials.as_ref();
                self.done = self
                    .handshake
                    .take(&frame[header.length..], known, &mut self.out)?;
                bytes = rest;
            }
            Ok(())
        }
    }

    fn shake(
        server: Option<Credentials>,
        client: Option<Credentials>,
    ) -> Result<(bool, bool), Refusal> {
        let mut server = Side::new(Role::Router, server);
        let mut client = Side::new(Role::Dealer, client);
        for _ in 0..4 {
            client.hear(&std::mem::take(&mut server.out))?;
            server.hear(&std::mem::take(&mut client.out))?;
        }
        Ok((server.done, client.done))
    }

    fn credentials(password: &str) -> Credentials {
        Credentials {
            username: "name".to_string(),
            password: password.to_string(),
        }
    }

    #[test]
    fn both_sides_get_through_with_null_and_plain() {
        assert_eq!(shake(None, None), Ok((true, true)));
        assert_eq!(
            shake(Some(credentials("secret")), Some(credentials("secret"))),
            Ok((true, true))
        );
    }

    #[test]
    fn a_wrong_password_or_mechanism_is_refused() {
        let refused = shake(Some(credentials("secret")), Some(credentials("other"))).unwrap_err();
        assert!(refused.told);
        assert!(shake(Some(credentials("secret")), None).is_err());
        assert!(shake(None, Some(credentials("secret"))).is_err());
    }

    #[test]
    fn sockets_that_do_not_fit_are_refused() {
        for other in ["PUB", "SUB", "PUSH", "PULL", "PAIR", "REP", "", "req"] {
            let mut server = Side::new(Role::Router, None);
            let mut ready = greeting::write(Mechanism::Null, false).to_vec();
            command::write_metadata(&mut ready, "READY", other);
            assert!(server.hear(&ready).unwrap_err().told, "{other}");
        }
    }

    #[test]
    fn commands_out_of_turn_are_refused() {
        for body in [
            &b"\x05HELLO\0\0"[..],
            b"\x07WELCOME",
            b"\x04PING\0\0",
            b"\x05READY",
            b"\x05ERROR\x02no",
            b"",
        ] {
            let mut server = Side::new(Role::Router, None);
            server
                .hear(&greeting::write(Mechanism::Null, false))
                .unwrap();
            assert!(server.handshake.take(body, None, &mut server.out).is_err());
        }
    }
}
