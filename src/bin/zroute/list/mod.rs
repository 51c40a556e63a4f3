//! `zroute list`: what a server can do.

mod zerorpc;

use std::fmt::Write as _;
use std::io::Write;

use clap::Args;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use zroute::client::{Dialect, Value as Answer};

use crate::connection::{Connection, Options, endpoint};
use crate::failure::Failure;
use crate::json;
use crate::terminal::{Paint, printable};

/// List a server's functions: parameters, types, defaults and what is said about them
///
/// Asks zroute.list, which every zroute server answers by itself; with --dialect zerorpc
/// _zerorpc_inspect, which every zerorpc server answers, or _zerorpc_list where that fails.
#[derive(Args)]
#[command(after_help = "\
Examples:
  zroute list tcp://127.0.0.1:5555
  zroute list tcp://127.0.0.1:5555 'math.*'
  zroute list --json tcp://127.0.0.1:5555 | jq -r '.[].name'

Exit codes: 0 answer, 1 the server cannot tell, 2 no answer in time, 64 wrong usage.")]
pub struct Arguments {
    /// Where the server is: tcp://HOST:PORT, ipc://PATH or consul://HOST:PORT/NAME
    #[arg(value_parser = endpoint)]
    endpoint: String,

    /// Only functions whose name fits: * is anything, ? one character
    glob: Option<String>,

    /// Print the list as the server told it
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    options: Options,
}

#[derive(Deserialize)]
struct Function {
    name: String,
    /// None of a function that nobody has described.
    parameters: Option<Vec<Parameter>>,
    #[serde(default)]
    returns: String,
    #[serde(default)]
    doc: String,
}

#[derive(Deserialize)]
struct Parameter {
    name: String,
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    optional: bool,
    /// A default of null is one too.
    #[serde(default, deserialize_with = "present")]
    default: Option<Value>,
    #[serde(default)]
    variadic: bool,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Arguments {
    pub fn run(&self) -> Result<(), Failure> {
        let mut connection = self.options.connect(std::slice::from_ref(&self.endpoint))?;
        let listed = match self.options.dialect {
            Dialect::Zerorpc => {
                zerorpc::list(&mut connection, &self.endpoint, self.glob.as_deref())
            }
            _ => self.ask(&mut connection),
        };
        let listed = listed.and_then(|text| {
            let functions: Vec<Function> =
                serde_json::from_str(&text).map_err(|error| invalid(&self.endpoint, &error))?;
            Ok((text, functions))
        });
        let (text, functions) = listed.map_err(|failure| failure.on_stdout_if(self.json))?;
        let text = if self.json {
            text + "\n"
        } else {
            shown(&functions, Paint::for_stdout())
        };
        Ok(std::io::stdout().write_all(text.as_bytes())?)
    }
}

impl Arguments {
    fn ask(&self, connection: &mut Connection) -> Result<String, Failure> {
        let glob: Vec<_> = self.glob.iter().map(|glob| Value::from(&**glob)).collect();
        let parameters =
            json::to_msgpack(&Value::from(glob).to_string()).map_err(Failure::Usage)?;
        text_of(
            &self.endpoint,
            &connection.call("zroute.list", &parameters)?,
        )
    }
}

/// An answer of this endpoint, as JSON.
fn text_of(endpoint: &str, answer: &Answer) -> Result<String, Failure> {
    json::from_msgpack(answer.as_ref()).map_err(|malformed| invalid(endpoint, &malformed))
}

fn invalid(endpoint: &str, why: &dyn std::fmt::Display) -> Failure {
    Failure::NoAnswer {
        kind: "invalid_answer",
        text: format!("zroute.list at {endpoint} did not answer a list of functions: {why}"),
    }
}

fn shown(functions: &[Function], paint: Paint) -> String {
    let mut text = String::new();
    for function in functions {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{}", signature(function, paint));
        for line in printable(&function.doc).trim().lines() {
            let _ = writeln!(text, "    {}", paint.dim(line.trim_end()));
        }
    }
    text
}

fn signature(function: &Function, paint: Paint) -> String {
    let parameters = match &function.parameters {
        Some(parameters) => parameters
            .iter()
            .map(parameter)
            .collect::<Vec<_>>()
            .join(", "),
        None => "…".to_string(),
    };
    let returns = match &*function.returns {
        "" => String::new(),
        returns => format!(": {returns}"),
    };
    let name = paint.bold(printable(&function.name));
    format!("{name}{}", printable(&format!("({parameters}){returns}")))
}

fn parameter(parameter: &Parameter) -> String {
    let Parameter { name, kind, .. } = parameter;
    let space = if kind.is_empty() { "" } else { " " };
    let dots = if parameter.variadic { "..." } else { "" };
    let default = match &parameter.default {
        Some(value) => format!(" = {value}"),
        None if parameter.optional && !parameter.variadic => " = …".to_string(),
        None => String::new(),
    };
    format!("{kind}{space}{dots}${name}{default}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature_of(json: &str) -> String {
        signature(&serde_json::from_str(json).unwrap(), Paint::none())
    }

    #[test]
    fn signatures_read_like_php() {
        assert_eq!(signature_of(r#"{"name":"f"}"#), "f(…)");
        assert_eq!(
            signature_of(r#"{"name":"f","parameters":[],"returns":"void"}"#),
            "f(): void"
        );
        assert_eq!(
            signature_of(
                r#"{"name":"f","parameters":[{"name":"a","type":"int"},
                {"name":"b","type":"","optional":true,"default":null},
                {"name":"c","type":"?string","optional":true,"default":"x"},
                {"name":"d","type":"int","optional":true},
                {"name":"e","type":"float","optional":true,"variadic":true}],"returns":""}"#
            ),
            r#"f(int $a, $b = null, ?string $c = "x", int $d = …, float ...$e)"#
        );
    }

    #[test]
    fn a_functions_words_have_no_power_over_the_terminal() {
        let functions: Vec<Function> =
            serde_json::from_str(r#"[{"name":"f\u001b[2J","doc":"a\u001bc\nb"}]"#).unwrap();
        assert_eq!(
            shown(&functions, Paint::none()),
            "f\\u{1b}[2J(…)\n    a\\u{1b}c\n    b\n"
        );
    }
}
