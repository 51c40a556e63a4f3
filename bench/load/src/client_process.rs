//! A client in a process of its own, which measures itself. `bench/clients/measured_run.h`
//! says what the two processes tell each other.

use std::time::Duration;

use crate::child_process::{ChildProcess, Program};
use crate::client::Failure;

/// How long a client may take beyond its own time, to start and to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// A client that runs, until it is dropped.
#[derive(Debug)]
pub struct ClientProcess {
    process: ChildProcess,
    warm_up: Duration,
    time: Duration,
}

/// What a client counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Answers, each of them checked.
    pub answers: u64,
    /// The time they took.
    pub elapsed: Duration,
}

impl ClientProcess {
    /// Starts a client, which begins to call at once.
    pub fn start(
        program: &'static Program,
        endpoint: &str,
        window: u16,
        warm_up: Duration,
        time: Duration,
    ) -> Result<Self, Failure> {
        let millis = |time: Duration| time.as_millis().max(1).to_string();
        let arguments = [
            endpoint.to_owned(),
            window.to_string(),
            millis(warm_up),
            millis(time),
        ];
        Ok(Self {
            process: ChildProcess::start(program, &arguments)
                .map_err(Failure::refused("start the client"))?,
            warm_up,
            time,
        })
    }

    /// Waits for the end of the warm-up.
    pub fn wait_until_measuring(&self) -> Result<(), Failure> {
        let line = self.line(self.warm_up + PATIENCE)?.unwrap_or_default();
        if line == "measuring" {
            Ok(())
        } else {
            Err(unexpected("measuring", &line))
        }
    }

    /// Waits for the end of the measurement. The client waits too, for
    /// [`ClientProcess::latencies`].
    pub fn wait_until_measured(&self) -> Result<Counted, Failure> {
        let line = self.line(self.time + PATIENCE)?.unwrap_or_default();
        counted(&line).ok_or_else(|| unexpected("answers and nanoseconds", &line))
    }

    /// The time of each call, if the client took it.
    pub fn latencies(mut self) -> Result<Vec<Duration>, Failure> {
        self.process.close_input();
        let mut latencies = Vec::new();
        while let Some(line) = self.line(PATIENCE)? {
            let nanoseconds = line.parse();
            latencies.push(Duration::from_nanos(
                nanoseconds.map_err(|_| unexpected("nanoseconds", &line))?,
            ));
        }
        Ok(latencies)
    }

    /// See [`ChildProcess::other_transport`].
    pub fn other_transport(&self) -> Option<String> {
        self.process.other_transport()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    fn line(&self, limit: Duration) -> Result<Option<String>, Failure> {
        self.process
            .next_line(limit)
            .map_err(Failure::refused("the client"))
    }
}

fn counted(line: &str) -> Option<Counted> {
    let (answers, nanoseconds) = line.split_once(' ')?;
    Some(Counted {
        answers: answers.parse().ok()?,
        elapsed: Duration::from_nanos(nanoseconds.parse().ok()?),
    })
}

fn unexpected(expected: &str, line: &str) -> Failure {
    Failure::Refused {
        action: "the client",
        reason: format!("expected a line with {expected}, but it printed {line:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(1);

    fn start(program: &'static Program) -> ClientProcess {
        ClientProcess::start(program, "tcp://127.0.0.1:1", 1, SOON, SOON).expect("it starts")
    }

    #[test]
    fn what_a_client_measured_is_read_and_its_latencies_after_its_input_ended() {
        static CLIENT: Program = Program {
            command: &[
                "sh",
                "-c",
                "echo measuring; echo 2 5000; cat; printf '2000\\n3000\\n'",
            ],
            environment: &[],
        };
        let client = start(&CLIENT);
        client.wait_until_measuring().expect("the warm-up ends");
        let expected = Counted {
            answers: 2,
            elapsed: Duration::from_micros(5),
        };
        assert_eq!(client.wait_until_measured(), Ok(expected));
        let latencies = client.latencies().expect("two");
        assert_eq!(latencies, [2, 3].map(Duration::from_micros));
    }

    #[test]
    fn a_client_is_told_the_endpoint_the_window_and_the_times_in_milliseconds() {
        static CLIENT: Program = Program {
            command: &["sh", "-c", "echo $0 $*"],
            environment: &[],
        };
        let (warm_up, time) = (Duration::from_millis(150), Duration::from_secs(2));
        let client = ClientProcess::start(&CLIENT, "tcp://127.0.0.1:1", 64, warm_up, time);
        let failure = client.expect("it starts").wait_until_measuring();
        let told = failure.expect_err("another line").to_string();
        assert!(told.contains("\"tcp://127.0.0.1:1 64 150 2000\""), "{told}");
    }

    #[test]
    fn a_client_that_ends_early_is_a_failure() {
        static CLIENT: Program = Program {
            command: &["sh", "-c", "echo measuring"],
            environment: &[],
        };
        let client = start(&CLIENT);
        client.wait_until_measuring().expect("the warm-up ends");
        assert!(client.wait_until_measured().is_err());
    }
}
