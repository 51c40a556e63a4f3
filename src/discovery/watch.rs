//! Every service with a tag, kept up to date.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::os::fd::RawFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde_json::Value;
use serde_json::value::RawValue;

use super::background::{self, Going};
use super::blocking::Index;
use super::consul::{Consul, Hold};
use super::follower::{Subscription, of_the_catalogue};
use super::instance::{piece, unfit};
use super::pace::Pace;
use super::resolver::new_wake;
use super::url::{bad_name, is_name};
use super::{Error, Instance, Timing, Url, WhenEmpty};
use crate::transport::{Stop, Wake, fork};

/// So many services are followed at most, each by a thread: those whose names
/// come first.
const MOST_SERVICES: usize = 256;

/// Consul's own servers, which are in every catalogue: nobody calls them.
const CONSUL: &str = "consul";

/// Follows all services that carry the tags of a URL without a service:
/// `consul://127.0.0.1:8500?tag=rpc`. Without a tag, all but Consul's own, `consul`.
pub struct Watch {
    shared: Arc<Shared>,
    wake: Wake,
    process: u32,
}

/// What is known of the services.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Services {
    /// The instances of each service by its name, as in
    /// [`Snapshot`](super::Snapshot).
    pub by_name: BTreeMap<String, Arc<[Instance]>>,
    /// Names that cannot be used and services beyond what is followed.
    pub warnings: Vec<String>,
}

struct Shared {
    url: Url,
    timing: Timing,
    consul: Consul,
    going: Arc<Going>,
    bell: Stop,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    is_known: bool,
    followed: BTreeMap<String, Subscription>,
    warnings: Vec<String>,
    trouble: Option<Error>,
}

impl Watch {
    /// Begins. Does not wait for Consul. Errors: a URL with a service, files
    /// that cannot be read, no thread.
    pub fn open(url: &Url) -> Result<Self, Error> {
        Self::open_with(url, &Timing::default())
    }

    /// [`Watch::open`] with other times.
    pub fn open_with(url: &Url, timing: &Timing) -> Result<Self, Error> {
        if url.service.is_some() {
            return Err(Error::unusable(
                &url.to_string(),
                "expected an agent and tags, not one service: consul://host:port?tag=…",
            ));
        }
        fork::watch();
        let wake = new_wake()?;
        let shared = Arc::new(Shared {
            url: url.clone(),
            timing: timing.clone(),
            consul: Consul::new(&url.agent)?.patient(),
            going: Arc::default(),
            bell: wake.stop(),
            state: Mutex::default(),
        });
        let running = Arc::clone(&shared);
        background::start("zroute-watch", &shared.going, move || running.run())?;
        Ok(Self {
            shared,
            wake,
            process: fork::generation(),
        })
    }

    /// What is known now; none until Consul has answered for each service. A
    /// service that has left the catalogue is left out, but when all have left
    /// it at once the last ones stay, unless the URL says `when-empty=clear`.
    #[must_use]
    pub fn services(&self) -> Option<Services> {
        if self.process != fork::generation() {
            return None;
        }
        let state = self.shared.locked();
        if !state.is_known {
            return None;
        }
        let mut by_name = BTreeMap::new();
        for (name, subscription) in &state.followed {
            let latest = subscription.latest();
            if latest.generation == 0 {
                return None;
            }
            by_name.insert(name.clone(), latest.instances);
        }
        Some(Services {
            by_name,
            warnings: state.warnings.clone(),
        })
    }

    /// Why Consul cannot be asked at present, if so.
    #[must_use]
    pub fn trouble(&self) -> Option<Error> {
        if self.process != fork::generation() {
            return None;
        }
        let state = self.shared.locked();
        let of_services = || {
            let mut all = state.followed.values();
            all.find_map(|subscription| subscription.latest().trouble)
        };
        state.trouble.clone().or_else(of_services)
    }

    /// Readable from a change until [`Watch::clear`]. It stays the watch's.
    #[must_use]
    pub fn descriptor(&self) -> RawFd {
        self.wake.descriptor()
    }

    /// Makes the descriptor unreadable again. Look after it, not before.
    pub fn clear(&self) {
        self.wake.clear();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if self.process == fork::generation() {
            self.shared.going.end();
            self.shared.consul.hang_up();
        }
    }
}

impl Shared {
    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut index = Index::default();
        let mut pace = Pace::new(&self.timing);
        loop {
            let hold = index.hold(&pace, self.url.wait);
            let asked = Instant::now();
            let ask = || names_with_tags(&self.consul, &self.url, hold.as_ref());
            let answer = background::guarded(ask)
                .and_then(|(names, answered)| self.take(names).map(|()| answered));
            let pause = match answer {
                Ok(answered) => {
                    self.note(None);
                    let waited = hold.map(|hold| hold.wait);
                    pace.answered(index.take(answered), waited, asked.elapsed())
                }
                Err(error) => {
                    index = Index::default();
                    self.note(Some(error));
                    pace.failed(asked.elapsed())
                }
            };
            if !self.going.pause(pause) {
                return;
            }
        }
    }

    fn take(&self, mut names: Vec<String>) -> Result<(), Error> {
        names.sort();
        if self.url.tags.is_empty() {
            names.retain(|name| name != CONSUL);
        }
        let mut warnings = Vec::new();
        names.retain(|name| {
            let is_usable = is_name(name);
            if !is_usable && warnings.len() < MOST_SERVICES {
                warnings.push(bad_name(name));
            }
            is_usable
        });
        if names.len() > MOST_SERVICES {
            warnings.push(format!(
                "{} services are too many; the first {MOST_SERVICES} are followed",
                names.len()
            ));
            names.truncate(MOST_SERVICES);
        }
        warnings.extend(same_constants(&names));
        let mut state = self.locked();
        if names.is_empty() && self.url.when_empty == WhenEmpty::Keep && !state.followed.is_empty()
        {
            return Ok(());
        }
        let before = state.followed.len();
        state.followed.retain(|name, _| names.contains(name));
        let mut is_new = !state.is_known || before != state.followed.len();
        for name in names {
            if let Entry::Vacant(vacant) = state.followed.entry(name) {
                let mut url = self.url.clone();
                url.service = Some(vacant.key().clone());
                vacant.insert(Subscription::open(&url, &self.timing, self.bell)?);
                is_new = true;
            }
        }
        is_new |= state.warnings != warnings;
        state.warnings = warnings;
        state.is_known = true;
        drop(state);
        if is_new {
            self.bell.ring();
        }
        Ok(())
    }

    fn note(&self, trouble: Option<Error>) {
        let mut state = self.locked();
        if state.trouble != trouble {
            state.trouble = trouble;
            drop(state);
            self.bell.ring();
        }
    }
}

/// The names of the services that carry all tags, and the answer's index.
pub(super) fn names_with_tags(
    consul: &Consul,
    url: &Url,
    hold: Option<&Hold>,
) -> Result<(Vec<String>, Option<u64>), Error> {
    const PATH: &str = "/v1/catalog/services";
    let parameters: Vec<_> = of_the_catalogue(url).collect();
    let answer = consul.get(PATH, &parameters, hold)?;
    let services: BTreeMap<String, &RawValue> =
        serde_json::from_slice(&answer.body).map_err(|error| {
            let expected = "a map of services to their tags";
            let reason = unfit(&answer.body, expected, &error);
            consul.garbled(format!("GET {PATH}"), reason)
        })?;
    let carries_all = |tags: &RawValue| {
        let tags = piece(tags);
        let tags = tags.as_ref().and_then(Value::as_array);
        let carries = |wanted: &String| {
            tags.into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .any(|tag| tag.eq_ignore_ascii_case(wanted))
        };
        url.tags.iter().all(carries)
    };
    let names = services
        .into_iter()
        .filter(|(_, tags)| carries_all(tags))
        .map(|(name, _)| name)
        .collect();
    Ok((names, answer.index))
}

/// A service's name as it stands in environment variables.
pub(super) fn constant(name: &str) -> String {
    name.to_ascii_uppercase().replace(['-', '.'], "_")
}

/// Names that environment variables cannot tell apart.
fn same_constants(names: &[String]) -> Vec<String> {
    let mut first = BTreeMap::new();
    names
        .iter()
        .filter_map(|name| {
            let constant = constant(name);
            let other = first.insert(constant.clone(), name)?;
            Some(format!(
                "the services '{other}' and '{name}' are both {constant} to configuration files"
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_become_one_are_told() {
        let names = ["a-b", "a.b", "c"].map(ToString::to_string);
        let warnings = same_constants(&names);
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].contains("'a-b' and 'a.b' are both A_B"));
    }
}
