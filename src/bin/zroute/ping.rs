//! `zroute ping`: is a server alive, and how far is it.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};
use zroute::client::Dialect;

use crate::connection::{Connection, Options, endpoint};
use crate::failure::{Exit, Failure};
use crate::terminal::printable;
use crate::{call, interrupt, json, span};

/// Ask a server for a sign of life
///
/// Calls zroute.ping, which every zroute server answers by itself, or _zerorpc_ping with --dialect
/// zerorpc; any answer counts, a fault too. `zroute serve` answers them even when all its workers
/// hang: --working sees that.
/// The first time includes connecting.
///
/// Careful with servers that are not zroute's: a call of a function that it does not know ends the
/// plain loop of the guide's demo 6. Name one that it has with --function.
#[derive(Args)]
#[command(after_help = "\
Examples:
  zroute ping tcp://127.0.0.1:5555
  zroute ping --timeout 30s tcp://127.0.0.1:5555 && echo up     waits until the server is there
  zroute ping --count 10 --interval 100ms tcp://127.0.0.1:5555
  zroute ping --function plus --parameters '[0]' tcp://127.0.0.1:5555
  zroute ping --working --timeout 2s tcp://127.0.0.1:5555            in a health check

Exit codes: 0 it answered at least once, 2 it did not, 64 wrong usage.")]
pub struct Arguments {
    /// Where the server is: tcp://HOST:PORT, ipc://PATH or consul://HOST:PORT/NAME
    #[arg(value_parser = endpoint)]
    endpoint: String,

    /// How many times; 0 is until Ctrl-C
    #[arg(long, short, value_name = "N", default_value_t = 1)]
    count: u64,

    /// The time from one to the next
    #[arg(long, short, value_name = "SPAN", default_value = "1s", value_parser = span::parse)]
    interval: Duration,

    /// The function to call; without it zroute.ping or _zerorpc_ping
    #[arg(long, value_name = "NAME")]
    function: Option<String>,

    /// Its parameters
    #[arg(long, value_name = "JSON")]
    parameters: Option<String>,

    /// Ask zroute.stats instead; a server that is stuck, or answers a fault, counts as dead
    #[arg(long, conflicts_with_all = ["function", "parameters"])]
    working: bool,

    /// Print one line {"sequence", "alive", "us", …} each time
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    options: Options,
}

#[derive(Default)]
struct Seen {
    sent: u64,
    answered: u64,
    least: Duration,
    most: Duration,
    sum: Duration,
}

impl Arguments {
    pub fn run(&self) -> Result<(), Failure> {
        let parameters = call::parameters(self.parameters.as_slice(), self.options.dialect)?;
        interrupt::catch();
        let mut connection = self.options.connect(std::slice::from_ref(&self.endpoint))?;
        let mut seen = Seen::default();
        let mut next = Instant::now();
        while !interrupt::came() && (self.count == 0 || seen.sent < self.count) {
            if seen.sent > 0 {
                next += self.interval;
                interrupt::sleep_until(next);
                if interrupt::came() {
                    break;
                }
            }
            self.once(&mut connection, &parameters, &mut seen)?;
        }
        if !self.json && self.count != 1 {
            seen.tell()?;
        }
        match (seen.answered, seen.sent) {
            (1.., _) => Ok(()),
            (0, 0) => Err(Failure::Said(Exit::Interrupted)),
            _ => Err(Failure::Said(Exit::NoAnswer)),
        }
    }

    fn once(
        &self,
        connection: &mut Connection,
        parameters: &[u8],
        seen: &mut Seen,
    ) -> Result<(), Failure> {
        let function = match (&self.function, self.options.dialect) {
            _ if self.working => "zroute.stats",
            (Some(function), _) => function,
            (None, Dialect::Zerorpc) => "_zerorpc_ping",
            (None, _) => "zroute.ping",
        };
        let (ended, took) = connection.timed(function, parameters);
        let about = match ended {
            Ok(value) => json::from_msgpack(value.as_ref())
                .ok()
                .and_then(|text| serde_json::from_str(&text).ok())
                .unwrap_or(Value::Null),
            // A server that says no is there.
            Err(Failure::Fault(_)) if !self.working => Value::Null,
            Err(failure @ (Failure::NoAnswer { .. } | Failure::Fault(_))) => {
                seen.sent += 1;
                return self.tell_silence(seen.sent, &failure);
            }
            Err(Failure::Said(Exit::Interrupted)) => return Ok(()),
            Err(failure) => return Err(failure),
        };
        seen.sent += 1;
        if let Some(stuck) = about.get("stuck").and_then(Value::as_str)
            && self.working
            && !stuck.is_empty()
        {
            let text = format!("{} is stuck: {stuck}", self.endpoint);
            let kind = "stuck";
            return self.tell_silence(seen.sent, &Failure::NoAnswer { kind, text });
        }
        seen.least = if seen.answered == 0 {
            took
        } else {
            seen.least.min(took)
        };
        seen.most = seen.most.max(took);
        seen.sum += took;
        seen.answered += 1;
        let mut stdout = std::io::stdout();
        let text_of = |key: &str| about.get(key).and_then(Value::as_str);
        if self.json {
            let mut line = json!({
                "sequence": seen.sent,
                "alive": true,
                "us": took.as_nanos() as f64 / 1e3,
            });
            for key in ["server", "version"] {
                if let Some(text) = text_of(key) {
                    line[key] = text.into();
                }
            }
            writeln!(stdout, "{line}")?;
        } else {
            let who = match (text_of("server"), text_of("version")) {
                (Some(server), Some(version)) => format!(" ({server} {version})"),
                _ => String::new(),
            };
            let endpoint = &self.endpoint;
            let line = format!("{endpoint}{who}: {}", span::show(took));
            writeln!(stdout, "{}", printable(&line))?;
        }
        Ok(stdout.flush()?)
    }

    fn tell_silence(&self, sequence: u64, failure: &Failure) -> Result<(), Failure> {
        if self.json {
            let mut line = json!({"sequence": sequence, "alive": false});
            // Under `error`, or of a server that says no, under `fault`.
            if let Value::Object(said) = failure.json() {
                for (key, value) in said {
                    line[key] = value;
                }
            }
            writeln!(std::io::stdout(), "{line}")?;
        } else {
            failure.report();
        }
        Ok(())
    }
}

impl Seen {
    fn tell(&self) -> Result<(), Failure> {
        let mut stdout = std::io::stdout();
        if stdout.is_terminal() {
            writeln!(stdout)?;
        }
        let Self { sent, answered, .. } = self;
        write!(stdout, "{sent} sent, {answered} answered")?;
        if let Ok(count @ 1..) = u32::try_from(*answered) {
            let [least, mean, most] = [self.least, self.sum / count, self.most].map(span::show);
            write!(stdout, "; least {least}, mean {mean}, most {most}")?;
        }
        Ok(writeln!(stdout)?)
    }
}
