//! Servers that are found by name: Consul knows where they are.
//!
//! | file | holds |
//! |---|---|
//! | `url` | the text `consul://…`, checked |
//! | `consul` | one request to an agent's HTTP API, bounded in time and size |
//! | `error` | what can go wrong |
//! | `blocking` | the index rules of blocking queries |
//! | `pace` | how long to wait before the next request |
//! | `background` | a thread that can be told to end |
//! | `instance` | a server as Consul describes it |
//! | `follower` | one service followed, for all in this process who ask |
//! | `resolver` | the list of a service's endpoints, kept up to date |
//! | `registration` | a server made known, and its check passed while it is alive |
//! | `overview` | what Consul knows at one time, healthy or not |
//! | `watch` | every service with a tag, kept up to date |
//! | `template` | the text of a configuration file |
//! | `command` | a program that is run with a time limit |
//! | `config_file` | a file that is checked before it replaces the old one |
//! | `updates` | files that follow Consul: what `zroute watch` does |
//!
//! It imports neither `client` nor `server`: a client takes endpoints from a
//! [`Resolver`], a server gives a [`Probe`] to a [`Registration`].
//!
//! Nothing is started when the library loads. Each thread here is started by
//! one of `open`, `begin`; no signal reaches it. A forked child has none of
//! them: what it inherited keeps the last list, and neither deregisters nor
//! waits for anything when it is dropped.

mod background;
mod blocking;
mod command;
mod config_file;
mod consul;
mod error;
mod follower;
mod instance;
mod overview;
mod pace;
mod registration;
mod resolver;
mod template;
mod updates;
mod url;
mod watch;

pub use command::Command;
pub use config_file::{ConfigFile, Written};
pub use error::Error;
pub use instance::Instance;
pub use overview::{Health, Registered, registered};
pub use pace::Timing;
pub use registration::{Counters, Probe, Registration, Service, State};
pub use resolver::{Resolver, Snapshot};
pub use template::{LARAVEL_ZERORPC, Language, Template, ZROUTE};
pub use updates::{Change, Event, Updates};
pub use url::{AgentAddress, Url, WhenEmpty};
pub use watch::{Services, Watch};
