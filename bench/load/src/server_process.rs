//! A server as a child process, which never outlives the bench.

use std::io::{self, BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::plus_call;

/// How long a server may take to print its endpoint, and again to give its first answer.
const START_LIMIT: Duration = Duration::from_secs(10);

/// A server that runs. It is killed when this is dropped, and by the kernel when the
/// thread that started it ends in any other way.
#[derive(Debug)]
pub struct ServerProcess {
    child: KilledOnDrop,
    endpoint: String,
    /// Kept open, so that a server that prints again is not ended by it.
    _output: BufReader<ChildStdout>,
}

impl ServerProcess {
    /// Starts a program and reads its endpoint, the first line of its output.
    pub fn start(command: &[&str]) -> Result<Self, String> {
        let [program, arguments @ ..] = command else {
            return Err("a server without a command".to_owned());
        };
        let shown = command.join(" ");
        let child = spawn(program, arguments).map_err(|error| {
            format!("cannot start `{shown}`: {error}; build it, and start in the top folder")
        })?;
        let mut child = KilledOnDrop(child);
        let (line, output) =
            first_line(&mut child.0).map_err(|problem| format!("`{shown}` {problem}"))?;
        let endpoint = line.trim_end_matches(['\n', '\r', '\0']).to_owned();
        if !endpoint.starts_with("tcp://") {
            return Err(format!(
                "`{shown}` should print its endpoint (tcp://address:port) first, but printed {line:?}"
            ));
        }
        Ok(Self {
            child,
            endpoint,
            _output: output,
        })
    }

    /// Waits until the server has answered one call.
    pub fn wait_until_it_answers(&self) -> Result<(), String> {
        let limit = i32::try_from(START_LIMIT.as_millis()).unwrap_or(i32::MAX);
        let ask = || -> zmq::Result<Vec<u8>> {
            let socket = zmq::Context::new().socket(zmq::REQ)?;
            socket.set_linger(0)?;
            socket.set_rcvtimeo(limit)?;
            socket.connect(&self.endpoint)?;
            socket.send(plus_call::REQUEST, 0)?;
            socket.recv_bytes(0)
        };
        match ask() {
            Ok(answer) if answer == plus_call::ANSWER => Ok(()),
            Ok(answer) => Err(format!(
                "the first answer of {} should be {:02x?} (19), but is {answer:02x?}",
                self.endpoint,
                plus_call::ANSWER
            )),
            Err(zmq::Error::EAGAIN) => Err(format!(
                "no first answer from {} within {START_LIMIT:?}",
                self.endpoint
            )),
            Err(error) => Err(format!("first call to {}: {error}", self.endpoint)),
        }
    }

    /// Where it listens.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.0.try_wait().ok().flatten()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.0.id()
    }
}

#[derive(Debug)]
struct KilledOnDrop(Child);

impl Drop for KilledOnDrop {
    fn drop(&mut self) {
        // Both fail only when the child has been reaped already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn spawn(program: &str, arguments: &[&str]) -> io::Result<Child> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
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
    command.spawn()
}

fn first_line(child: &mut Child) -> Result<(String, BufReader<ChildStdout>), String> {
    let output = child.stdout.take().ok_or("has no output to read")?;
    let (sender, receiver) = mpsc::channel();
    // The thread ends with the line, or at the end of file when the child is killed.
    thread::spawn(move || {
        let mut output = BufReader::new(output);
        let mut line = String::new();
        let read = output.read_line(&mut line).map(|_| (line, output));
        // Nobody listens any more after the time limit.
        let _ = sender.send(read);
    });
    match receiver.recv_timeout(START_LIMIT) {
        Ok(Ok(read)) => Ok(read),
        Ok(Err(error)) => Err(format!("printed no readable line: {error}")),
        Err(_) => Err(format!("printed no endpoint within {START_LIMIT:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const SLEEPER: &[&str] = &["sh", "-c", "echo tcp://127.0.0.1:1; exec sleep 60"];

    #[test]
    fn a_dropped_server_is_gone() {
        let server = ServerProcess::start(SLEEPER).expect("it starts");
        let process = format!("/proc/{}", server.pid());
        assert_eq!(server.endpoint(), "tcp://127.0.0.1:1");
        assert!(Path::new(&process).exists());
        drop(server);
        assert!(!Path::new(&process).exists());
    }

    #[test]
    fn a_server_is_killed_when_its_starter_ends_without_dropping_it() {
        let pid = thread::spawn(|| {
            let server = ServerProcess::start(SLEEPER).expect("it starts");
            let pid = server.pid();
            std::mem::forget(server);
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
    fn a_program_that_prints_something_else_is_refused_with_what_it_printed() {
        let refused = ServerProcess::start(&["echo", "Could not open input file"]);
        let message = refused.expect_err("no endpoint");
        assert!(message.contains("echo Could not"), "{message}");
        assert!(
            message.contains("\"Could not open input file\\n\""),
            "{message}"
        );
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let message = ServerProcess::start(&["target/no-such-server"]).expect_err("no program");
        assert!(message.contains("target/no-such-server"), "{message}");
    }
}
