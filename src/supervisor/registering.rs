//! The server made known to Consul, as long as it serves.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::thread::JoinHandle;
use std::time::Duration;

use super::log::Log;
use crate::client::{self, Client, Outcome};
use crate::discovery::{Registration, Service, State, Url};
use crate::msgpack::{Malformed, Reader};
use crate::transport::{self, Address, Curve, Endpoint, KeyPair, background};

/// How long Consul may take to forget a server that ends.
const LEAVE: Duration = Duration::from_secs(1);

/// What Consul is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Register {
    /// The agent, and the service's name, tags, version and protocol.
    pub url: Url,
    /// Where clients connect to, if that is not where the server is bound.
    pub address: Option<String>,
    /// Tags besides those of the URL.
    pub tags: Vec<String>,
    /// Meta besides that of the URL, which it replaces.
    pub meta: BTreeMap<String, String>,
    /// For so long a pass of the check counts.
    pub ttl: Duration,
}

/// One server in Consul for each endpoint that other processes reach by TCP.
pub struct Registered(Vec<Known>);

struct Known {
    registration: Registration,
    told: State,
    /// How often it was registered when that was told.
    registered: u64,
}

impl Register {
    /// Whether servers at these endpoints can be registered.
    pub fn check(&self, endpoints: &[String]) -> Result<(), String> {
        for endpoint in endpoints {
            if let Some(service) = self.service(endpoint)? {
                return service.check().map_err(|error| error.to_string());
            }
        }
        Err(format!(
            "{} cannot be registered: no endpoint is tcp://",
            self.url
        ))
    }

    /// What is registered for an endpoint; none for one that is not TCP.
    fn service(&self, endpoint: &str) -> Result<Option<Service>, String> {
        let said = |error: &dyn std::fmt::Display| error.to_string();
        let endpoint = Endpoint::parse(endpoint).map_err(|error| said(&error))?;
        let Address::Tcp { host, port } = endpoint.address() else {
            return Ok(None);
        };
        let address = match &self.address {
            Some(address) => Some(address.as_str()),
            // The node's address leads to it.
            None if is_any(host) => None,
            None => Some(host.as_str()),
        };
        let mut service = Service::new(&self.url, address, *port).map_err(|error| said(&error))?;
        service.tags.extend_from_slice(&self.tags);
        service.meta.extend(self.meta.clone());
        service.ttl = self.ttl;
        Ok(Some(service))
    }
}

impl Registered {
    /// Begins to register; does not wait for Consul. `options` are the server's
    /// own, whose keys and passwords let the probe in.
    pub fn begin(
        register: &Register,
        endpoints: &[String],
        options: &transport::Options,
    ) -> Result<Self, String> {
        let mut all = Vec::new();
        for endpoint in endpoints {
            let Some(service) = register.service(endpoint)? else {
                continue;
            };
            let probe = Probe::new(endpoint, options)?;
            let registration =
                Registration::begin(service, move |limit: Duration| probe.check(limit))
                    .map_err(|error| error.to_string())?;
            all.push(Known {
                registration,
                told: State::Beginning,
                registered: 0,
            });
        }
        Ok(Self(all))
    }

    /// Tells the log what has changed.
    pub fn tell(&mut self, log: &mut Log) {
        for known in &mut self.0 {
            let state = known.registration.state();
            let registered = known.registration.counters().registered;
            let id = &known.registration.service().id;
            if registered > known.registered.max(1) {
                log.info(format_args!(
                    "{id} was registered again: Consul did not know it any more"
                ));
            }
            known.registered = registered;
            match &state {
                same if *same == known.told => continue,
                State::Passing => log.info(format_args!("{id} is passing in Consul")),
                State::Critical { reason } => {
                    log.warn(format_args!("{id} is critical in Consul: {reason}"));
                }
                // Again and again in other words.
                State::Away { .. } if matches!(known.told, State::Away { .. }) => {}
                State::Away { error } => log.warn(format_args!("{id}: {error}")),
                State::Beginning | State::Left => {}
            }
            known.told = state;
        }
    }

    /// Takes all of it back, in the background. What it could not, it tells.
    pub fn leave(self) -> std::io::Result<JoinHandle<Vec<String>>> {
        let leave_one = |mut known: Known| {
            let id = known.registration.service().id.clone();
            let left = known.registration.leave(LEAVE);
            left.err().map(|error| format!("{id}: {error}"))
        };
        background::spawn("zroute-leaving", move || {
            self.0.into_iter().filter_map(leave_one).collect()
        })
    }
}

fn is_any(host: &str) -> bool {
    host == "*"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|host| host.is_unspecified())
}

/// Calls the server as any caller does, through a connection of its own each
/// time.
struct Probe {
    endpoint: String,
    options: transport::Options,
}

impl Probe {
    fn new(endpoint: &str, server: &transport::Options) -> Result<Self, String> {
        let endpoint = match endpoint
            .strip_prefix("tcp://")
            .and_then(|at| at.rsplit_once(':'))
        {
            Some((host, port)) if is_any(host) => format!("tcp://127.0.0.1:{port}"),
            Some(("[::]", port)) => format!("tcp://[::1]:{port}"),
            _ => endpoint.to_string(),
        };
        let said = |error: transport::Error| error.to_string();
        let curve = match &server.curve {
            None => None,
            Some(Curve::Server {
                secret_key,
                allowed,
            }) => {
                let server_key = KeyPair::of_secret(secret_key).map_err(said)?.public_key;
                let pair = KeyPair::generate().map_err(said)?;
                if let Some(allowed) = allowed {
                    allowed.let_in(&pair.public_key);
                }
                Some(Curve::Client {
                    server_key,
                    pair: Some(pair),
                })
            }
            Some(Curve::Client { .. }) => {
                return Err("a server has a secret key of its own".to_string());
            }
        };
        Ok(Self {
            endpoint,
            options: transport::Options {
                curve,
                credentials: server.credentials.clone(),
                linger: Duration::ZERO,
                kind: server.kind,
                ..transport::Options::default()
            },
        })
    }

    fn check(&self, limit: Duration) -> Result<(), String> {
        let mut client = Client::new(client::Options {
            transport: self.options.clone(),
            ..client::Options::default()
        });
        let called = client
            .connect(&self.endpoint)
            .and_then(|()| client.call("zroute.stats", b"\x90", limit));
        match called {
            Ok(Outcome::Answer(stats)) => match stuck(stats.as_ref()) {
                Ok(reason) if reason.is_empty() => Ok(()),
                Ok(reason) => Err(reason),
                Err(_) => Err("it did not answer what it should".to_string()),
            },
            Ok(Outcome::Fault(fault)) => Err(format!("it answered itself: {fault}")),
            Ok(Outcome::NotConnected { trouble, .. }) => Err(format!(
                "it lets nobody in within {limit:?} at {}: {}",
                self.endpoint,
                trouble.join("; ")
            )),
            Ok(_) => Err(format!("it did not answer itself within {limit:?}")),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// What `zroute.stats` tells of `stuck`; empty for nothing.
fn stuck(stats: &[u8]) -> Result<String, Malformed> {
    let mut reader = Reader::new(stats);
    for _ in 0..reader.map()? {
        if reader.text()? == "stuck" {
            return reader.text().map(ToString::to_string);
        }
        reader.skip()?;
    }
    Ok(String::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(endpoint: &str, address: Option<&str>) -> Option<Service> {
        let register = Register {
            url: Url::parse("consul:///time?tag=rpc&version=1").unwrap(),
            address: address.map(ToString::to_string),
            tags: vec!["fast".to_string()],
            meta: BTreeMap::from([("version".to_string(), "2".to_string())]),
            ttl: Duration::from_secs(3),
        };
        register.service(endpoint).unwrap()
    }

    #[test]
    fn an_endpoint_is_registered_with_the_address_that_leads_there() {
        for (endpoint, expected) in [
            ("tcp://127.0.0.1:7", Some("127.0.0.1")),
            ("tcp://[::1]:7", Some("::1")),
            ("tcp://0.0.0.0:7", None),
            ("tcp://*:7", None),
            ("tcp://[::]:7", None),
        ] {
            let service = service(endpoint, None).unwrap();
            assert_eq!(service.address.as_deref(), expected, "{endpoint}");
            assert_eq!(service.port, 7);
        }
        let outside = service("tcp://*:7", Some("10.0.0.1")).unwrap();
        assert_eq!(outside.address.as_deref(), Some("10.0.0.1"));
        assert!(service("ipc:///tmp/a", None).is_none());
    }

    #[test]
    fn options_come_on_top_of_the_url() {
        let service = service("tcp://127.0.0.1:7", None).unwrap();
        assert_eq!(service.tags, ["rpc", "fast"]);
        assert_eq!(service.meta["version"], "2");
        assert_eq!(service.meta["protocol"], "zmq");
    }

    #[test]
    fn what_is_stuck_is_found_among_the_counters() {
        assert_eq!(stuck(b"\x82\xa1a\x91\x01\xa5stuck\xa3all").unwrap(), "all");
        assert_eq!(stuck(b"\x81\xa1a\x01").unwrap(), "");
        assert!(stuck(b"\x93").is_err());
    }
}
