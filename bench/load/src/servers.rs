//! The servers that can be compared. To add one, add it here.

use crate::child_process::Program;
use crate::scenario::{Callers, Scenario};

/// One server, and who calls it.
#[derive(Debug)]
pub struct Server {
    /// What `--server` takes and the JSON file holds.
    pub name: &'static str,
    /// What a reader sees.
    pub title: &'static str,
    /// Binds a free port of 127.0.0.1 and prints the endpoint as the first line of its
    /// output. It speaks the plain dialect, unless it has a client of its own.
    pub program: Program,
    /// The client that calls it, as `bench/clients/measured_run.h` says; the load
    /// generator when there is none.
    pub client: Option<Program>,
    /// The name of the server that this one is measured against.
    pub baseline: Option<&'static str>,
}

impl Server {
    /// Whether this server is called in a scenario.
    pub fn takes_part_in(&self, scenario: &Scenario) -> bool {
        self.client.is_some() == matches!(scenario.callers, Callers::Own { .. })
    }
}

/// The server that does nothing but hand frames back: as much as the load generator can do.
pub const LEAST_SERVER: &str = "null_zmtp";

const ZMTP: &[(&str, &str)] = &[("ZROUTE_TRANSPORT", "zmtp")];
const LIBZMQ: &[(&str, &str)] = &[("ZROUTE_TRANSPORT", "libzmq")];
const SLOT_ZMTP: &[(&str, &str)] = &[("ZROUTE_TRANSPORT", "zmtp"), ("ZROUTE_BRIDGE", "slot")];
const SLOT_LIBZMQ: &[(&str, &str)] = &[("ZROUTE_TRANSPORT", "libzmq"), ("ZROUTE_BRIDGE", "slot")];
const SERIALIZE_ZMTP: &[(&str, &str)] =
    &[("ZROUTE_TRANSPORT", "zmtp"), ("ZROUTE_BRIDGE", "serialize")];

const C_SERVER: &[&str] = &["target/bench/zroute_server"];
const C_CLIENT: &[&str] = &["target/bench/zroute_client"];
const PHP_SERVER: &[&str] = &[
    "php",
    "-n",
    "-d",
    "extension=ffi",
    "bench/servers/zroute_server.php",
];
const SERVE_1: &[&str] = &[
    "target/release/zroute",
    "serve",
    "bench/servers/routes.php",
    "--bind=tcp://127.0.0.1:*",
    "--workers=1",
    "--php-arg=-n",
    "--php-arg=-dextension=ffi",
    "--log-level=warn",
];
const SERVE_2: &[&str] = &[
    "target/release/zroute",
    "serve",
    "bench/servers/routes.php",
    "--bind=tcp://127.0.0.1:*",
    "--workers=2",
    "--php-arg=-n",
    "--php-arg=-dextension=ffi",
    "--log-level=warn",
];
const PHP_CLIENT: &[&str] = &[
    "php",
    "-n",
    "-d",
    "extension=ffi",
    "bench/clients/zroute_client.php",
];

/// Every server, in the order in which they are printed.
pub const SERVERS: &[Server] = &[
    called_by_the_load(
        "libzmq_rep",
        "C on libzmq, REP",
        program(&["target/bench/libzmq_rep"], &[]),
        None,
    ),
    called_by_the_load(
        "libzmq_router",
        "C on libzmq, ROUTER",
        program(&["target/bench/libzmq_router"], &[]),
        Some("libzmq_rep"),
    ),
    called_by_the_load(
        "zroute_c_zmtp",
        "C on zroute, transport zmtp",
        program(C_SERVER, ZMTP),
        Some("libzmq_router"),
    ),
    called_by_the_load(
        "zroute_c_libzmq",
        "C on zroute, transport libzmq",
        program(C_SERVER, LIBZMQ),
        Some("libzmq_router"),
    ),
    called_by_the_load(
        "seed",
        "the seed's demo 6: PHP, compiled zmq + msgpack",
        program(&["php", "bench/servers/seed_server.php"], &[]),
        None,
    ),
    called_by_the_load(
        "zroute_php_zmtp",
        "PHP on zroute, slot bridge, transport zmtp",
        program(PHP_SERVER, SLOT_ZMTP),
        Some("seed"),
    ),
    called_by_the_load(
        "zroute_php_libzmq",
        "PHP on zroute, slot bridge, transport libzmq",
        program(PHP_SERVER, SLOT_LIBZMQ),
        Some("seed"),
    ),
    called_by_the_load(
        "zroute_php_serialize_zmtp",
        "PHP on zroute, serialize bridge, transport zmtp",
        program(PHP_SERVER, SERIALIZE_ZMTP),
        Some("seed"),
    ),
    called_by_the_load(
        "zroute_serve_1",
        "zroute serve, 1 worker in PHP; CPU is the master's alone",
        program(SERVE_1, SLOT_ZMTP),
        Some("zroute_php_zmtp"),
    ),
    called_by_the_load(
        "zroute_serve_2",
        "zroute serve, 2 workers in PHP; CPU is the master's alone",
        program(SERVE_2, SLOT_ZMTP),
        Some("zroute_php_zmtp"),
    ),
    called_by_the_load(
        LEAST_SERVER,
        "C that hands frames back unread: as much as the load generator can do",
        program(&["target/bench/null_zmtp"], &[]),
        None,
    ),
    called_by_its_own(
        "bare_tcp",
        "no protocol: 46 bytes there, 1 back, over plain TCP",
        program(&["target/bench/bare_tcp_server"], &[]),
        program(&["target/bench/bare_tcp_client"], &[]),
        None,
    ),
    called_by_its_own(
        "own_c_zmtp",
        "C on zroute at both ends, transport zmtp",
        program(C_SERVER, ZMTP),
        program(C_CLIENT, ZMTP),
        Some("bare_tcp"),
    ),
    called_by_its_own(
        "own_c_libzmq",
        "C on zroute at both ends, transport libzmq",
        program(C_SERVER, LIBZMQ),
        program(C_CLIENT, LIBZMQ),
        Some("bare_tcp"),
    ),
    called_by_its_own(
        "own_php_zmtp",
        "PHP on zroute at both ends, slot bridge, transport zmtp",
        program(PHP_SERVER, SLOT_ZMTP),
        program(PHP_CLIENT, SLOT_ZMTP),
        Some("bare_tcp"),
    ),
    called_by_its_own(
        "own_php_libzmq",
        "PHP on zroute at both ends, slot bridge, transport libzmq",
        program(PHP_SERVER, SLOT_LIBZMQ),
        program(PHP_CLIENT, SLOT_LIBZMQ),
        Some("bare_tcp"),
    ),
];

const fn program(
    command: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
) -> Program {
    Program {
        command,
        environment,
    }
}

const fn called_by_the_load(
    name: &'static str,
    title: &'static str,
    program: Program,
    baseline: Option<&'static str>,
) -> Server {
    Server {
        name,
        title,
        program,
        client: None,
        baseline,
    }
}

const fn called_by_its_own(
    name: &'static str,
    title: &'static str,
    program: Program,
    client: Program,
    baseline: Option<&'static str>,
) -> Server {
    Server {
        name,
        title,
        program,
        client: Some(client),
        baseline,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::SCENARIOS;

    #[test]
    fn every_name_is_used_once() {
        for (index, server) in SERVERS.iter().enumerate() {
            assert!(!server.program.command.is_empty(), "{}", server.name);
            assert!(
                SERVERS[..index]
                    .iter()
                    .all(|other| other.name != server.name),
                "{} is there twice",
                server.name
            );
        }
    }

    #[test]
    fn every_baseline_is_another_server_with_the_same_callers() {
        for server in SERVERS {
            let Some(name) = server.baseline else {
                continue;
            };
            assert_ne!(name, server.name);
            let baseline = SERVERS.iter().find(|other| other.name == name);
            let baseline = baseline.unwrap_or_else(|| panic!("no server {name}"));
            assert_eq!(baseline.client.is_some(), server.client.is_some(), "{name}");
        }
    }

    #[test]
    fn every_scenario_has_servers_and_every_server_a_scenario() {
        for scenario in SCENARIOS {
            let mut servers = SERVERS.iter();
            assert!(servers.any(|server| server.takes_part_in(scenario)));
        }
        for server in SERVERS {
            let mut scenarios = SCENARIOS.iter();
            assert!(scenarios.any(|scenario| server.takes_part_in(scenario)));
        }
    }
}
