//! What can be seen of a supervisor from outside: the answer to `zroute.stats`,
//! and metrics in Prometheus' text form.

use std::fmt::Write;
use std::iter;
use std::time::{Duration, Instant};

use super::functions::Function;
use super::latency::Summary;
use crate::msgpack::pack;
use crate::server::Counters;

/// One worker, as others may know it.
pub struct WorkerStatus {
    pub number: u32,
    /// Of the program: one that is being loaded has a higher one than what serves.
    pub generation: u64,
    pub pid: u32,
    pub state: &'static str,
    /// The function that runs now, and for how long.
    pub running: Option<(String, Duration)>,
    pub calls: u64,
    pub faults: u64,
    /// Calls that it has beside the one that runs.
    pub queued: usize,
    /// How long its calls took, of the last minute.
    pub seen: Summary,
    pub memory: u64,
    pub restarts: u64,
}

/// All of it.
pub struct Status<'a> {
    pub counters: &'a Counters,
    pub uptime: Duration,
    pub functions: &'a mut [Function],
    /// Calls that wait for a worker, by function in their order.
    pub queued: Vec<usize>,
    pub workers: Vec<WorkerStatus>,
    pub queue_calls: usize,
    pub queue_bytes: usize,
    /// Why callers are not served, if they are not.
    pub stuck: Option<String>,
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn length<T>(of: &[T]) -> u32 {
    u32::try_from(of.len()).unwrap_or(u32::MAX)
}

impl Status<'_> {
    /// The answer to `zroute.stats`.
    pub fn pack(&mut self, out: &mut Vec<u8>, now: Instant) {
        let counted: Vec<_> = self.counters.named().collect();
        pack::map(out, length(&counted) + 5);
        for (name, count) in counted {
            number(out, name, count);
        }
        number(out, "uptime_ms", micros(self.uptime) / 1000);
        text(out, "functions");
        pack::map(out, length(self.functions));
        let queued = self.queued.iter().chain(iter::repeat(&0));
        for (function, queued) in self.functions.iter_mut().zip(queued) {
            let seen = function.latency.summary(now);
            text(out, &function.name);
            pack::map(out, 6);
            number(out, "calls", function.calls);
            number(out, "faults", function.faults);
            number(out, "queued", *queued as u64);
            number(out, "p50_us", micros(seen.p50));
            number(out, "p99_us", micros(seen.p99));
            number(out, "max_us", micros(seen.longest));
        }
        text(out, "workers");
        pack::array(out, length(&self.workers));
        for worker in &self.workers {
            let (function, running) = match &worker.running {
                Some((function, since)) => (function.as_str(), micros(*since) / 1000),
                None => ("", 0),
            };
            pack::map(out, 12);
            number(out, "number", worker.number.into());
            number(out, "pid", worker.pid.into());
            text(out, "state");
            text(out, worker.state);
            text(out, "function");
            text(out, function);
            number(out, "running_ms", running);
            number(out, "calls", worker.calls);
            number(out, "faults", worker.faults);
            number(out, "queued", worker.queued as u64);
            number(out, "p50_us", micros(worker.seen.p50));
            number(out, "p99_us", micros(worker.seen.p99));
            number(out, "memory", worker.memory);
            number(out, "restarts", worker.restarts);
        }
        text(out, "queue");
        pack::map(out, 2);
        number(out, "calls", self.queue_calls as u64);
        number(out, "bytes", self.queue_bytes as u64);
        text(out, "stuck");
        text(out, self.stuck.as_deref().unwrap_or_default());
    }

    /// Prometheus' text form, version 0.0.4.
    pub fn metrics(&mut self, now: Instant) -> String {
        let mut out = String::new();
        for (name, count) in self.counters.named() {
            let (kind, suffix) = match name {
                "open" => ("gauge", ""),
                _ => ("counter", "_total"),
            };
            let _ = writeln!(out, "# TYPE zroute_{name}{suffix} {kind}");
            let _ = writeln!(out, "zroute_{name}{suffix} {count}");
        }
        let gauges = [
            ("stuck", u64::from(self.stuck.is_some())),
            ("uptime_seconds", self.uptime.as_secs()),
            ("queue_calls", self.queue_calls as u64),
            ("queue_bytes", self.queue_bytes as u64),
        ];
        for (name, value) in gauges {
            let _ = writeln!(out, "# TYPE zroute_{name} gauge\nzroute_{name} {value}");
        }
        self.function_metrics(&mut out, now);
        self.worker_metrics(&mut out);
        out
    }

    fn function_metrics(&mut self, out: &mut String, now: Instant) {
        let _ = writeln!(out, "# TYPE zroute_function_calls_total counter");
        for function in self.functions.iter() {
            let name = label(&function.name);
            let calls = function.calls;
            let _ = writeln!(
                out,
                "zroute_function_calls_total{{function=\"{name}\"}} {calls}"
            );
        }
        let _ = writeln!(out, "# TYPE zroute_function_faults_total counter");
        for function in self.functions.iter() {
            let name = label(&function.name);
            let faults = function.faults;
            let _ = writeln!(
                out,
                "zroute_function_faults_total{{function=\"{name}\"}} {faults}"
            );
        }
        let _ = writeln!(out, "# TYPE zroute_function_queued gauge");
        for (function, queued) in self.functions.iter().zip(&self.queued) {
            let name = label(&function.name);
            let _ = writeln!(
                out,
                "zroute_function_queued{{function=\"{name}\"}} {queued}"
            );
        }
        let _ = writeln!(
            out,
            "# HELP zroute_function_seconds Of the last minute, in a worker."
        );
        let _ = writeln!(out, "# TYPE zroute_function_seconds gauge");
        for function in self.functions.iter_mut() {
            let seen = function.latency.summary(now);
            let name = label(&function.name);
            for (quantile, value) in [("0.5", seen.p50), ("0.99", seen.p99), ("1", seen.longest)] {
                let value = value.as_secs_f64();
                let _ = writeln!(
                    out,
                    "zroute_function_seconds{{function=\"{name}\",quantile=\"{quantile}\"}} {value}"
                );
            }
        }
    }

    fn worker_metrics(&self, out: &mut String) {
        type Value = fn(&WorkerStatus) -> u64;
        let columns: [(&str, &str, Value); 6] = [
            ("worker_busy", "gauge", |worker| {
                u64::from(worker.running.is_some())
            }),
            ("worker_queued", "gauge", |worker| worker.queued as u64),
            ("worker_memory_bytes", "gauge", |worker| worker.memory),
            ("worker_calls_total", "counter", |worker| worker.calls),
            ("worker_faults_total", "counter", |worker| worker.faults),
            ("worker_restarts_total", "counter", |worker| worker.restarts),
        ];
        // While one is replaced, two have its number: a series has one value at a time.
        let mut shown: Vec<_> = self
            .workers
            .iter()
            .filter(|worker| worker.state != "leaving")
            .collect();
        let is_next = |state| matches!(state, "starting" | "standby");
        shown.sort_by_key(|worker| (worker.number, is_next(worker.state), worker.generation));
        shown.dedup_by_key(|worker| worker.number);
        for (name, kind, value) in columns {
            let _ = writeln!(out, "# TYPE zroute_{name} {kind}");
            for worker in &shown {
                let (number, value) = (worker.number, value(worker));
                let _ = writeln!(out, "zroute_{name}{{worker=\"{number}\"}} {value}");
            }
        }
    }
}

fn label(name: &str) -> String {
    name.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

fn text(out: &mut Vec<u8>, value: &str) {
    // Names are short.
    let _ = pack::text(out, value.as_bytes());
}

fn number(out: &mut Vec<u8>, name: &str, value: u64) {
    text(out, name);
    pack::unsigned(out, value);
}
