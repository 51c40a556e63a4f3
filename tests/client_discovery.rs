//! A client whose servers come and go with a list of Consul's.
#![cfg(feature = "discovery")]

// It can misbehave in more ways than are needed here.
#[allow(dead_code)]
mod fake_consul;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use fake_consul::{FakeConsul, Reply, Request};
use serde_json::{Value, json};
use zroute::client::{self, Client, Outcome};
use zroute::server::{self, Server};
use zroute::transport::{self, Stop};

const PATIENCE: Duration = Duration::from_secs(60);
const NOTHING: &[u8] = b"\x90";

/// A server on a thread: `who` answers its port, `held` too, when it is let go.
struct Running {
    port: u16,
    held: Arc<AtomicBool>,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    fn start() -> Self {
        let (send, receive) = channel();
        let held = Arc::new(AtomicBool::new(true));
        let is_held = held.clone();
        let thread = std::thread::spawn(move || {
            let mut server = Server::new(server::Options::default()).unwrap();
            let who = server.add_function("who");
            server.add_function("held");
            let endpoint = server.bind("tcp://127.0.0.1:0").unwrap().to_string();
            let port: u16 = endpoint.rsplit(':').next().unwrap().parse().unwrap();
            send.send((port, server.stop_handle())).unwrap();
            let mut kept = Vec::new();
            while !server.is_stopped() {
                while let Some(taken) = server.take().unwrap() {
                    if taken.route == who {
                        server.answer(taken.token, &packed(port)).unwrap();
                    } else {
                        kept.push(taken.token);
                    }
                }
                if !is_held.load(Ordering::SeqCst) {
                    for token in kept.drain(..) {
                        server.answer(token, &packed(port)).unwrap();
                    }
                }
                server.wait(None).unwrap();
            }
        });
        let (port, stop) = receive.recv_timeout(PATIENCE).unwrap();
        Self {
            port,
            held,
            stop,
            thread: Some(thread),
        }
    }

    fn let_go(&self) {
        self.held.store(false, Ordering::SeqCst);
        self.stop.ring();
    }

    /// How many connections it has, from the system.
    fn connections(&self) -> usize {
        let established = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
        let local = format!(":{:04X} ", self.port);
        let lines = established.lines().map(str::trim_start);
        lines
            .filter(|line| {
                let mut fields = line.split_inclusive(' ').skip(1);
                fields.next().is_some_and(|own| own.ends_with(&local))
                    && fields.nth(1) == Some("01 ")
            })
            .count()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.request();
        let _ = self.thread.take().unwrap().join();
    }
}

fn packed(port: u16) -> [u8; 3] {
    let [high, low] = port.to_be_bytes();
    [0xcd, high, low]
}

/// What Consul knows; queries are held until it changes.
#[derive(Default)]
struct Catalogue {
    list: Mutex<(u64, Vec<u16>)>,
    changed: Condvar,
}

impl Catalogue {
    fn at(ports: &[u16]) -> (Arc<Self>, FakeConsul) {
        let catalogue = Arc::new(Self::default());
        catalogue.set(ports);
        let asked = catalogue.clone();
        let fake = FakeConsul::new(move |request| asked.answer(request));
        (catalogue, fake)
    }

    fn set(&self, ports: &[u16]) {
        let mut list = self.list.lock().unwrap();
        *list = (list.0 + 1, ports.to_vec());
        self.changed.notify_all();
    }

    fn answer(&self, request: &Request) -> Reply {
        let held = format!("index={}&", self.list.lock().unwrap().0);
        let list = self.list.lock().unwrap();
        let (list, _) = self
            .changed
            .wait_timeout_while(list, Duration::from_millis(200), |list| {
                let line = format!("{}&", request.line);
                line.contains(&held) && held == format!("index={}&", list.0)
            })
            .unwrap();
        Reply::Says(200, Some(list.0), instances(&list.1))
    }
}

fn instances(ports: &[u16]) -> String {
    let entries: Vec<Value> = ports
        .iter()
        .map(|port| json!({"Service": {"Address": "127.0.0.1", "Port": port}}))
        .collect();
    json!(entries).to_string()
}

fn client() -> Client {
    Client::new(client::Options {
        timeout: PATIENCE,
        ..client::Options::default()
    })
}

fn of(fake: &FakeConsul, rest: &str) -> Client {
    let mut client = client();
    client.connect(&fake.url(rest)).unwrap();
    client
}

fn port_of(outcome: &Outcome) -> u16 {
    match outcome {
        Outcome::Answer(value) => match value.as_ref() {
            [0xcd, high, low] => u16::from_be_bytes([*high, *low]),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn who(client: &mut Client) -> u16 {
    port_of(&client.call("who", NOTHING, PATIENCE).unwrap())
}

/// The ports of the servers that a client has.
fn servers(client: &mut Client) -> Vec<u16> {
    let mut ports = Vec::new();
    while let Some(health) = client.health(ports.len()).unwrap() {
        ports.push(health.endpoint.rsplit(':').next().unwrap().parse().unwrap());
    }
    ports.sort_unstable();
    ports
}

fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < PATIENCE, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn sorted(mut ports: Vec<u16>) -> Vec<u16> {
    ports.sort_unstable();
    ports
}

#[test]
fn a_call_waits_for_the_first_list_and_its_server() {
    let server = Running::start();
    let fake = FakeConsul::new(|_| Reply::Says(500, None, "No cluster leader".to_string()));
    let mut client = of(&fake, "time");
    let id = client.submit("who", NOTHING, PATIENCE).unwrap();
    until("Consul is asked", || fake.count("GET /v1/health") > 0);
    let catalogue = instances(&[server.port]);
    fake.answer(move |_| Reply::Says(200, Some(1), catalogue.clone()));
    assert_eq!(port_of(&client.collect(id).unwrap()), server.port);
}

#[test]
fn a_server_that_leaves_ends_its_calls_and_gets_no_more() {
    let (old, new) = (Running::start(), Running::start());
    let (catalogue, fake) = Catalogue::at(&[old.port]);
    let mut client = of(&fake, "time");
    let held = client.submit("held", NOTHING, PATIENCE).unwrap();
    assert_eq!(who(&mut client), old.port);
    catalogue.set(&[new.port]);
    until("the new one joins", || who(&mut client) == new.port);
    for _ in 0..20 {
        assert_eq!(who(&mut client), new.port);
    }
    assert_eq!(
        servers(&mut client),
        sorted(vec![old.port, new.port]),
        "a call is in flight at the old one"
    );
    assert_eq!(
        client.health(0).unwrap().unwrap().state,
        client::State::Leaving
    );
    old.let_go();
    assert_eq!(port_of(&client.collect(held).unwrap()), old.port);
    assert_eq!(servers(&mut client), [new.port]);
    until("the connection is closed", || old.connections() == 0);
}

#[test]
fn a_server_that_comes_back_before_its_calls_have_ended_keeps_its_connection() {
    let (one, other) = (Running::start(), Running::start());
    let (catalogue, fake) = Catalogue::at(&[one.port]);
    let mut client = of(&fake, "time");
    let held = client.submit("held", NOTHING, PATIENCE).unwrap();
    assert_eq!(who(&mut client), one.port);
    catalogue.set(&[other.port]);
    until("the other one joins", || who(&mut client) == other.port);
    catalogue.set(&[one.port]);
    until("it is back", || who(&mut client) == one.port);
    assert_eq!(one.connections(), 1);
    one.let_go();
    assert_eq!(port_of(&client.collect(held).unwrap()), one.port);
    assert_eq!(servers(&mut client), [one.port]);
}

#[test]
fn calls_go_on_while_the_list_changes() {
    let running: Vec<_> = (0..5).map(|_| Running::start()).collect();
    let ports: Vec<_> = running.iter().map(|server| server.port).collect();
    let (catalogue, fake) = Catalogue::at(&ports);
    let mut client = of(&fake, "time");
    let stopped = Arc::new(AtomicBool::default());
    let (changes, over) = (catalogue.clone(), stopped.clone());
    let all = ports.clone();
    let changing = std::thread::spawn(move || {
        // Every choice of some of five, one after another, as often as there is time.
        for choice in (1_u32..32).cycle() {
            if over.load(Ordering::SeqCst) {
                break;
            }
            let some: Vec<_> = (0..5).filter(|place| choice >> place & 1 == 1).collect();
            changes.set(&some.iter().map(|place| all[*place]).collect::<Vec<_>>());
            std::thread::sleep(Duration::from_millis(2));
        }
        changes.set(&all);
    });
    let mut answered = 0;
    let mut seen = std::collections::HashSet::new();
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(2) {
        let ids: Vec<_> = (0..20)
            .map(|_| client.submit("who", NOTHING, PATIENCE).unwrap())
            .collect();
        for id in ids {
            seen.insert(port_of(&client.collect(id).unwrap()));
            answered += 1;
        }
    }
    stopped.store(true, Ordering::SeqCst);
    changing.join().unwrap();
    println!(
        "{answered} calls over {} lists",
        catalogue.list.lock().unwrap().0
    );
    assert!(seen.iter().all(|port| ports.contains(port)) && seen.len() > 1);
    until("all are used again", || {
        who(&mut client);
        servers(&mut client) == sorted(ports.clone())
    });
}

#[test]
fn the_last_good_list_serves_while_consul_fails() {
    let server = Running::start();
    let port = server.port;
    let fake = FakeConsul::new(move |_| Reply::Says(200, Some(1), instances(&[port])));
    let mut client = of(&fake, "time");
    assert_eq!(who(&mut client), port);
    fake.answer(|_| Reply::Says(500, None, "broken".to_string()));
    let before = fake.requests().len();
    until("Consul fails", || fake.requests().len() > before);
    for _ in 0..100 {
        assert_eq!(who(&mut client), port);
    }
    drop(fake);
    for _ in 0..100 {
        assert_eq!(who(&mut client), port);
    }
}

#[test]
fn a_client_that_waits_takes_in_what_changes() {
    let (old, new) = (Running::start(), Running::start());
    let (catalogue, fake) = Catalogue::at(&[old.port]);
    let mut client = of(&fake, "time");
    assert_eq!(who(&mut client), old.port);
    let held = client.submit("held", NOTHING, PATIENCE).unwrap();
    let ended = std::thread::scope(|scope| {
        scope.spawn(|| {
            catalogue.set(&[new.port]);
            until("the new one is connected to", || new.connections() == 1);
            old.let_go();
        });
        client.collect(held).unwrap()
    });
    assert_eq!(port_of(&ended), old.port);
}

/// The processor time that this thread has used.
fn used() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer is to a writable structure of this frame.
    let read = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(read, 0);
    let whole = u64::try_from(time.tv_sec).unwrap();
    Duration::from_secs(whole) + Duration::from_nanos(time.tv_nsec.try_into().unwrap())
}

#[test]
fn a_client_whose_list_has_grown_and_changes_again_does_not_spin() {
    let running = [Running::start(), Running::start(), Running::start()];
    let ports = running.each_ref().map(|server| server.port);
    let (catalogue, fake) = Catalogue::at(&ports[..1]);
    let mut client = of(&fake, "time");
    // With one server it waits there for the bell, and from the second on beside them.
    let held = client.submit("held", NOTHING, PATIENCE).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            until("the call is there", || running[0].connections() == 1);
            catalogue.set(&ports[..2]);
            until("there are two", || running[1].connections() == 1);
            running[0].let_go();
        });
        client.collect(held).unwrap();
    });
    catalogue.set(&ports);
    // Nobody waits for the bell at this time.
    until("the list has been read", || {
        let requests = fake.requests();
        requests
            .iter()
            .any(|request| request.line.contains("index=3"))
    });
    let call = Duration::from_millis(500);
    let before = used();
    for _ in 0..2 {
        let held = client.submit("held", NOTHING, call).unwrap();
        client.collect(held).unwrap();
    }
    assert_eq!(servers(&mut client), sorted(ports.to_vec()));
    let used = used().saturating_sub(before);
    assert!(used < call / 4, "{used:?}");
}

#[test]
fn a_failure_names_the_service_and_what_consul_says() {
    let short = Duration::from_millis(300);
    let fake = FakeConsul::new(|_| Reply::Says(500, None, "No cluster leader".to_string()));
    // An answer may take longer than a call has.
    let known = |mut client: Client| {
        let began = Instant::now();
        loop {
            let outcome = client.call("who", NOTHING, short).unwrap();
            if !format!("{outcome:?}").contains("not answered yet") || began.elapsed() > PATIENCE {
                return outcome;
            }
        }
    };
    let failed = known(of(&fake, "time?tag=a"));
    let name = fake.url("time");
    let (_, empty) = Catalogue::at(&[]);
    let none = known(of(&empty, "time"));
    let silent = FakeConsul::new(|_| Reply::Nothing);
    let nothing = of(&silent, "time").call("who", NOTHING, short).unwrap();
    for (outcome, name, expected) in [
        (
            failed,
            name,
            "no server is known: GET /v1/health/service/time: Consul at",
        ),
        (none, empty.url("time"), "no healthy server"),
        (nothing, silent.url("time"), "has not answered yet"),
    ] {
        let Outcome::NotConnected {
            endpoint, trouble, ..
        } = outcome
        else {
            panic!("{expected}: {outcome:?}");
        };
        println!("{endpoint}: {trouble:?}");
        assert_eq!(endpoint, name);
        assert!(
            matches!(&*trouble, [only] if only.starts_with(&name) && only.contains(expected)),
            "{trouble:?}"
        );
    }
}

#[test]
fn what_is_wrong_with_an_endpoint_is_told_at_once() {
    let mut client = client();
    for (endpoint, expected) in [
        ("consul://127.0.0.1:8500", "no service"),
        ("consul:///a/b", "letters, digits"),
        ("consul:///time?colour=red", "unknown parameter 'colour'"),
        ("consul://127.0.0.1:0/time", "1 to 65535"),
    ] {
        let error = client.connect(endpoint).unwrap_err();
        assert!(
            matches!(&error, transport::Error::Endpoint { reason, .. } if reason.contains(expected)),
            "{error}"
        );
    }
    assert!(client::endpoint("consul:///time?tag=rpc").is_ok());
}

#[test]
fn services_and_servers_stand_beside_each_other() {
    let [one, two, three] = [(); 3].map(|()| Running::start());
    let (first, fake) = Catalogue::at(&[one.port]);
    let (_, other) = Catalogue::at(&[two.port]);
    let mut client = of(&fake, "time");
    client.connect(&other.url("time")).unwrap();
    client
        .connect(&format!("tcp://127.0.0.1:{}", three.port))
        .unwrap();
    let all = sorted(vec![one.port, two.port, three.port]);
    let mut seen = Vec::new();
    until("each is called", || {
        seen.push(who(&mut client));
        all.iter().all(|port| seen.contains(port))
    });
    first.set(&[two.port]);
    until("the first has left", || {
        who(&mut client);
        servers(&mut client) == sorted(vec![two.port, two.port, three.port])
    });
}
