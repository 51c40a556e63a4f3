//! A server that runs.

use std::process::ExitStatus;
use std::time::Duration;

use crate::child_process::{ChildProcess, Program};
use crate::plus_call;

/// How long a server may take to print its endpoint, and again to give its first answer.
const START_LIMIT: Duration = Duration::from_secs(10);

/// A server that runs, until it is dropped.
#[derive(Debug)]
pub struct ServerProcess {
    process: ChildProcess,
    endpoint: String,
}

impl ServerProcess {
    /// Starts a program and reads its endpoint, the first line of its output.
    pub fn start(program: &'static Program) -> Result<Self, String> {
        let process = ChildProcess::start(program, &[])?;
        let line = process.next_line(START_LIMIT)?.unwrap_or_default();
        let endpoint = line.trim_end_matches(['\r', '\0']).to_owned();
        if !endpoint.starts_with("tcp://") {
            return Err(format!(
                "`{}` should print its endpoint (tcp://address:port) first, but printed {line:?}",
                program.command.join(" ")
            ));
        }
        Ok(Self { process, endpoint })
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

    /// See [`ChildProcess::other_transport`].
    pub fn other_transport(&self) -> Option<String> {
        self.process.other_transport()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.process.ended()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_endpoint() {
        static LISTENER: Program = Program {
            command: &["sh", "-c", "echo tcp://127.0.0.1:1; exec sleep 60"],
            environment: &[],
        };
        let server = ServerProcess::start(&LISTENER).expect("it starts");
        assert_eq!(server.endpoint(), "tcp://127.0.0.1:1");
    }

    #[test]
    fn a_program_that_prints_something_else_is_refused_with_what_it_printed() {
        static ECHO: Program = Program {
            command: &["echo", "Could not open input file"],
            environment: &[],
        };
        let message = ServerProcess::start(&ECHO).expect_err("no endpoint");
        assert!(message.contains("echo Could not"), "{message}");
        assert!(
            message.contains("\"Could not open input file\""),
            "{message}"
        );
    }
}
