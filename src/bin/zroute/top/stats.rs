//! What `zroute.stats` tells, and what two tellings make.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One answer of `zroute.stats`. Of a server in one process there are no workers, no
/// queue and no times.
#[derive(Clone, Default, Deserialize)]
pub struct Stats {
    #[serde(default)]
    calls: u64,
    #[serde(default)]
    open: u64,
    #[serde(default)]
    uptime_ms: u64,
    #[serde(default)]
    functions: BTreeMap<String, Function>,
    #[serde(default)]
    workers: Vec<Worker>,
    queue: Option<Queue>,
    /// Why callers are not served; empty if they are.
    #[serde(default)]
    stuck: String,
    /// All other counters, of which `faults_…` are one for each code.
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

#[derive(Clone, Default, Deserialize)]
struct Function {
    #[serde(default)]
    calls: u64,
    #[serde(default)]
    faults: u64,
    /// Calls that wait for a worker.
    queued: Option<u64>,
    p50_us: Option<f64>,
    p99_us: Option<f64>,
    max_us: Option<f64>,
}

#[derive(Clone, Default, Deserialize)]
struct Worker {
    #[serde(default)]
    number: u64,
    #[serde(default)]
    pid: u64,
    #[serde(default)]
    state: String,
    #[serde(default)]
    function: String,
    #[serde(default)]
    running_ms: u64,
    #[serde(default)]
    calls: u64,
    #[serde(default)]
    faults: u64,
    queued: Option<u64>,
    p50_us: Option<f64>,
    p99_us: Option<f64>,
    #[serde(default)]
    memory: u64,
    #[serde(default)]
    restarts: u64,
}

/// What waits for a free worker.
#[derive(Clone, Default, Deserialize, Serialize)]
pub struct Queue {
    #[serde(default)]
    pub calls: u64,
    #[serde(default)]
    pub bytes: u64,
}

/// What happened in a span of time.
#[derive(Serialize)]
pub struct Report {
    pub seconds: f64,
    pub uptime_ms: u64,
    pub calls_per_second: f64,
    pub faults_per_second: f64,
    pub calls: u64,
    pub faults: u64,
    pub open: u64,
    pub queue: Option<Queue>,
    /// Why callers are not served; empty if they are.
    pub stuck: String,
    /// The busiest first, of those without calls the one that most wait for.
    pub functions: Vec<FunctionReport>,
    pub workers: Vec<WorkerReport>,
}

/// Times are in microseconds, of the last minute; None where the server has none.
#[derive(Serialize)]
pub struct FunctionReport {
    pub name: String,
    pub calls_per_second: f64,
    pub faults_per_second: f64,
    pub calls: u64,
    pub faults: u64,
    pub queued: Option<u64>,
    pub p50_us: Option<f64>,
    pub p99_us: Option<f64>,
    pub max_us: Option<f64>,
}

#[derive(Serialize)]
pub struct WorkerReport {
    pub number: u64,
    pub pid: u64,
    pub state: String,
    pub function: String,
    pub running_ms: u64,
    pub calls_per_second: f64,
    pub faults_per_second: f64,
    pub calls: u64,
    pub faults: u64,
    pub queued: Option<u64>,
    pub p50_us: Option<f64>,
    pub p99_us: Option<f64>,
    pub memory: u64,
    pub restarts: u64,
}

impl Stats {
    fn faults(&self) -> u64 {
        self.others
            .iter()
            .filter(|(name, _)| name.starts_with("faults_"))
            .filter_map(|(_, count)| count.as_u64())
            .sum()
    }

    /// What happened since an earlier telling; since the server's start if there is none,
    /// or if the server is another one by now.
    pub fn since(&self, earlier: Option<&Self>) -> Report {
        let start = Self::default();
        let earlier = earlier
            .filter(|earlier| earlier.uptime_ms <= self.uptime_ms)
            .unwrap_or(&start);
        let seconds = (self.uptime_ms - earlier.uptime_ms).max(1) as f64 / 1e3;
        // A counter that went back belongs to a process that began anew.
        let rate = |now: u64, then: u64| now.checked_sub(then).unwrap_or(now) as f64 / seconds;
        let mut functions: Vec<_> = self
            .functions
            .iter()
            .map(|(name, now)| {
                let none = Function::default();
                let then = earlier.functions.get(name).unwrap_or(&none);
                FunctionReport {
                    name: name.clone(),
                    calls_per_second: rate(now.calls, then.calls),
                    faults_per_second: rate(now.faults, then.faults),
                    calls: now.calls,
                    faults: now.faults,
                    queued: now.queued,
                    p50_us: now.p50_us,
                    p99_us: now.p99_us,
                    max_us: now.max_us,
                }
            })
            .collect();
        functions.sort_by(|one, other| {
            (other.calls_per_second.total_cmp(&one.calls_per_second))
                .then(other.queued.cmp(&one.queued))
                .then(other.calls.cmp(&one.calls))
        });
        let workers = self
            .workers
            .iter()
            .map(|now| {
                let none = Worker::default();
                let then = earlier
                    .workers
                    .iter()
                    .find(|then| (then.number, then.pid) == (now.number, now.pid))
                    .unwrap_or(&none);
                WorkerReport {
                    number: now.number,
                    pid: now.pid,
                    state: now.state.clone(),
                    function: now.function.clone(),
                    running_ms: now.running_ms,
                    calls_per_second: rate(now.calls, then.calls),
                    faults_per_second: rate(now.faults, then.faults),
                    calls: now.calls,
                    faults: now.faults,
                    queued: now.queued,
                    p50_us: now.p50_us,
                    p99_us: now.p99_us,
                    memory: now.memory,
                    restarts: now.restarts,
                }
            })
            .collect();
        Report {
            seconds,
            uptime_ms: self.uptime_ms,
            calls_per_second: rate(self.calls, earlier.calls),
            faults_per_second: rate(self.faults(), earlier.faults()),
            calls: self.calls,
            faults: self.faults(),
            open: self.open,
            queue: self.queue.clone(),
            stuck: self.stuck.clone(),
            functions,
            workers,
        }
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // Quotients that floats hold exactly.
mod tests {
    use super::*;

    fn stats(json: &str) -> Stats {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn rates_are_of_the_time_between() {
        let then = stats(
            r#"{"calls":100,"uptime_ms":10000,"faults_handler":1,"requests":3,
            "functions":{"a":{"calls":60,"faults":1},"b":{"calls":40,"faults":0}}}"#,
        );
        let now = stats(
            r#"{"calls":300,"uptime_ms":12000,"faults_handler":3,"faults_parse":2,
            "functions":{"a":{"calls":80,"faults":1},"b":{"calls":200,"faults":4,"p99_us":7}}}"#,
        );
        let report = now.since(Some(&then));
        assert_eq!(report.calls_per_second, 100.0);
        assert_eq!(report.faults_per_second, 2.0);
        assert_eq!(report.functions[0].name, "b");
        assert_eq!(report.functions[0].calls_per_second, 80.0);
        assert_eq!(report.functions[0].p99_us, Some(7.0));
        assert_eq!(report.functions[1].faults_per_second, 0.0);
        assert!(report.queue.is_none() && report.workers.is_empty());
    }

    #[test]
    fn a_server_or_worker_that_began_anew_counts_from_its_start() {
        let then =
            stats(r#"{"calls":100,"uptime_ms":10000,"workers":[{"number":1,"pid":7,"calls":50}]}"#);
        let anew = stats(r#"{"calls":10,"uptime_ms":1000}"#);
        assert_eq!(anew.since(Some(&then)).calls_per_second, 10.0);
        let now =
            stats(r#"{"calls":110,"uptime_ms":11000,"workers":[{"number":1,"pid":8,"calls":5}]}"#);
        assert_eq!(now.since(Some(&then)).workers[0].calls_per_second, 5.0);
        assert_eq!(now.since(None).calls_per_second, 10.0);
    }
}
