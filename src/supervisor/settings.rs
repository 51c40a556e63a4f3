//! What `zroute serve` was asked for.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::{Register, log};
use crate::server;

/// See the module. The command line has the same names.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The PHP file that returns the functions.
    pub routes: PathBuf,
    /// Endpoints for callers.
    pub bind: Vec<String>,
    /// How many processes run PHP.
    pub workers: u32,
    /// How long one call may run; none for as long as it likes.
    pub exec_timeout: Option<Duration>,
    /// The server counts as stuck when no worker has answered for so long, or a
    /// call has waited for so long.
    pub stuck_after: Duration,
    /// A worker is replaced after as many calls.
    pub max_calls: Option<u64>,
    /// A worker is replaced when it holds more memory, in bytes that are
    /// resident.
    pub max_memory: Option<u64>,
    /// PHP's own limit on memory in bytes; none leaves it to its configuration.
    pub memory_limit: Option<u64>,
    /// How long a worker may take until it can be called.
    pub start_timeout: Duration,
    /// How long calls may go on after a SIGTERM.
    pub grace: Duration,
    /// Calls that may wait for a worker.
    pub queue_calls: usize,
    /// Bytes that their requests may hold.
    pub queue_bytes: usize,
    /// The PHP binary.
    pub php: PathBuf,
    /// Its arguments before the script.
    pub php_arguments: Vec<String>,
    /// The folder that holds `worker.php`.
    pub php_folder: PathBuf,
    /// Where metrics are served.
    pub metrics: Option<SocketAddr>,
    /// What Consul is told of the server.
    pub register: Option<Register>,
    /// How the log is written.
    pub log_format: log::Format,
    /// What the log leaves out.
    pub log_level: log::Level,
    /// Files and folders whose change means a reload.
    pub watch: Vec<PathBuf>,
    /// Whether other machines may call unencrypted.
    pub insecure: bool,
    /// Whether the supervisor and its workers encrypt what they tell each other.
    pub worker_curve: bool,
    /// Limits, and what callers need to prove.
    pub server: server::Options,
}
