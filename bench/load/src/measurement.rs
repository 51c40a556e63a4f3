//! One server under one scenario, once.

use std::io;
use std::time::{Duration, Instant};

use crate::client::Failure;
use crate::cpu::{ProcessClock, ThreadTimes, busiest_share, thread_times};
use crate::load::Load;
use crate::scenario::Scenario;
use crate::server_process::ServerProcess;
use crate::statistics::percentile;

/// How long a call may stay without an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Something measured, or worked out from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Answers a second.
    RequestsPerSecond,
    /// User and system time of the server's process a request, in µs.
    ServerCpu,
    /// Time from call to answer that half of the calls do not exceed, in µs.
    LatencyP50,
    /// Time from call to answer that 99 % of the calls do not exceed, in µs.
    LatencyP99,
    /// User and system time of the load generator a request, in µs.
    LoadCpu,
    /// How busy the server's busiest thread is; 1 is a whole core.
    ServerBusiest,
    /// How busy the generator's busiest thread is. Near 1, the generator may be the limit.
    LoadBusiest,
}

/// What makes one figure better than another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Higher is better.
    Higher,
    /// Lower is better.
    Lower,
    /// The figure explains others, and is no aim.
    Neither,
}

impl Metric {
    /// Every metric.
    pub const ALL: [Self; 7] = [
        Self::RequestsPerSecond,
        Self::ServerCpu,
        Self::LatencyP50,
        Self::LatencyP99,
        Self::LoadCpu,
        Self::ServerBusiest,
        Self::LoadBusiest,
    ];

    /// Its key in the JSON file, with the unit.
    pub fn key(self) -> &'static str {
        match self {
            Self::RequestsPerSecond => "requests_per_second",
            Self::ServerCpu => "server_cpu_us_per_request",
            Self::LatencyP50 => "latency_p50_us",
            Self::LatencyP99 => "latency_p99_us",
            Self::LoadCpu => "load_cpu_us_per_request",
            Self::ServerBusiest => "server_busiest_thread",
            Self::LoadBusiest => "load_busiest_thread",
        }
    }

    /// Which way is better.
    pub fn better(self) -> Better {
        match self {
            Self::RequestsPerSecond => Better::Higher,
            Self::ServerCpu | Self::LatencyP50 | Self::LatencyP99 => Better::Lower,
            Self::LoadCpu | Self::ServerBusiest | Self::LoadBusiest => Better::Neither,
        }
    }
}

/// The figures of one round.
#[derive(Clone, Debug, Default)]
pub struct Measurement(Vec<(Metric, f64)>);

impl Measurement {
    /// A figure, if the scenario gives it: latencies are taken of REQ clients only.
    pub fn get(&self, metric: Metric) -> Option<f64> {
        self.0
            .iter()
            .find(|(name, _)| *name == metric)
            .map(|&(_, value)| value)
    }
}

impl FromIterator<(Metric, f64)> for Measurement {
    fn from_iter<I: IntoIterator<Item = (Metric, f64)>>(figures: I) -> Self {
        Self(figures.into_iter().collect())
    }
}

/// What has been used up to a moment.
struct Reading {
    at: Instant,
    answers: u64,
    server_cpu: Duration,
    load_cpu: Duration,
    server_threads: ThreadTimes,
    load_threads: ThreadTimes,
}

impl Reading {
    fn take(load: &Load, server: &ServerProcess) -> io::Result<Self> {
        let bench = std::process::id();
        Ok(Self {
            server_threads: thread_times(server.pid())?,
            load_threads: thread_times(bench)?,
            server_cpu: ProcessClock::of(server.pid())?.read()?,
            load_cpu: ProcessClock::of(bench)?.read()?,
            answers: load.answers(),
            at: Instant::now(),
        })
    }
}

/// Lets the clients of a scenario work, and measures them after the warm-up.
pub fn measure(
    scenario: &Scenario,
    server: &ServerProcess,
    warm_up: Duration,
    time: Duration,
) -> Result<Measurement, Failure> {
    let load = Load::start(scenario.clients, server.endpoint(), PATIENCE)?;
    load.work(warm_up)?;
    load.take_latencies();
    let before = Reading::take(&load, server).map_err(Failure::refused("read CPU time"))?;
    load.work(time)?;
    let after = Reading::take(&load, server).map_err(Failure::refused("read CPU time"))?;
    let mut latencies = load.finish()?;

    let elapsed = after.at - before.at;
    let answers = (after.answers - before.answers) as f64;
    if answers == 0.0 {
        return Err(Failure::NoAnswer {
            in_flight: 0,
            waited: elapsed,
        });
    }
    let mut figures = vec![
        (Metric::RequestsPerSecond, answers / elapsed.as_secs_f64()),
        (
            Metric::ServerCpu,
            micros(after.server_cpu.saturating_sub(before.server_cpu)) / answers,
        ),
        (
            Metric::LoadCpu,
            micros(after.load_cpu.saturating_sub(before.load_cpu)) / answers,
        ),
        (
            Metric::ServerBusiest,
            busiest_share(&before.server_threads, &after.server_threads, elapsed),
        ),
        (
            Metric::LoadBusiest,
            busiest_share(&before.load_threads, &after.load_threads, elapsed),
        ),
    ];
    for (metric, percent) in [(Metric::LatencyP50, 50), (Metric::LatencyP99, 99)] {
        if let Some(latency) = percentile(&mut latencies, percent) {
            figures.push((metric, micros(latency)));
        }
    }
    Ok(figures.into_iter().collect())
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
