//! `zroute keygen`: a CURVE key pair.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use zroute::transport::KeyPair;

use crate::failure::Failure;
use crate::key_file;

/// Make a CURVE key pair
///
/// The secret key stays with its owner, a server or a client; the public key is told to the
/// others. The file has the form of CZMQ's certificates.
#[derive(Args)]
#[command(after_help = "\
Examples:
  zroute keygen --out server.key        writes both keys, prints the public one
  zroute call --curve-server-key \"$KEY\" tcp://10.0.0.1:5555 plus '[1,2]'
  zroute keygen --json | jq -r .public_key")]
pub struct Arguments {
    /// Write the pair to a new file that only you may read (mode 0600), and print the public key
    /// alone. A file that is there is never overwritten
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Print {"public_key": …, "secret_key": …}; with --out only the public key
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub fn run(&self) -> Result<(), Failure> {
        let pair = KeyPair::generate()?;
        if let Some(path) = &self.out {
            key_file::write(path, &pair)?;
        }
        let text = match (&self.out, self.json) {
            (Some(_), false) => format!("{}\n", pair.public_key),
            (None, false) => key_file::text(&pair),
            (Some(_), true) => format!("{}\n", serde_json::json!({"public_key": pair.public_key})),
            (None, true) => {
                let KeyPair {
                    public_key,
                    secret_key,
                } = &pair;
                let both = serde_json::json!({"public_key": public_key, "secret_key": secret_key});
                format!("{both}\n")
            }
        };
        Ok(std::io::stdout().write_all(text.as_bytes())?)
    }
}
