//! What a client makes of servers that fail: which calls are sent again, and
//! which never are.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use zroute::client::{self, Client, Outcome, State, Terms};
use zroute::server::{self, Server};
use zroute::transport::Kind;
use zroute::wire::{Code, Fault};

const PATIENCE: Duration = Duration::from_secs(60);
const IDEMPOTENT: Terms = Terms {
    idempotent: true,
    one_way: false,
    stream: false,
};

/// What a server does with calls.
const ANSWER: u8 = 0;
const KEEP: u8 = 1;
const OVERLOADED: u8 = 2;
const GOING_AWAY: u8 = 3;
/// The process that has the call ends, as a worker of `zroute serve` may.
const DYING: u8 = 4;

/// Which calls have run, and how often, wherever they did.
type Runs = Arc<Mutex<HashMap<u64, usize>>>;

/// Tells this program that it is to serve; where.
const SERVE_AT: &str = "ZROUTE_TEST_SERVE_AT";

/// A server in a process of its own, so that it can be killed. It answers a call
/// with its parameters.
struct Running {
    endpoint: String,
    process: Child,
    arrived: Arc<AtomicUsize>,
    changed: Receiver<()>,
    reader: Option<JoinHandle<()>>,
}

/// No test: the process that the tests start.
#[test]
fn serve_for_the_tests() {
    let Ok(endpoint) = std::env::var(SERVE_AT) else {
        return;
    };
    let manner = Arc::new(AtomicU8::new(ANSWER));
    let asked = manner.clone();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            asked.store(line.unwrap().parse().unwrap(), Ordering::SeqCst);
            println!("changed -");
        }
        // Whoever asked has gone.
        std::process::exit(0);
    });
    let mut options = server::Options::default();
    options.transport.kind = Some(Kind::Zmtp);
    let mut server = Server::new(options).unwrap();
    server.add_function("f");
    println!("\nendpoint {}", server.bind(&endpoint).unwrap());
    loop {
        while let Some(taken) = server.take().unwrap() {
            let number = number_of(taken.parameters());
            let fault = match manner.load(Ordering::SeqCst) {
                OVERLOADED => Fault::new(Code::Overloaded, "too much to do"),
                GOING_AWAY => Fault::new(Code::ShuttingDown, "going away"),
                DYING => Fault::named(Code::Handler, "WorkerDied", "by signal 9"),
                manner => {
                    println!("run {number}");
                    if manner == ANSWER {
                        let call = taken.parameters().to_vec();
                        server.answer(taken.token, &call).unwrap();
                    }
                    continue;
                }
            };
            println!("refused {number}");
            server.fail(taken.token, &fault).unwrap();
        }
        server.wait(None).unwrap();
    }
}

impl Running {
    fn start(endpoint: &str, runs: &Runs) -> Self {
        Self::start_as(ANSWER, endpoint, runs)
    }

    fn start_as(manner: u8, endpoint: &str, runs: &Runs) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "serve_for_the_tests", "--nocapture"])
            .env(SERVE_AT, endpoint)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let arrived = Arc::new(AtomicUsize::default());
        let (send, receive) = channel();
        let (tell, changed) = channel();
        let output = BufReader::new(process.stdout.take().unwrap());
        let (count, runs) = (arrived.clone(), runs.clone());
        let reader = std::thread::spawn(move || {
            for line in output.lines() {
                let line = line.unwrap();
                match line.split_once(' ') {
                    Some(("endpoint", endpoint)) => send.send(endpoint.to_string()).unwrap(),
                    Some(("run", number)) => {
                        let number = number.parse().unwrap();
                        *runs.lock().unwrap().entry(number).or_default() += 1;
                        count.fetch_add(1, Ordering::SeqCst);
                    }
                    Some(("refused", _)) => {
                        count.fetch_add(1, Ordering::SeqCst);
                    }
                    Some(("changed", _)) => tell.send(()).unwrap(),
                    // What the harness says.
                    _ => {}
                }
            }
        });
        let mut running = Self {
            endpoint: receive.recv_timeout(PATIENCE).unwrap(),
            process,
            arrived,
            changed,
            reader: Some(reader),
        };
        if manner != ANSWER {
            running.becomes(manner);
        }
        running
    }

    /// What it does from now on.
    fn becomes(&mut self, manner: u8) {
        let mut ear = self.process.stdin.as_ref().unwrap();
        writeln!(ear, "{manner}").unwrap();
        self.changed.recv_timeout(PATIENCE).unwrap();
    }

    /// Stops it without a word.
    fn freeze(&self) {
        let process = i32::try_from(self.process.id()).unwrap();
        // SAFETY: it is a child that was not waited for, so the id is its own.
        assert_eq!(unsafe { libc::kill(process, libc::SIGSTOP) }, 0);
        // The signal goes to one thread; the others run on until that has had time.
        let mut status = 0;
        // SAFETY: the pointer is to an integer of this frame.
        let stopped = unsafe { libc::waitpid(process, &raw mut status, libc::WUNTRACED) };
        assert_eq!((stopped, libc::WIFSTOPPED(status)), (process, true));
    }

    fn arrived(&self) -> usize {
        self.arrived.load(Ordering::SeqCst)
    }

    /// Ends it in the middle of whatever it does; returns where it was.
    fn kill(mut self) -> String {
        self.end();
        self.endpoint.clone()
    }

    /// Kills it, and starts another in its place.
    fn restart(&mut self, runs: &Runs) {
        self.end();
        *self = Self::start(&self.endpoint.clone(), runs);
    }

    fn end(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if let Some(reader) = self.reader.take() {
            // All that it has told is counted.
            reader.join().unwrap();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

fn options() -> client::Options {
    let mut options = client::Options::default();
    options.transport.kind = Some(Kind::Zmtp);
    options.transport.reconnect = Duration::from_millis(5);
    // A server that gets no time on a busy machine has not fallen silent.
    options.transport.heartbeat = PATIENCE;
    options.retry_base = Duration::from_millis(5);
    options
}

fn client(options: client::Options, servers: &[&Running]) -> Client {
    let mut client = Client::new(options);
    for server in servers {
        client.connect(&server.endpoint).unwrap();
    }
    let until = Instant::now() + PATIENCE;
    for index in 0..servers.len() {
        while client.health(index).unwrap().unwrap().state != State::Up {
            assert!(Instant::now() < until, "no connection");
        }
    }
    client
}

/// One MessagePack value.
fn parameters(number: u64) -> Vec<u8> {
    let mut value = vec![0xcf];
    value.extend_from_slice(&number.to_be_bytes());
    value
}

/// As much as no system keeps for a socket, with a number at its end.
fn large_parameters(number: u64) -> Vec<u8> {
    const SIZE: u32 = 1 << 20;
    let mut value = vec![0xc6];
    value.extend_from_slice(&(SIZE + 8).to_be_bytes());
    value.resize(value.len() + SIZE as usize, 0);
    value.extend_from_slice(&number.to_be_bytes());
    value
}

fn number_of(parameters: &[u8]) -> u64 {
    u64::from_be_bytes(*parameters.last_chunk().unwrap())
}

fn begin(client: &mut Client, terms: Terms, number: u64) -> u64 {
    client
        .submit_on(terms, "f", &parameters(number), PATIENCE)
        .unwrap()
}

fn until(mut condition: impl FnMut() -> bool, what: &str) {
    let end = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn is_answered(outcome: &Outcome, number: u64) -> bool {
    matches!(outcome, Outcome::Answer(value) if value.as_ref() == parameters(number))
}

#[test]
fn a_call_whose_connection_was_lost_ends_at_once_as_unknown() {
    let runs = Runs::default();
    let server = Running::start_as(KEEP, "tcp://127.0.0.1:0", &runs);
    let mut client = client(options(), &[&server]);
    let id = begin(&mut client, Terms::default(), 1);
    client.leave().unwrap();
    until(|| server.arrived() == 1, "it has not arrived");
    let endpoint = server.kill();
    let outcome = client.collect(id).unwrap();
    let Outcome::ConnectionLost {
        function,
        endpoint: lost_at,
        waited,
        ..
    } = outcome
    else {
        panic!("{outcome:?}");
    };
    assert_eq!((&*function, lost_at), ("f", endpoint));
    assert!(waited < PATIENCE);
    assert_eq!(client.counters().unknown, 1);
    assert_eq!(client.counters().in_flight, 0);
}

#[test]
fn answers_that_came_before_the_connection_was_lost_count() {
    let runs = Runs::default();
    let server = Running::start("tcp://127.0.0.1:0", &runs);
    let mut client = client(options(), &[&server]);
    let ids: Vec<_> = (0..100)
        .map(|number| (number, begin(&mut client, Terms::default(), number)))
        .collect();
    let (number, id) = ids[99];
    assert!(is_answered(&client.collect(id).unwrap(), number));
    server.kill();
    for (number, id) in ids.into_iter().take(99) {
        assert!(is_answered(&client.collect(id).unwrap(), number));
    }
}

#[test]
fn an_idempotent_call_whose_connection_was_lost_runs_elsewhere() {
    let runs = Runs::default();
    let good = Running::start("tcp://127.0.0.1:0", &runs);
    let bad = Running::start_as(KEEP, "tcp://127.0.0.1:0", &runs);
    let mut client = client(options(), &[&bad, &good]);
    let ids: Vec<_> = (0..2)
        .map(|number| (number, begin(&mut client, IDEMPOTENT, number)))
        .collect();
    client.leave().unwrap();
    until(|| bad.arrived() == 1, "it has not arrived");
    bad.kill();
    for (number, id) in ids {
        assert!(is_answered(&client.collect(id).unwrap(), number));
    }
    assert_eq!(client.counters().retries, 1);
}

#[test]
fn a_server_that_stops_without_a_word_is_left_out() {
    let runs = Runs::default();
    let servers: Vec<_> = (0..3)
        .map(|_| Running::start("tcp://127.0.0.1:0", &runs))
        .collect();
    let servers: Vec<_> = servers.iter().collect();
    let mut options = options();
    options.transport.heartbeat = Duration::from_secs(1);
    let mut client = client(options, &servers);
    // Heartbeats are judged from the first that was answered.
    let proven = Instant::now() + Duration::from_secs(3);
    let mut number = 0;
    while Instant::now() < proven {
        number += 1;
        let id = begin(&mut client, IDEMPOTENT, number);
        assert!(is_answered(&client.collect(id).unwrap(), number));
    }
    servers[1].freeze();
    for _ in 0..300 {
        number += 1;
        let id = begin(&mut client, IDEMPOTENT, number);
        assert!(is_answered(&client.collect(id).unwrap(), number));
    }
    let (left, counters) = (client.health(1).unwrap().unwrap(), client.counters());
    assert_eq!(left.state, State::Away, "{left:?}, {counters:?}");
    assert!(counters.retries <= 1, "{counters:?}");
}

#[test]
fn what_has_not_left_is_sent_again_whatever_it_is() {
    const CALLS: u64 = 30;
    let runs = Runs::default();
    let mut server = Running::start("tcp://127.0.0.1:0", &runs);
    let mut client = client(options(), &[&server]);
    server.freeze();
    let ids: Vec<_> = (0..CALLS)
        .map(|number| {
            let parameters = large_parameters(number);
            let id = client.submit("f", &parameters, PATIENCE).unwrap();
            client.leave().unwrap();
            id
        })
        .collect();
    server.restart(&runs);
    let mut unknown = 0;
    for (number, id) in (0..).zip(ids) {
        match client.collect(id).unwrap() {
            Outcome::ConnectionLost { .. } => unknown += 1,
            Outcome::Answer(value) => assert_eq!(number_of(value.as_ref()), number),
            outcome => panic!("{outcome:?}"),
        }
    }
    assert!(unknown > 0, "the system took some");
    assert!(unknown < CALLS / 2, "{unknown}");
    // Of one that is unknown nobody knows.
    until(
        || runs.lock().unwrap().len() as u64 >= CALLS - unknown,
        "all others have run",
    );
    assert!(runs.lock().unwrap().values().all(|count| *count == 1));
}

#[test]
fn restarts_lose_no_idempotent_call_and_run_no_other_twice() {
    let runs = Runs::default();
    let mut server = Running::start("tcp://127.0.0.1:0", &runs);
    let endpoint = server.endpoint.clone();
    let done = AtomicBool::default();
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..4_u64)
            .map(|caller| {
                let (endpoint, done) = (&endpoint, &done);
                scope.spawn(move || {
                    let mut client = Client::new(options());
                    client.connect(endpoint).unwrap();
                    let (mut calls, mut unknown) = (0_u64, 0);
                    while !done.load(Ordering::Relaxed) {
                        // Even ones may run twice.
                        let number = caller << 32 | calls;
                        let terms = Terms {
                            idempotent: calls.is_multiple_of(2),
                            ..Terms::default()
                        };
                        let id = begin(&mut client, terms, number);
                        match client.collect(id).unwrap() {
                            Outcome::ConnectionLost { .. } if !terms.idempotent => unknown += 1,
                            outcome => assert!(is_answered(&outcome, number), "{outcome:?}"),
                        }
                        calls += 1;
                    }
                    (calls, unknown)
                })
            })
            .collect();
        for _ in 0..10 {
            let before = server.arrived();
            until(|| server.arrived() > before + 20, "nobody calls");
            server.restart(&runs);
        }
        done.store(true, Ordering::Relaxed);
        let ends: Vec<_> = callers
            .into_iter()
            .map(|caller| caller.join().unwrap())
            .collect();
        // One whose connection takes longer to come back than the others' calls may have few.
        assert!(ends.iter().all(|(calls, _)| *calls > 0));
        assert!(ends.iter().map(|(calls, _)| calls).sum::<u64>() >= 200);
        assert!(ends.iter().all(|(_, unknown)| *unknown <= 10));
    });
    drop(server);
    for (number, count) in &*runs.lock().unwrap() {
        assert!(*count == 1 || number.is_multiple_of(2), "{number}: {count}");
    }
}

#[test]
fn a_call_that_its_server_has_not_begun_goes_to_another() {
    let runs = Runs::default();
    let leaving = Running::start_as(GOING_AWAY, "tcp://127.0.0.1:0", &runs);
    let other = Running::start("tcp://127.0.0.1:0", &runs);
    let mut client = client(options(), &[&leaving, &other]);
    for number in 0..50 {
        let id = begin(&mut client, Terms::default(), number);
        assert!(is_answered(&client.collect(id).unwrap(), number));
    }
    assert!(runs.lock().unwrap().values().all(|count| *count == 1));
    until(|| leaving.arrived() > 0, "none of them came to it");
    assert_eq!(client.counters().retries, 0, "none of them was a retry");
}

#[test]
fn a_server_that_was_going_away_is_called_again_when_it_is_back() {
    let runs = Runs::default();
    let mut server = Running::start_as(GOING_AWAY, "tcp://127.0.0.1:0", &runs);
    let mut client = client(options(), &[&server]);
    let id = begin(&mut client, Terms::default(), 1);
    client.leave().unwrap();
    until(|| server.arrived() > 0, "it has not arrived");
    server.becomes(ANSWER);
    assert!(is_answered(&client.collect(id).unwrap(), 1));
}

#[test]
fn an_idempotent_call_whose_worker_died_is_tried_again() {
    let runs = Runs::default();
    let dying = Running::start_as(DYING, "tcp://127.0.0.1:0", &runs);
    let other = Running::start("tcp://127.0.0.1:0", &runs);
    let mut client = client(options(), &[&dying, &other]);
    let mut fail = 0;
    for number in 0..20 {
        let id = begin(&mut client, Terms::default(), number);
        let outcome = client.collect(id).unwrap();
        fail += usize::from(has_died(&outcome));
        assert!(has_died(&outcome) || is_answered(&outcome, number));
    }
    until(|| dying.arrived() == fail, "as many as failed");
    assert!(fail > 0);
    assert_eq!(client.counters().retries, 0);
    for number in 100..110 {
        let id = begin(&mut client, IDEMPOTENT, number);
        assert!(is_answered(&client.collect(id).unwrap(), number));
    }
    let retried = usize::try_from(client.counters().retries).unwrap();
    assert!(retried > 0, "none of them came to the one that dies");
    until(
        || dying.arrived() == fail + retried,
        "as many as were tried again",
    );
}

#[test]
fn a_call_that_may_have_run_in_a_worker_that_died_ends_so() {
    // The next tries are told that it was not begun, until the deadline or for the last time.
    for later in [GOING_AWAY, OVERLOADED] {
        let runs = Runs::default();
        let mut server = Running::start_as(DYING, "tcp://127.0.0.1:0", &runs);
        let time = Duration::from_millis(500);
        let mut client = client(options(), &[&server]);
        let id = client
            .submit_on(IDEMPOTENT, "f", &parameters(1), time)
            .unwrap();
        client.leave().unwrap();
        until(|| server.arrived() == 1, "it has not arrived");
        server.becomes(later);
        let outcome = client.collect(id).unwrap();
        // Where the deadline comes while a try is on its way, that may have run as well.
        let may_have_run = has_died(&outcome) || matches!(outcome, Outcome::TimedOut { .. });
        assert!(may_have_run, "{outcome:?}");
    }
}

fn has_died(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Fault(fault) if fault.is_worker_died())
}

#[test]
fn retries_after_overload_and_dead_workers_are_bounded() {
    for (manner, name) in [(OVERLOADED, "Overloaded"), (DYING, "WorkerDied")] {
        retries_are_bounded(manner, name);
    }
}

fn retries_are_bounded(manner: u8, name: &str) {
    const CALLS: usize = 500;
    let runs = Runs::default();
    let server = Running::start_as(manner, "tcp://127.0.0.1:0", &runs);
    let mut client = client(options(), &[&server]);
    let ids: Vec<_> = (0..CALLS as u64)
        .map(|number| begin(&mut client, IDEMPOTENT, number))
        .collect();
    for id in ids {
        let outcome = client.collect(id).unwrap();
        assert!(matches!(outcome, Outcome::Fault(fault) if fault.name == name));
    }
    // A fifth, not three times as many.
    until(
        || server.arrived() == CALLS + CALLS / 5,
        "as many as allowed",
    );
    assert_eq!(client.counters().retries, CALLS as u64 / 5);
    let id = begin(&mut client, Terms::default(), 1);
    client.collect(id).unwrap();
    drop(client);
    let arrived_there = server.arrived.clone();
    server.kill();
    let arrived = arrived_there.load(Ordering::SeqCst);
    assert_eq!(arrived, CALLS + CALLS / 5 + 1, "it is not idempotent");
}

#[test]
fn the_breaker_opens_lets_one_call_through_and_closes() {
    const TIME: Duration = Duration::from_millis(20);
    let runs = Runs::default();
    let mut server = Running::start_as(KEEP, "tcp://127.0.0.1:0", &runs);
    let mut options = options();
    options.breaker_pause = Duration::from_secs(2);
    let mut client = client(options, &[&server]);
    for _ in 0..5 {
        let outcome = client.call("f", &parameters(1), TIME).unwrap();
        assert!(matches!(outcome, Outcome::TimedOut { .. }), "{outcome:?}");
    }
    assert_eq!(client.health(0).unwrap().unwrap().state, State::LeftOut);
    let outcome = client.call("f", &parameters(1), TIME).unwrap();
    let Outcome::NotConnected { trouble, .. } = outcome else {
        panic!("{outcome:?}");
    };
    assert!(trouble[0].contains("after 5 failures"), "{trouble:?}");
    until(|| server.arrived() >= 5, "they have not arrived");

    // The one that is let through fails: a longer pause.
    let probe = client.call("f", &parameters(1), Duration::from_secs(4));
    let probe = probe.unwrap();
    assert!(matches!(probe, Outcome::TimedOut { .. }), "{probe:?}");
    assert_eq!(client.health(0).unwrap().unwrap().state, State::LeftOut);
    until(|| server.arrived() >= 6, "one was let through");
    assert_eq!(server.arrived(), 6, "before, it was left alone");

    // This time it is answered.
    server.becomes(ANSWER);
    let ids: Vec<_> = (0..10)
        .map(|number| begin(&mut client, Terms::default(), number))
        .collect();
    for (number, id) in (0..).zip(ids) {
        assert!(is_answered(&client.collect(id).unwrap(), number));
    }
    assert_eq!(client.health(0).unwrap().unwrap().state, State::Up);
}

#[test]
fn a_call_that_nobody_waits_for_leaves_nothing_behind() {
    const ONE_WAY: Terms = Terms {
        idempotent: false,
        one_way: true,
        stream: false,
    };
    let runs = Runs::default();
    let server = Running::start("tcp://127.0.0.1:0", &runs);
    let mut client = client(options(), &[&server]);
    for number in 0..1000 {
        begin(&mut client, ONE_WAY, number);
    }
    assert_eq!(client.awaited(), 0);
    assert!(
        client.collect_any(None).unwrap().is_none(),
        "none is awaited"
    );
    until(
        || {
            client.health(0).unwrap();
            client.counters().in_flight == 0
        },
        "their answers have not come",
    );
    until(|| runs.lock().unwrap().len() == 1000, "not all have run");
    let counters = client.counters();
    assert_eq!((counters.answers, counters.unmatched), (1000, 0));
    assert!(client.next_finished().is_none());
}

#[test]
fn a_connection_that_has_gone_meanwhile_takes_no_call_along() {
    let runs = Runs::default();
    let mut server = Running::start("tcp://127.0.0.1:0", &runs);
    let mut client = client(options(), &[&server]);
    for number in 0..20 {
        server.restart(&runs);
        let id = begin(&mut client, Terms::default(), number);
        assert!(is_answered(&client.collect(id).unwrap(), number));
    }
    assert_eq!(client.counters().unknown, 0);
}

#[test]
fn an_idle_client_keeps_its_connection_and_its_calls() {
    let runs = Runs::default();
    let mut server = Running::start_as(KEEP, "tcp://127.0.0.1:0", &runs);
    let mut options = options();
    options.transport.heartbeat = Duration::from_millis(500);
    let mut client = client(options, &[&server]);
    let awaited = begin(&mut client, Terms::default(), 1);
    client.leave().unwrap();
    until(|| server.arrived() == 1, "it has not arrived");
    server.becomes(ANSWER);
    // Much longer than three heartbeats.
    std::thread::sleep(Duration::from_secs(3));
    for number in 2..5 {
        let id = begin(&mut client, Terms::default(), number);
        assert!(is_answered(&client.collect(id).unwrap(), number));
        std::thread::sleep(Duration::from_millis(200));
    }
    assert!(client.cancel(awaited), "it was not given up");
    assert_eq!(client.counters().unknown, 0);
}

#[test]
fn calls_go_to_the_server_with_the_fewest_in_flight() {
    let runs = Runs::default();
    let slow = Running::start_as(KEEP, "tcp://127.0.0.1:0", &runs);
    let quick = Running::start("tcp://127.0.0.1:0", &runs);
    let mut client = client(options(), &[&slow, &quick]);
    begin(&mut client, Terms::default(), 0);
    for number in 1..50 {
        let id = begin(&mut client, Terms::default(), number);
        assert!(is_answered(&client.collect(id).unwrap(), number));
    }
    assert_eq!(client.health(0).unwrap().unwrap().in_flight, 1);
    assert_eq!(slow.arrived(), 1);
}
