//! `zroute bench`: what a server can do, as a client sees it.

use std::collections::{BTreeMap, HashMap};
use std::io::{IsTerminal, Write};
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::json;
use zroute::client::Outcome;
use zroute::transport::Error;

use crate::connection::{Connection, Options, endpoint, value_of};
use crate::failure::{Exit, Failure};
use crate::histogram::Histogram;
use crate::terminal::{grouped, printable};
use crate::{call, interrupt, span};

/// Measure how many calls a server answers, and how fast
///
/// Each connection is a client on a thread of its own that keeps --in-flight calls going: when one
/// ends, it begins the next. Such a client slows down together with the server, so a pause of the
/// server counts once and not for all the calls that would have come meanwhile ("coordinated
/// omission"). With --rate calls begin at fixed times whatever the server does, and each time is
/// counted from when the call should have begun: use it for questions about latency.
///
/// The clients take processor time too. On one machine with the server they share its cores.
#[derive(Args)]
#[command(after_help = "\
Examples:
  zroute bench tcp://127.0.0.1:5555 plus '[1,2,3]'
  zroute bench --connections 8 --in-flight 64 --duration 10s tcp://127.0.0.1:5555 plus '[1,2,3]'
  zroute bench --rate 5000 --connections 4 --in-flight 100 tcp://127.0.0.1:5555 plus '[1,2,3]'
  zroute bench --calls 100000 --json tcp://127.0.0.1:5555 plus '[1,2,3]' | jq .latency_us.p99

Exit codes: 0 all were answered, 1 there were faults, 2 there were calls without an answer,
64 wrong usage.")]
pub struct Arguments {
    /// Where the server is: tcp://HOST:PORT, ipc://PATH or consul://HOST:PORT/NAME
    #[arg(value_parser = endpoint)]
    endpoint: String,

    /// The function to call
    function: String,

    /// Its parameters, as in `zroute call`
    #[arg(value_name = "JSON", allow_negative_numbers = true)]
    parameters: Vec<String>,

    /// How many clients, each with one connection and one thread
    #[arg(long, short = 'c', value_name = "N", default_value_t = 1,
        value_parser = clap::value_parser!(u32).range(1..=1000))]
    connections: u32,

    /// How many calls each client has in flight at most
    #[arg(long, short = 'f', value_name = "N", default_value_t = 1,
        value_parser = clap::value_parser!(u32).range(1..=65536))]
    in_flight: u32,

    /// How long to begin calls
    #[arg(long, short, value_name = "SPAN", default_value = "5s", value_parser = span::parse_some)]
    duration: Duration,

    /// How many calls to make, all clients together, instead of --duration
    #[arg(long, short = 'n', value_name = "N", conflicts_with = "duration",
        value_parser = clap::value_parser!(u64).range(1..))]
    calls: Option<u64>,

    /// How many calls to begin in a second, all clients together
    #[arg(long, value_name = "N", value_parser = parse_rate)]
    rate: Option<f64>,

    /// Print the result as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    options: Options,
}

fn parse_rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.001..=1e8).contains(&rate) => Ok(rate),
        _ => Err("expected a number of calls a second, from 0.001 to 100000000".to_string()),
    }
}

/// What one client, or all of them, saw.
#[derive(Default)]
struct Tally {
    /// The times of the calls that were answered with a value.
    answered: Histogram,
    faults: BTreeMap<String, u64>,
    unanswered: BTreeMap<&'static str, u64>,
    /// Calls of a rate whose time came and that found no place.
    not_begun: u64,
}

/// What the clients share.
struct Course {
    barrier: Barrier,
    /// How many calls may still be begun.
    left: AtomicU64,
    finished: AtomicU64,
}

/// A client that waits for the time of its next call sleeps to the millisecond. What it
/// oversleeps is not the server's time.
const OVERSLEPT: Duration = Duration::from_millis(2);
/// Ctrl-C reaches one thread; the others look this often. So does the one that waits for
/// them, which takes the time from the last of them.
const LOOK: Duration = Duration::from_millis(100);

impl Arguments {
    pub fn run(&self) -> Result<(), Failure> {
        let parameters = call::parameters(&self.parameters, self.options.dialect)?;
        let mut connections = Vec::new();
        for _ in 0..self.connections {
            connections.push(self.options.connect(std::slice::from_ref(&self.endpoint))?);
        }
        interrupt::catch();
        // The first call connects and is not counted.
        for connection in &mut connections {
            match connection.call(&self.function, &parameters) {
                Ok(_) | Err(Failure::Fault(_)) => {}
                Err(failure) => return Err(failure.on_stdout_if(self.json)),
            }
        }
        let course = Course {
            barrier: Barrier::new(connections.len() + 1),
            left: AtomicU64::new(self.calls.unwrap_or(u64::MAX)),
            finished: AtomicU64::new(0),
        };
        let (tally, took) = thread::scope(|scope| {
            let clients: Vec<_> = (0..)
                .zip(connections)
                .map(|(index, connection)| {
                    let (course, parameters) = (&course, &parameters);
                    scope.spawn(move || {
                        course.barrier.wait();
                        let tally = self.drive(index, connection, parameters, course);
                        (tally, Instant::now())
                    })
                })
                .collect();
            course.barrier.wait();
            let begun = Instant::now();
            let mut progress = Progress::new(begun);
            while !clients.iter().all(thread::ScopedJoinHandle::is_finished) {
                thread::sleep(LOOK);
                progress.show(&course);
            }
            progress.clear();
            let mut last = begun;
            let mut all = Tally::default();
            for client in clients {
                match client.join() {
                    Ok((tally, ended)) => {
                        all.merge(tally?);
                        last = last.max(ended);
                    }
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            Ok::<_, Failure>((all, last - begun))
        })?;
        self.tell(&tally, took)?;
        if interrupt::came() {
            Err(Failure::Said(Exit::Interrupted))
        } else if !tally.unanswered.is_empty() {
            Err(Failure::Said(Exit::NoAnswer))
        } else if !tally.faults.is_empty() {
            Err(Failure::Said(Exit::Fault))
        } else {
            Ok(())
        }
    }

    /// Keeps one client's calls going.
    fn drive(
        &self,
        index: u32,
        connection: Connection,
        parameters: &[u8],
        course: &Course,
    ) -> Result<Tally, Failure> {
        let Connection {
            mut client,
            timeout,
        } = connection;
        let mut tally = Tally::default();
        let mut begun = HashMap::new();
        let start = Instant::now();
        let end = self.calls.is_none().then(|| start + self.duration);
        let pause = self
            .rate
            .map(|rate| Duration::from_secs_f64(f64::from(self.connections) / rate));
        // The clients take turns.
        let turn = f64::from(index) / f64::from(self.connections);
        let mut due = start + pause.unwrap_or_default().mul_f64(turn);
        let mut over = false;
        while !interrupt::came() {
            let mut now = Instant::now();
            while !over && begun.len() < self.in_flight as usize && (pause.is_none() || due <= now)
            {
                if let Some(end) = end.filter(|end| now.max(due) >= *end) {
                    tally.not_begun += times_until(end, due, pause);
                    over = true;
                    break;
                }
                if !course.take() {
                    over = true;
                    break;
                }
                let from = match pause {
                    Some(_) if now.duration_since(due) > OVERSLEPT => due,
                    _ => now,
                };
                let id = client.submit(&self.function, parameters, timeout)?;
                begun.insert(id, from);
                due += pause.unwrap_or_default();
                now = Instant::now();
            }
            if begun.is_empty() {
                if over {
                    break;
                }
                thread::sleep(due.saturating_duration_since(now).min(LOOK));
                continue;
            }
            let may_begin = !over && begun.len() < self.in_flight as usize;
            let until = if may_begin {
                due.min(now + LOOK)
            } else {
                now + LOOK
            };
            let mut ended = match client.collect_any(Some(until)) {
                Err(Error::Interrupted) => None,
                ended => ended?,
            };
            while let Some((id, outcome)) = ended {
                let took = begun.remove(&id).map(|from| from.elapsed());
                tally.count(outcome, took.unwrap_or_default());
                course.finished.fetch_add(1, Ordering::Relaxed);
                ended = client.next_finished();
            }
        }
        Ok(tally)
    }

    fn tell(&self, tally: &Tally, took: Duration) -> Result<(), Failure> {
        let Tally {
            answered,
            faults,
            unanswered,
            not_begun,
        } = tally;
        let a_second = answered.count() as f64 / took.as_secs_f64();
        let mut stdout = std::io::stdout();
        if self.json {
            let us = |time: Duration| time.as_nanos() as f64 / 1e3;
            let line = json!({
                "endpoint": self.endpoint,
                "function": self.function,
                "connections": self.connections,
                "in_flight": self.in_flight,
                "rate": self.rate,
                "seconds": took.as_secs_f64(),
                "answered": answered.count(),
                "answers_per_second": a_second,
                "faults": faults,
                "unanswered": unanswered,
                "not_begun": not_begun,
                "latency_us": {
                    "mean": us(answered.mean()),
                    "p50": us(answered.per_mille(500)),
                    "p90": us(answered.per_mille(900)),
                    "p99": us(answered.per_mille(990)),
                    "p999": us(answered.per_mille(999)),
                    "max": us(answered.most()),
                },
            });
            return Ok(writeln!(stdout, "{line}")?);
        }
        let rate = match self.rate {
            Some(rate) => format!(", {rate} calls a second"),
            None => String::new(),
        };
        let Self {
            endpoint,
            function,
            connections,
            in_flight,
            ..
        } = self;
        writeln!(
            stdout,
            "{function} at {endpoint}: {connections} connections, {in_flight} in flight each{rate}"
        )?;
        writeln!(
            stdout,
            "  answered  {} in {}: {} a second",
            grouped(answered.count()),
            span::show(took),
            grouped(format_args!("{a_second:.0}"))
        )?;
        for (kind, count) in faults {
            let line = format!("  fault     {}: {kind}", grouped(*count));
            writeln!(stdout, "{}", printable(&line))?;
        }
        for (kind, count) in unanswered {
            writeln!(stdout, "  no answer {}: {kind}", grouped(*count))?;
        }
        if *not_begun > 0 {
            writeln!(
                stdout,
                "  not begun {}: all places were taken; raise --in-flight, or lower --rate",
                grouped(*not_begun)
            )?;
        }
        if answered.count() > 0 {
            write!(stdout, "  latency   mean {}", span::show(answered.mean()))?;
            for (name, mille) in [("p50", 500), ("p90", 900), ("p99", 990), ("p99.9", 999)] {
                write!(stdout, ", {name} {}", span::show(answered.per_mille(mille)))?;
            }
            writeln!(stdout, ", max {}", span::show(answered.most()))?;
            writeln!(
                stdout,
                "            {}",
                if self.rate.is_some() {
                    "counted from when each call should have begun"
                } else {
                    "of clients that wait for answers; a pause of the server counts once: see --rate"
                }
            )?;
        }
        Ok(())
    }
}

impl Course {
    /// One of the calls that may be begun.
    fn take(&self) -> bool {
        let less_one = |left: u64| match left {
            u64::MAX => Some(left),
            left => left.checked_sub(1),
        };
        self.left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less_one)
            .is_ok()
    }
}

impl Tally {
    fn count(&mut self, outcome: Outcome, took: Duration) {
        match value_of(outcome) {
            Ok(_) => self.answered.add(took),
            Err(Failure::Fault(fault)) => {
                let kind = format!("{} {}", fault.code.number(), fault.name);
                *self.faults.entry(kind).or_default() += 1;
            }
            Err(Failure::NoAnswer { kind, .. }) => *self.unanswered.entry(kind).or_default() += 1,
            Err(_) => *self.unanswered.entry("not_sent").or_default() += 1,
        }
    }

    fn merge(&mut self, other: Self) {
        self.answered.merge(&other.answered);
        self.not_begun += other.not_begun;
        for (kind, count) in other.faults {
            *self.faults.entry(kind).or_default() += count;
        }
        for (kind, count) in other.unanswered {
            *self.unanswered.entry(kind).or_default() += count;
        }
    }
}

/// How many calls are due from `due` on and before `end`.
fn times_until(end: Instant, due: Instant, pause: Option<Duration>) -> u64 {
    let Some(pause) = pause else {
        return 0;
    };
    let left = end.saturating_duration_since(due).as_nanos();
    u64::try_from(left.div_ceil(pause.as_nanos().max(1))).unwrap_or(u64::MAX)
}

/// A line on the terminal that tells how it goes.
struct Progress {
    is_shown: bool,
    begun: Instant,
    last: (Instant, u64),
}

impl Progress {
    fn new(begun: Instant) -> Self {
        Self {
            is_shown: std::io::stderr().is_terminal(),
            begun,
            last: (begun, 0),
        }
    }

    fn show(&mut self, course: &Course) {
        let now = Instant::now();
        let past = now.duration_since(self.last.0);
        if !self.is_shown || past < Duration::from_secs(1) {
            return;
        }
        let finished = course.finished.load(Ordering::Relaxed);
        let a_second = (finished - self.last.1) as f64 / past.as_secs_f64();
        self.last = (now, finished);
        let _ = write!(
            std::io::stderr(),
            "\r\x1b[K{:.0} s: {} calls a second",
            now.duration_since(self.begun).as_secs_f64(),
            grouped(format_args!("{a_second:.0}"))
        );
    }

    fn clear(&self) {
        if self.is_shown {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
