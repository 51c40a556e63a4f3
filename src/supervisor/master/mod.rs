//! The supervisor's one thread.
//!
//! | file | holds |
//! |---|---|
//! | `calls` | what comes from callers and goes to workers, and back |
//! | `ending` | the end, as it was asked for or not |
//! | `fleet` | the workers: start, watch, replace, reload |
//! | `given_up` | callers that were given up |
//! | `seen` | what others see of it |
//! | `stuck` | whether callers are served at all |

mod calls;
mod ending;
mod fleet;
mod given_up;
mod seen;
mod stuck;

use std::fs::File;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

use super::folder::Folder;
use super::functions::Function;
use super::log::Log;
use super::metrics::Metrics;
use super::notify::Notify;
use super::queue::Queue;
use super::registering::Registered;
use super::restarts::Restarts;
use super::settings::Settings;
use super::signals::{Signal, Signals};
use super::worker::Worker;
use super::{Ended, watch};
use crate::server::{Options, Route, Server};
use crate::transport::{Endpoint, Error, Waiting};

/// Signals, and what else happens seldom, come by an epoll of their own, so
/// that a wait need not look at each.
const SIGNALS: usize = 0;
const METRICS: usize = 1;
/// A worker's token is this and its serial number.
const WORKERS: usize = 1000;
/// The function that the supervisor answers itself.
const STATS: &str = "zroute.stats";
/// How often everything is looked at, whether something happened there or not.
const TICK: Duration = Duration::from_millis(100);
/// How often the workers' memory is looked at.
const MEMORY_TICK: Duration = Duration::from_secs(1);

/// See the module.
pub struct Master {
    settings: Settings,
    log: Log,
    notify: Notify,
    front: Server,
    queue: Queue,
    functions: Vec<Function>,
    workers: Vec<Worker>,
    /// By a worker's number, less one.
    restarts: Vec<Restarts>,
    /// The generation that serves, and the one that is to.
    serving: u64,
    coming: Option<u64>,
    generations: u64,
    /// Another reload was asked for while one, or the start, was under way.
    reload_again: bool,
    /// The functions of the generation that is to serve, as far as they are known.
    coming_functions: Option<Vec<(String, Vec<u8>)>>,
    /// The generation of which it was told that its workers need more than the limit on
    /// memory from the start.
    told_memory: Option<u64>,
    processes: usize,
    /// Calls that were taken.
    serial: u64,
    stats: Route,
    /// How often it was called.
    asked: u64,
    /// The program has a function of that name.
    has_own_stats: bool,
    seldom: Poll,
    signals: Signals,
    metrics: Option<Metrics>,
    /// Outlives the workers.
    folder: Folder,
    descriptors: libc::rlimit,
    /// Descriptors that callers cannot use up.
    reserve: Vec<File>,
    started: Instant,
    was_up: bool,
    ending: Option<ending::Ending>,
    /// From the first worker's coming up to the end.
    registered: Option<Registered>,
    /// When a worker last answered, or had nothing to do.
    served: Instant,
    /// Calls of which nobody knows how they ended.
    cut_off: u64,
    /// What the log has of callers that were given up.
    told: given_up::Told,
    ticked: Instant,
    memory_ticked: Instant,
}

impl Master {
    /// Binds the endpoints; no worker is started yet.
    pub fn new(settings: Settings) -> Result<Self, String> {
        let descriptors = raise_descriptor_limit();
        let system = |what: &str, error: &dyn std::fmt::Display| format!("{what}: {error}");
        let seldom = Poll::new().map_err(|error| system("make an epoll", &error))?;
        let signals = Signals::new().map_err(|error| system("take signals", &error))?;
        seldom
            .registry()
            .register(
                &mut SourceFd(&signals.descriptor()),
                Token(SIGNALS),
                Interest::READABLE,
            )
            .map_err(|error| system("watch for signals", &error))?;
        let mut log = Log::new(settings.log_format, settings.log_level);
        let options = Options {
            // The queue has its own bound.
            open_calls: settings.queue_calls + settings.workers as usize * calls::MOST_BEHIND * 2,
            ..settings.server.clone()
        };
        let mut front = Server::new(options).map_err(|error| error.to_string())?;
        let stats = front.add_function(STATS);
        for endpoint in &settings.bind {
            check_security(endpoint, &settings)?;
            let bound = front.bind(endpoint).map_err(|error| error.to_string())?;
            log.info(format_args!("listening at {bound}"));
        }
        if let Some(register) = &settings.register {
            register.check(front.endpoints())?;
        }
        let metrics = match settings.metrics {
            None => None,
            Some(address) => {
                let metrics = Metrics::bind(address, seldom.registry(), METRICS)
                    .map_err(|error| system(&format!("metrics at {address}"), &error))?;
                if let Ok(address) = metrics.address() {
                    log.info(format_args!("metrics at http://{address}/metrics"));
                }
                Some(metrics)
            }
        };
        if !settings.watch.is_empty() {
            watch::start(settings.watch.clone())
                .map_err(|error| system("watch for changes", &error))?;
        }
        let folder = Folder::create().map_err(|error| system("make a private folder", &error))?;
        let now = Instant::now();
        let mut restarts = Vec::new();
        restarts.resize_with(settings.workers as usize, Restarts::default);
        Ok(Self {
            queue: Queue::new(settings.queue_calls, settings.queue_bytes),
            settings,
            log,
            notify: Notify::new(),
            front,
            functions: Vec::new(),
            workers: Vec::new(),
            restarts,
            serving: 0,
            coming: None,
            generations: 0,
            reload_again: false,
            coming_functions: None,
            told_memory: None,
            processes: 0,
            serial: 0,
            stats,
            asked: 0,
            has_own_stats: false,
            seldom,
            signals,
            metrics,
            folder,
            descriptors,
            reserve: Vec::new(),
            started: now,
            was_up: false,
            ending: None,
            registered: None,
            served: now,
            cut_off: 0,
            told: given_up::Told::default(),
            ticked: now,
            memory_ticked: now,
        })
    }

    /// Serves until the end.
    pub fn run(mut self) -> Ended {
        let ended = loop {
            match self.turn() {
                Ok(None) | Err(Error::Interrupted) => {}
                Ok(Some(ended)) => break ended,
                Err(error) => {
                    self.log.error(format_args!("it cannot go on: {error}"));
                    break Ended::Badly;
                }
            }
        };
        self.close(ended)
    }

    /// Does what there is to do, and waits for more.
    fn turn(&mut self) -> Result<Option<Ended>, Error> {
        let now = Instant::now();
        let due = self.tend(now);
        if let Some(ended) = self.is_over(now) {
            return Ok(Some(ended));
        }
        let mut waiting = Waiting::new(None, Some(due));
        waiting.watch(self.seldom.as_raw_fd());
        let seldom = 0..waiting.count();
        if self.was_up {
            self.front.prepare(&mut waiting)?;
        }
        let front = seldom.end..waiting.count();
        for worker in &mut self.workers {
            worker.link.prepare(&mut waiting)?;
        }
        waiting.poll()?;

        let now = Instant::now();
        let tick = now >= self.ticked + TICK;
        if tick {
            self.ticked = now;
        }
        // Where nothing happened, something is due.
        let all = tick || !waiting.happened(0..waiting.count());
        let front = all || waiting.happened(front);
        self.lend_reserve();
        for index in 0..self.workers.len() {
            let Some(worker) = self.workers.get_mut(index) else {
                break;
            };
            if worker.link.look(&waiting, all)? {
                self.collect(index, now);
            }
        }
        self.refill_reserve();
        if self.was_up {
            if front {
                self.front.look()?;
            }
            self.note_service(now);
            if tick {
                self.drop_late(now);
            }
            self.take_calls(now)?;
            self.dispatch(now);
        }
        self.read_on();
        if waiting.happened(seldom) {
            self.look_at_the_seldom()?;
        }
        Ok(None)
    }

    fn look_at_the_seldom(&mut self) -> Result<(), Error> {
        let mut events = Events::with_capacity(64);
        let looked = self.seldom.poll(&mut events, Some(Duration::ZERO));
        if let Err(error) = looked {
            if error.kind() == std::io::ErrorKind::Interrupted {
                return Err(Error::Interrupted);
            }
            return Err(Error::System {
                operation: "wait for events",
                reason: error.to_string(),
            });
        }
        for event in &events {
            match event.token().0 {
                SIGNALS => {
                    while let Some(signal) = self.signals.next() {
                        match signal {
                            Signal::End => self.end(),
                            Signal::Reload => {
                                if let Err(why) = self.front.reload_keys() {
                                    self.log.error(format_args!(
                                        "the allowed keys stay as they are: {why}"
                                    ));
                                }
                                self.reload();
                            }
                        }
                    }
                }
                token if token >= WORKERS => self.look_at_process(token - WORKERS),
                token => {
                    let mut metrics = self.metrics.take();
                    if let Some(metrics) = &mut metrics {
                        metrics.event(token, || self.metrics_text(Instant::now()));
                    }
                    self.metrics = metrics;
                }
            }
        }
        Ok(())
    }
}

/// Refuses to be open to a network by accident.
fn check_security(endpoint: &str, settings: &Settings) -> Result<(), String> {
    let public = Endpoint::parse(endpoint)
        .map_err(|error| error.to_string())?
        .is_public();
    if public && settings.server.transport.curve.is_none() && !settings.insecure {
        return Err(format!(
            "{endpoint} can be reached from other machines, unencrypted and by anyone. Give \
             --curve-secret-key-file, bind a loopback address, or say --insecure if this is meant."
        ));
    }
    Ok(())
}

/// Every connection needs a descriptor. Returns the limit as it was, which is
/// the workers'.
fn raise_descriptor_limit() -> libc::rlimit {
    let mut before = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: each pointer is to an rlimit of this frame.
    unsafe {
        libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut before);
        let raised = libc::rlimit {
            rlim_cur: before.rlim_max,
            ..before
        };
        libc::setrlimit(libc::RLIMIT_NOFILE, &raw const raised);
    }
    before
}
