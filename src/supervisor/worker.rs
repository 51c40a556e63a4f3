//! One worker: a process, and the link to it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::latency::Latency;
use super::link::Link;
use super::log::About;
use super::process::Process;
use super::settings::Settings;
use crate::server::Board;
use crate::transport::{self, Curve, KeyPair, Kind};

/// What it is up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It loads the program.
    Starting,
    /// It takes calls.
    Up,
    /// It finishes what it has, and ends.
    Leaving,
}

/// How far it is between the worker before it in its place and the one behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It takes calls when the one before it has had its own.
    StandsBy,
    /// It has the place.
    Serves,
    /// It has had nearly all of its calls, or all, and another is to have the place.
    Worn,
    /// It is over the limit on memory, and leaves as soon as another has come up.
    Heavy,
}

impl Phase {
    /// Whether another is to have the place.
    pub fn is_last(self) -> bool {
        matches!(self, Self::Worn | Self::Heavy)
    }
}

/// What a worker dies of, as far as it is known before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It took too long, for a call or to come up, and was killed for it.
    OverTime,
    /// Its connection has ended.
    Lost,
}

/// See the module.
pub struct Worker {
    /// Its place among the workers, from 1 on.
    pub number: u32,
    /// Counts processes.
    pub serial: usize,
    /// Counts reloads: which state of the program's files it has loaded.
    pub generation: u64,
    pub state: State,
    pub process: Process,
    pub link: Link,
    pub started: Instant,
    /// It was asked for its functions.
    pub asked: bool,
    /// It runs a call that may be slow: nothing goes behind it.
    pub alone: bool,
    /// Calls that it was given, but for those that it gave back.
    pub given: u64,
    pub phase: Phase,
    /// How long it took to come up.
    pub loading: Duration,
    /// Why it will be gone soon, though nobody had asked it to leave.
    pub fate: Option<Fate>,
    pub calls: u64,
    pub faults: u64,
    pub latency: Latency,
    /// The function whose call it has answered last.
    pub answered: Option<usize>,
    /// Resident bytes, when they were last looked at.
    pub memory: u64,
    /// It was asked to end, and is killed if it has not by then.
    pub kill_at: Option<Instant>,
    /// Its socket and its board.
    files: [PathBuf; 2],
}

/// How quickly the link is tried again until the worker listens.
const RETRY: Duration = Duration::from_millis(5);
const LONGEST_RETRY: Duration = Duration::from_millis(20);

impl Worker {
    /// Starts a process for a worker's place.
    pub fn start(
        settings: &Settings,
        folder: &Path,
        number: u32,
        serial: usize,
        generation: u64,
        descriptors: libc::rlimit,
    ) -> Result<Self, String> {
        let now = Instant::now();
        let said = |what: &str, error: &dyn std::fmt::Display| format!("{what}: {error}");
        let board_path = folder.join(format!("{serial}.board"));
        let socket_path = folder.join(format!("{serial}.sock"));
        let endpoint = format!("ipc://{}", socket_path.display());
        let board = Board::create(&board_path)
            .map_err(|error| said(&format!("{}", board_path.display()), &error))?;

        let mut options = serde_json::json!({
            "transport": "zmtp",
            "linger_ms": 1000,
            "max_message": settings.server.limits.bytes,
            "max_depth": settings.server.limits.depth,
            "max_nodes": settings.server.limits.nodes,
            "max_collisions": settings.server.limits.collisions,
            "send_buffer": 1 << 30,
            "receive_buffer": 1 << 30,
        });
        let mut link = transport::Options {
            kind: Some(Kind::Zmtp),
            // Its worker has checked it; what goes there was checked here.
            largest_frame: settings.server.limits.bytes.saturating_mul(4),
            receive_buffer: usize::MAX,
            send_buffer: usize::MAX,
            reconnect: RETRY,
            reconnect_longest: LONGEST_RETRY,
            linger: Duration::ZERO,
            ..transport::Options::default()
        };
        if settings.worker_curve {
            let pair = || KeyPair::generate().map_err(|error| said("a key pair", &error));
            let (worker, own) = (pair()?, pair()?);
            options["transport"] = "libzmq".into();
            options["curve_secret_key"] = worker.secret_key.into();
            link.kind = None;
            link.curve = Some(Curve::Client {
                server_key: worker.public_key,
                pair: Some(own),
            });
        }

        let mut command = Command::new(&settings.php);
        command
            .args(
                settings
                    .memory_limit
                    .map(|limit| format!("-dmemory_limit={limit}")),
            )
            .args(&settings.php_arguments)
            .arg("-f")
            .arg(settings.php_folder.join("worker.php"))
            .arg("--")
            .arg(&settings.routes)
            .env_remove("NOTIFY_SOCKET")
            .env_remove("WATCHDOG_USEC")
            .env_remove("WATCHDOG_PID")
            .env("ZROUTE_WORKER_ENDPOINT", &endpoint)
            .env("ZROUTE_WORKER_BOARD", &board_path)
            .env("ZROUTE_WORKER_OPTIONS", options.to_string());
        let process = Process::start(command, descriptors).map_err(|error| {
            said(
                &format!("{} (--php) cannot be started", settings.php.display()),
                &error,
            )
        })?;
        let link = match Link::new(board, &endpoint, &link, now) {
            Ok(link) => link,
            Err(error) => {
                let mut process = process;
                process.kill();
                process.wait();
                return Err(error.to_string());
            }
        };
        Ok(Self {
            number,
            serial,
            generation,
            state: State::Starting,
            process,
            link,
            started: now,
            asked: false,
            alone: false,
            given: 0,
            phase: Phase::Serves,
            loading: Duration::ZERO,
            fate: None,
            calls: 0,
            faults: 0,
            latency: Latency::default(),
            answered: None,
            memory: 0,
            kill_at: None,
            files: [socket_path, board_path],
        })
    }

    /// Removes what it has in the folder; its process has ended.
    pub fn remove_files(&self) {
        for file in &self.files {
            // A worker that ends well has removed its socket.
            let _ = std::fs::remove_file(file);
        }
    }

    pub fn about(&self) -> About {
        About {
            worker: self.number,
            pid: self.process.pid(),
        }
    }

    /// What belongs to the same place and has the same program takes it over.
    pub fn place(&self) -> (u32, u64) {
        (self.number, self.generation)
    }

    /// How long it takes at least until it has had so many more calls, as far as those that
    /// it has answered tell.
    pub fn lasts(&self, calls: u64) -> Option<Duration> {
        let worked = self.link.worked().as_nanos();
        let last = (worked * u128::from(calls)).checked_div(self.calls.into())?;
        (worked > 0).then(|| Duration::from_nanos(u64::try_from(last).unwrap_or(u64::MAX)))
    }

    /// Asks it to end, and has it killed if it does not.
    pub fn terminate(&mut self, patience: Duration) {
        if self.kill_at.is_none() {
            self.process.terminate();
            self.kill_at = Some(Instant::now() + patience);
        }
    }

    /// In a word, for people.
    pub fn state_name(&self) -> &'static str {
        match self.state {
            State::Starting => "starting",
            State::Leaving => "leaving",
            State::Up if self.phase == Phase::StandsBy => "standby",
            State::Up if self.link.is_idle() => "idle",
            State::Up => "busy",
        }
    }
}
