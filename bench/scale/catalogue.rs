//! Many servers that register with Consul, or many clients that follow a service,
//! in one process, each with a thread and connections of its own: what a Consul
//! notices of a thousand machines. Told what to do a line at a time.
//!
//! `catalogue register URL COUNT PORT` registers so many servers at 127.0.0.1, from
//! that port on, which always answer their probe.
//!
//! | line | answer |
//! |---|---|
//! | `counters` | `counters REGISTERED PASSED ERRORS`, of all servers |
//! | `leave PLACE` | `left NANOSECONDS`, when Consul has taken that one out |
//! | `join PLACE` | `joined NANOSECONDS`, when Consul knows it as passing |
//!
//! `catalogue follow URL COUNT` follows a service so many times.
//!
//! | line | answer |
//! |---|---|
//! | `expect INSTANCES` | `waiting` at once; then a line with the nanoseconds after which each list had so many |
//! | `changes` | `changes COUNT`, of all lists since the start |
//! | `known` | `known COUNT`, of the lists that have come |

use std::error::Error;
use std::io::{self, BufRead};
use std::time::{Duration, Instant};

use zroute::discovery::{Registration, Resolver, Service, State, Timing, Url};

type Outcome<T> = Result<T, Box<dyn Error>>;

const PATIENCE: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(1);

fn main() -> Outcome<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match *arguments {
        ["register", url, count, port] => {
            register(&Url::parse(url)?, count.parse()?, port.parse()?)
        }
        ["follow", url, count] => follow(&Url::parse(url)?, count.parse()?),
        _ => Err("catalogue register URL COUNT PORT, or catalogue follow URL COUNT".into()),
    }
}

fn lines() -> impl Iterator<Item = io::Result<String>> {
    io::stdin().lock().lines()
}

fn register(url: &Url, count: u16, port: u16) -> Outcome<()> {
    let registered = |place: u16| -> Outcome<Registration> {
        let service = Service::new(url, Some("127.0.0.1"), port + place)?;
        Ok(Registration::begin(service, |_: Duration| Ok(()))?)
    };
    let mut servers = (0..count).map(registered).collect::<Outcome<Vec<_>>>()?;
    for line in lines() {
        let line = line?;
        let place = line.split_once(' ').map(|(_, place)| place.parse::<u16>());
        let place = place.transpose()?.unwrap_or(0);
        let server = servers
            .get_mut(usize::from(place))
            .ok_or("no such server")?;
        let began = Instant::now();
        if line.starts_with("leave ") {
            server.leave(PATIENCE)?;
            println!("left {}", began.elapsed().as_nanos());
        } else if line.starts_with("join ") {
            *server = registered(place)?;
            wait_until(|| server.state() == State::Passing)?;
            println!("joined {}", began.elapsed().as_nanos());
        } else {
            let all: Vec<_> = servers.iter().map(Registration::counters).collect();
            let registered: u64 = all.iter().map(|counters| counters.registered).sum();
            let passed: u64 = all.iter().map(|counters| counters.passed).sum();
            let errors: u64 = all.iter().map(|counters| counters.errors).sum();
            println!("counters {registered} {passed} {errors}");
        }
    }
    // Consul is about to end too.
    std::process::exit(0)
}

fn follow(url: &Url, count: u64) -> Outcome<()> {
    let open = |number| {
        // Those of one URL and one timing would share a thread, as in any process.
        let idle = Duration::from_secs(60) + Duration::from_nanos(number);
        let timing = Timing {
            idle,
            ..Timing::default()
        };
        Resolver::open_with(url, &timing)
    };
    let lists = (0..count).map(open).collect::<Result<Vec<_>, _>>()?;
    for line in lines() {
        let line = line?;
        if let Some(wanted) = line.strip_prefix("expect ") {
            expect(&lists, wanted.parse()?)?;
        } else if line == "known" {
            let known = lists.iter().filter(|list| list.generation() > 0).count();
            println!("known {known}");
        } else {
            let changes: u64 = lists.iter().map(Resolver::generation).sum();
            println!("changes {changes}");
        }
    }
    std::process::exit(0)
}

fn expect(lists: &[Resolver], wanted: usize) -> Outcome<()> {
    let began = Instant::now();
    println!("waiting");
    let mut seen = vec![None; lists.len()];
    let mut times = vec![None; lists.len()];
    wait_until(|| {
        for (place, list) in lists.iter().enumerate() {
            let generation = Some(list.generation());
            if times[place].is_none() && seen[place] != generation {
                seen[place] = generation;
                let is_right = list.snapshot().instances.len() == wanted;
                times[place] = is_right.then(|| began.elapsed().as_nanos().to_string());
            }
        }
        times.iter().all(Option::is_some)
    })?;
    let times: Vec<_> = times.into_iter().flatten().collect();
    println!("{}", times.join(" "));
    Ok(())
}

fn wait_until(mut is_so: impl FnMut() -> bool) -> Outcome<()> {
    let until = Instant::now() + PATIENCE;
    while !is_so() {
        if Instant::now() > until {
            return Err(format!("nothing within {PATIENCE:?}").into());
        }
        std::thread::sleep(LOOK);
    }
    Ok(())
}
