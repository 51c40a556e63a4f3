//! One service followed by one thread, for all in this process who ask for it:
//! a program that makes a client for each request asks Consul once.

use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::background::{self, Going};
use super::blocking::Index;
use super::consul::{Consul, Hold};
use super::instance::{Instance, read_all};
use super::pace::Pace;
use super::url::encoded;
use super::{Error, Timing, Url, WhenEmpty};
use crate::transport::{Stop, fork};

/// So many services that nobody asks for any more are followed on at most.
const MOST_IDLE: usize = 64;

pub(super) struct Follower {
    url: Url,
    timing: Timing,
    consul: Consul,
    going: Arc<Going>,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    latest: Latest,
    /// Who wants to hear of changes, by number.
    bells: Vec<(u64, Stop)>,
    next_bell: u64,
    idle_since: Instant,
}

/// What is known of a service.
#[derive(Clone, Default)]
pub(super) struct Latest {
    /// Counts changes of `instances`; 0 before the first answer.
    pub(super) generation: u64,
    pub(super) instances: Arc<[Instance]>,
    /// Why the latest query failed; none if it did not.
    pub(super) trouble: Option<Error>,
}

/// One who asked. The service is followed on for a while when it is dropped.
pub(super) struct Subscription {
    follower: Arc<Follower>,
    bell: u64,
    generation: u32,
}

/// The followers of one process: threads do not survive a fork.
struct Followers {
    generation: u32,
    all: Mutex<Vec<Arc<Follower>>>,
}

static FOLLOWERS: AtomicPtr<Followers> = AtomicPtr::new(std::ptr::null_mut());

impl Followers {
    /// Another thread may have held the parent's lock when a child was born, so
    /// the child makes its own, and the parent's is left alone.
    fn here() -> &'static Self {
        let generation = fork::generation();
        loop {
            let current = FOLLOWERS.load(Ordering::Acquire);
            // SAFETY: NULL, or what was leaked below.
            if let Some(followers) = unsafe { current.as_ref() }
                && followers.generation == generation
            {
                return followers;
            }
            let fresh = Box::into_raw(Box::new(Self {
                generation,
                all: Mutex::default(),
            }));
            if FOLLOWERS
                .compare_exchange(current, fresh, Ordering::AcqRel, Ordering::Acquire)
                .is_err()
            {
                // SAFETY: another thread was quicker, so nobody has seen this one.
                drop(unsafe { Box::from_raw(fresh) });
            }
        }
    }

    fn all(&self) -> MutexGuard<'_, Vec<Arc<Follower>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscription {
    /// Follows a service from now on; `bell` is rung whenever what is known of
    /// it changes.
    pub(super) fn open(url: &Url, timing: &Timing, bell: Stop) -> Result<Self, Error> {
        fork::watch();
        let mut all = Followers::here().all();
        let running = all
            .iter()
            .find(|follower| follower.url == *url && follower.timing == *timing);
        let follower = if let Some(follower) = running {
            Arc::clone(follower)
        } else {
            let follower = Follower::start(url, timing)?;
            end_the_longest_idle(&mut all);
            all.push(Arc::clone(&follower));
            follower
        };
        let mut state = follower.locked();
        state.next_bell += 1;
        let number = state.next_bell;
        state.bells.push((number, bell));
        drop(state);
        drop(all);
        Ok(Self {
            follower,
            bell: number,
            generation: fork::generation(),
        })
    }

    pub(super) fn latest(&self) -> Latest {
        if self.generation != fork::generation() {
            // A thread of the parent may have held the lock, and no thread
            // here would ever let go of it.
            return match self.follower.state.try_lock() {
                Ok(state) => state.latest.clone(),
                Err(_) => Latest::default(),
            };
        }
        self.follower.locked().latest.clone()
    }

    /// `latest().generation`, without taking along the rest.
    pub(super) fn list_generation(&self) -> u64 {
        if self.is_forked() {
            return self.latest().generation;
        }
        self.follower.locked().latest.generation
    }

    /// Waits for the first answer; returns whether it has come.
    pub(super) fn wait_until_known(&self, limit: Duration) -> bool {
        if self.generation != fork::generation() {
            return self.latest().generation > 0;
        }
        let (state, _) = self
            .follower
            .changed
            .wait_timeout_while(self.follower.locked(), limit, |state| {
                state.latest.generation == 0
            })
            .unwrap_or_else(PoisonError::into_inner);
        state.latest.generation > 0
    }

    pub(super) fn is_forked(&self) -> bool {
        self.generation != fork::generation()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if self.is_forked() {
            return;
        }
        let mut state = self.follower.locked();
        state.bells.retain(|(number, _)| *number != self.bell);
        state.idle_since = Instant::now();
    }
}

/// Makes room for one more.
fn end_the_longest_idle(all: &mut Vec<Arc<Follower>>) {
    let mut idle: Vec<_> = all
        .iter()
        .filter_map(|follower| Some((follower.locked().idle_since()?, Arc::clone(follower))))
        .collect();
    if idle.len() < MOST_IDLE {
        return;
    }
    idle.sort_by_key(|(since, _)| *since);
    if let Some((_, longest)) = idle.first() {
        all.retain(|follower| !Arc::ptr_eq(follower, longest));
        longest.end();
    }
}

impl State {
    fn idle_since(&self) -> Option<Instant> {
        self.bells.is_empty().then_some(self.idle_since)
    }
}

impl Follower {
    fn start(url: &Url, timing: &Timing) -> Result<Arc<Self>, Error> {
        url.service()?;
        let follower = Arc::new(Self {
            url: url.clone(),
            timing: timing.clone(),
            consul: Consul::new(&url.agent)?.patient(),
            going: Arc::default(),
            state: Mutex::new(State {
                latest: Latest::default(),
                bells: Vec::new(),
                next_bell: 0,
                idle_since: Instant::now(),
            }),
            changed: Condvar::new(),
        });
        let running = Arc::clone(&follower);
        background::start("zroute-resolver", &follower.going, move || running.run())?;
        Ok(follower)
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) {
        self.going.end();
        self.consul.hang_up();
    }

    fn run(self: Arc<Self>) {
        let mut index = Index::default();
        let mut pace = Pace::new(&self.timing);
        while !self.has_ended_idle() {
            let hold = index.hold(&pace, self.url.wait);
            let asked = Instant::now();
            let pause = match background::guarded(|| self.ask(hold.as_ref())) {
                Ok((instances, answered)) => {
                    let progress = index.take(answered);
                    self.take(instances);
                    pace.answered(progress, hold.map(|hold| hold.wait), asked.elapsed())
                }
                Err(error) => {
                    // Whoever answers next may count anew.
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

    fn ask(&self, hold: Option<&Hold>) -> Result<(Vec<Instance>, Option<u64>), Error> {
        let path = format!("/v1/health/service/{}", encoded(self.url.service()?));
        let mut parameters = vec![("passing", "1")];
        parameters.extend(self.url.tags.iter().map(|tag| ("tag", tag.as_str())));
        parameters.extend(of_the_catalogue(&self.url));
        let answer = self.consul.get(&path, &parameters, hold)?;
        let instances = read_all(&answer.body, &self.url)
            .map_err(|reason| self.consul.garbled(format!("GET {path}"), reason))?;
        Ok((instances, answer.index))
    }

    /// Takes in a good answer.
    fn take(&self, instances: Vec<Instance>) {
        let mut state = self.locked();
        let latest = &mut state.latest;
        let keeps = instances.is_empty()
            && !latest.instances.is_empty()
            && self.url.when_empty == WhenEmpty::Keep;
        if latest.generation > 0 && (keeps || *latest.instances == *instances) {
            drop(state);
            self.note(None);
            return;
        }
        latest.instances = instances.into();
        latest.generation += 1;
        latest.trouble = None;
        self.tell(&state);
    }

    /// Notes why the latest query failed, or that it did not.
    fn note(&self, trouble: Option<Error>) {
        let mut state = self.locked();
        if state.latest.trouble != trouble {
            state.latest.trouble = trouble;
            self.tell(&state);
        }
    }

    fn tell(&self, state: &State) {
        for (_, bell) in &state.bells {
            bell.ring();
        }
        self.changed.notify_all();
    }

    /// Whether nobody has asked for so long that it leaves the list.
    fn has_ended_idle(self: &Arc<Self>) -> bool {
        if self.going.is_ended() {
            return true;
        }
        let mut all = Followers::here().all();
        let is_idle = self
            .locked()
            .idle_since()
            .is_some_and(|since| since.elapsed() > self.timing.idle);
        if is_idle {
            all.retain(|follower| !Arc::ptr_eq(follower, self));
        }
        is_idle
    }
}

/// The parameters that every query of the catalogue takes.
pub(super) fn of_the_catalogue(url: &Url) -> impl Iterator<Item = (&str, &str)> {
    let datacenter = url.datacenter.as_deref().map(|name| ("dc", name));
    let stale = url.stale.then_some(("stale", "1"));
    datacenter.into_iter().chain(stale)
}
