//! One server under one scenario, once.

use std::io;
use std::time::{Duration, Instant};

use crate::child_process::Program;
use crate::client::Failure;
use crate::client_process::{ClientProcess, Counted};
use crate::cpu::{MachineTimes, ProcessClock, ThreadTimes, busiest_share, thread_times};
use crate::load::Load;
use crate::one_core::OnOneCore;
use crate::scenario::Clients;
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
    /// User and system time a request of who calls, the load generator or the server's
    /// own client, in µs.
    CallerCpu,
    /// How busy the server's busiest thread is; 1 is a whole core.
    ServerBusiest,
    /// How busy the busiest thread of who calls is. Near 1, it may be the limit.
    CallerBusiest,
    /// Share of the time of all cores that was used, by other programs too.
    MachineBusy,
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
    pub const ALL: [Self; 8] = [
        Self::RequestsPerSecond,
        Self::ServerCpu,
        Self::LatencyP50,
        Self::LatencyP99,
        Self::CallerCpu,
        Self::ServerBusiest,
        Self::CallerBusiest,
        Self::MachineBusy,
    ];

    /// Its key in the JSON file, with the unit.
    pub fn key(self) -> &'static str {
        match self {
            Self::RequestsPerSecond => "requests_per_second",
            Self::ServerCpu => "server_cpu_us_per_request",
            Self::LatencyP50 => "latency_p50_us",
            Self::LatencyP99 => "latency_p99_us",
            Self::CallerCpu => "caller_cpu_us_per_request",
            Self::ServerBusiest => "server_busiest_thread",
            Self::CallerBusiest => "caller_busiest_thread",
            Self::MachineBusy => "machine_busy",
        }
    }

    /// Which way is better.
    pub fn better(self) -> Better {
        match self {
            Self::RequestsPerSecond => Better::Higher,
            Self::ServerCpu | Self::LatencyP50 | Self::LatencyP99 => Better::Lower,
            Self::CallerCpu | Self::ServerBusiest | Self::CallerBusiest | Self::MachineBusy => {
                Better::Neither
            }
        }
    }
}

/// The figures of one round.
#[derive(Clone, Debug, Default)]
pub struct Measurement(Vec<(Metric, f64)>);

impl Measurement {
    /// A figure, if the scenario gives it: latencies are taken of REQ clients and in lockstep only.
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
    server_cpu: Duration,
    caller_cpu: Duration,
    server_threads: ThreadTimes,
    caller_threads: ThreadTimes,
    machine: MachineTimes,
}

impl Reading {
    fn take(server: u32, caller: u32) -> Result<Self, Failure> {
        let take = || -> io::Result<Self> {
            Ok(Self {
                server_threads: thread_times(server)?,
                caller_threads: thread_times(caller)?,
                server_cpu: ProcessClock::of(server)?.read()?,
                caller_cpu: ProcessClock::of(caller)?.read()?,
                machine: MachineTimes::read()?,
                at: Instant::now(),
            })
        };
        take().map_err(Failure::refused("read CPU time"))
    }
}

/// Under what is measured.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    /// Whether the server and who calls share one core.
    pub one_core: bool,
    /// Time before the measurement.
    pub warm_up: Duration,
    /// Length of the measurement.
    pub time: Duration,
}

impl Conditions {
    fn keep_on_core(&self, server: u32, caller: u32) -> Result<Vec<OnOneCore>, Failure> {
        let processes: &[u32] = if self.one_core {
            &[server, caller]
        } else {
            &[]
        };
        let kept = processes.iter().map(|&process| OnOneCore::keep(process));
        kept.collect::<io::Result<_>>()
            .map_err(Failure::refused("keep a process on one core"))
    }
}

/// Lets the load generator's clients work, and measures them after the warm-up.
pub fn measure_load(
    clients: Clients,
    server: &ServerProcess,
    conditions: &Conditions,
) -> Result<Measurement, Failure> {
    let bench = std::process::id();
    let _kept = conditions.keep_on_core(server.pid(), bench)?;
    let load = Load::start(clients, server.endpoint(), PATIENCE)?;
    load.work(conditions.warm_up)?;
    load.take_latencies();
    let before = Reading::take(server.pid(), bench)?;
    let answers = load.answers();
    load.work(conditions.time)?;
    let answers = load.answers() - answers;
    let after = Reading::take(server.pid(), bench)?;
    let latencies = load.finish()?;
    let elapsed = after.at - before.at;
    figures(&before, &after, Counted { answers, elapsed }, latencies)
}

/// Lets a server's own client work, which measures itself after the warm-up. Also tells
/// when the client runs on another transport than it was asked to.
pub fn measure_own_client(
    client: &'static Program,
    window: u16,
    server: &ServerProcess,
    conditions: &Conditions,
) -> Result<(Measurement, Option<String>), Failure> {
    let Conditions { warm_up, time, .. } = *conditions;
    let client = ClientProcess::start(client, server.endpoint(), window, warm_up, time)?;
    let _kept = conditions.keep_on_core(server.pid(), client.pid())?;
    client.wait_until_measuring()?;
    let before = Reading::take(server.pid(), client.pid())?;
    let counted = client.wait_until_measured()?;
    let after = Reading::take(server.pid(), client.pid())?;
    let other_transport = client.other_transport();
    let measurement = figures(&before, &after, counted, client.latencies()?)?;
    Ok((measurement, other_transport))
}

fn figures(
    before: &Reading,
    after: &Reading,
    counted: Counted,
    mut latencies: Vec<Duration>,
) -> Result<Measurement, Failure> {
    let elapsed = after.at - before.at;
    if counted.answers == 0 {
        return Err(Failure::NoAnswer {
            in_flight: 0,
            waited: elapsed,
        });
    }
    let answers = counted.answers as f64;
    let server = after.server_cpu.saturating_sub(before.server_cpu);
    let caller = after.caller_cpu.saturating_sub(before.caller_cpu);
    let mut figures = vec![
        (
            Metric::RequestsPerSecond,
            answers / counted.elapsed.as_secs_f64(),
        ),
        (Metric::ServerCpu, micros(server) / answers),
        (Metric::CallerCpu, micros(caller) / answers),
        (
            Metric::ServerBusiest,
            busiest_share(&before.server_threads, &after.server_threads, elapsed),
        ),
        (
            Metric::CallerBusiest,
            busiest_share(&before.caller_threads, &after.caller_threads, elapsed),
        ),
        (
            Metric::MachineBusy,
            after.machine.busy_since(before.machine),
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
