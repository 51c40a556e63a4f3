//! The command `zroute`: run, call, watch and measure servers from a shell.
//!
//! | file | holds |
//! |---|---|
//! | `call`, `ping`, `list`, `bench`, `top`, `serve`, `services`, `watch`, `keygen`, `completions`, `man` | one subcommand each |
//! | `connection` | the options that lead to a server, and calls of it |
//! | `failure` | how a command can end, and the exit code of each way |
//! | `histogram` | many times in little room, for percentiles |
//! | `interrupt` | Ctrl-C for commands that have something to say first |
//! | `json` | MessagePack values as JSON, and back |
//! | `key_file` | files with CURVE keys |
//! | `span` | spans of time as people write them |
//! | `terminal` | colour, and texts from elsewhere on a terminal |
//! | `words` | a command taken apart without a shell |

// The comments of arguments are what --help prints, and no Markdown.
#![allow(clippy::doc_markdown)]
// Counts become rates; they stay far below 2^53.
#![allow(clippy::cast_precision_loss)]

mod bench;
mod call;
mod completions;
mod connection;
mod failure;
mod histogram;
mod interrupt;
mod json;
mod key_file;
mod keygen;
mod list;
mod man;
mod ping;
mod serve;
mod services;
mod span;
mod terminal;
mod top;
mod watch;
mod words;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Exit;

/// RPC for PHP and C over ZeroMQ and MessagePack.
#[derive(Parser)]
#[command(
    name = "zroute",
    version,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "\
Examples:
  zroute serve routes.php --bind tcp://127.0.0.1:5555 --workers 4
  zroute call tcp://127.0.0.1:5555 plus '[1,2,3]'
  zroute list tcp://127.0.0.1:5555 'math.*'
  zroute top tcp://127.0.0.1:5555

Exit codes: 0 answer, 1 fault of the function, 2 no answer in time, 64 wrong usage."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve(Box<serve::Arguments>),
    Services(services::Arguments),
    Watch(watch::Arguments),
    Call(call::Arguments),
    Ping(ping::Arguments),
    List(list::Arguments),
    Top(top::Arguments),
    Bench(bench::Arguments),
    Keygen(keygen::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

fn main() -> ExitCode {
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(error) => return refused(&error),
    };
    let ended = match command {
        Command::Serve(arguments) => arguments.run(),
        Command::Services(arguments) => arguments.run(),
        Command::Watch(arguments) => arguments.run(),
        Command::Call(arguments) => arguments.run(),
        Command::Ping(arguments) => arguments.run(),
        Command::List(arguments) => arguments.run(),
        Command::Top(arguments) => arguments.run(),
        Command::Bench(arguments) => arguments.run(),
        Command::Keygen(arguments) => arguments.run(),
        Command::Completions(arguments) => arguments.run(),
        Command::Man(arguments) => arguments.run(),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// Prints what clap has to say: a help text that was asked for, or what is wrong.
fn refused(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if error.use_stderr() {
        Exit::Usage.into()
    } else {
        ExitCode::SUCCESS
    }
}
