//! What Consul knows at one time, healthy or not.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::consul::Consul;
use super::follower::of_the_catalogue;
use super::instance::{Instance, entries, piece};
use super::url::encoded;
use super::watch::names_with_tags;
use super::{Error, Url};

/// How an instance is, by the worst of its checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// All checks pass, or there are none. Clients find it.
    Passing,
    /// A check warns. Clients do not find it.
    Warning,
    /// A check is critical, or says what is not known here. Clients do not find
    /// it.
    Critical,
}

/// An instance and how it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The instance.
    pub instance: Instance,
    /// How it is.
    pub health: Health,
    /// What the first of its worst checks says; empty if it says nothing.
    pub note: String,
}

/// Asks once for the service that a URL names, or for all services with its
/// tags, and for their instances, healthy or not. Waits for Consul, 5 s for each
/// service at most.
pub fn registered(url: &Url) -> Result<BTreeMap<String, Vec<Registered>>, Error> {
    let consul = Consul::new(&url.agent)?;
    let names = match &url.service {
        Some(name) => vec![name.clone()],
        None => names_with_tags(&consul, url, None)?.0,
    };
    let mut all = BTreeMap::new();
    for name in names {
        let path = format!("/v1/health/service/{}", encoded(&name));
        let parameters: Vec<_> = of_the_catalogue(url).collect();
        let answer = consul.get(&path, &parameters, None)?;
        let entries = entries(&answer.body)
            .map_err(|reason| consul.garbled(format!("GET {path}"), reason))?;
        let mut instances: Vec<_> = entries.iter().filter_map(|raw| read(raw, url)).collect();
        instances.sort_by(|one, other| one.instance.cmp(&other.instance));
        all.insert(name, instances);
    }
    Ok(all)
}

fn read(entry: &RawValue, url: &Url) -> Option<Registered> {
    let entry = piece(entry)?;
    let instance = Instance::read(&entry)?;
    let mut registered = Registered {
        health: Health::Passing,
        note: String::new(),
        instance,
    };
    let checks = entry.get("Checks").and_then(Value::as_array);
    for check in checks.into_iter().flatten() {
        let health = match check.get("Status").and_then(Value::as_str) {
            Some("passing") => Health::Passing,
            Some("warning") => Health::Warning,
            _ => Health::Critical,
        };
        if health > registered.health {
            let said = check.get("Output").and_then(Value::as_str);
            registered.note = said.unwrap_or_default().to_string();
            registered.health = health;
        }
    }
    registered.instance.is_wanted(url).then_some(registered)
}
