//! `zroute top`: what a server does now.
//!
//! | file | holds |
//! |---|---|
//! | `screen` | a report as lines of text |
//! | `stats` | what `zroute.stats` tells, and what two tellings make |

mod screen;
mod stats;

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use clap::Args;
use zroute::client::State;
use zroute::transport::Error;

use crate::connection::{Connection, Options, endpoint};
use crate::failure::{Exit, Failure};
use crate::terminal::{Paint, printable};
use crate::{interrupt, json, span, terminal};
use stats::Stats;

/// Show what a server does: calls a second, times, faults and queue, by function and worker
///
/// Asks zroute.stats, which every zroute server answers by itself. Times (p50, p99, max) and queues
/// come from `zroute serve`; a server in one process counts calls and faults. On a terminal the
/// screen is drawn anew each time, until Ctrl-C; the first one shows the time since the server's
/// start.
#[derive(Args)]
#[command(after_help = "\
Examples:
  zroute top tcp://127.0.0.1:5555
  zroute top --once --interval 10s tcp://127.0.0.1:5555     what happens in the next 10 seconds
  zroute top --json tcp://127.0.0.1:5555 | jq .calls_per_second

Exit codes: 0 it was shown, 1 the server cannot tell, 2 no answer in time, 64 wrong usage.")]
pub struct Arguments {
    /// Where the server is: tcp://HOST:PORT, ipc://PATH or consul://HOST:PORT/NAME
    #[arg(value_parser = endpoint)]
    endpoint: String,

    /// The time from one look to the next, which rates are counted over
    #[arg(long, short, value_name = "SPAN", default_value = "1s", value_parser = span::parse_some)]
    interval: Duration,

    /// Look twice, show what happened in between and end
    #[arg(long)]
    once: bool,

    /// Print one line of JSON for each interval
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    options: Options,
}

impl Arguments {
    pub fn run(&self) -> Result<(), Failure> {
        self.watch()
            .map_err(|failure| failure.on_stdout_if(self.json))
    }

    fn watch(&self) -> Result<(), Failure> {
        let mut connection = self.options.connect(std::slice::from_ref(&self.endpoint))?;
        let is_live = std::io::stdout().is_terminal() && !self.once && !self.json;
        let _screen = is_live.then(|| {
            interrupt::catch();
            terminal::Screen::open()
        });
        let mut last = None;
        let mut next = Instant::now();
        loop {
            match self.ask(&mut connection) {
                Ok(stats) => {
                    self.is_one_server(&mut connection)?;
                    if last.is_some() || is_live {
                        self.show(&stats, last.as_ref(), is_live)?;
                        if self.once {
                            return Ok(());
                        }
                    }
                    last = Some(stats);
                }
                // A server that restarts is waited for.
                Err(Failure::NoAnswer { text, .. }) if is_live && last.is_some() => {
                    draw(&[printable(&text).into_owned()])?;
                }
                Err(Failure::Said(Exit::Interrupted)) => {}
                Err(failure) => return Err(failure),
            }
            // After a long wait it does not hurry to make up for it.
            next = (next + self.interval).max(Instant::now());
            interrupt::sleep_until(next);
            // Only a live one catches Ctrl-C, which is how it ends.
            if interrupt::came() {
                return Ok(());
            }
        }
    }

    /// The counters of several servers, one after another, would make no sense.
    fn is_one_server(&self, connection: &mut Connection) -> Result<(), Failure> {
        let mut servers = Vec::new();
        for place in 0.. {
            match connection.client.health(place) {
                Ok(Some(health)) if health.state == State::Leaving => {}
                Ok(Some(health)) => servers.push(health.endpoint),
                Ok(None) => break,
                Err(Error::Interrupted) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        if servers.len() < 2 {
            return Ok(());
        }
        Err(Failure::Usage(format!(
            "{} has {} servers, and top watches one: give one of {}",
            self.endpoint,
            servers.len(),
            servers.join(", ")
        )))
    }

    fn ask(&self, connection: &mut Connection) -> Result<Stats, Failure> {
        let answer = connection.call("zroute.stats", b"\x90")?;
        let invalid = |text: String| Failure::NoAnswer {
            kind: "invalid_answer",
            text: format!(
                "zroute.stats at {} did not answer a map of counters: {text}",
                self.endpoint
            ),
        };
        let text = json::from_msgpack(answer.as_ref())
            .map_err(|malformed| invalid(malformed.to_string()))?;
        serde_json::from_str(&text).map_err(|error| invalid(error.to_string()))
    }

    fn show(&self, stats: &Stats, last: Option<&Stats>, is_live: bool) -> Result<(), Failure> {
        let report = stats.since(last);
        let mut stdout = std::io::stdout();
        if self.json {
            let line = serde_json::to_string(&report).map_err(std::io::Error::from)?;
            writeln!(stdout, "{line}")?;
        } else if is_live {
            let (width, _) = terminal::size();
            draw(&screen::lines(
                &self.endpoint,
                &report,
                Paint::for_stdout(),
                width,
            ))?;
        } else {
            let lines = screen::lines(&self.endpoint, &report, Paint::for_stdout(), usize::MAX);
            for line in lines {
                writeln!(stdout, "{line}")?;
            }
            if !self.once {
                writeln!(stdout)?;
            }
        }
        Ok(stdout.flush()?)
    }
}

/// Writes the lines over what is on the terminal, as many as it has.
fn draw(lines: &[String]) -> Result<(), Failure> {
    let (_, height) = terminal::size();
    let mut frame = String::from("\x1b[H");
    for (index, line) in lines.iter().take(height).enumerate() {
        if index > 0 {
            frame.push_str("\r\n");
        }
        frame.push_str(line);
        frame.push_str("\x1b[K");
    }
    frame.push_str("\x1b[J");
    let mut stdout = std::io::stdout();
    stdout.write_all(frame.as_bytes())?;
    Ok(stdout.flush()?)
}
