//! `zroute call`: one call, its answer as JSON.

use std::io::{Read, Write};
use std::path::Path;

use clap::Args;
use zroute::client::{Dialect, Terms};
use zroute::msgpack::Kind;
use zroute::wire::Code;

use crate::connection::{self, Options};
use crate::failure::Failure;
use crate::terminal::printable;
use crate::{interrupt, json};

/// Call a function and print its answer
///
/// The answer is printed as JSON on one line. A fault goes to stderr as "CODE NAME: MESSAGE", with
/// exit code 1; no answer in time is exit code 2.
// Flags of a command line are what they are.
#[allow(clippy::struct_excessive_bools)]
#[derive(Args)]
#[command(
    override_usage = "zroute call [OPTIONS] <ENDPOINT>... <FUNCTION> [JSON]...",
    after_help = "\
Examples:
  zroute call tcp://127.0.0.1:5555 plus '[1,2,3]'            prints 6
  zroute call tcp://127.0.0.1:5555 divide 9 2                the same as divide '[9,2]'
  zroute call tcp://127.0.0.1:5555 divide '{\"b\":2,\"a\":9}'    by name
  zroute call tcp://10.0.0.1:5555 tcp://10.0.0.2:5555 time   the one that is there
  zroute call tcp://127.0.0.1:5555 import @orders.json
  jq -c .items orders.json | zroute call tcp://127.0.0.1:5555 import -
  zroute call --json tcp://127.0.0.1:5555 plus '[1]' | jq .answer
  zroute call --dialect zerorpc --stream tcp://127.0.0.1:4242 log

What JSON has no name for is written, and read, as an object with one key: {\"$binary\": base64},
{\"$text\": base64} for a str that is not UTF-8, {\"$float\": \"nan\"}, {\"$extension\": [type, base64]},
{\"$map\": [[key, value], ...]}.

Exit codes: 0 answer, 1 fault, 2 no answer in time, not connected or connection lost,
64 wrong usage."
)]
pub struct Arguments {
    /// The endpoints (all with ://, also consul://HOST:PORT/NAME), the function, and its parameters as JSON
    ///
    /// No JSON is the empty list. One JSON value is the parameters as a whole: a list by position,
    /// a map by name, or anything else as it is (in a list, in the dialects that have nothing else).
    /// Several are a list of them: of one, that is '[4]'. '-' reads a value from stdin,
    /// @FILE from a file. Texts need quotes of their own: '"abc"'.
    #[arg(
        required = true,
        num_args = 2..,
        value_names = ["ENDPOINT", "FUNCTION", "JSON"],
        allow_negative_numbers = true,
        hide_possible_values = true
    )]
    words: Vec<String>,

    /// Print {"answer": …}, {"fault": {"code", "name", "message"}} or {"error": {"kind", "message"}}
    #[arg(long, conflicts_with = "raw")]
    json: bool,

    /// Write the answer as MessagePack, as it came
    #[arg(long)]
    raw: bool,

    /// The function may run twice: try again when the connection is lost
    #[arg(long)]
    idempotent: bool,

    /// Print each item of a stream as it comes, one a line; in zerorpc alone
    ///
    /// --timeout is the longest wait for each. Without it a stream is printed as a list.
    #[arg(long)]
    stream: bool,

    #[command(flatten)]
    options: Options,
}

impl Arguments {
    pub fn run(&self) -> Result<(), Failure> {
        let count = self
            .words
            .iter()
            .take_while(|word| word.contains("://"))
            .count();
        let (endpoints, rest) = self.words.split_at(count);
        let (Some((function, values)), false) = (rest.split_first(), endpoints.is_empty()) else {
            return Err(Failure::Usage(
                "expected endpoints, such as tcp://127.0.0.1:5555, and then a function".to_string(),
            ));
        };
        for endpoint in endpoints {
            connection::endpoint(endpoint)
                .map_err(|reason| Failure::Usage(format!("endpoint '{endpoint}': {reason}")))?;
        }
        let parameters = parameters(values, self.options.dialect)?;
        let terms = Terms {
            idempotent: self.idempotent,
            ..Terms::default()
        };
        let mut connection = self.options.connect(endpoints)?;
        if self.stream {
            interrupt::catch();
            let streamed = connection.stream(terms, function, &parameters, |item| {
                let bytes = self.shown("item", item.as_ref())?;
                let mut stdout = std::io::stdout();
                stdout.write_all(&bytes)?;
                Ok(stdout.flush()?)
            });
            return streamed.map_err(|failure| failure.on_stdout_if(self.json));
        }
        let answer = connection
            .call_on(terms, function, &parameters)
            .and_then(|value| self.shown("answer", value.as_ref()));
        if let (Err(Failure::Fault(fault)), [value]) = (&answer, values)
            && fault.code == Code::Parameters
            && !self.json
            && matches!(parameters.first(), Some(first) if is_scalar(*first))
        {
            let hint = format!("zroute: {value} was sent as it is; a list of it is '[{value}]'");
            let _ = writeln!(std::io::stderr(), "{}", printable(&hint));
        }
        let bytes = answer.map_err(|failure| failure.on_stdout_if(self.json))?;
        let mut stdout = std::io::stdout();
        stdout.write_all(&bytes)?;
        Ok(stdout.flush()?)
    }
}

impl Arguments {
    /// A value as it is to be printed, under this name where that is asked for.
    fn shown(&self, name: &str, value: &[u8]) -> Result<Vec<u8>, Failure> {
        if self.raw {
            return Ok(value.to_vec());
        }
        match json::from_msgpack(value) {
            Ok(text) if self.json => Ok(format!("{{\"{name}\":{text}}}\n").into_bytes()),
            Ok(text) => Ok((text + "\n").into_bytes()),
            Err(malformed) => Err(Failure::NoAnswer {
                kind: "invalid_answer",
                text: malformed.to_string(),
            }),
        }
    }
}

/// Whether a value that begins so is neither list nor map.
fn is_scalar(first: u8) -> bool {
    !matches!(Kind::of(first), Some(Kind::Array | Kind::Map))
}

/// The parameters as one MessagePack value, which is a list in the dialects that
/// have nothing else.
pub fn parameters(values: &[String], dialect: Dialect) -> Result<Vec<u8>, Failure> {
    let mut packed = Vec::new();
    for value in values {
        packed.push(one(value)?);
    }
    match &mut packed[..] {
        [whole] if dialect == Dialect::Plain || is_list(whole) => Ok(std::mem::take(whole)),
        several => Ok(json::list(several)),
    }
}

fn is_list(value: &[u8]) -> bool {
    matches!(value.first(), Some(first) if Kind::of(*first) == Some(Kind::Array))
}

fn one(value: &str) -> Result<Vec<u8>, Failure> {
    let (text, from) = if value == "-" {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .map_err(|error| Failure::Usage(format!("stdin cannot be read: {error}")))?;
        (text, "stdin".to_string())
    } else if let Some(path) = value.strip_prefix('@') {
        let text = connection::read("the parameters cannot be read from", Path::new(path))?;
        (text, path.to_string())
    } else {
        (value.to_string(), format!("the parameter {value}"))
    };
    json::to_msgpack(&text).map_err(|error| {
        let is_word = value.chars().all(|c| c.is_alphanumeric() || c == '_');
        let hint = if is_word {
            format!("; a text needs quotes of its own: '\"{value}\"'")
        } else {
            String::new()
        };
        Failure::Usage(format!("{from} is no JSON: {error}{hint}"))
    })
}
