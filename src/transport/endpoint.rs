//! The text of an endpoint, checked before it reaches a socket.

use std::fmt;
use std::net::IpAddr;
use std::os::unix::fs::FileTypeExt;

use super::Error;

/// An endpoint such as `tcp://127.0.0.1:5555` or `ipc:///run/app.sock`. `tcp`
/// takes `*` or `0` as the port of a bind: the system
/// picks one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    text: String,
    address: Address,
}

/// Where an endpoint is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A host as it was written, without brackets, and a port; 0 for any.
    Tcp {
        /// A name, an address in figures, or of a bind an interface or `*`.
        host: String,
        /// The port.
        port: u16,
    },
    /// A path, or a name behind an `@`.
    Ipc {
        /// The path.
        path: String,
    },
}

impl Endpoint {
    /// Checks the text of one that a client connects to, which besides might have named a
    /// service.
    pub fn parse_for_client(text: &str) -> Result<Self, Error> {
        if !cfg!(feature = "discovery") {
            return Self::parse(text);
        }
        Self::parse_of(
            text,
            "tcp://host:port, ipc://path or consul://host:port/name",
        )
    }

    /// Checks a text.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::parse_of(text, "tcp://host:port or ipc://path")
    }

    fn parse_of(text: &str, expected: &str) -> Result<Self, Error> {
        let refuse = |reason: &str| Error::Endpoint {
            endpoint: text.escape_debug().to_string(),
            reason: reason.to_string(),
        };
        if text.contains('\0') {
            return Err(refuse("a NUL byte is no part of an endpoint"));
        }
        let Some((scheme, address)) = text.split_once("://") else {
            return Err(refuse(&format!("expected {expected}")));
        };
        if address.is_empty() {
            return Err(refuse("nothing follows the '://'"));
        }
        match scheme {
            "tcp" => {
                let Some((host, port)) = address.rsplit_once(':') else {
                    return Err(refuse("a port is missing: tcp://host:port"));
                };
                if host.is_empty() {
                    return Err(refuse(
                        "a host is missing: tcp://127.0.0.1:port, or tcp://*:port for all addresses",
                    ));
                }
                let number = if port == "*" { Ok(0) } else { port.parse() };
                let Ok(number) = number else {
                    return Err(refuse("the port is a number from 0 to 65535, or *"));
                };
                let text = if port == "0" {
                    format!("tcp://{host}:*")
                } else {
                    text.to_string()
                };
                let host = host.trim_start_matches('[').trim_end_matches(']');
                Ok(Self {
                    text,
                    address: Address::Tcp {
                        host: host.to_string(),
                        port: number,
                    },
                })
            }
            "ipc" => Ok(Self {
                text: text.to_string(),
                address: Address::Ipc {
                    path: address.to_string(),
                },
            }),
            _ => Err(refuse(&format!("unknown kind; expected {expected}"))),
        }
    }

    /// The text as the transport takes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Whether a file is in the way of a bind that is no socket. One that is may
    /// be replaced; any other is somebody's data.
    pub(super) fn is_taken_by_a_file(&self) -> bool {
        let Address::Ipc { path } = &self.address else {
            return false;
        };
        is_taken_by_a_file(path)
    }

    /// Whether a bind there can be reached from other machines.
    #[must_use]
    pub fn is_public(&self) -> bool {
        let Address::Tcp { host, .. } = &self.address else {
            return false;
        };
        match host.parse::<IpAddr>() {
            Ok(address) => !address.is_loopback(),
            Err(_) => host != "localhost" && host != "lo",
        }
    }

    /// Whether the address can only be IPv6.
    #[must_use]
    pub fn is_ipv6(&self) -> bool {
        matches!(&self.address, Address::Tcp { host, .. } if host.contains(':'))
    }
}

/// Whether a file that is no socket lies at the path of an ipc endpoint.
#[must_use]
pub fn is_taken_by_a_file(path: &str) -> bool {
    !path.starts_with('@')
        && std::fs::symlink_metadata(path).is_ok_and(|metadata| !metadata.file_type().is_socket())
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_endpoints_are_taken() {
        for text in [
            "tcp://127.0.0.1:5555",
            "tcp://*:5555",
            "tcp://[::1]:5555",
            "tcp://localhost:*",
            "ipc:///tmp/a.sock",
            "ipc://@abstract",
        ] {
            assert_eq!(Endpoint::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn port_zero_asks_the_system_for_a_port() {
        assert_eq!(
            Endpoint::parse("tcp://127.0.0.1:0").unwrap().as_str(),
            "tcp://127.0.0.1:*"
        );
    }

    #[test]
    fn bad_endpoints_are_refused_with_what_was_expected() {
        for (text, expected) in [
            ("", "expected tcp://"),
            ("127.0.0.1:5555", "expected tcp://"),
            ("tcp://127.0.0.1", "a port is missing"),
            ("tcp://127.0.0.1:", "the port is a number"),
            ("tcp://127.0.0.1:http", "the port is a number"),
            ("tcp://127.0.0.1:70000", "the port is a number"),
            ("tcp://:5555", "a host is missing"),
            ("udp://127.0.0.1:5555", "unknown kind"),
            ("inproc://a", "unknown kind"),
            ("ipc://", "nothing follows"),
            ("ipc://a\0b", "NUL"),
        ] {
            let error = Endpoint::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
            assert!(!error.contains("consul"), "{text}: {error}");
            let error = Endpoint::parse_for_client(text).unwrap_err().to_string();
            let is_of_none = cfg!(feature = "discovery")
                && (expected == "unknown kind" || expected == "expected tcp://");
            assert_eq!(
                error.contains("or consul://"),
                is_of_none,
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn only_loopback_is_private() {
        for text in [
            "tcp://127.0.0.1:1",
            "tcp://127.9.9.9:1",
            "tcp://[::1]:1",
            "tcp://localhost:1",
            "ipc://a",
        ] {
            assert!(!Endpoint::parse(text).unwrap().is_public(), "{text}");
        }
        for text in [
            "tcp://*:1",
            "tcp://0.0.0.0:1",
            "tcp://[::]:1",
            "tcp://eth0:1",
            "tcp://10.0.0.1:1",
        ] {
            assert!(Endpoint::parse(text).unwrap().is_public(), "{text}");
        }
    }
}
