//! `zroute list`.

use clap::Args;

use crate::failure::Failure;

#[derive(Args)]
pub struct Arguments {}

impl Arguments {
    #[allow(clippy::unused_self)]
    pub fn run(&self) -> Result<(), Failure> {
        Ok(())
    }
}
