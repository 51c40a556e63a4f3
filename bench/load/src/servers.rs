//! The servers that can be compared. To add one, add it here.

/// One server of the plain dialect.
#[derive(Debug)]
pub struct Server {
    /// What `--server` takes and the JSON file holds.
    pub name: &'static str,
    /// What a reader sees.
    pub title: &'static str,
    /// Program and arguments, relative to the project's top folder. It binds a free
    /// port of 127.0.0.1 and prints the endpoint as the first line of its output.
    pub command: &'static [&'static str],
    /// The name of the server that this one is measured against.
    pub baseline: Option<&'static str>,
}

/// Every server, in the order in which they are printed.
pub const SERVERS: &[Server] = &[
    Server {
        name: "libzmq_rep",
        title: "C on libzmq, REP",
        command: &["target/bench/libzmq_rep"],
        baseline: None,
    },
    Server {
        name: "libzmq_router",
        title: "C on libzmq, ROUTER",
        command: &["target/bench/libzmq_router"],
        baseline: Some("libzmq_rep"),
    },
    Server {
        name: "seed",
        title: "the seed's demo 6: PHP, compiled zmq + msgpack",
        command: &["php", "bench/servers/seed_server.php"],
        baseline: None,
    },
    Server {
        name: "zroute_c",
        title: "C on zroute",
        command: &["target/bench/zroute_server"],
        baseline: Some("libzmq_router"),
    },
    Server {
        name: "zroute_php",
        title: "PHP on zroute through FFI",
        command: &[
            "php",
            "-n",
            "-d",
            "extension=ffi",
            "bench/servers/zroute_server.php",
        ],
        baseline: Some("seed"),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_used_once_and_every_baseline_is_another_server() {
        for (index, server) in SERVERS.iter().enumerate() {
            assert!(!server.command.is_empty(), "{}", server.name);
            assert!(
                SERVERS[..index]
                    .iter()
                    .all(|other| other.name != server.name),
                "{} is there twice",
                server.name
            );
            if let Some(baseline) = server.baseline {
                assert_ne!(baseline, server.name);
                assert!(
                    SERVERS.iter().any(|other| other.name == baseline),
                    "{baseline}"
                );
            }
        }
    }
}
