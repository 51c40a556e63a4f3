//! Configuration files that follow Consul: what `zroute watch` does.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::pace::Pace;
use super::{Command, ConfigFile, Error, Services, Timing, Url, Watch, WhenEmpty, Written};
use crate::transport::{self, Waited, Waiting, Wake};

/// Changes that come within this of each other are one.
const QUIET: Duration = Duration::from_millis(200);
/// So long a change waits for others at most.
const LONGEST_QUIET: Duration = Duration::from_millis(500);

/// Files that are written anew whenever the services change, and a command that
/// is run then. It works on the thread that calls [`Updates::run`].
pub struct Updates {
    watch: Watch,
    files: Vec<ConfigFile>,
    reload: Option<Command>,
    when_empty: WhenEmpty,
    pace: Pace,
    progress: Progress,
    told: Told,
}

/// What is done and what is not.
#[derive(Default)]
struct Progress {
    changes: u64,
    /// What the files were last made from.
    taken: Option<Services>,
    is_reload_due: bool,
    retry: Option<Instant>,
}

/// What was said last, so that it is not said again.
#[derive(Default, PartialEq, Eq)]
struct Told {
    trouble: Option<Error>,
    warnings: Vec<String>,
    failures: Vec<(PathBuf, Error)>,
    reload: Option<Error>,
    is_withheld: bool,
}

/// Files were replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// 1 for the first since the start, and so on.
    pub number: u64,
    /// Those that were replaced.
    pub files: Vec<PathBuf>,
    /// What they were made from.
    pub services: Services,
    /// Whether the reload command succeeded; true if there is none.
    pub is_reloaded: bool,
}

/// What happened. Each trouble is told once, not with every new attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Files were replaced, and the reload command was run.
    Changed(Change),
    /// A file could not be made, checked or put in place: the old one stays. It
    /// is tried again.
    Failed {
        /// The file.
        file: PathBuf,
        /// Why.
        error: Error,
    },
    /// The files are new, but the reload command failed. It is run again.
    ReloadFailed(Error),
    /// The reload command that had failed has succeeded.
    Reloaded,
    /// Consul has no healthy instance of any service, so the files stay. (Not
    /// with `when-empty=clear`.)
    Withheld,
    /// Consul cannot be asked, and is asked again.
    Trouble(Error),
    /// Consul can be asked again.
    Recovered,
    /// A service that is not followed, or names that become one in a file.
    Warning(String),
}

impl Updates {
    /// Begins to follow the services that a URL such as
    /// `consul://127.0.0.1:8500?tag=rpc` tells of.
    pub fn open(url: &Url, files: Vec<ConfigFile>, reload: Option<Command>) -> Result<Self, Error> {
        Self::open_with(url, files, reload, &Timing::default())
    }

    /// [`Updates::open`] with other times.
    pub fn open_with(
        url: &Url,
        mut files: Vec<ConfigFile>,
        reload: Option<Command>,
        timing: &Timing,
    ) -> Result<Self, Error> {
        for file in &mut files {
            file.is_marked = reload.is_some();
        }
        let progress = Progress {
            is_reload_due: reload.is_some() && files.iter().any(ConfigFile::reload_is_due),
            ..Progress::default()
        };
        Ok(Self {
            watch: Watch::open_with(url, timing)?,
            files,
            reload,
            when_empty: url.when_empty,
            pace: Pace::new(timing),
            progress,
            told: Told::default(),
        })
    }

    /// Follows until `stop` is asked to stop; returns then, or when waiting
    /// fails. A command that runs at that time is waited for. Signals do not
    /// end it.
    pub fn run(&mut self, stop: &Wake, tell: &mut dyn FnMut(Event)) -> Result<(), Error> {
        while !stop.is_stopped() {
            self.step(tell);
            if self.wait(stop, self.progress.retry)? {
                self.let_it_settle(stop)?;
            }
        }
        Ok(())
    }

    /// Brings the files up to date once, as soon as Consul has answered; returns
    /// whether it has within the limit and no file failed.
    pub fn run_once(
        &mut self,
        limit: Duration,
        stop: &Wake,
        tell: &mut dyn FnMut(Event),
    ) -> Result<bool, Error> {
        let until = Instant::now() + limit;
        while !stop.is_stopped() && Instant::now() < until {
            self.step(tell);
            if self.progress.taken.is_some() {
                return Ok(self.told.failures.is_empty() && !self.progress.is_reload_due);
            }
            self.wait(stop, Some(until))?;
        }
        Ok(false)
    }

    /// Waits for a change; returns whether there is one.
    fn wait(&self, stop: &Wake, until: Option<Instant>) -> Result<bool, Error> {
        let mut waiting = Waiting::new(Some(stop), until);
        waiting.watch(self.watch.descriptor());
        match waiting.end() {
            Ok(Waited::Ready) => {
                self.watch.clear();
                Ok(true)
            }
            Ok(Waited::Woken | Waited::TimedOut) | Err(transport::Error::Interrupted) => Ok(false),
            Err(error) => Err(Error::System {
                operation: "wait for a change".to_string(),
                reason: error.to_string(),
            }),
        }
    }

    fn let_it_settle(&self, stop: &Wake) -> Result<(), Error> {
        let last = Instant::now() + LONGEST_QUIET;
        while !stop.is_stopped()
            && Instant::now() < last
            && self.wait(stop, Some(last.min(Instant::now() + QUIET)))?
        {}
        Ok(())
    }

    fn step(&mut self, tell: &mut dyn FnMut(Event)) {
        self.tell_of_consul(tell);
        let Some(services) = self.watch.services() else {
            return;
        };
        let is_retry = self
            .progress
            .retry
            .is_some_and(|retry| retry <= Instant::now());
        if !is_retry && self.progress.taken.as_ref() == Some(&services) {
            return;
        }
        for warning in &services.warnings {
            if !self.told.warnings.contains(warning) {
                tell(Event::Warning(warning.clone()));
            }
        }
        self.told.warnings.clone_from(&services.warnings);
        let replaced = self.write(&services, tell);
        self.progress.taken = Some(services.clone());
        let was_due = self.progress.is_reload_due;
        let reload = if was_due || !replaced.is_empty() {
            self.reload_with(replaced.first())
        } else {
            Ok(())
        };
        self.progress.is_reload_due = reload.is_err();
        if reload.is_ok() && self.reload.is_some() {
            self.files.iter().for_each(ConfigFile::reload_is_done);
        }
        if !replaced.is_empty() {
            self.progress.changes += 1;
            tell(Event::Changed(Change {
                number: self.progress.changes,
                files: replaced,
                services,
                is_reloaded: reload.is_ok(),
            }));
        } else if was_due && reload.is_ok() {
            tell(Event::Reloaded);
        }
        let failed = reload.err();
        if self.told.reload != failed {
            if let Some(error) = &failed {
                tell(Event::ReloadFailed(error.clone()));
            }
            self.told.reload = failed;
        }
        self.progress.retry = if self.told.failures.is_empty() && !self.progress.is_reload_due {
            self.pace.succeeded();
            None
        } else {
            Some(Instant::now() + self.pace.failed(Duration::ZERO))
        };
    }

    fn tell_of_consul(&mut self, tell: &mut dyn FnMut(Event)) {
        let trouble = self.watch.trouble();
        if trouble != self.told.trouble {
            tell(match &trouble {
                Some(error) => Event::Trouble(error.clone()),
                None => Event::Recovered,
            });
            self.told.trouble = trouble;
        }
    }

    /// Brings each file up to date; returns those that were replaced.
    fn write(&mut self, services: &Services, tell: &mut dyn FnMut(Event)) -> Vec<PathBuf> {
        let is_empty = services.by_name.values().all(|list| list.is_empty());
        let withholds = is_empty && self.when_empty == WhenEmpty::Keep;
        let mut replaced = Vec::new();
        let mut failures = Vec::new();
        let mut is_withheld = false;
        for file in &self.files {
            if withholds && file.file.exists() {
                is_withheld = true;
                continue;
            }
            match file.update(services) {
                Ok(Written::Unchanged) => {}
                Ok(Written::Replaced) => replaced.push(file.file.clone()),
                Err(error) => failures.push((file.file.clone(), error)),
            }
        }
        if is_withheld && !self.told.is_withheld {
            tell(Event::Withheld);
        }
        self.told.is_withheld = is_withheld;
        for failure in &failures {
            if !self.told.failures.contains(failure) {
                let (file, error) = failure.clone();
                tell(Event::Failed { file, error });
            }
        }
        self.told.failures = failures;
        replaced
    }

    fn reload_with(&self, file: Option<&PathBuf>) -> Result<(), Error> {
        let first = self.files.first().map(|file| &file.file);
        match &self.reload {
            Some(reload) => reload.run(file.or(first).map_or(Path::new(""), PathBuf::as_path)),
            None => Ok(()),
        }
    }
}
