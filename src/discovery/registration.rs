//! A server made known to Consul, and its check passed while it is alive.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::json;

use super::background::{self, Going};
use super::consul::Consul;
use super::error::excerpt;
use super::pace::{Pace, shortened};
use super::url::{bad_name, encoded, is_host, is_name};
use super::{AgentAddress, Error, Timing, Url};
use crate::transport::fork;

/// What Consul is told of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The agent on the server's machine.
    pub agent: AgentAddress,
    /// The service's name: letters, digits, `-`, `.` and `_`.
    pub name: String,
    /// What tells this server from others on the same agent; at most 255
    /// visible characters.
    pub id: String,
    /// The address that clients connect to; none for the node's.
    pub address: Option<String>,
    /// The port that clients connect to.
    pub port: u16,
    /// Tags, by which clients may choose.
    pub tags: Vec<String>,
    /// Names and texts. `version` and `protocol` are those that clients may
    /// choose by.
    pub meta: BTreeMap<String, String>,
    /// For so long a pass of the check counts; at least 1 s. It is passed after
    /// two thirds of it.
    pub ttl: Duration,
    /// So long after its last pass Consul forgets a server that did not take
    /// its leave. Consul's least is one minute.
    pub forget_after: Duration,
}

impl Service {
    /// A server of the service that the URL names, with the URL's tags, version
    /// and protocol (`zmq` if it says none). `id` is `name-address-port`; a
    /// check counts for 15 s.
    pub fn new(url: &Url, address: Option<&str>, port: u16) -> Result<Self, Error> {
        let name = url.service()?.to_string();
        if url.datacenter.is_some() || url.stale {
            return Err(Error::unusable(
                &url.to_string(),
                "a server is registered with the agent of its machine; dc and stale are for clients",
            ));
        }
        let mut meta = BTreeMap::new();
        if let Some(version) = &url.version {
            meta.insert("version".to_string(), version.clone());
        }
        let protocol = url.protocol.as_deref().unwrap_or("zmq");
        meta.insert("protocol".to_string(), protocol.to_string());
        let host = match address {
            Some(address) => address.to_string(),
            None => host_name(),
        };
        Ok(Self {
            agent: url.agent.clone(),
            id: format!("{name}-{host}-{port}"),
            name,
            address: address.map(ToString::to_string),
            port,
            tags: url.tags.clone(),
            meta,
            ttl: Duration::from_secs(15),
            forget_after: Duration::from_secs(60),
        })
    }

    /// Whether all of it can be used.
    pub fn check(&self) -> Result<(), Error> {
        if !is_name(&self.name) {
            return Err(Error::unusable(&self.name, bad_name(&self.name)));
        }
        if !is_line(&self.id) {
            return Err(Error::unusable(
                &self.id,
                "an id has 1 to 255 visible characters",
            ));
        }
        if let Some(address) = &self.address
            && (!is_host(address) || is_any(address))
        {
            return Err(Error::unusable(
                address,
                "expected the address that clients connect to, without brackets and port",
            ));
        }
        if self.port == 0 {
            return Err(Error::unusable(
                "port 0",
                "expected the port that was bound",
            ));
        }
        let texts = self.tags.iter().chain(self.meta.keys());
        if let Some(bad) = texts.chain(self.meta.values()).find(|text| !is_line(text)) {
            return Err(Error::unusable(
                bad,
                "tags and meta have 1 to 255 visible characters",
            ));
        }
        if self.ttl < Duration::from_secs(1) {
            return Err(Error::unusable(
                &format!("ttl {:?}", self.ttl),
                "a check counts for 1 s or longer",
            ));
        }
        Ok(())
    }

    /// As Consul takes it. One that answers itself is passing from the start: if that
    /// came as a change of its own, each client would get the whole list twice.
    fn as_json(&self, is_well: bool) -> serde_json::Value {
        json!({
            "ID": self.id,
            "Name": self.name,
            "Address": self.address.as_deref().unwrap_or_default(),
            "Port": self.port,
            "Tags": self.tags,
            "Meta": self.meta,
            "Check": {
                "TTL": format!("{}ms", self.ttl.as_millis()),
                "DeregisterCriticalServiceAfter": format!("{}s", self.forget_after.as_secs()),
                "Status": if is_well { "passing" } else { "critical" },
            },
        })
    }
}

fn is_line(text: &str) -> bool {
    !text.is_empty() && text.len() <= 255 && !text.contains(char::is_control)
}

/// Whether it is every address of this machine and none that leads here.
fn is_any(address: &str) -> bool {
    address
        .parse::<std::net::IpAddr>()
        .is_ok_and(|address| address.is_unspecified())
}

fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map(|name| name.trim().to_string())
        .ok()
        .filter(|name| is_host(name))
        .unwrap_or_else(|| "localhost".to_string())
}

/// Tells whether a server does its work.
pub trait Probe: Send {
    /// Asks the server something that only a working one answers, and takes no
    /// longer than `limit`. Runs on the registration's thread; while it does
    /// not return, no check passes. An error says what is wrong, in a few words.
    fn check(&mut self, limit: Duration) -> Result<(), String>;
}

impl<F: FnMut(Duration) -> Result<(), String> + Send> Probe for F {
    fn check(&mut self, limit: Duration) -> Result<(), String> {
        self(limit)
    }
}

/// Where a registration stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing has succeeded yet.
    Beginning,
    /// Consul knows the server as healthy.
    Passing,
    /// The server did not answer itself; Consul knows it as critical.
    Critical {
        /// The probe's words.
        reason: String,
    },
    /// Consul does not answer as it should; it is asked again.
    Away {
        /// What happened.
        error: Error,
    },
    /// It was taken back.
    Left,
}

/// What a registration has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// How often the service was registered: more than once when Consul forgot.
    pub registered: u64,
    /// How often the check passed.
    pub passed: u64,
    /// How often the probe failed.
    pub failed: u64,
    /// Requests that Consul did not answer, or refused.
    pub errors: u64,
}

/// A server that Consul knows as long as this lives.
///
/// Dropping it takes it back as [`Registration::leave`] with one second does; in
/// a forked child it does nothing.
pub struct Registration {
    shared: Arc<Shared>,
    process: u32,
    has_left: bool,
}

struct Shared {
    service: Service,
    going: Arc<Going>,
    consul: Consul,
    status: Mutex<(State, Counters)>,
}

impl Registration {
    /// Registers a server, from a thread of its own, and again whenever Consul
    /// forgets it. Does not wait for Consul. Errors: a description that cannot
    /// be used, files that cannot be read, no thread.
    pub fn begin(service: Service, probe: impl Probe + 'static) -> Result<Self, Error> {
        Self::begin_with(service, probe, &Timing::default())
    }

    /// [`Registration::begin`] with other times.
    pub fn begin_with(
        service: Service,
        probe: impl Probe + 'static,
        timing: &Timing,
    ) -> Result<Self, Error> {
        service.check()?;
        fork::watch();
        let shared = Arc::new(Shared {
            consul: Consul::new(&service.agent)?,
            service,
            going: Arc::default(),
            status: Mutex::new((State::Beginning, Counters::default())),
        });
        let running = Arc::clone(&shared);
        let pace = Pace::new(timing);
        background::start("zroute-register", &shared.going, move || {
            running.run(probe, pace);
        })?;
        Ok(Self {
            shared,
            process: fork::generation(),
            has_left: false,
        })
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> State {
        self.status().0
    }

    /// What it has done so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.status().1
    }

    /// What Consul is told.
    #[must_use]
    pub fn service(&self) -> &Service {
        &self.shared.service
    }

    /// Takes the server out of Consul, so that no new client finds it: before it
    /// stops to serve. Takes no longer than `limit`; when that is over, or on an
    /// error, Consul finds out by the check. A second call does nothing.
    pub fn leave(&mut self, limit: Duration) -> Result<(), Error> {
        if self.has_left || self.process != fork::generation() {
            return Ok(());
        }
        self.has_left = true;
        let until = Instant::now() + limit;
        self.shared.going.end();
        self.shared.consul.hang_up();
        // A pass that is under way may not come after the leave; a probe that
        // does not return can send none.
        self.shared
            .going
            .wait_until_over(Instant::now() + limit / 4);
        let service = &self.shared.service;
        let agent = Consul::new(&service.agent)?;
        let path = format!("/v1/agent/service/deregister/{}", encoded(&service.id));
        let left = Arc::new(Going::default());
        let outcome = Arc::new(Mutex::new(None));
        let answer = Arc::clone(&outcome);
        background::start("zroute-leave", &left, move || {
            let result = background::guarded(|| agent.put(&path, "", None));
            *answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        })?;
        left.wait_until_over(until);
        let result = outcome
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        match result {
            Some(Ok(())) => {
                self.shared.locked().0 = State::Left;
                Ok(())
            }
            // It had forgotten already.
            Some(Err(error)) if error.is_unknown() => {
                self.shared.locked().0 = State::Left;
                Ok(())
            }
            Some(Err(error)) => Err(error),
            None => Err(Error::Unreachable {
                request: format!("deregister {}", service.id),
                agent: service.agent.base(),
                reason: format!(
                    "nothing within {limit:?}; Consul finds out when the check is not passed"
                ),
            }),
        }
    }

    fn status(&self) -> (State, Counters) {
        if self.process != fork::generation() {
            // The lock may be held for ever by a thread that is not here.
            return (State::Left, Counters::default());
        }
        self.shared.locked().clone()
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let _ = self.leave(Duration::from_secs(1));
    }
}

impl Shared {
    fn run(&self, mut probe: impl Probe, mut pace: Pace) {
        let every = self.service.ttl * 2 / 3;
        let mut is_registered = false;
        loop {
            let began = Instant::now();
            let health = catch_unwind(AssertUnwindSafe(|| probe.check(every / 2)))
                .unwrap_or_else(|_| Err("the probe has a defect".to_string()));
            let asked = Instant::now();
            let told = background::guarded(|| self.tell(&health, &mut is_registered));
            if self.going.is_ended() {
                return;
            }
            let pause = match told {
                Ok(()) if health.is_ok() => {
                    pace.succeeded();
                    shortened(every).saturating_sub(began.elapsed())
                }
                // It is looked at more often, so that it is soon back.
                Ok(()) => every.min(Duration::from_secs(1)),
                Err(_) => pace.failed(asked.elapsed()).min(every),
            };
            self.note(health, told);
            if !self.going.pause(pause) {
                return;
            }
        }
    }

    /// Tells Consul how the server is, and of the server itself if it does not
    /// know it.
    fn tell(&self, health: &Result<(), String>, is_registered: &mut bool) -> Result<(), Error> {
        if *is_registered {
            match self.update(health) {
                Err(error) if error.is_forgotten() => *is_registered = false,
                result => return result,
            }
        }
        self.consul.put(
            "/v1/agent/service/register",
            "?replace-existing-checks=true",
            Some(&self.service.as_json(health.is_ok())),
        )?;
        *is_registered = true;
        self.locked().1.registered += 1;
        if health.is_ok() {
            return Ok(());
        }
        self.update(health)
    }

    fn update(&self, health: &Result<(), String>) -> Result<(), Error> {
        let (verb, note) = match health {
            Ok(()) => ("pass", "the server answers itself"),
            Err(reason) => ("fail", reason.as_str()),
        };
        let id = encoded(&self.service.id);
        let note = encoded(&excerpt(note.as_bytes()));
        self.consul.put(
            &format!("/v1/agent/check/{verb}/service:{id}"),
            &format!("?note={note}"),
            None,
        )
    }

    fn note(&self, health: Result<(), String>, told: Result<(), Error>) {
        let mut status = self.locked();
        let counters = &mut status.1;
        counters.failed += u64::from(health.is_err());
        counters.errors += u64::from(told.is_err());
        counters.passed += u64::from(health.is_ok() && told.is_ok());
        status.0 = match (told, health) {
            (Err(error), _) => State::Away { error },
            (Ok(()), Ok(())) => State::Passing,
            (Ok(()), Err(reason)) => State::Critical { reason },
        };
    }

    fn locked(&self) -> MutexGuard<'_, (State, Counters)> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service() -> Service {
        let url = Url::parse("consul:///time-service?tag=rpc&version=1.0").unwrap();
        Service::new(&url, Some("10.0.0.1"), 5555).unwrap()
    }

    #[test]
    fn a_url_says_what_is_registered() {
        let service = service();
        assert_eq!(service.id, "time-service-10.0.0.1-5555");
        assert_eq!(service.tags, ["rpc"]);
        assert_eq!(service.meta["version"], "1.0");
        assert_eq!(service.meta["protocol"], "zmq");
        assert!(service.check().is_ok());
        let body = service.as_json(true);
        assert_eq!(body["Check"]["TTL"], "15000ms");
    }

    #[test]
    fn a_description_that_cannot_be_used_is_refused() {
        type Change = fn(&mut Service);
        let change: [(&str, Change); 8] = [
            ("letters", |service| service.name = "a'b".to_string()),
            ("id", |service| service.id.clear()),
            ("clients connect to", |service| {
                service.address = Some("0.0.0.0".to_string());
            }),
            ("clients connect to", |service| {
                service.address = Some("*".to_string());
            }),
            ("was bound", |service| service.port = 0),
            ("visible", |service| service.tags.push("a\nb".to_string())),
            ("visible", |service| {
                service.meta.insert(String::new(), "x".to_string());
            }),
            ("1 s", |service| service.ttl = Duration::from_millis(1)),
        ];
        for (expected, change) in change {
            let mut service = service();
            change(&mut service);
            let error = service.check().unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        for url in [
            "consul://127.0.0.1",
            "consul:///a?dc=x",
            "consul:///a?stale=1",
        ] {
            assert!(Service::new(&Url::parse(url).unwrap(), None, 1).is_err());
        }
    }
}
