//! A program as a child process, which never outlives the bench.

use std::io::{self, BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;
use std::{fs, thread};

/// What a program of zroute chooses its transport by.
const TRANSPORT: &str = "ZROUTE_TRANSPORT";

/// A program, as it is started.
#[derive(Debug)]
pub struct Program {
    /// Program and arguments, relative to the project's top folder.
    pub command: &'static [&'static str],
    /// What is set in its environment besides the bench's own.
    pub environment: &'static [(&'static str, &'static str)],
}

/// A program that runs. It is killed when this is dropped, and by the kernel when the
/// thread that started it ends in any other way.
#[derive(Debug)]
pub struct ChildProcess {
    program: &'static Program,
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<io::Result<String>>,
}

impl ChildProcess {
    /// Starts a program with more arguments.
    pub fn start(program: &'static Program, arguments: &[String]) -> Result<Self, String> {
        let shown = program.command.join(" ");
        let [file, own_arguments @ ..] = program.command else {
            return Err("a program without a command".to_owned());
        };
        let mut command = Command::new(file);
        command
            .args(own_arguments)
            .args(arguments)
            .envs(program.environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        end_with_us(&mut command);
        let mut child = command.spawn().map_err(|error| {
            format!("cannot start `{shown}`: {error}; build it, and start in the top folder")
        })?;
        let output = child.stdout.take();
        let process = Self {
            program,
            input: child.stdin.take(),
            child,
            lines: output.map_or_else(|| mpsc::channel().1, read_lines),
        };
        Ok(process)
    }

    /// Waits for a line of its output, without the line's end. Nothing when the output
    /// has ended.
    pub fn next_line(&self, limit: Duration) -> Result<Option<String>, String> {
        let shown = self.program.command.join(" ");
        match self.lines.recv_timeout(limit) {
            Ok(Ok(line)) => Ok(Some(line)),
            Ok(Err(error)) => Err(format!("`{shown}` printed no readable line: {error}")),
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(RecvTimeoutError::Timeout) => {
                Err(format!("`{shown}` printed no line within {limit:?}"))
            }
        }
    }

    /// Ends its input.
    pub fn close_input(&mut self) {
        self.input = None;
    }

    /// What it should run on but does not, by the threads that it has: libzmq gives
    /// its own a name.
    pub fn other_transport(&self) -> Option<String> {
        let (_, asked) = self
            .program
            .environment
            .iter()
            .find(|(name, _)| *name == TRANSPORT)?;
        let found = if runs_libzmq(self.pid()) {
            "libzmq"
        } else {
            "zmtp"
        };
        (*asked != found).then(|| {
            format!(
                "`{}` was started with {TRANSPORT}={asked}, but runs on {found}",
                self.program.command.join(" ")
            )
        })
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for ChildProcess {
    fn drop(&mut self) {
        // Both fail only when the child has been reaped already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn runs_libzmq(pid: u32) -> bool {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return false;
    };
    threads
        .filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("comm")).ok())
        .any(|name| name.starts_with("ZMQbg/IO"))
}

/// Lets the kernel kill the program when the thread that starts it ends.
fn end_with_us(command: &mut Command) {
    let parent = std::process::id();
    // SAFETY: prctl, getppid and raise are async-signal-safe, and the closure
    // neither allocates nor takes a lock.
    unsafe {
        command.pre_exec(move || {
            if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) != 0 {
                return Err(io::Error::last_os_error());
            }
            // The parent may have ended before prctl: nobody would send the signal.
            if u32::try_from(libc::getppid()) != Ok(parent) {
                libc::raise(libc::SIGKILL);
            }
            Ok(())
        });
    }
}

/// Reads lines on a thread, which ends with the output: when the child ends, or is killed.
fn read_lines(output: ChildStdout) -> Receiver<io::Result<String>> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines() {
            // Nobody may listen any more. Reading on keeps the child from being ended
            // by a pipe that is closed.
            let _ = sender.send(line);
        }
    });
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use std::time::Instant;

    const LIMIT: Duration = Duration::from_mins(1);

    static SLEEPER: Program = Program {
        command: &["sh", "-c", "echo ready; exec sleep 60"],
        environment: &[],
    };

    #[test]
    fn a_dropped_process_is_gone() {
        let process = ChildProcess::start(&SLEEPER, &[]).expect("it starts");
        let line = process.next_line(LIMIT).expect("a line");
        assert_eq!(line.as_deref(), Some("ready"));
        let entry = format!("/proc/{}", process.pid());
        assert!(Path::new(&entry).exists());
        drop(process);
        assert!(!Path::new(&entry).exists());
    }

    #[test]
    fn a_process_is_killed_when_its_starter_ends_without_dropping_it() {
        let pid = thread::spawn(|| {
            let process = ChildProcess::start(&SLEEPER, &[]).expect("it starts");
            let pid = process.pid();
            std::mem::forget(process);
            pid
        })
        .join()
        .expect("the thread ends");
        let mut status = 0;
        // SAFETY: `status` is a valid place for one int; the child is ours and not reaped.
        let reaped = unsafe { libc::waitpid(pid.cast_signed(), &raw mut status, 0) };
        assert_eq!(reaped, pid.cast_signed());
        assert!(libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGKILL);
    }

    #[test]
    fn a_process_gets_its_arguments_and_its_environment() {
        static SHOW: Program = Program {
            command: &["sh", "-c", "echo $0 $WORD"],
            environment: &[("WORD", "heard")],
        };
        let process = ChildProcess::start(&SHOW, &["said".to_owned()]).expect("it starts");
        let line = process.next_line(LIMIT).expect("a line");
        assert_eq!(line.as_deref(), Some("said heard"));
        assert_eq!(process.next_line(LIMIT), Ok(None));
    }

    #[test]
    fn a_process_that_is_silent_is_named_with_the_time_waited() {
        static SILENT: Program = Program {
            command: &["sleep", "60"],
            environment: &[],
        };
        let process = ChildProcess::start(&SILENT, &[]).expect("it starts");
        let message = process
            .next_line(Duration::from_millis(1))
            .expect_err("no line");
        assert_eq!(message, "`sleep 60` printed no line within 1ms");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        static MISSING: Program = Program {
            command: &["target/no-such-program"],
            environment: &[],
        };
        let message = ChildProcess::start(&MISSING, &[]).expect_err("no program");
        assert!(message.contains("target/no-such-program"), "{message}");
    }

    #[test]
    fn a_transport_other_than_asked_for_is_told() {
        static ASKED: Program = Program {
            command: &["sleep", "60"],
            environment: &[("ZROUTE_TRANSPORT", "libzmq")],
        };
        let process = ChildProcess::start(&ASKED, &[]).expect("it starts");
        let told = process.other_transport().expect("sleep has no libzmq");
        assert!(told.contains("=libzmq, but runs on zmtp"), "{told}");
        let asks_nothing = ChildProcess::start(&SLEEPER, &[]).expect("it starts");
        assert_eq!(asks_nothing.other_transport(), None);
    }

    #[test]
    fn libzmq_is_known_by_its_threads() {
        let context = zmq::Context::new();
        let _socket = context.socket(zmq::REQ).expect("a socket");
        // A thread of libzmq names itself, soon after it has started.
        let start = Instant::now();
        while !runs_libzmq(std::process::id()) {
            assert!(start.elapsed() < LIMIT, "no such thread");
            thread::yield_now();
        }
    }
}
