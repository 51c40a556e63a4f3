//! `zroute man`: the manual pages, made from the same texts as `--help`.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, CommandFactory};

use crate::Cli;
use crate::failure::Failure;

/// Print the manual page, or write those of all subcommands
#[derive(Args)]
#[command(after_help = "\
Examples:
  zroute man | man -l -
  zroute man --out /usr/local/share/man/man1

`make install` lays them down.")]
pub struct Arguments {
    /// Write zroute.1, zroute-call.1 and so on into this folder, which is made if it is not there
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Arguments {
    pub fn run(&self) -> Result<(), Failure> {
        let Some(folder) = &self.out else {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut page)?;
            return Ok(std::io::stdout().write_all(&page)?);
        };
        std::fs::create_dir_all(folder)
            .and_then(|()| clap_mangen::generate_to(Cli::command(), folder))
            .map_err(|error| Failure::file("the manual pages cannot be written to", folder, &error))
    }
}
