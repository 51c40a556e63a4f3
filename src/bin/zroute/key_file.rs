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

use crate::connection::read;
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

/// The public key in a file; one that holds a key and nothing else counts too.
pub fn public_key(path: &Path) -> Result<String, Failure> {
    let text = read("the key file", path)?;
    entry(&text, "public-key")
        .or_else(|| Some(text.trim()).filter(|text| text.len() == 40))
        .map(str::to_string)
        .ok_or_else(|| missing(path, "public-key"))
}

/// Both keys in a file.
pub fn pair(path: &Path) -> Result<KeyPair, Failure> {
    let text = read("the key file", path)?;
    let of = |name| {
        entry(&text, name)
            .map(str::to_string)
            .ok_or_else(|| missing(path, name))
    };
    Ok(KeyPair {
        public_key: of("public-key")?,
        secret_key: of("secret-key")?,
    })
}

fn entry<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == name).then(|| value.trim().trim_matches('"'))
    })
}

fn missing(path: &Path, name: &str) -> Failure {
    Failure::Usage(format!(
        "the key file {} has no line {name} = \"…\"; `zroute keygen --out` writes one",
        path.display()
    ))
}
