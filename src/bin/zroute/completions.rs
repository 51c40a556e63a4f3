//! `zroute completions`: what a shell needs to complete the command.

use std::io::Write;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::Cli;
use crate::failure::Failure;

/// Print completions for a shell
#[derive(Args)]
#[command(after_help = "\
Examples:
  zroute completions bash > ~/.local/share/bash-completion/completions/zroute
  zroute completions zsh > ~/.zfunc/_zroute        # with ~/.zfunc in $fpath
  zroute completions fish > ~/.config/fish/completions/zroute.fish

`make install` lays down those of bash, zsh and fish.")]
pub struct Arguments {
    /// For which shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Arguments {
    pub fn run(&self) -> Result<(), Failure> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "zroute", &mut text);
        Ok(std::io::stdout().write_all(&text)?)
    }
}
