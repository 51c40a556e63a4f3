//! A service whose servers are found by name.

use std::collections::HashSet;

use crate::discovery::{self, Resolver, Url};
use crate::transport::{Error, Wake};

/// One endpoint `consul://…`, and what the client has taken in of its list.
pub struct Service {
    resolver: Resolver,
    /// As it is named in messages.
    name: String,
    /// What its servers must have beside the name, for messages.
    wanted: String,
    seen: u64,
    /// Why a server of the list is not used.
    unusable: Option<String>,
}

/// Checks the text of such an endpoint.
pub fn check(endpoint: &str) -> Result<(), Error> {
    parse(endpoint).map(drop)
}

fn parse(endpoint: &str) -> Result<Url, Error> {
    let url = Url::parse(endpoint).map_err(|error| refused(endpoint, error))?;
    url.service().map_err(|error| refused(endpoint, error))?;
    Ok(url)
}

fn refused(endpoint: &str, error: discovery::Error) -> Error {
    let endpoint = endpoint.escape_debug().to_string();
    match error {
        discovery::Error::Unusable { reason, .. } => Error::Endpoint { endpoint, reason },
        other => Error::Unreachable {
            operation: "follow",
            endpoint,
            reason: other.to_string(),
        },
    }
}

/// What a server must have beside the name.
fn wanted(url: &Url) -> String {
    let tags = url.tags.iter().map(|tag| format!("the tag {tag}"));
    let version = url.version.iter().map(|of| format!("the version {of}"));
    let protocol = url.protocol.iter().map(|of| format!("the protocol {of}"));
    let wanted: Vec<_> = tags.chain(version).chain(protocol).collect();
    if wanted.is_empty() {
        String::new()
    } else {
        format!(" with {}", wanted.join(", "))
    }
}

impl Service {
    /// Begins to follow it; does not wait for Consul.
    pub fn open(endpoint: &str) -> Result<Self, Error> {
        let url = parse(endpoint)?;
        let resolver = Resolver::open(&url).map_err(|error| refused(endpoint, error))?;
        Ok(Self {
            resolver,
            name: url.to_string(),
            wanted: wanted(&url),
            seen: 0,
            unusable: None,
        })
    }

    /// The list of endpoints, if it is another than the last time.
    #[inline]
    pub fn changed(&mut self) -> Option<HashSet<String>> {
        if self.resolver.generation() == self.seen {
            return None;
        }
        let snapshot = self.resolver.snapshot();
        self.seen = snapshot.generation;
        Some(snapshot.endpoints().into_iter().collect())
    }

    /// Notes why a server of the list is not used, or that all are.
    pub fn set_unusable(&mut self, reason: Option<String>) {
        self.unusable = reason;
    }

    /// As it is named in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether Consul has answered.
    pub fn is_known(&self) -> bool {
        self.seen > 0
    }

    /// Rung when the list changes.
    pub fn bell(&self) -> &Wake {
        self.resolver.bell()
    }

    /// What is wrong with the list, of which the client has `used` servers.
    pub fn trouble(&self, used: usize) -> Option<String> {
        let snapshot = self.resolver.snapshot();
        let name = &self.name;
        match snapshot.trouble {
            Some(trouble) if used == 0 => Some(format!("{name}: no server is known: {trouble}")),
            Some(trouble) => Some(format!("{name}: the list may be old: {trouble}")),
            None if self.unusable.is_some() => self.unusable.clone(),
            None if snapshot.generation == 0 => {
                Some(format!("{name}: Consul has not answered yet"))
            }
            None if used == 0 => {
                let wanted = &self.wanted;
                Some(format!(
                    "{name}: Consul knows no healthy server of it{wanted}"
                ))
            }
            None => None,
        }
    }
}
