//! How a command can end, and the exit code of each way.

use std::io::Write;
use std::process::ExitCode;

use zroute::transport;
use zroute::wire::Fault;

use crate::terminal::printable;

/// What the shell is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The function failed.
    Fault = 1,
    /// No answer came in time, or none that is one.
    NoAnswer = 2,
    /// The command cannot be carried out as it was given: sysexits' `EX_USAGE`.
    Usage = 64,
    /// Ctrl-C: as shells tell it of a program that SIGINT ended.
    Interrupted = 130,
    /// Whoever read the output has gone, as shells tell it of SIGPIPE.
    ReaderLeft = 141,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what was asked.
#[derive(Debug)]
pub enum Failure {
    /// The function failed at the server.
    Fault(Fault),
    /// There was no answer. The kind is a word for programs.
    NoAnswer { kind: &'static str, text: String },
    /// The command cannot be carried out as it was given.
    Usage(String),
    /// Everything was said already.
    Said(Exit),
}

impl Failure {
    pub fn exit(&self) -> Exit {
        match self {
            Self::Fault(_) => Exit::Fault,
            Self::NoAnswer { .. } => Exit::NoAnswer,
            Self::Usage(_) => Exit::Usage,
            Self::Said(exit) => *exit,
        }
    }

    /// Says it on stderr and tells the exit code.
    pub fn report(&self) -> ExitCode {
        let text = match self {
            Self::Fault(fault) => fault.to_string(),
            Self::NoAnswer { text, .. } | Self::Usage(text) => format!("zroute: {text}"),
            Self::Said(exit) => return (*exit).into(),
        };
        // A stderr that is closed changes nothing.
        let _ = writeln!(std::io::stderr(), "{}", printable(&text));
        self.exit().into()
    }

    /// The failure for programs: `{"fault": …}` or `{"error": …}`.
    pub fn json(&self) -> serde_json::Value {
        match self {
            Self::Fault(fault) => serde_json::json!({"fault": {
                "code": fault.code.number(),
                "name": fault.name,
                "message": fault.message,
            }}),
            Self::NoAnswer { kind, text } => {
                serde_json::json!({"error": {"kind": kind, "message": text}})
            }
            Self::Usage(text) => serde_json::json!({"error": {"kind": "usage", "message": text}}),
            Self::Said(_) => serde_json::Value::Null,
        }
    }

    /// For programs, which read stdout: says it there. What is wrong with the command's own
    /// arguments is for whoever wrote them.
    pub fn on_stdout_if(self, json: bool) -> Self {
        if !json || matches!(self, Self::Usage(_) | Self::Said(_)) {
            return self;
        }
        match writeln!(std::io::stdout(), "{}", self.json()) {
            Ok(()) => Self::Said(self.exit()),
            Err(error) => error.into(),
        }
    }

    /// A file that cannot be read or written.
    pub fn file(what: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::Usage(format!("{what} {}: {error}", path.display()))
    }
}

impl From<transport::Error> for Failure {
    fn from(error: transport::Error) -> Self {
        match error {
            transport::Error::Interrupted => Self::Said(Exit::Interrupted),
            error => Self::Usage(error.to_string()),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self::Said(Exit::ReaderLeft);
        }
        Self::Usage(format!("the output cannot be written: {error}"))
    }
}
