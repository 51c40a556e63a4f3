//! What can go wrong below the messages.

use std::fmt;

use super::Endpoint;

/// Why the transport did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// A signal arrived during a wait. Nothing was lost: call again.
    Interrupted,
    /// The endpoint's text cannot be used.
    Endpoint {
        /// The text as given.
        endpoint: String,
        /// What is wrong with it and what is expected.
        reason: String,
    },
    /// The endpoint could not be bound or connected.
    Unreachable {
        /// `bind` or `connect`.
        operation: &'static str,
        /// The text as given.
        endpoint: String,
        /// The system's words.
        reason: String,
    },
    /// An option has a value that the transport refuses.
    Option {
        /// The option's name.
        name: &'static str,
        /// What is expected.
        reason: String,
    },
    /// The libzmq on this machine is too old to be safe.
    Outdated {
        /// Its version.
        found: (i32, i32, i32),
    },
    /// The operating system or libzmq refused an operation.
    System {
        /// What was tried.
        operation: &'static str,
        /// The system's words.
        reason: String,
    },
}

impl Error {
    /// A bind to a path where something other than a socket lies.
    pub(super) fn not_a_socket(endpoint: &Endpoint) -> Self {
        Self::Unreachable {
            operation: "bind",
            endpoint: endpoint.to_string(),
            reason: "the file that is there is no socket; remove it or choose another path"
                .to_string(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interrupted => f.write_str("a signal interrupted the wait; call again"),
            Self::Endpoint { endpoint, reason } => write!(f, "endpoint '{endpoint}': {reason}"),
            Self::Unreachable {
                operation,
                endpoint,
                reason,
            } => write!(f, "cannot {operation} {endpoint}: {reason}"),
            Self::Option { name, reason } => write!(f, "option '{name}': {reason}"),
            Self::Outdated {
                found: (major, minor, patch),
            } => write!(
                f,
                "libzmq {major}.{minor}.{patch} has known holes (CVE-2019-6250, CVE-2019-13132, \
                 CVE-2020-15166); zroute needs 4.3.3 or later"
            ),
            Self::System { operation, reason } => write!(f, "{operation}: {reason}"),
        }
    }
}

impl std::error::Error for Error {}
