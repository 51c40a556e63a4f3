//! What can go wrong between us and Consul, and on the way to a file.

use std::fmt;

/// Why discovery did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The text of a URL, or a part of a service's description, cannot be used.
    Unusable {
        /// What was given, escaped.
        given: String,
        /// What is wrong with it and what is expected.
        reason: String,
    },
    /// No answer came from the agent.
    Unreachable {
        /// Method and path of the request.
        request: String,
        /// The agent's address.
        agent: String,
        /// The system's words.
        reason: String,
    },
    /// The agent answered with an error.
    Refused {
        /// Method and path of the request.
        request: String,
        /// The agent's address.
        agent: String,
        /// The HTTP status.
        status: u16,
        /// The first words of the answer, escaped.
        said: String,
    },
    /// The agent's answer is not what Consul answers.
    Garbled {
        /// Method and path of the request.
        request: String,
        /// The agent's address.
        agent: String,
        /// What was expected and what came.
        reason: String,
    },
    /// The operating system refused an operation.
    System {
        /// What was tried, with the file's name where there is one.
        operation: String,
        /// The system's words.
        reason: String,
    },
    /// A template cannot be read or rendered.
    Template {
        /// Its name.
        template: String,
        /// What is wrong, with the line where it is known.
        reason: String,
    },
    /// A command could not be run, failed or took too long.
    Command {
        /// Its words.
        command: String,
        /// How it ended, and what it said.
        reason: String,
    },
}

impl Error {
    pub(super) fn unusable(given: &str, reason: impl Into<String>) -> Self {
        Self::Unusable {
            given: excerpt(given.as_bytes()),
            reason: reason.into(),
        }
    }

    pub(super) fn system(operation: impl Into<String>, error: &std::io::Error) -> Self {
        Self::System {
            operation: operation.into(),
            reason: error.to_string(),
        }
    }

    /// Whether Consul says that it does not know what was named: older agents
    /// answer 500 for a check that is gone, newer ones 404.
    pub(super) fn is_forgotten(&self) -> bool {
        matches!(
            self,
            Self::Refused {
                status: 404 | 500,
                ..
            }
        )
    }

    /// Whether Consul says so in words: a broken agent answers 500 too.
    pub(super) fn is_unknown(&self) -> bool {
        matches!(self, Self::Refused { said, .. } if said.contains("nknown")) && self.is_forgotten()
    }
}

/// The first characters of what somebody else said, fit for one line of a log.
pub(super) fn excerpt(bytes: &[u8]) -> String {
    const LONGEST: usize = 200;
    let text = String::from_utf8_lossy(bytes.get(..LONGEST).unwrap_or(bytes));
    let mut excerpt = text.trim().escape_debug().to_string();
    if bytes.len() > LONGEST {
        excerpt.push('…');
    }
    excerpt
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unusable { given, reason } => write!(f, "'{given}': {reason}"),
            Self::Unreachable {
                request,
                agent,
                reason,
            } => write!(f, "{request}: no answer from Consul at {agent}: {reason}"),
            Self::Refused {
                request,
                agent,
                status,
                said,
            } => {
                write!(f, "{request}: Consul at {agent} answered {status}")?;
                if !said.is_empty() {
                    write!(f, ": {said}")?;
                }
                if *status == 403 {
                    f.write_str("; does the ACL token allow this? It is read from token-file")?;
                }
                Ok(())
            }
            Self::Garbled {
                request,
                agent,
                reason,
            } => write!(
                f,
                "{request}: what answers at {agent} is no Consul: {reason}"
            ),
            Self::System { operation, reason } => write!(f, "cannot {operation}: {reason}"),
            Self::Template { template, reason } => write!(f, "template {template}: {reason}"),
            Self::Command { command, reason } => write!(f, "command '{command}' {reason}"),
        }
    }
}

impl std::error::Error for Error {}
