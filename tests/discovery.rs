//! Whatever Consul does: no panic, nothing without bound, nothing that spins,
//! and the last good list stays. tests/consul.rs has the real one.
#![cfg(feature = "discovery")]

mod fake_consul;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fake_consul::{FakeConsul, Reply, Request};
use serde_json::{Value, json};
use zroute::discovery::{
    Command, ConfigFile, Error, Event, Registration, Resolver, Service, State, Template, Timing,
    Updates, Url, Watch,
};
use zroute::transport::Wake;

const PATIENCE: Duration = Duration::from_secs(60);
const FORGOTTEN: &str = "CheckID \"service:time\" does not have associated TTL";

fn until(what: &str, condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < PATIENCE, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn quick() -> Timing {
    Timing {
        first_pause: Duration::from_millis(5),
        longest_pause: Duration::from_millis(40),
        gap: Duration::from_millis(5),
        idle: Duration::from_secs(60),
    }
}

fn open(fake: &FakeConsul, rest: &str) -> Resolver {
    Resolver::open_with(&Url::parse(&fake.url(rest)).unwrap(), &quick()).unwrap()
}

fn instances(ports: &[u16]) -> String {
    let entries: Vec<Value> = ports
        .iter()
        .map(|port| json!({"Service": {"Address": "127.0.0.1", "Port": port, "Tags": ["rpc"]}}))
        .collect();
    json!(entries).to_string()
}

fn endpoints(ports: &[u16]) -> Vec<String> {
    ports
        .iter()
        .map(|port| format!("tcp://127.0.0.1:{port}"))
        .collect()
}

fn good(index: u64, ports: &[u16]) -> Reply {
    Reply::Says(200, Some(index), instances(ports))
}

fn is_held(request: &Request) -> bool {
    request.line.contains("index=")
}

/// Answers at once, and then holds every query.
fn holding(index: u64, ports: &'static [u16]) -> impl FnMut(&Request) -> Reply + Send {
    move |request| {
        if is_held(request) {
            Reply::Nothing
        } else {
            good(index, ports)
        }
    }
}

type Oddity = fn() -> Reply;

/// Ways in which something else than Consul may answer.
fn oddities() -> Vec<(&'static str, Oddity)> {
    vec![
        ("500", || {
            Reply::Says(500, Some(9), "rpc error: No cluster leader".to_string())
        }),
        ("403", || {
            Reply::Says(403, None, "Permission denied".to_string())
        }),
        ("a redirect", || {
            Reply::Raw(
                b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
                    .to_vec(),
            )
        }),
        ("no JSON", || {
            Reply::Says(200, Some(9), "<html>hello</html>".to_string())
        }),
        ("nothing", || Reply::Says(200, Some(9), String::new())),
        ("another type", || {
            Reply::Says(200, Some(9), "{}".to_string())
        }),
        ("null", || Reply::Says(200, Some(9), "null".to_string())),
        ("a list of nothing useful", || {
            Reply::Says(200, Some(9), "[1, null, {}, [[]]]".to_string())
        }),
        ("depth", || Reply::Says(200, Some(9), "[".repeat(1_000_000))),
        ("a body without end", || Reply::Flood),
        ("a body cut short", || {
            Reply::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n[]".to_vec())
        }),
        ("no HTTP", || {
            Reply::Raw(b"\x00\xff\x00SSH-2.0\r\n\r\n".to_vec())
        }),
        ("headers without end", || {
            Reply::Raw([b"HTTP/1.1 200 OK\r\nX: ".to_vec(), vec![b'x'; 1_000_000]].concat())
        }),
        ("a closed connection", || Reply::Raw(Vec::new())),
    ]
}

#[test]
fn the_last_good_list_stays_whatever_comes() {
    for (what, oddity) in oddities() {
        let fake = FakeConsul::new(|_| good(5, &[1, 2]));
        let resolver = open(&fake, "time");
        assert!(resolver.wait_until_known(PATIENCE), "{what}");
        assert_eq!(resolver.current(), endpoints(&[1, 2]), "{what}");
        let generation = resolver.generation();
        fake.answer(move |_| oddity());
        until(what, || resolver.snapshot().trouble.is_some());
        println!("{what}: {}", resolver.snapshot().trouble.unwrap());
        assert_eq!(resolver.current(), endpoints(&[1, 2]), "{what}");
        assert_eq!(resolver.generation(), generation, "{what}");
        fake.answer(holding(6, &[3]));
        until(what, || resolver.current() == endpoints(&[3]));
        assert_eq!(resolver.snapshot().trouble, None, "{what}");
    }
}

#[test]
fn a_first_answer_that_is_bad_is_no_answer() {
    for (what, oddity) in oddities() {
        let fake = FakeConsul::new(move |_| oddity());
        let resolver = open(&fake, "time");
        until(what, || resolver.snapshot().trouble.is_some());
        assert!(!resolver.wait_until_known(Duration::ZERO), "{what}");
        assert_eq!(resolver.generation(), 0, "{what}");
        fake.answer(holding(6, &[3]));
        assert!(resolver.wait_until_known(PATIENCE), "{what}");
        assert_eq!(resolver.current(), endpoints(&[3]), "{what}");
    }
}

#[test]
fn an_empty_answer_keeps_or_clears() {
    for (rest, expected) in [
        ("time", endpoints(&[1])),
        ("time?when-empty=keep", endpoints(&[1])),
        ("time?when-empty=clear", Vec::new()),
    ] {
        let fake = FakeConsul::new(|_| good(5, &[1]));
        let resolver = open(&fake, rest);
        assert!(resolver.wait_until_known(PATIENCE));
        fake.answer(|request| {
            if request.line.contains("index=6") {
                Reply::Nothing
            } else {
                good(6, &[])
            }
        });
        until("it is held, so the answer was taken", || {
            fake.requests()
                .last()
                .is_some_and(|request| request.line.contains("index=6"))
        });
        assert_eq!(resolver.current(), expected, "{rest}");
        assert_eq!(resolver.snapshot().trouble, None);
    }
    // An empty first answer is an answer.
    let fake = FakeConsul::new(holding(5, &[]));
    let resolver = open(&fake, "time");
    assert!(resolver.wait_until_known(PATIENCE));
    assert_eq!(resolver.generation(), 1);
}

#[test]
fn the_index_follows_its_rules() {
    let script = Arc::new(Mutex::new(vec![
        Some(7),
        Some(7),
        Some(3),
        Some(4),
        Some(0),
        Some(9),
        None,
        Some(9),
    ]));
    let fake = FakeConsul::new(move |_| {
        let mut script = script.lock().unwrap();
        if script.is_empty() {
            return Reply::Nothing;
        }
        Reply::Says(200, script.remove(0), instances(&[1]))
    });
    let resolver = open(&fake, "time?tag=a&tag=b&dc=x&stale=1&wait=10s");
    until("the script is over", || fake.requests().len() == 9);
    let asked: Vec<_> = fake
        .requests()
        .iter()
        .map(|request| {
            let (start, hold) = request
                .line
                .split_once("&index=")
                .map_or((request.line.clone(), None), |(start, hold)| {
                    (start.to_string(), Some(hold.to_string()))
                });
            assert_eq!(
                start,
                "GET /v1/health/service/time?passing=1&tag=a&tag=b&dc=x&stale=1"
            );
            hold
        })
        .collect();
    let held = |index: u64| Some(format!("{index}&wait=10s"));
    assert_eq!(
        asked,
        [
            None,
            held(7),
            held(7),
            None,
            held(4),
            None,
            held(9),
            None,
            held(9)
        ]
    );
    // The same list each time: one change.
    assert_eq!(resolver.generation(), 1);
}

#[test]
fn nothing_spins() {
    type Answering = Box<dyn FnMut(&Request) -> Reply + Send>;
    let rising = Arc::new(AtomicU64::new(0));
    let rises = Arc::clone(&rising);
    let ways: Vec<(&str, Answering)> = vec![
        (
            "errors",
            Box::new(|_| Reply::Says(500, None, String::new())),
        ),
        ("closed connections", Box::new(|_| Reply::Raw(Vec::new()))),
        (
            "no index",
            Box::new(|_| Reply::Says(200, None, instances(&[1]))),
        ),
        ("the same index", Box::new(|_| good(7, &[1]))),
        (
            "index 0 and 7 by turns",
            Box::new(|request| good(if is_held(request) { 3 } else { 7 }, &[1])),
        ),
        (
            "a rising index",
            Box::new(move |_| good(rises.fetch_add(1, Ordering::Relaxed) + 1, &[1])),
        ),
    ];
    let asked: Vec<_> = ways
        .into_iter()
        .map(|(what, answering)| {
            let fake = FakeConsul::new(answering);
            let url = Url::parse(&fake.url("time")).unwrap();
            let resolver = Resolver::open(&url).unwrap();
            (what, fake, resolver)
        })
        .collect();
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(1) {
        std::thread::sleep(Duration::from_millis(20));
    }
    for (what, fake, _resolver) in asked {
        // At 50 ms, doubling: 6. A slow machine makes fewer, or more when it looks late.
        until(what, || !fake.requests().is_empty());
        let count = fake.requests().len();
        println!("{what}: {count} in a second");
        let most = 6 + 4 * began.elapsed().as_secs();
        assert!((1..=most).contains(&(count as u64)), "{what}: {count}");
    }
}

#[test]
fn in_a_series_of_changes_consul_is_timed_and_then_holds_again() {
    let index = Arc::new(AtomicU64::new(0));
    let rises = Arc::clone(&index);
    let fake = FakeConsul::new(move |request| {
        let index = rises.load(Ordering::Relaxed);
        if is_held(request) && index == 9 {
            return Reply::Nothing;
        }
        // Nothing has changed by the time Consul is asked without being held.
        let index = index + u64::from(is_held(request) || index == 0);
        rises.store(index, Ordering::Relaxed);
        good(index, &[1])
    });
    let _resolver = open(&fake, "time");
    until("the series is over", || {
        index.load(Ordering::Relaxed) == 9 && fake.requests().last().is_some_and(is_held)
    });
    let at_once = fake.requests().iter().filter(|it| !is_held(it)).count();
    // The first, and one in each series of four; more where this machine is slow.
    assert!(at_once >= 3, "{at_once}");
}

#[test]
fn a_token_goes_with_every_request_and_may_change() {
    let file = std::env::temp_dir().join(format!("zroute-token-{}", std::process::id()));
    std::fs::write(&file, "first\n").unwrap();
    let fake = FakeConsul::new(|_| good(7, &[1]));
    let resolver = open(&fake, &format!("time?token-file={}", file.display()));
    let has_come = |token: &str| {
        let header = format!("x-consul-token: {token}");
        fake.requests()
            .last()
            .is_some_and(|request| request.headers.contains(&header))
    };
    until("the first token", || has_come("first"));
    std::fs::write(&file, "second").unwrap();
    until("the second token", || has_come("second"));
    std::fs::write(&file, "evil\r\nx: y").unwrap();
    until("it is refused", || resolver.snapshot().trouble.is_some());
    std::fs::remove_file(&file).unwrap();
    until("its loss is told", || {
        let trouble = resolver.snapshot().trouble;
        trouble.is_some_and(|trouble| trouble.to_string().contains("cannot read"))
    });
    assert!(
        !fake
            .requests()
            .iter()
            .any(|request| request.headers.iter().any(|header| header == "x: y"))
    );
    assert_eq!(resolver.current(), endpoints(&[1]));
}

#[test]
fn all_who_ask_for_one_service_share_one_query() {
    let fake = FakeConsul::new(holding(7, &[1]));
    let resolvers: Vec<_> = (0..10).map(|_| open(&fake, "time")).collect();
    for resolver in &resolvers {
        assert!(resolver.wait_until_known(PATIENCE));
    }
    until("it is held", || fake.requests().len() == 2);
    drop(resolvers);
    // One who comes later finds the list at once.
    let later = open(&fake, "time");
    assert_eq!(later.current(), endpoints(&[1]));
    assert_eq!(fake.requests().len(), 2);
    // Another URL is another query.
    let other = open(&fake, "time?tag=x");
    assert!(other.wait_until_known(PATIENCE));
}

#[test]
fn a_service_is_not_followed_for_ever() {
    let fake = FakeConsul::new(|_| good(7, &[1]));
    let url = Url::parse(&fake.url("time")).unwrap();
    let timing = Timing {
        idle: Duration::from_millis(50),
        ..quick()
    };
    let resolver = Resolver::open_with(&url, &timing).unwrap();
    assert!(resolver.wait_until_known(PATIENCE));
    drop(resolver);
    // A new one begins with a query of its own, which is not held.
    let first = || {
        fake.requests()
            .iter()
            .filter(|request| !is_held(request))
            .count()
    };
    until("a follower has ended", || {
        std::thread::sleep(Duration::from_millis(100));
        drop(Resolver::open_with(&url, &timing).unwrap());
        first() >= 2
    });
}

#[test]
fn a_change_makes_the_descriptor_readable() {
    let turn = Arc::new(AtomicBool::new(false));
    let turned = Arc::clone(&turn);
    let fake = FakeConsul::new(move |_| {
        if turned.load(Ordering::Relaxed) {
            good(8, &[2])
        } else {
            good(7, &[1])
        }
    });
    let resolver = open(&fake, "time");
    let is_readable = || {
        let mut descriptor = libc::pollfd {
            fd: resolver.descriptor(),
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: the pointer and the count describe the one structure above.
        unsafe { libc::poll(&raw mut descriptor, 1, 0) == 1 }
    };
    until("the first answer rings", is_readable);
    resolver.clear();
    assert!(!is_readable());
    turn.store(true, Ordering::Relaxed);
    until("a change rings", is_readable);
    assert_eq!(resolver.current(), endpoints(&[2]));
}

#[test]
fn a_forked_child_keeps_the_list_and_takes_nothing_back() {
    let fake = FakeConsul::new(|request| {
        if is_held(request) {
            Reply::Nothing
        } else {
            good(7, &[1])
        }
    });
    let resolver = open(&fake, "time");
    assert!(resolver.wait_until_known(PATIENCE));
    let registration = Registration::begin(service(&fake), |_: Duration| Ok(())).unwrap();
    until("it passes", || registration.state() == State::Passing);
    // SAFETY: the child only uses what is said to work there, and leaves by
    // _exit().
    let child = unsafe { libc::fork() };
    if child == 0 {
        let is_kept = resolver.current() == endpoints(&[1]) && resolver.is_forked();
        drop(resolver);
        drop(registration);
        // SAFETY: it does not return.
        unsafe { libc::_exit(if is_kept { 7 } else { 1 }) };
    }
    let mut status = 0;
    // SAFETY: the pointer is to an integer of this frame.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(
        (libc::WIFEXITED(status), libc::WEXITSTATUS(status)),
        (true, 7)
    );
    assert_eq!(fake.count("PUT /v1/agent/service/deregister"), 0);
    drop(registration);
    assert_eq!(fake.count("PUT /v1/agent/service/deregister"), 1);
}

fn service(fake: &FakeConsul) -> Service {
    let url = Url::parse(&fake.url("time?tag=rpc")).unwrap();
    let mut service = Service::new(&url, Some("127.0.0.1"), 5555).unwrap();
    service.ttl = Duration::from_secs(1);
    service
}

fn begin(
    fake: &FakeConsul,
    probe: impl FnMut(Duration) -> Result<(), String> + Send + 'static,
) -> Registration {
    Registration::begin_with(service(fake), probe, &quick()).unwrap()
}

fn yes(_: &Request) -> Reply {
    Reply::Says(200, None, String::new())
}

#[test]
fn a_registration_says_what_the_service_is() {
    let fake = FakeConsul::new(yes);
    let mut registration = begin(&fake, |_| Ok(()));
    until("it passes", || registration.state() == State::Passing);
    let requests = fake.requests();
    assert_eq!(
        requests[0].line,
        "PUT /v1/agent/service/register?replace-existing-checks=true"
    );
    let body: Value = serde_json::from_str(&requests[0].body).unwrap();
    assert_eq!(
        body,
        json!({
            "ID": "time-127.0.0.1-5555", "Name": "time", "Address": "127.0.0.1", "Port": 5555,
            "Tags": ["rpc"], "Meta": {"protocol": "zmq"},
            "Check": {
                "TTL": "1000ms", "DeregisterCriticalServiceAfter": "60s", "Status": "passing",
            },
        })
    );
    until("it passes again", || registration.counters().passed >= 2);
    let requests = fake.requests();
    assert!(
        requests[1]
            .line
            .starts_with("PUT /v1/agent/check/pass/service:time-127.0.0.1-5555?note=")
    );
    assert_eq!(registration.counters().registered, 1);
    registration.leave(PATIENCE).unwrap();
    assert_eq!(registration.state(), State::Left);
    let last = fake.requests().pop().unwrap();
    assert_eq!(
        last.line,
        "PUT /v1/agent/service/deregister/time-127.0.0.1-5555"
    );
    registration.leave(PATIENCE).unwrap();
    drop(registration);
    assert_eq!(fake.count("PUT /v1/agent/service/deregister"), 1);
}

#[test]
fn what_consul_forgot_is_registered_again() {
    for status in [404, 500] {
        let fake = FakeConsul::new(yes);
        let registration = begin(&fake, |_| Ok(()));
        until("it passes", || registration.counters().passed >= 1);
        fake.answer(move |request| {
            let has_forgotten = request.line.contains("/check/");
            Reply::Says(
                if has_forgotten { status } else { 200 },
                None,
                FORGOTTEN.to_string(),
            )
        });
        until("it is registered again", || {
            fake.count("PUT /v1/agent/service/register") >= 2
        });
        fake.answer(yes);
        until("it passes", || registration.state() == State::Passing);
    }
}

#[test]
fn only_a_server_that_answers_itself_passes() {
    let fake = FakeConsul::new(yes);
    let health = Arc::new(Mutex::new(Ok(())));
    let probed = Arc::clone(&health);
    let registration = begin(&fake, move |_| {
        let health: Result<(), String> = probed.lock().unwrap().clone();
        assert_ne!(health, Err("panic".to_string()), "as asked");
        health
    });
    until("it passes", || registration.state() == State::Passing);
    for (health_now, reason) in [
        ("busy for 9 s\nreally", "busy for 9 s\nreally"),
        ("panic", "the probe has a defect"),
    ] {
        *health.lock().unwrap() = Err(health_now.to_string());
        until("it is critical", || {
            registration.state()
                == State::Critical {
                    reason: reason.to_string(),
                }
        });
        let last = fake.requests().pop().unwrap();
        assert!(last.line.contains("/check/fail/"), "{}", last.line);
        assert!(!last.line.contains('\n'));
        let passed = fake.count("PUT /v1/agent/check/pass");
        let failed = registration.counters().failed;
        until("it is told again", || {
            registration.counters().failed > failed
        });
        assert_eq!(fake.count("PUT /v1/agent/check/pass"), passed);
        // The panic has poisoned nothing that the registration needs.
        health.clear_poison();
        *health.lock().unwrap() = Ok(());
        until("it is back", || registration.state() == State::Passing);
    }
}

#[test]
fn a_server_that_was_never_well_never_passes() {
    let fake = FakeConsul::new(yes);
    let registration = begin(&fake, |_| Err("not yet".to_string()));
    until("it is told", || registration.counters().failed >= 2);
    assert_eq!(fake.count("PUT /v1/agent/service/register"), 1);
    let body: Value = serde_json::from_str(&fake.requests()[0].body).unwrap();
    assert_eq!(body["Check"]["Status"], "critical");
    assert_eq!(fake.count("PUT /v1/agent/check/pass"), 0);
}

#[test]
fn a_probe_that_hangs_passes_nothing_and_holds_no_leave_up() {
    let fake = FakeConsul::new(yes);
    let (release, released) = std::sync::mpsc::channel::<()>();
    let (entered, is_in) = std::sync::mpsc::channel();
    let mut registration = begin(&fake, move |_| {
        entered.send(()).unwrap();
        let _ = released.recv();
        Ok(())
    });
    is_in.recv_timeout(PATIENCE).unwrap();
    assert_eq!(registration.state(), State::Beginning);
    registration.leave(PATIENCE).unwrap();
    assert_eq!(registration.state(), State::Left);
    drop(release);
    drop(registration);
    assert_eq!(fake.count("PUT /v1/agent/service/register"), 0);
    assert_eq!(fake.count("PUT /v1/agent/service/deregister"), 1);
}

#[test]
fn a_consul_that_is_away_is_asked_with_pauses() {
    for (what, oddity) in oddities() {
        // The body of an answer to a change does not count.
        if matches!(oddity(), Reply::Says(200, ..)) {
            continue;
        }
        let fake = FakeConsul::new(move |_| oddity());
        let mut registration = begin(&fake, |_| Ok(()));
        until(what, || matches!(registration.state(), State::Away { .. }));
        fake.answer(yes);
        until(what, || registration.state() == State::Passing);
        fake.answer(move |_| oddity());
        let left = registration.leave(PATIENCE);
        assert!(left.is_err(), "{what}");
    }
    let fake = FakeConsul::new(|_| Reply::Says(500, None, String::new()));
    let registration = Registration::begin(service(&fake), |_: Duration| Ok(())).unwrap();
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(1) {
        std::thread::sleep(Duration::from_millis(20));
    }
    until("it is asked at all", || !fake.requests().is_empty());
    let count = fake.requests().len();
    assert!((1..=10).contains(&count), "{count}");
    drop(registration);
}

#[test]
fn a_leave_is_bounded() {
    let fake = FakeConsul::new(yes);
    let mut registration = begin(&fake, |_| Ok(()));
    until("it passes", || registration.state() == State::Passing);
    fake.answer(|_| Reply::Nothing);
    let error = registration.leave(Duration::from_millis(100)).unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("when the check is not passed"));
}

#[test]
fn a_watch_survives_what_a_catalogue_may_say() {
    for (what, oddity) in oddities() {
        let fake = FakeConsul::new(move |_| oddity());
        let url = Url::parse(&fake.url("?tag=rpc")).unwrap();
        let watch = Watch::open_with(&url, &quick()).unwrap();
        if what == "another type" {
            // To the catalogue this is an answer: there is no service.
            until(what, || watch.services().is_some());
        } else {
            until(what, || watch.trouble().is_some());
            assert_eq!(watch.services(), None, "{what}");
        }
        fake.answer(|request| {
            if request.line.contains("index=5") {
                Reply::Nothing
            } else if request.line.contains("/catalog/") {
                let names = json!({"time": ["RPC"], "web": ["http"], "a'b": ["rpc"], "x": null});
                Reply::Says(200, Some(5), names.to_string())
            } else {
                good(5, &[1])
            }
        });
        until(what, || {
            watch
                .services()
                .is_some_and(|services| services.by_name.contains_key("time"))
        });
        let services = watch.services().unwrap();
        assert_eq!(services.by_name.len(), 1, "{what}");
        assert_eq!(services.warnings.len(), 1, "{what}");
        assert_eq!(watch.trouble(), None, "{what}");
    }
}

#[test]
fn a_watch_without_a_tag_leaves_consul_itself_out() {
    for (rest, expected) in [("", ["shop"]), ("?tag=rpc", ["consul"])] {
        let fake = FakeConsul::new(|request| {
            if is_held(request) {
                Reply::Nothing
            } else if request.line.contains("/catalog/") {
                let names = json!({"consul": ["rpc"], "shop": []});
                Reply::Says(200, Some(5), names.to_string())
            } else {
                good(5, &[1])
            }
        });
        let url = Url::parse(&fake.url(rest)).unwrap();
        let watch = Watch::open_with(&url, &quick()).unwrap();
        until("it is known", || watch.services().is_some());
        let services = watch.services().unwrap();
        assert!(services.by_name.keys().eq(&expected), "{rest}");
    }
}

#[test]
fn a_watch_follows_a_bounded_number_of_services() {
    let fake = FakeConsul::new(|request| {
        if is_held(request) {
            Reply::Nothing
        } else if request.line.contains("/catalog/") {
            let names: serde_json::Map<_, _> = (0..400)
                .map(|number| (format!("s{number:03}"), json!(["rpc"])))
                .collect();
            Reply::Says(200, Some(5), Value::from(names).to_string())
        } else {
            good(5, &[1])
        }
    });
    let url = Url::parse(&fake.url("?tag=rpc")).unwrap();
    let watch = Watch::open_with(&url, &quick()).unwrap();
    until("all have answered", || watch.services().is_some());
    let services = watch.services().unwrap();
    assert_eq!(services.by_name.len(), 256);
    assert!(services.warnings[0].contains("400 services are too many"));
}

#[test]
fn updates_tell_each_trouble_once_and_repeat_what_failed() {
    let folder = std::env::temp_dir().join(format!("zroute-updates-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (file, flag) = (folder.join("a.json"), folder.join("flag"));
    let fake = FakeConsul::new(|_| Reply::Says(500, None, String::new()));
    let url = Url::parse(&fake.url("?tag=rpc")).unwrap();
    let template = Template::Text {
        name: "test".to_string(),
        source: "{{ services[0].endpoints }}".to_string(),
    };
    let files = vec![ConfigFile::new(template, &file)];
    let reload = Command::new(["test", "-e", flag.to_str().unwrap()]);
    let mut updates = Updates::open_with(&url, files, Some(reload), &quick()).unwrap();
    let wake = Wake::new().unwrap();
    let stop = wake.stop();
    let mut events = Vec::new();
    updates
        .run(&wake, &mut |event| {
            match &event {
                Event::Trouble(_) => {
                    let mut asked = 0;
                    fake.answer(move |request| {
                        asked += 1;
                        if asked < 5 {
                            Reply::Says(500, None, String::new())
                        } else if is_held(request) {
                            Reply::Nothing
                        } else if request.line.contains("/catalog/") {
                            Reply::Says(200, Some(5), json!({"time": ["rpc"]}).to_string())
                        } else {
                            good(5, &[1])
                        }
                    });
                }
                Event::ReloadFailed(_) => std::fs::write(&flag, "").unwrap(),
                Event::Reloaded => stop.request(),
                _ => {}
            }
            events.push(event);
        })
        .unwrap();
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        "[\"tcp://127.0.0.1:1\"]"
    );
    std::fs::remove_dir_all(&folder).unwrap();
    let [trouble, recovered, changed, failed, reloaded] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert!(matches!(
        trouble,
        Event::Trouble(Error::Refused { status: 500, .. })
    ));
    assert_eq!(recovered, &Event::Recovered);
    assert!(
        matches!(changed, Event::Changed(change) if !change.is_reloaded && change.files == [file])
    );
    assert!(matches!(failed, Event::ReloadFailed(Error::Command { .. })));
    assert_eq!(reloaded, &Event::Reloaded);
}
