//! Who calls: how many clients, and how many calls each keeps in flight.

/// Who calls a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callers {
    /// The load generator, with clients on libzmq.
    Load(Clients),
    /// The client that belongs to the server, in a process of its own.
    Own {
        /// Calls in flight.
        window: u16,
    },
}

/// The load generator's clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clients {
    /// REQ sockets, each with one call in flight.
    Req {
        /// How many sockets.
        count: u16,
    },
    /// DEALER sockets that send `[8-byte id][""][body]`.
    Dealer {
        /// How many sockets.
        count: u16,
        /// Calls in flight on each.
        window: u16,
    },
}

/// One column of the comparison.
#[derive(Debug)]
pub struct Scenario {
    /// What `--scenario` takes and the JSON file holds.
    pub name: &'static str,
    /// What a reader sees.
    pub title: &'static str,
    /// Who calls.
    pub callers: Callers,
}

/// Every scenario, in the order in which they are run and printed.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "lockstep",
        title: "1 REQ client, in lockstep",
        callers: Callers::Load(Clients::Req { count: 1 }),
    },
    Scenario {
        name: "req32",
        title: "32 REQ clients",
        callers: Callers::Load(Clients::Req { count: 32 }),
    },
    dealers("dealer1x64", "1 DEALER × 64 in flight", 1, 64),
    dealers("dealer8x64", "8 DEALERs × 64", 8, 64),
    dealers("dealer4x512", "4 DEALERs × 512", 4, 512),
    Scenario {
        name: "own_lockstep",
        title: "its own client, in lockstep",
        callers: Callers::Own { window: 1 },
    },
    Scenario {
        name: "own64",
        title: "its own client, 64 in flight",
        callers: Callers::Own { window: 64 },
    },
    Scenario {
        name: "own512",
        title: "its own client, 512 in flight",
        callers: Callers::Own { window: 512 },
    },
];

const fn dealers(name: &'static str, title: &'static str, count: u16, window: u16) -> Scenario {
    Scenario {
        name,
        title,
        callers: Callers::Load(Clients::Dealer { count, window }),
    }
}
