//! A client and a server of this library, over real sockets.

use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use zroute::client::{self, Client, Outcome, State};
use zroute::msgpack::{Reader, Writer};
use zroute::server::{self, Server};
use zroute::transport::{Kind, Stop};
use zroute::wire::{Code, Fault};

const PATIENCE: Duration = Duration::from_secs(60);

/// A server on its own thread: `echo` answers its parameters, `silence` never
/// answers.
struct Running {
    endpoint: String,
    stop: Stop,
    thread: Option<JoinHandle<server::Counters>>,
}

impl Running {
    fn start() -> Self {
        let (send, receive) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let mut server = Server::new(server::Options::default()).unwrap();
            let echo = server.add_function("echo");
            let fail = server.add_function("fail");
            server.add_function("silence");
            let endpoint = server.bind("tcp://127.0.0.1:0").unwrap().to_string();
            send.send((endpoint, server.stop_handle())).unwrap();
            while !server.is_stopped() {
                while let Some(taken) = server.take().unwrap() {
                    if taken.route == echo {
                        server.answer(taken.token, taken.parameters()).unwrap();
                    } else if taken.route == fail {
                        let fault = Fault::named(Code::Application(7), "Broken", "as asked");
                        server.fail(taken.token, &fault).unwrap();
                    }
                }
                server.wait(None).unwrap();
            }
            server.counters()
        });
        let (endpoint, stop) = receive.recv_timeout(PATIENCE).unwrap();
        Self {
            endpoint,
            stop,
            thread: Some(thread),
        }
    }

    /// Waits until it has answered so many calls.
    fn has_answered(&self, calls: u64) {
        let until = Instant::now() + PATIENCE;
        let mut client = client(&[&self.endpoint]);
        loop {
            let stats = answer(client.call("zroute.stats", b"\xc0", PATIENCE).unwrap());
            if counted(&stats, "calls") >= calls {
                return;
            }
            assert!(Instant::now() < until, "not {calls} calls: {stats:?}");
        }
    }

    fn finish(mut self) -> server::Counters {
        self.stop.request();
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.request();
    }
}

fn client(endpoints: &[&str]) -> Client {
    let mut client = Client::new(client::Options::default());
    for endpoint in endpoints {
        client.connect(endpoint).unwrap();
    }
    client
}

fn number(value: i64) -> Vec<u8> {
    let mut writer = Writer::new(&zroute::msgpack::Limits::default());
    writer.integer(value);
    writer.finish().unwrap().to_vec()
}

fn answer(outcome: Outcome) -> Vec<u8> {
    match outcome {
        Outcome::Answer(value) => value.as_ref().to_vec(),
        other => panic!("expected an answer, got {other:?}"),
    }
}

/// A counter in what `zroute.stats` answers.
fn counted(stats: &[u8], name: &str) -> u64 {
    let mut reader = Reader::new(stats);
    for _ in 0..reader.map().unwrap() {
        if reader.text().unwrap() == name {
            return reader.unsigned().unwrap();
        }
        reader.slice().unwrap();
    }
    panic!("no {name} in {stats:?}");
}

#[test]
fn a_call_gets_its_answer() {
    let server = Running::start();
    let mut client = client(&[&server.endpoint]);
    let outcome = client.call("echo", &number(42), PATIENCE).unwrap();
    assert_eq!(answer(outcome), number(42));
    let counters = server.finish();
    assert_eq!((counters.calls, counters.answers), (1, 1));
}

#[test]
fn many_calls_in_flight_each_get_their_own_answer() {
    let server = Running::start();
    let mut client = client(&[&server.endpoint]);
    let ids: Vec<_> = (0..5000)
        .map(|value| {
            (
                value,
                client.submit("echo", &number(value), PATIENCE).unwrap(),
            )
        })
        .collect();
    for (value, id) in ids.into_iter().rev() {
        assert_eq!(answer(client.collect(id).unwrap()), number(value));
    }
    assert_eq!(client.counters().unmatched, 0);
    assert_eq!(client.counters().in_flight, 0);
}

#[test]
fn calls_are_collected_as_they_finish() {
    let server = Running::start();
    let mut client = client(&[&server.endpoint]);
    let lost = client.submit("silence", b"\xc0", PATIENCE).unwrap();
    let mut expected: Vec<_> = (0..100)
        .map(|value| client.submit("echo", &number(value), PATIENCE).unwrap())
        .collect();
    while !expected.is_empty() {
        let (id, outcome) = client.collect_any(None).unwrap().unwrap();
        answer(outcome);
        expected.retain(|other| *other != id);
    }
    let soon = Instant::now() + Duration::from_millis(20);
    assert!(client.collect_any(Some(soon)).unwrap().is_none());
    assert!(client.cancel(lost));
    assert!(client.collect_any(None).unwrap().is_none());
}

#[test]
fn a_fault_comes_with_its_code_name_and_message() {
    let server = Running::start();
    let mut client = client(&[&server.endpoint]);
    let Outcome::Fault(fault) = client.call("fail", b"\xc0", PATIENCE).unwrap() else {
        panic!("expected a fault");
    };
    assert_eq!(
        fault,
        Fault::named(Code::Application(7), "Broken", "as asked")
    );
    let Outcome::Fault(fault) = client.call("nobody", b"\xc0", PATIENCE).unwrap() else {
        panic!("expected a fault");
    };
    assert_eq!(fault.code, Code::UnknownFunction);
    assert!(fault.message.contains("nobody"));
}

#[test]
fn a_call_without_an_answer_ends_at_its_deadline() {
    let server = Running::start();
    let mut client = client(&[&server.endpoint]);
    // Connected now.
    client.call("echo", b"\xc0", PATIENCE).unwrap();
    let outcome = client
        .call("silence", b"\xc0", Duration::from_millis(50))
        .unwrap();
    let Outcome::TimedOut {
        function, endpoint, ..
    } = outcome
    else {
        panic!("expected a timeout, got {outcome:?}");
    };
    assert_eq!(&*function, "silence");
    assert_eq!(endpoint, server.endpoint);
    let outcome = client.call("echo", &number(1), PATIENCE).unwrap();
    assert_eq!(answer(outcome), number(1));
}

#[test]
fn a_client_whose_calls_have_all_ended_ends_at_once() {
    // It takes connections, and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("tcp://{}", silent.local_addr().unwrap());
    let mut options = client::Options::default();
    options.transport.linger = PATIENCE;
    let mut client = Client::new(options);
    client.connect(&endpoint).unwrap();
    let outcome = client.call("echo", b"\xc0", Duration::from_millis(50));
    let unsent = matches!(outcome, Ok(Outcome::NotConnected { .. }));
    assert!(unsent, "{outcome:?}");
    let before = Instant::now();
    drop(client);
    assert!(before.elapsed() < PATIENCE / 2);
}

#[test]
fn a_call_to_nobody_says_that_it_was_not_sent() {
    let server = Running::start();
    let endpoint = server.endpoint.clone();
    server.finish();
    let mut client = client(&[&endpoint]);
    let outcome = client
        .call("echo", b"\xc0", Duration::from_millis(20))
        .unwrap();
    let Outcome::NotConnected {
        endpoint: tried, ..
    } = outcome
    else {
        panic!("expected no connection, got {outcome:?}");
    };
    assert_eq!(tried, endpoint);
}

#[test]
fn a_server_that_is_away_is_passed_over() {
    let gone = Running::start();
    let away = gone.endpoint.clone();
    gone.finish();
    let server = Running::start();
    let mut client = client(&[&away, &server.endpoint]);
    for value in 0..20 {
        let outcome = client.call("echo", &number(value), PATIENCE).unwrap();
        assert_eq!(answer(outcome), number(value));
    }
}

#[test]
fn calls_are_shared_out_among_servers() {
    let (one, other) = (Running::start(), Running::start());
    let mut client = client(&[&one.endpoint, &other.endpoint]);
    let until = Instant::now() + PATIENCE;
    for index in 0..2 {
        while client.health(index).unwrap().unwrap().state != State::Up {
            assert!(Instant::now() < until, "server {index} is not connected");
            std::thread::yield_now();
        }
    }
    for value in 0..40 {
        client.call("echo", &number(value), PATIENCE).unwrap();
    }
    assert!(one.finish().calls > 0);
    assert!(other.finish().calls > 0);
}

#[test]
fn an_answer_larger_than_the_limit_is_told_to_the_caller() {
    let server = Running::start();
    let mut small = Client::new(client::Options {
        limits: zroute::msgpack::Limits {
            bytes: 1000,
            ..Default::default()
        },
        ..Default::default()
    });
    small.connect(&server.endpoint).unwrap();
    let mut writer = Writer::new(&zroute::msgpack::Limits::default());
    writer.binary(&[0; 2000]).unwrap();
    let outcome = small
        .call("echo", writer.finish().unwrap(), PATIENCE)
        .unwrap();
    assert!(matches!(outcome, Outcome::TooLarge { limit: 1000, .. }));
}

#[test]
fn the_parameters_arrive_as_they_were_packed() {
    let server = Running::start();
    let mut client = client(&[&server.endpoint]);
    let mut writer = Writer::new(&zroute::msgpack::Limits::default());
    writer.array(3).unwrap();
    writer.float64(f64::NAN);
    writer.unsigned(u64::MAX);
    writer.binary(b"\0\xff").unwrap();
    let packed = writer.finish().unwrap();
    let echoed = answer(client.call("echo", packed, PATIENCE).unwrap());
    assert_eq!(echoed, packed);
    assert!(Reader::new(&echoed).array().is_ok());
}

#[test]
fn calls_of_a_host_that_is_never_away_for_long_go_out() {
    let mut server = Server::new(server::Options::default()).unwrap();
    server.add_function("f");
    let endpoint = server.bind("tcp://127.0.0.1:0").unwrap().to_string();
    let stop = server.stop_handle();
    let (arrived, arrivals) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        while !server.is_stopped() {
            while let Some(taken) = server.take().unwrap() {
                let _ = arrived.send(taken.token);
            }
            server.wait(None).unwrap();
        }
    });
    let mut client = client(&[&endpoint]);
    client.call("nobody", b"\xc0", PATIENCE).unwrap();
    for _ in 0..64 {
        client.submit("f", b"\xc0", PATIENCE).unwrap();
    }
    // Each turn is shorter than the keeper's, and nothing is collected.
    let turn = Duration::from_millis(3);
    let until = Instant::now() + PATIENCE;
    let mut came = false;
    while !came && Instant::now() < until {
        client.leave().unwrap();
        client.submit("f", b"\xc0", PATIENCE).unwrap();
        came = arrivals.recv_timeout(turn).is_ok();
    }
    stop.request();
    thread.join().unwrap();
    assert!(came);
}

#[test]
fn calls_that_nobody_waits_for_go_out_before_their_client_ends() {
    let running = Running::start();
    let mut client = client(&[&running.endpoint]);
    for _ in 0..100 {
        client.submit("echo", &number(7), PATIENCE).unwrap();
        client.leave().unwrap();
    }
    drop(client);
    running.has_answered(100);
    assert!(running.finish().calls >= 100);
}

#[test]
fn an_answer_that_came_in_time_counts_though_nobody_looked() {
    let running = Running::start();
    let mut client = client(&[&running.endpoint]);
    client.call("echo", &number(1), PATIENCE).unwrap();
    let deadline = Duration::from_millis(500);
    let ids: Vec<u64> = (0..5)
        .map(|value| client.submit("echo", &number(value), deadline).unwrap())
        .collect();
    client.leave().unwrap();
    let busy = Instant::now();
    running.has_answered(6);
    // The caller is busy until all deadlines have passed.
    while busy.elapsed() < deadline * 2 {
        std::hint::spin_loop();
    }
    for (value, id) in (0..).zip(ids) {
        assert_eq!(answer(client.collect(id).unwrap()), number(value));
    }
}

#[test]
fn a_server_tells_what_it_is_what_it_serves_and_what_it_counted() {
    let server = Running::start();
    let mut client = client(&[&server.endpoint]);
    let mut ask = |function: &str, parameters: &[u8]| {
        answer(client.call(function, parameters, PATIENCE).unwrap())
    };
    assert_eq!(
        ask("zroute.ping", b"\xc0"),
        b"\x82\xa6server\xa6zroute\xa7version\xa50.1.0"
    );
    assert_eq!(
        ask("zroute.list", b"\x90"),
        b"\x93\x81\xa4name\xa4echo\x81\xa4name\xa4fail\x81\xa4name\xa7silence"
    );
    assert_eq!(
        ask("zroute.list", b"\x91\xa3*i*"),
        b"\x92\x81\xa4name\xa4fail\x81\xa4name\xa7silence"
    );
    ask("echo", b"\x01");
    let stats = ask("zroute.stats", b"\xc0");
    let mut reader = Reader::new(&stats);
    let mut seen = Vec::new();
    for _ in 0..reader.map().unwrap() {
        let key = reader.text().unwrap().to_string();
        match &*key {
            "functions" => {
                let echoed = b"\x83\xa4echo\x82\xa5calls\x01\xa6faults\x00";
                assert!(reader.slice().unwrap().starts_with(echoed));
            }
            "requests" => assert_eq!(reader.unsigned().unwrap(), 5),
            "calls" => assert_eq!(reader.unsigned().unwrap(), 1),
            _ => assert!(reader.unsigned().is_ok(), "{key}"),
        }
        seen.push(key);
    }
    for name in ["uptime_ms", "faults_parse", "faults_application", "open"] {
        assert!(seen.iter().any(|key| key == name), "{name} in {seen:?}");
    }
}

#[test]
fn functions_describe_themselves_and_one_of_the_programs_wins() {
    let mut server = Server::new(server::Options::default()).unwrap();
    let endpoint = server.bind("tcp://127.0.0.1:0").unwrap().to_string();
    let plus = server.add_function("plus");
    server.describe(plus, b"\x81\xa3doc\xa4adds").unwrap();
    assert!(server.describe(plus, b"\x81\xa4name\xa1x").is_err());
    let own = server.add_function("zroute.ping");
    let mut client = client(&[&endpoint]);
    let mut ask = |function: &str| {
        client.submit(function, b"\xc0", PATIENCE).unwrap();
        loop {
            let soon = Instant::now() + Duration::from_millis(1);
            server.wait(Some(soon)).unwrap();
            while let Some(taken) = server.take().unwrap() {
                assert_eq!(taken.route, own);
                server.answer(taken.token, b"\x07").unwrap();
            }
            server.flush().unwrap();
            let soon = Instant::now() + Duration::from_millis(1);
            if let Some((_, outcome)) = client.collect_any(Some(soon)).unwrap() {
                return answer(outcome);
            }
        }
    };
    assert_eq!(
        ask("zroute.list"),
        b"\x91\x82\xa4name\xa4plus\xa3doc\xa4adds",
        "reserved names are not listed"
    );
    assert_eq!(ask("zroute.ping"), b"\x07");
}

#[test]
fn a_call_tells_where_it_comes_from() {
    for (endpoint, peer) in [("tcp://127.0.0.1:0", "127.0.0.1:"), ("ipc://*", "ipc")] {
        let mut options = server::Options::default();
        options.transport.kind = Some(Kind::Zmtp);
        let mut server = Server::new(options).unwrap();
        server.add_function("echo");
        let endpoint = server.bind(endpoint).unwrap().to_string();
        let mut client = client(&[&endpoint]);
        client.submit("echo", b"\xc0", PATIENCE).unwrap();
        let taken = loop {
            if let Some(taken) = server.take().unwrap() {
                break taken;
            }
            let soon = Instant::now() + Duration::from_millis(1);
            server.wait(Some(soon)).unwrap();
            let _ = client.collect_any(Some(Instant::now())).unwrap();
        };
        let origin = server.origin(&taken);
        assert!(origin.peer.starts_with(peer), "{origin:?}");
        assert_eq!(origin.dialect, "plain");
        assert_eq!(taken.meta(), b"");
    }
}
