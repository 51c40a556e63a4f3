//! The list of a service's endpoints, kept up to date.

use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::Duration;

use super::follower::Subscription;
use super::{Error, Instance, Timing, Url};
use crate::transport::Wake;

/// Follows one service of Consul.
///
/// The work is done by a thread that all resolvers of the same URL in this
/// process share, and that goes on for a while ([`Timing::idle`]) after the last
/// of them is dropped. Belongs to one thread at a time.
pub struct Resolver {
    subscription: Subscription,
    wake: Wake,
}

/// What is known of a service at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Counts changes of the list; 0 while Consul has not answered yet.
    pub generation: u64,
    /// Instances whose checks pass, each address once, in an order that does
    /// not change from answer to answer. The last good list while Consul is
    /// away, answers what cannot be used or, unless the URL says otherwise,
    /// answers that there is no healthy instance.
    pub instances: Arc<[Instance]>,
    /// Why the latest query failed; none if it did not.
    pub trouble: Option<Error>,
}

impl Snapshot {
    /// `tcp://…` of each instance, in the same order.
    #[must_use]
    pub fn endpoints(&self) -> Vec<String> {
        self.instances.iter().map(Instance::endpoint).collect()
    }
}

impl Resolver {
    /// Begins to follow a service, or joins those who do. Does not wait for
    /// Consul. Errors: a URL without a service, files that cannot be read, no
    /// thread.
    pub fn open(url: &Url) -> Result<Self, Error> {
        Self::open_with(url, &Timing::default())
    }

    /// [`Resolver::open`] with other times.
    pub fn open_with(url: &Url, timing: &Timing) -> Result<Self, Error> {
        let wake = new_wake()?;
        Ok(Self {
            subscription: Subscription::open(url, timing, wake.stop())?,
            wake,
        })
    }

    /// What is known now. Takes a lock for an instant, never waits for Consul.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let latest = self.subscription.latest();
        Snapshot {
            generation: latest.generation,
            instances: latest.instances,
            trouble: latest.trouble,
        }
    }

    /// `tcp://…` of each instance; empty before the first answer.
    #[must_use]
    pub fn current(&self) -> Vec<String> {
        self.snapshot().endpoints()
    }

    /// Counts changes of the list; 0 before the first answer. Cheaper than
    /// [`Resolver::snapshot`].
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.subscription.list_generation()
    }

    /// Waits for the first answer, which may be that there is no instance;
    /// returns whether it has come. A signal does not end the wait.
    #[must_use]
    pub fn wait_until_known(&self, limit: Duration) -> bool {
        self.subscription.wait_until_known(limit)
    }

    /// Readable from a change of the list or of `trouble` until
    /// [`Resolver::clear`]. It stays the resolver's.
    #[must_use]
    pub fn descriptor(&self) -> RawFd {
        self.wake.descriptor()
    }

    /// Makes the descriptor unreadable again. Look at the list after it, not
    /// before: what changes in between makes it readable anew.
    pub fn clear(&self) {
        self.wake.clear();
    }

    /// What rings when the descriptor becomes readable.
    pub(crate) fn bell(&self) -> &Wake {
        &self.wake
    }

    /// Whether this process is a fork of the one that opened it: then the list
    /// changes no more.
    #[must_use]
    pub fn is_forked(&self) -> bool {
        self.subscription.is_forked()
    }
}

/// A bell, in this room's words.
pub(super) fn new_wake() -> Result<Wake, Error> {
    Wake::new().map_err(|error| Error::System {
        operation: "follow a service".to_string(),
        reason: error.to_string(),
    })
}
