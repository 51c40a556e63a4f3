//! `zroute serve`: a supervisor of PHP workers.

use clap::Args;

use crate::failure::Failure;

/// Serve PHP functions with several worker processes
#[derive(Args)]
pub struct Arguments {}

impl Arguments {
    #[allow(clippy::unused_self)]
    pub fn run(&self) -> Result<(), Failure> {
        Err(Failure::Usage("serve is not there yet".to_string()))
    }
}
