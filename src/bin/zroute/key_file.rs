//! Files with CURVE keys, in the form of CZMQ's certificates:
//!
//! ```text
//! curve
//!     public-key = "…40 characters of Z85…"
//!     secret-key = "…40 characters of Z85…"
//! ```

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use zroute::transport::KeyPair;
use zroute::transport::keys::{Half, read_key};

use crate::failure::Failure;

/// The text of a file with both keys.
pub fn text(pair: &KeyPair) -> String {
    format!(
        "# Made by `zroute keygen`. Whoever reads the secret key can pose as its owner.\n\
         curve\n    public-key = \"{}\"\n    secret-key = \"{}\"\n",
        pair.public_key, pair.secret_key
    )
}

/// Writes a new file that only its owner may read.
pub fn write(path: &Path, pair: &KeyPair) -> Result<(), Failure> {
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text(pair).as_bytes()))
        .map_err(|error| Failure::file("the keys cannot be written to", path, &error))
}

/// The public key in a file.
pub fn public_key(path: &Path) -> Result<String, Failure> {
    key(path, Half::Public)
}

/// The secret key in a file.
pub fn secret_key(path: &Path) -> Result<String, Failure> {
    key(path, Half::Secret)
}

/// Both keys, of which a file holds the secret one: it tells the other.
pub fn pair(path: &Path) -> Result<KeyPair, Failure> {
    KeyPair::of_secret(&secret_key(path)?).map_err(|error| Failure::Usage(error.to_string()))
}

fn key(path: &Path, half: Half) -> Result<String, Failure> {
    read_key(path, half)
        .map_err(|why| Failure::Usage(format!("{why}; `zroute keygen --out` writes one")))
}
