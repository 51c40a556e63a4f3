//! A program that is run with a time limit.

use std::ffi::OsString;
use std::io::Read;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::Error;
use super::error::excerpt;

/// Stands for the file in a command's words.
const FILE: &str = "{file}";
/// What is kept of what a program prints.
const KEPT: usize = 4096;

/// A program and its arguments; no shell takes them apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The program and its arguments. `{file}` inside an argument stands for the
    /// file that the command is about.
    pub words: Vec<OsString>,
    /// After so long it is killed, with all that it started.
    pub limit: Duration,
}

impl Command {
    /// A command that may take 30 s.
    pub fn new(words: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        Self {
            words: words.into_iter().map(Into::into).collect(),
            limit: Duration::from_secs(30),
        }
    }

    /// Runs it until it ends. Anything but exit status 0 within the limit is an
    /// error, which quotes what the program printed first.
    pub fn run(&self, file: &Path) -> Result<(), Error> {
        let mut words = self.words.iter().map(|word| with_file(word, file));
        let said: Vec<_> = self
            .words
            .iter()
            .map(|word| word.to_string_lossy())
            .collect();
        let failed = |reason: String| Error::Command {
            command: said.join(" "),
            reason,
        };
        let Some(program) = words.next() else {
            return Err(failed("has no words".to_string()));
        };
        let (mut output, input) = std::io::pipe()
            .and_then(|(output, input)| Ok((output, (input.try_clone()?, input))))
            .map_err(|error| failed(format!("cannot be run: {error}")))?;
        let mut command = std::process::Command::new(program);
        command
            .args(words)
            .stdin(Stdio::null())
            .stdout(input.0)
            .stderr(input.1)
            .process_group(0);
        let spawned = command.spawn();
        // It holds the pipe's other end, which would never close.
        drop(command);
        let mut child = spawned.map_err(|error| failed(format!("cannot be run: {error}")))?;
        let mut printed = Vec::new();
        let ended = self.wait(&mut child, &mut output, &mut printed);
        match ended {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(failed(format!("failed ({status}): {}", excerpt(&printed)))),
            None => {
                kill_group(&child);
                let _ = child.wait();
                Err(failed(format!(
                    "took longer than {:?} and was killed: {}",
                    self.limit,
                    excerpt(&printed)
                )))
            }
        }
    }

    /// Reads what it prints until it ends; none if that takes too long.
    fn wait(
        &self,
        child: &mut Child,
        output: &mut std::io::PipeReader,
        printed: &mut Vec<u8>,
    ) -> Option<ExitStatus> {
        /// It may close what it prints to and go on.
        const LOOK: Duration = Duration::from_millis(20);
        let until = Instant::now() + self.limit;
        let mut chunk = [0; 4096];
        let mut is_open = true;
        loop {
            if let Ok(Some(status)) = child.try_wait() {
                while is_open && is_readable(output, Duration::ZERO) {
                    is_open = keep(output, &mut chunk, printed) && Instant::now() < until;
                }
                return Some(status);
            }
            let left = until.checked_duration_since(Instant::now())?;
            if !is_open {
                std::thread::sleep(LOOK.min(left));
            } else if is_readable(output, LOOK.min(left)) {
                is_open = keep(output, &mut chunk, printed);
            }
        }
    }
}

fn with_file(word: &OsString, file: &Path) -> OsString {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    if word == FILE {
        return file.into();
    }
    let mut whole = Vec::new();
    let mut rest = word.as_bytes();
    while let Some(at) = rest
        .windows(FILE.len())
        .position(|window| window == FILE.as_bytes())
    {
        let (before, after) = rest.split_at(at);
        whole.extend_from_slice(before);
        whole.extend_from_slice(file.as_os_str().as_bytes());
        rest = after.get(FILE.len()..).unwrap_or_default();
    }
    whole.extend_from_slice(rest);
    OsString::from_vec(whole)
}

/// Reads once; returns whether there may be more.
fn keep(output: &mut std::io::PipeReader, chunk: &mut [u8], printed: &mut Vec<u8>) -> bool {
    match output.read(chunk) {
        Ok(0) | Err(_) => false,
        Ok(count) => {
            let room = KEPT.saturating_sub(printed.len());
            printed.extend(chunk.iter().take(count.min(room)));
            true
        }
    }
}

fn is_readable(output: &std::io::PipeReader, limit: Duration) -> bool {
    let mut descriptor = libc::pollfd {
        fd: output.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    };
    let limit = libc::c_int::try_from(limit.as_millis()).unwrap_or(libc::c_int::MAX);
    // SAFETY: the pointer and the count describe the one structure above.
    unsafe { libc::poll(&raw mut descriptor, 1, limit) > 0 }
}

fn kill_group(child: &Child) {
    if let Ok(group) = libc::pid_t::try_from(child.id()) {
        // SAFETY: no pointers are passed. The child has not been waited for, so
        // the number is still that of the group it was started in.
        unsafe { libc::kill(-group, libc::SIGKILL) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        Command::new(["sh", "-c", script])
    }

    #[test]
    fn success_is_exit_status_zero() {
        assert_eq!(shell("exit 0").run(Path::new("")), Ok(()));
        let error = shell("echo out; echo err >&2; exit 3").run(Path::new(""));
        let text = error.unwrap_err().to_string();
        assert!(text.contains("exit status: 3"), "{text}");
        assert!(text.contains("out\\nerr"), "{text}");
    }

    #[test]
    fn the_file_takes_its_place_and_no_shell_reads_it() {
        let test = Command::new(["test", "{file}:{file}.old", "=", "a b;$(x):a b;$(x).old"]);
        assert_eq!(test.run(Path::new("a b;$(x)")), Ok(()));
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = Command::new(["zroute-no-such-program"]).run(Path::new(""));
        let text = error.unwrap_err().to_string();
        assert!(
            text.contains("'zroute-no-such-program' cannot be run"),
            "{text}"
        );
        assert!(
            Command::new(Vec::<OsString>::new())
                .run(Path::new(""))
                .is_err()
        );
    }

    #[test]
    fn a_program_that_does_not_end_is_killed_with_what_it_started() {
        let mut command = shell("echo $$; sleep 1000 & wait");
        // Enough to begin in.
        command.limit = Duration::from_secs(2);
        let text = command.run(Path::new("")).unwrap_err().to_string();
        assert!(text.contains("took longer than"), "{text}");
        let group: i32 = text
            .rsplit(' ')
            .next()
            .and_then(|word| word.trim_end_matches("\\n").parse().ok())
            .unwrap();
        let until = Instant::now() + Duration::from_secs(60);
        // SAFETY: no pointers are passed; signal 0 only asks.
        while unsafe { libc::kill(-group, 0) } == 0 {
            assert!(Instant::now() < until, "it still runs");
            std::thread::yield_now();
        }
    }

    #[test]
    fn what_it_leaves_running_does_not_hold_us_up() {
        let fifo = std::env::temp_dir().join(format!("zroute-fifo-{}", std::process::id()));
        let script = "mkfifo \"$1\" && { read -r line <\"$1\" & }";
        let command = Command::new(["sh", "-c", script, "sh", "{file}"]);
        let ran = command.run(&fifo);
        // Lets the reader go.
        let opened = std::fs::File::options().write(true).open(&fifo);
        std::fs::remove_file(&fifo).unwrap();
        assert_eq!(ran, Ok(()));
        assert!(opened.is_ok());
    }

    #[test]
    fn signals_reach_it_also_from_a_thread_that_they_do_not_reach() {
        let script = "grep -qE '^SigBlk:[[:space:]]+0+$' /proc/self/status";
        let run = || shell(script).run(Path::new(""));
        let thread = crate::transport::background::spawn("masked", run).unwrap();
        assert_eq!(thread.join().unwrap(), Ok(()));
    }

    #[test]
    fn output_without_end_is_not_kept() {
        let mut command = shell("yes");
        command.limit = Duration::from_millis(200);
        let text = command.run(Path::new("")).unwrap_err().to_string();
        assert!(text.len() < 1000);
    }
}
