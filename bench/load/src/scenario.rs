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
        /// Whether both processes share one core, so that neither has to wake another.
        one_core: bool,
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
    own("own_lockstep", "its own client, in lockstep", 1, false),
    own(
        "own_lockstep_1core",
        "its own client, in lockstep, both on one core",
        1,
        true,
    ),
    own("own64", "its own client, 64 in flight", 64, false),
    own("own512", "its own client, 512 in flight", 512, false),
];

const fn dealers(name: &'static str, title: &'static str, count: u16, window: u16) -> Scenario {
    Scenario {
        name,
        title,
        callers: Callers::Load(Clients::Dealer { count, window }),
    }
}

const fn own(name: &'static str, title: &'static str, window: u16, one_core: bool) -> Scenario {
    Scenario {
        name,
        title,
        callers: Callers::Own { window, one_core },
    }
}
