//! `zroute serve`: one process that holds the port, and processes that run PHP.
//!
//! The supervisor has one thread. It takes the calls, gives each to a worker
//! that is free, and answers. A worker is an ordinary server on an ipc endpoint
//! in a private folder, and has one caller, the supervisor; what both must know
//! at once is in a page of memory that they share, [`crate::server::Board`].
//!
//! | file | holds |
//! |---|---|
//! | `folder` | the private folder, also after a kill |
//! | `functions` | which functions are quick, and what became of their calls |
//! | `latency` | how long calls took in the last minute |
//! | `link` | the calls that one worker has |
//! | `log` | lines on stderr |
//! | `master` | the loop: calls, workers, signals, the end |
//! | `metrics` | HTTP for whoever collects metrics |
//! | `notify` | what systemd is told |
//! | `process` | a PHP process: its start, its output, its end |
//! | `queue` | the calls that wait for a worker |
//! | `registering` | the server made known to Consul |
//! | `restarts` | when a worker is started again |
//! | `settings` | what was asked for |
//! | `signals` | SIGTERM, SIGINT, SIGHUP as a descriptor |
//! | `status` | what others may see: `zroute.stats`, metrics |
//! | `watch` | changes of files, for `--watch` |
//! | `worker` | a process and its link |

mod folder;
mod functions;
mod latency;
mod link;
mod log;
mod master;
mod metrics;
mod notify;
mod process;
mod queue;
mod registering;
mod restarts;
mod settings;
mod signals;
mod status;
mod watch;
mod worker;

pub use log::{Format, Level};
pub use registering::Register;
pub use settings::Settings;

/// How a supervisor ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// As it was asked to, and every call that it had taken was answered.
    Well,
    /// Calls were cut off, or it could not go on; the log says which.
    Badly,
}

/// Serves until a signal ends it. The error is a sentence that says what is
/// wrong with the settings; everything later goes to the log.
///
/// Once in a process, on its main thread: signals are blocked, and the workers
/// end with that thread.
pub fn run(settings: Settings) -> Result<Ended, String> {
    Ok(master::Master::new(settings)?.run())
}
