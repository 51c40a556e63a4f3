//! One request to an agent's HTTP API. Documented at
//! <https://developer.hashicorp.com/consul/api-docs>.

use std::fmt::Write;
use std::io::Read;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::config::{AutoHeaderValue, Config};
use ureq::http::Response;

use super::error::excerpt;
use super::url::encoded;
use super::{AgentAddress, Error};

/// No answer may be longer; it has room for 4,000 instances of one service. What
/// is read from it is read piece by piece: a tree of all of it could take a
/// hundred times as much.
const LONGEST_ANSWER: u64 = 8 * 1024 * 1024;
/// How long a request may take that Consul does not hold.
const PATIENCE: Duration = Duration::from_secs(5);
/// The same for who follows a list. A Consul that makes a list for each of a thousand is
/// late with all of them, and making them anew would take it as long.
const LONG_PATIENCE: Duration = Duration::from_secs(20);
const CONNECT: Duration = Duration::from_secs(3);
/// To read and to write with: a long list is read in pieces, and each page of memory
/// that a process touches for the first time costs as much as reading it.
const BUFFER: usize = 16 * 1024;

/// A connection to an agent, which it keeps open between requests. Proxies of
/// the environment are not used and redirects not followed: the token is for
/// this agent alone.
pub(super) struct Consul {
    agent: Agent,
    address: AgentAddress,
    base: String,
    /// Its host is a name, not an address in figures.
    is_named: bool,
    patience: Duration,
}

/// What a query was answered.
pub(super) struct Answer {
    pub(super) body: Vec<u8>,
    /// `X-Consul-Index`, if there is a usable one.
    pub(super) index: Option<u64>,
}

/// How a query is held until something changes.
pub(super) struct Hold {
    pub(super) index: u64,
    pub(super) wait: Duration,
}

impl Consul {
    /// Reads the certificates where https is asked for; connects with the first
    /// request.
    pub(super) fn new(address: &AgentAddress) -> Result<Self, Error> {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .timeout_connect(Some(CONNECT))
            .input_buffer_size(BUFFER)
            .output_buffer_size(BUFFER)
            .max_idle_connections(1)
            .max_idle_connections_per_host(1)
            .user_agent(AutoHeaderValue::Provided(
                concat!("zroute/", env!("CARGO_PKG_VERSION"))
                    .to_string()
                    .into(),
            ));
        Ok(Self {
            agent: secured(config, address)?.new_agent(),
            address: address.clone(),
            base: address.base(),
            is_named: address.host.parse::<IpAddr>().is_err(),
            patience: PATIENCE,
        })
    }

    /// For who follows a list, in the background.
    pub(super) fn patient(mut self) -> Self {
        self.patience = LONG_PATIENCE;
        self
    }

    /// Ends the request in flight, which another thread waits for, and refuses
    /// all that follow.
    pub(super) fn hang_up(&self) {
        self.agent.clone().shutdown();
    }

    /// A query, held if that is asked for. The parameters are pairs of a name
    /// and a value that is not encoded yet.
    pub(super) fn get(
        &self,
        path: &str,
        parameters: &[(&str, &str)],
        hold: Option<&Hold>,
    ) -> Result<Answer, Error> {
        let mut query = String::new();
        for (name, value) in parameters {
            let mark = if query.is_empty() { '?' } else { '&' };
            let _ = write!(query, "{mark}{name}={}", encoded(value));
        }
        let mut patience = self.patience;
        if let Some(Hold { index, wait }) = hold {
            let mark = if query.is_empty() { '?' } else { '&' };
            let _ = write!(query, "{mark}index={index}&wait={}s", wait.as_secs().max(1));
            // Consul adds up to a sixteenth of the wait by chance.
            patience += *wait + *wait / 8;
        }
        let said = || format!("GET {path}");
        let mut request = self.agent.get(format!("{}{path}{query}", self.base));
        if let Some(token) = self.token()? {
            request = request.header("X-Consul-Token", token);
        }
        // A limit for all of it would have ureq start a thread to look the host up,
        // in figures too; that is a third of the time to a first list.
        let response = request
            .config()
            .timeout_resolve(self.is_named.then_some(PATIENCE))
            .timeout_send_request(Some(PATIENCE))
            .timeout_recv_response(Some(patience))
            .timeout_recv_body(Some(self.patience))
            .build()
            .call()
            .map_err(|error| self.unreachable(said(), &error))?;
        let index = response
            .headers()
            .get("X-Consul-Index")
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.parse().ok())
            .filter(|index| *index > 0);
        let body = self.checked(said, response)?;
        Ok(Answer { body, index })
    }

    /// A change. Only its success is of interest.
    pub(super) fn put(&self, path: &str, query: &str, body: Option<&Value>) -> Result<(), Error> {
        let said = || format!("PUT {path}");
        let mut request = self.agent.put(format!("{}{path}{query}", self.base));
        if let Some(token) = self.token()? {
            request = request.header("X-Consul-Token", token);
        }
        let request = request.config().timeout_global(Some(PATIENCE)).build();
        let response = match body {
            Some(body) => request
                .header("Content-Type", "application/json")
                .send(body.to_string()),
            None => request.send_empty(),
        };
        let response = response.map_err(|error| self.unreachable(said(), &error))?;
        self.checked(said, response).map(drop)
    }

    /// The body of a good answer.
    fn checked(
        &self,
        said: impl Fn() -> String,
        response: Response<ureq::Body>,
    ) -> Result<Vec<u8>, Error> {
        let status = response.status().as_u16();
        let mut body = Vec::new();
        response
            .into_body()
            .into_reader()
            .take(LONGEST_ANSWER + 1)
            .read_to_end(&mut body)
            .map_err(|error| Error::Unreachable {
                request: said(),
                agent: self.base.clone(),
                reason: error.to_string(),
            })?;
        if !(200..300).contains(&status) {
            return Err(Error::Refused {
                request: said(),
                agent: self.base.clone(),
                status,
                said: excerpt(&body),
            });
        }
        if body.len() as u64 > LONGEST_ANSWER {
            return Err(self.garbled(
                said(),
                format!("expected at most {LONGEST_ANSWER} bytes, and more came"),
            ));
        }
        Ok(body)
    }

    fn token(&self) -> Result<Option<String>, Error> {
        let token = match (&self.address.token, &self.address.token_file) {
            (Some(token), _) => token.clone(),
            (None, Some(file)) => token_in(file)?,
            (None, None) => return Ok(None),
        };
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            let from = match (&self.address.token, &self.address.token_file) {
                (None, Some(file)) => format!("ACL token in {}", file.display()),
                _ => "ACL token".to_string(),
            };
            return Err(Error::unusable(
                &from,
                "expected visible ASCII characters, as Consul makes them",
            ));
        }
        Ok(Some(token))
    }

    pub(super) fn garbled(&self, request: String, reason: String) -> Error {
        Error::Garbled {
            request,
            agent: self.base.clone(),
            reason,
        }
    }

    fn unreachable(&self, request: String, error: &ureq::Error) -> Error {
        Error::Unreachable {
            request,
            agent: self.base.clone(),
            reason: error.to_string(),
        }
    }
}

fn token_in(file: &Path) -> Result<String, Error> {
    Ok(read_bounded(file, 4096)?.trim().to_string())
}

/// A text file that somebody may have put anything into.
pub(super) fn read_bounded(file: &Path, longest: u64) -> Result<String, Error> {
    let operation = || format!("read {}", file.display());
    let mut text = String::new();
    std::fs::File::open(file)
        .and_then(|opened| opened.take(longest + 1).read_to_string(&mut text))
        .map_err(|error| Error::system(operation(), &error))?;
    if text.len() as u64 > longest {
        return Err(Error::System {
            operation: operation(),
            reason: format!("it is longer than {longest} bytes"),
        });
    }
    Ok(text)
}

type Builder = ureq::config::ConfigBuilder<ureq::typestate::AgentScope>;

#[cfg(not(feature = "discovery-tls"))]
fn secured(builder: Builder, address: &AgentAddress) -> Result<Config, Error> {
    if address.secure {
        return Err(Error::unusable(
            &address.base(),
            "this library was built without https; build it with the feature discovery-tls",
        ));
    }
    Ok(builder.build())
}

#[cfg(feature = "discovery-tls")]
fn secured(builder: Builder, address: &AgentAddress) -> Result<Config, Error> {
    use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

    /// Where Debian and Red Hat keep what the machine trusts.
    const SYSTEM: [&str; 2] = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
    ];
    const LONGEST_BUNDLE: u64 = 4 * 1024 * 1024;
    if !address.secure {
        return Ok(builder.build());
    }
    let bundle = match &address.ca_file {
        Some(file) => Some(file.as_path()),
        None => SYSTEM.iter().map(Path::new).find(|file| file.exists()),
    };
    let Some(bundle) = bundle else {
        return Err(Error::unusable(
            &address.base(),
            "this system has no list of certificates; name one with ca-file",
        ));
    };
    let pem = read_bounded(bundle, LONGEST_BUNDLE)?;
    let trusted: Vec<_> = parse_pem(pem.as_bytes())
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if trusted.is_empty() {
        return Err(Error::unusable(
            &bundle.display().to_string(),
            "expected certificates in PEM form, and found none",
        ));
    }
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&trusted))
        .build();
    Ok(builder.tls_config(tls).build())
}
