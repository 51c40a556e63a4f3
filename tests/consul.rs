//! Against a real Consul: `make test-discovery`.
#![cfg(feature = "discovery")]

mod consul_agent;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use consul_agent::Agent;
use zroute::discovery::{
    self, Change, ConfigFile, Error, Event, Health, LARAVEL_ZERORPC, Registration, Resolver,
    Service, State, Template, Timing, Updates, Url, ZROUTE,
};
use zroute::transport::{Stop, Wake};

const PATIENCE: Duration = Duration::from_secs(60);

fn until(what: &str, condition: impl Fn() -> bool) -> Duration {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < PATIENCE, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
    began.elapsed()
}

/// A server that is well until it is told not to be.
struct Server {
    registration: Registration,
    is_well: Arc<AtomicBool>,
}

impl Server {
    fn register(url: &str, port: u16) -> Self {
        let mut service = Service::new(&Url::parse(url).unwrap(), Some("127.0.0.1"), port).unwrap();
        service.ttl = Duration::from_secs(3);
        Self::with(service)
    }

    fn with(service: Service) -> Self {
        let is_well = Arc::new(AtomicBool::new(true));
        let probed = Arc::clone(&is_well);
        let probe = move |_: Duration| {
            if probed.load(Ordering::Relaxed) {
                Ok(())
            } else {
                Err("it hangs".to_string())
            }
        };
        let timing = Timing {
            first_pause: Duration::from_millis(50),
            ..Timing::default()
        };
        Self {
            registration: Registration::begin_with(service, probe, &timing).unwrap(),
            is_well,
        }
    }

    fn wait_until_passing(&self) {
        until("the check passes", || {
            self.registration.state() == State::Passing
        });
    }
}

fn open(url: &str) -> Resolver {
    let resolver = Resolver::open(&Url::parse(url).unwrap()).unwrap();
    assert!(resolver.wait_until_known(PATIENCE));
    resolver
}

/// How many servers of `time` are told to those who ask once.
fn registered(url: &str) -> usize {
    discovery::registered(&Url::parse(url).unwrap()).unwrap()["time"].len()
}

#[test]
#[ignore = "needs a Consul: make test-discovery"]
fn servers_are_found_while_they_are_well() {
    let agent = Agent::start();
    let url = agent.url("time?tag=rpc&version=1.0");
    let resolver = open(&url);
    assert_eq!(resolver.current(), Vec::<String>::new());

    let mut servers: Vec<_> = (1..=3).map(|port| Server::register(&url, port)).collect();
    let other = Server::register(&agent.url("time?tag=rpc&version=2.0"), 4);
    other.wait_until_passing();
    let three = [
        "tcp://127.0.0.1:1",
        "tcp://127.0.0.1:2",
        "tcp://127.0.0.1:3",
    ];
    until("three servers", || resolver.current() == three);
    for (rest, count) in [("time", 4), ("time?version=2.0", 1), ("time?tag=x", 0)] {
        assert_eq!(open(&agent.url(rest)).current().len(), count, "{rest}");
        assert_eq!(registered(&agent.url(rest)), count, "{rest}");
    }
    let snapshot = resolver.snapshot();
    assert_eq!(snapshot.instances[0].id, "time-127.0.0.1-1");
    assert_eq!(snapshot.instances[0].meta["protocol"], "zmq");

    servers[0].registration.leave(PATIENCE).unwrap();
    assert_eq!(servers[0].registration.state(), State::Left);
    let took = until("the leave is seen", || resolver.current() == three[1..]);
    println!("seen after a leave: {took:?}");

    servers[1].is_well.store(false, Ordering::Relaxed);
    let hung = State::Critical {
        reason: "it hangs".to_string(),
    };
    until("it is critical", || servers[1].registration.state() == hung);
    let took = until("the hung one is out", || resolver.current() == three[2..]);
    println!("seen after it was known as critical: {took:?}");
    let known =
        &discovery::registered(&Url::parse(&agent.url("?tag=rpc")).unwrap()).unwrap()["time"];
    let health: Vec<_> = known
        .iter()
        .map(|one| (one.instance.port, one.health))
        .collect();
    assert_eq!(
        health,
        [
            (2, Health::Critical),
            (3, Health::Passing),
            (4, Health::Passing)
        ]
    );
    assert_eq!(known[0].note, "it hangs");
    servers[1].is_well.store(true, Ordering::Relaxed);
    until("it is back", || resolver.current() == three[1..]);

    drop(servers.remove(2));
    until("a drop is a leave", || resolver.current() == three[1..2]);
    assert!(servers[1].registration.counters().registered == 1);
}

#[test]
#[ignore = "needs a Consul: make test-discovery"]
fn a_consul_that_dies_and_comes_back_empty_costs_nothing() {
    let mut agent = Agent::start();
    let url = agent.url("time?tag=rpc");
    let servers = [Server::register(&url, 1), Server::register(&url, 2)];
    let resolver = open(&url);
    let both = ["tcp://127.0.0.1:1", "tcp://127.0.0.1:2"];
    until("both are known", || resolver.current() == both);
    let generation = resolver.generation();

    agent.kill();
    until("the resolver knows that Consul is away", || {
        resolver.snapshot().trouble.is_some()
    });
    for server in &servers {
        until("so does the registration", || {
            matches!(server.registration.state(), State::Away { .. })
        });
    }
    assert_eq!(resolver.current(), both);

    assert!(agent.start_again());
    let fresh = agent.url("time?tag=rpc&wait=50s");
    for server in &servers {
        server.wait_until_passing();
        assert_eq!(server.registration.counters().registered, 2);
    }
    until("the resolver is well again", || {
        resolver.snapshot().trouble.is_none()
    });
    let other = open(&fresh);
    until("a new client finds both", || other.current() == both);
    // It may have seen one before the other.
    until("so does the old one", || resolver.current() == both);
    println!(
        "changes that the client saw: {}",
        resolver.generation() - generation
    );
}

#[test]
#[ignore = "needs a Consul: make test-discovery"]
fn a_consul_that_hangs_holds_nobody_up() {
    let agent = Agent::start();
    let url = agent.url("time");
    let mut server = Server::register(&url, 1);
    let resolver = open(&url);
    until("it is known", || resolver.current().len() == 1);

    agent.signal(libc::SIGSTOP);
    let began = Instant::now();
    let left = server.registration.leave(Duration::from_millis(500));
    let took = began.elapsed();
    let known = resolver.current();
    drop(resolver);
    let dropped = began.elapsed();
    agent.signal(libc::SIGCONT);
    assert!(
        left.unwrap_err()
            .to_string()
            .contains("nothing within 500ms")
    );
    assert_eq!(known.len(), 1);
    // Consul would hold the query for 55 s.
    assert!(took < Duration::from_secs(30), "{took:?}");
    assert!(dropped < Duration::from_secs(30), "{dropped:?}");
}

#[test]
#[ignore = "needs a Consul: make test-discovery"]
fn an_acl_token_is_asked_for_and_given() {
    let agent = Agent::start_with(
        "acl { enabled = true default_policy = \"deny\" tokens { master = \"first-token\" } }",
    );
    let file = agent.folder().join("token");
    fs::write(&file, "wrong-token\n").unwrap();
    let url = agent.url(&format!("time?token-file={}", file.display()));
    let mut service = Service::new(&Url::parse(&url).unwrap(), Some("127.0.0.1"), 1).unwrap();
    service.ttl = Duration::from_secs(3);
    let server = Server::with(service);
    until("it is refused", || {
        matches!(
            server.registration.state(),
            State::Away {
                error: Error::Refused { status: 403, .. }
            }
        )
    });
    fs::write(&file, "first-token\n").unwrap();
    server.wait_until_passing();
    let resolver = open(&url);
    until("it is found", || resolver.current().len() == 1);
    assert_eq!(registered(&url), 1);
    // Without a token Consul shows nothing.
    assert!(open(&agent.url("time")).current().is_empty());
    assert_eq!(registered(&agent.url("time")), 0);
}

#[cfg(feature = "discovery-tls")]
#[test]
#[ignore = "needs a Consul: make test-discovery"]
fn https_trusts_the_given_authority_alone() {
    let program = std::env::var_os("ZROUTE_CONSUL").unwrap();
    let folder = std::env::temp_dir().join(format!("zroute-tls-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    for words in [
        vec!["tls", "ca", "create"],
        vec!["tls", "cert", "create", "-server"],
    ] {
        let made = Command::new(&program)
            .args(words)
            .current_dir(&folder)
            .output()
            .unwrap();
        assert!(made.status.success());
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let agent = Agent::start_with(&format!(
        "ports {{ https = {port} }} cert_file = \"{0}/dc1-server-consul-0.pem\" \
         key_file = \"{0}/dc1-server-consul-0-key.pem\"",
        folder.display()
    ));
    let server = Server::register(&agent.url("time"), 1);
    server.wait_until_passing();
    let ca = folder.join("consul-agent-ca.pem");
    let url = format!(
        "consul://127.0.0.1:{port}/time?scheme=https&ca-file={}",
        ca.display()
    );
    let resolver = open(&url);
    until("it is found", || resolver.current().len() == 1);
    assert_eq!(registered(&url), 1);
    let registration = Server::register(&format!("{url}&tag=tls"), 2);
    registration.wait_until_passing();

    let untrusted = format!("consul://127.0.0.1:{port}/time?scheme=https");
    let resolver = Resolver::open(&Url::parse(&untrusted).unwrap()).unwrap();
    until("it is not trusted", || {
        resolver.snapshot().trouble.is_some()
    });
    let trouble = resolver.snapshot().trouble.unwrap().to_string();
    assert!(trouble.contains("certificate"), "{trouble}");
    assert_eq!(resolver.generation(), 0);
    drop(agent);
    fs::remove_dir_all(folder).unwrap();
}

/// What a PHP file returns, as JSON.
fn returned(file: &Path) -> serde_json::Value {
    let script = "function env($name, $default = null) { return $default; }
        echo json_encode(require $argv[1]);";
    let output = Command::new(std::env::var_os("PHP").unwrap_or("php".into()))
        .args(["-n", "-r", script, "--"])
        .arg(file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Two files that follow an agent, and what is told of them.
struct Following {
    template: PathBuf,
    zerorpc: PathBuf,
    zroute: PathBuf,
    reloads: PathBuf,
    told: mpsc::Receiver<Event>,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
}

impl Following {
    fn start(agent: &Agent) -> Self {
        let in_folder = |name: &str| agent.folder().join(name);
        let (tell, told) = mpsc::channel();
        let (give, given) = mpsc::channel();
        let template = in_folder("zerorpc.php.jinja");
        fs::write(&template, LARAVEL_ZERORPC).unwrap();
        let (zerorpc, zroute) = (in_folder("zerorpc.php"), in_folder("zroute.php"));
        let files = vec![
            ConfigFile::new(Template::File(template.clone()), &zerorpc),
            ConfigFile::new(shipped(), &zroute),
        ];
        let reloads = in_folder("reloads");
        let script = "echo again >>\"$0\"";
        let reload = discovery::Command::new(["sh", "-c", script, reloads.to_str().unwrap()]);
        let url = Url::parse(&agent.url("?tag=rpc")).unwrap();
        let thread = std::thread::spawn(move || {
            let stop = Wake::new().unwrap();
            give.send(stop.stop()).unwrap();
            let mut updates = Updates::open(&url, files, Some(reload)).unwrap();
            let mut tell = |event| drop(tell.send(event));
            updates.run(&stop, &mut tell).unwrap();
        });
        Self {
            template,
            zerorpc,
            zroute,
            reloads,
            told,
            stop: given.recv_timeout(PATIENCE).unwrap(),
            thread: Some(thread),
        }
    }

    /// The first event that is looked for.
    fn next<T>(&self, wanted: impl Fn(Event) -> Option<T>) -> T {
        loop {
            if let Some(found) = wanted(self.told.recv_timeout(PATIENCE).unwrap()) {
                return found;
            }
        }
    }

    fn next_change(&self) -> Change {
        self.next(|event| match event {
            Event::Changed(change) => Some(change),
            _ => None,
        })
    }

    fn zerorpc(&self) -> serde_json::Value {
        returned(&self.zerorpc)
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.stop.request();
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || std::thread::panicking());
    }
}

fn shipped() -> Template {
    Template::Text {
        name: "zroute".to_string(),
        source: ZROUTE.to_string(),
    }
}

/// How many keys a file returns; PHP's empty array is a list.
fn keys(file: &Path) -> usize {
    returned(file).as_object().map_or(0, serde_json::Map::len)
}

#[test]
#[ignore = "needs a Consul: make test-discovery"]
fn configuration_files_follow_consul() {
    let agent = Agent::start();
    let following = Following::start(&agent);
    // Nothing is there yet, so both files are made, of nothing.
    let change = following.next_change();
    assert_eq!((change.number, change.files.len()), (1, 2));
    assert_eq!(following.zerorpc(), serde_json::json!([]));

    let server = Server::register(&agent.url("time-service?tag=rpc&version=1.0"), 5555);
    let unrelated = Server::register(&agent.url("web?tag=http"), 80);
    server.wait_until_passing();
    let began = Instant::now();
    let expected = serde_json::json!({"ZERORPC_TIME_SERVICE": {
        "1.0": ["tcp://127.0.0.1:5555"], "access_key": null, "default": "1.0",
    }});
    // Consul tells of the service before it tells that its check passes.
    while following.zerorpc() != expected {
        assert!(following.next_change().is_reloaded);
    }
    println!("from passing to the reload: {:?}", began.elapsed());
    until("the other file follows", || {
        returned(&following.zroute)
            == serde_json::json!({"services": {"time-service": {
                "endpoints": ["tcp://127.0.0.1:5555"],
                "versions": {"1.0": ["tcp://127.0.0.1:5555"]},
            }}})
    });
    let reloads = fs::read_to_string(&following.reloads).unwrap();
    assert!(reloads.lines().count() >= 2);
    drop(unrelated);
}

#[test]
#[ignore = "needs a Consul: make test-discovery"]
fn a_broken_template_never_replaces_a_file() {
    let agent = Agent::start();
    let server = Server::register(&agent.url("time?tag=rpc&version=1.0"), 1);
    server.wait_until_passing();
    let following = Following::start(&agent);
    until("the service is in the file", || {
        following.zerorpc.exists() && keys(&following.zerorpc) == 1
    });
    let expected = following.zerorpc();
    for (port, broken) in [(2, "<?php return [{{ nobody }}];"), (3, "<?php return [;")] {
        fs::write(&following.template, broken).unwrap();
        let another = Server::register(&agent.url("time?tag=rpc&version=1.0"), port);
        let (file, error) = following.next(|event| match event {
            Event::Failed { file, error } => Some((file, error)),
            _ => None,
        });
        println!("{error}");
        assert_eq!(file, following.zerorpc);
        assert_eq!(following.zerorpc(), expected);
        drop(another);
    }
    // It is tried again by itself.
    fs::write(&following.template, format!("{LARAVEL_ZERORPC}// mended\n")).unwrap();
    until("the mended template is taken", || {
        fs::read_to_string(&following.zerorpc)
            .unwrap()
            .contains("mended")
            && following.zerorpc() == expected
    });
    assert!(!agent.folder().join(".zerorpc.php.staged").exists());
}

#[test]
#[ignore = "needs a Consul: make test-discovery"]
fn a_file_is_not_emptied_because_nobody_is_left() {
    let agent = Agent::start();
    let servers = ["time", "second"].map(|name| {
        let server = Server::register(&agent.url(&format!("{name}?tag=rpc")), 1);
        server.wait_until_passing();
        server
    });
    let following = Following::start(&agent);
    let file = following.zerorpc.clone();
    until("both are in the file", || file.exists() && keys(&file) == 2);
    let [first, second] = servers;
    drop(second);
    until("one is gone", || keys(&file) == 1);
    drop(first);
    let nobody = open(&agent.url("time?wait=54s&when-empty=clear"));
    until("nobody is left", || nobody.current().is_empty());
    assert_eq!(keys(&file), 1);
    drop(following);

    // One who comes later, and finds nobody, does not empty it either, unless
    // that is asked for.
    for (rest, is_kept) in [("?tag=rpc", true), ("?tag=rpc&when-empty=clear", false)] {
        let source = LARAVEL_ZERORPC.to_string();
        let name = "zerorpc".to_string();
        let files = vec![ConfigFile::new(Template::Text { name, source }, &file)];
        let url = Url::parse(&agent.url(rest)).unwrap();
        let mut events = Vec::new();
        let mut updates = Updates::open(&url, files, None).unwrap();
        let is_done = updates.run_once(PATIENCE, &Wake::new().unwrap(), &mut |event| {
            events.push(event);
        });
        assert!(is_done.unwrap());
        assert_eq!(events.contains(&Event::Withheld), is_kept, "{events:?}");
        assert_eq!(keys(&file), usize::from(is_kept));
    }
}

#[test]
#[ignore = "needs a Consul: make test-discovery"]
fn names_and_meta_cannot_become_code() {
    let agent = Agent::start();
    let evil = "');file_put_contents('/tmp/zroute-evil','1');('\\";
    let mut service = Service::new(
        &Url::parse(&agent.url("time?tag=rpc")).unwrap(),
        Some("127.0.0.1"),
        1,
    )
    .unwrap();
    service.ttl = Duration::from_secs(3);
    service.meta = BTreeMap::from([("version".to_string(), evil.to_string())]);
    let server = Server::with(service);
    server.wait_until_passing();
    // Our own registration refuses such a name; others do not.
    let body = serde_json::json!({"Name": evil, "Port": 7, "Tags": ["rpc"]});
    ureq::put(format!(
        "http://127.0.0.1:{}/v1/agent/service/register",
        agent.port
    ))
    .send(body.to_string())
    .unwrap();

    let file = agent.folder().join("zroute.php");
    let files = vec![ConfigFile::new(shipped(), &file)];
    let url = Url::parse(&agent.url("?tag=rpc")).unwrap();
    let stop = Wake::new().unwrap();
    let mut events = Vec::new();
    let mut updates = Updates::open(&url, files, None).unwrap();
    let is_done = updates.run_once(PATIENCE, &stop, &mut |event| events.push(event));
    assert!(is_done.unwrap());
    let services = returned(&file)["services"].clone();
    assert_eq!(services.as_object().unwrap().len(), 1);
    assert_eq!(
        services["time"]["versions"][evil],
        serde_json::json!(["tcp://127.0.0.1:1"])
    );
    assert!(
        matches!(&events[0], Event::Warning(warning) if warning.contains("letters")),
        "{events:?}"
    );
    assert!(!Path::new("/tmp/zroute-evil").exists());
}
