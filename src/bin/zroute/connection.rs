//! The options that lead to a server, and calls of it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use zroute::client::{self, Client, Dialect, Item, Outcome, Terms, Value, and};
use zroute::transport::{Credentials, Curve, Error};

use crate::failure::{Exit, Failure};
use crate::key_file;
use crate::{interrupt, span};

/// What every command that calls a server takes.
#[derive(Args, Clone)]
#[command(next_help_heading = "Connection")]
pub struct Options {
    /// How long a call may take, connecting included: 250ms, 2s, 1m
    #[arg(long, value_name = "SPAN", default_value = "5s", value_parser = span::parse_some)]
    pub timeout: Duration,

    /// What the server speaks
    #[arg(long, value_name = "NAME", default_value = "plain", value_parser = dialects())]
    pub dialect: Dialect,

    /// The server's public CURVE key: 40 characters of Z85
    #[arg(
        long,
        value_name = "KEY",
        env = "ZROUTE_CURVE_SERVER_KEY",
        hide_env_values = true,
        conflicts_with = "curve_server_key_file"
    )]
    curve_server_key: Option<String>,

    /// A file with the server's public CURVE key: the key alone, or what `zroute keygen` wrote
    #[arg(long, value_name = "FILE")]
    curve_server_key_file: Option<PathBuf>,

    /// A file with this client's own CURVE keys, as `zroute keygen --out` writes it; without it a
    /// fresh pair is made
    #[arg(long, value_name = "FILE")]
    client_key_file: Option<PathBuf>,

    /// The name to tell a server that asks for name and password (PLAIN: in the clear)
    #[arg(long, value_name = "NAME", requires = "password_file")]
    user: Option<String>,

    /// A file with the password, on its first line
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
}

fn dialects() -> impl TypedValueParser<Value = Dialect> {
    PossibleValuesParser::new(Dialect::ALL.map(Dialect::name))
        .map(|name| Dialect::named(&name).unwrap_or_default())
}

/// An endpoint on the command line.
pub fn endpoint(text: &str) -> Result<String, String> {
    client::endpoint(text).map_err(|error| match error {
        Error::Endpoint { reason, .. } => reason,
        error => error.to_string(),
    })
}

impl Options {
    /// A client of these endpoints. The connections are made when it calls.
    pub fn connect(&self, endpoints: &[String]) -> Result<Connection, Failure> {
        let mut options = client::Options {
            timeout: self.timeout,
            dialect: self.dialect,
            ..client::Options::default()
        };
        // What was given up is not sent any more.
        options.transport.linger = Duration::ZERO;
        options.transport.curve = self.curve()?;
        options.transport.credentials =
            credentials(self.user.as_ref(), self.password_file.as_ref())?;
        let mut client = Client::new(options);
        for endpoint in endpoints {
            client.connect(endpoint)?;
        }
        Ok(Connection {
            client,
            timeout: self.timeout,
        })
    }

    fn curve(&self) -> Result<Option<Curve>, Failure> {
        let server_key = match (&self.curve_server_key, &self.curve_server_key_file) {
            (Some(key), _) => key.clone(),
            (None, Some(file)) => key_file::public_key(file)?,
            (None, None) if self.client_key_file.is_some() => {
                return Err(Failure::Usage(
                    "--client-key-file needs the server's key: --curve-server-key or \
                     --curve-server-key-file"
                        .to_string(),
                ));
            }
            (None, None) => return Ok(None),
        };
        let pair = match &self.client_key_file {
            Some(file) => Some(key_file::pair(file)?),
            None => None,
        };
        Ok(Some(Curve::Client { server_key, pair }))
    }
}

/// A name, and the password on the first line of a file.
pub fn credentials(
    username: Option<&String>,
    file: Option<&PathBuf>,
) -> Result<Option<Credentials>, Failure> {
    let (Some(username), Some(file)) = (username, file) else {
        return Ok(None);
    };
    let text = read("the password file", file)?;
    Ok(Some(Credentials {
        username: username.clone(),
        password: text.lines().next().unwrap_or_default().to_string(),
    }))
}

/// The text of a file.
pub fn read(what: &str, path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure::file(what, path, &error))
}

/// A client, and how long its calls may take.
pub struct Connection {
    pub client: Client,
    pub timeout: Duration,
}

impl Connection {
    /// One call, until its end or Ctrl-C.
    pub fn call(&mut self, function: &str, parameters: &[u8]) -> Result<Value, Failure> {
        self.call_on(Terms::default(), function, parameters)
    }

    /// As `call`, on other terms.
    pub fn call_on(
        &mut self,
        terms: Terms,
        function: &str,
        parameters: &[u8],
    ) -> Result<Value, Failure> {
        let timeout = self.timeout;
        let id = self
            .client
            .submit_on(terms, function, parameters, timeout)?;
        loop {
            match self.client.collect(id) {
                Ok(outcome) => return value_of(outcome),
                // A stop and a resume interrupt too.
                Err(Error::Interrupted) if !interrupt::came() => {}
                Err(Error::Interrupted) => return Err(Failure::Said(Exit::Interrupted)),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// A stream, until its end or Ctrl-C: each item is handed on.
    pub fn stream(
        &mut self,
        terms: Terms,
        function: &str,
        parameters: &[u8],
        mut item: impl FnMut(Value) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let terms = Terms {
            stream: true,
            ..terms
        };
        let timeout = self.timeout;
        let id = self
            .client
            .submit_on(terms, function, parameters, timeout)?;
        loop {
            match self.client.stream_next(id, None) {
                Ok(Some(Item::Value(value))) => item(value)?,
                Ok(Some(Item::End)) => return Ok(()),
                Ok(Some(Item::Broken(outcome))) => return value_of(outcome).map(drop),
                Ok(None) => {}
                Err(Error::Interrupted) if !interrupt::came() => {}
                Err(Error::Interrupted) => return Err(Failure::Said(Exit::Interrupted)),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// One call, and how long it took.
    pub fn timed(
        &mut self,
        function: &str,
        parameters: &[u8],
    ) -> (Result<Value, Failure>, Duration) {
        let begun = Instant::now();
        let ended = self.call(function, parameters);
        (ended, begun.elapsed())
    }
}

/// The answer, or in which way there was none.
pub fn value_of(outcome: Outcome) -> Result<Value, Failure> {
    let (kind, text) = match outcome {
        Outcome::Answer(value) => return Ok(value),
        Outcome::Fault(fault) => return Err(Failure::Fault(fault)),
        Outcome::Unsendable(reason) => return Err(Failure::Usage(reason)),
        Outcome::TooLarge { size, limit } => {
            return Err(Failure::Usage(format!(
                "the request has {size} bytes, and the limit is {limit}"
            )));
        }
        Outcome::TimedOut {
            function,
            endpoint,
            trouble,
            waited,
        } => (
            "timeout",
            format!(
                "{function} at {endpoint} gave no answer within {}; it may still run there{}",
                span::show(waited),
                and(&trouble)
            ),
        ),
        Outcome::NotConnected {
            function,
            endpoint,
            trouble,
            waited,
        } => {
            let because = if trouble.is_empty() {
                String::new()
            } else {
                format!(" ({})", trouble.join("; "))
            };
            (
                "not_connected",
                format!(
                    "{function} was not sent within {}: no connection to {endpoint}{because}",
                    span::show(waited)
                ),
            )
        }
        Outcome::Invalid(text) => ("invalid_answer", text),
        Outcome::ConnectionLost {
            function,
            endpoint,
            trouble,
            waited,
        } => {
            let trouble = if trouble.is_empty() {
                "the connection was lost"
            } else {
                &trouble
            };
            (
                "outcome_unknown",
                format!(
                    "{function} at {endpoint} may have run: {trouble} after {}, before an answer \
                     came",
                    span::show(waited)
                ),
            )
        }
        Outcome::Unknown => ("unknown", "the call is not known".to_string()),
    };
    Err(Failure::NoAnswer { kind, text })
}
