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
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// What `--scenario` takes and the JSON file holds.
    pub name: &'static str,
    /// What a reader sees.
    pub title: &'static str,
    /// Who calls.
    pub callers: Callers,
    /// Whether the server and who calls share one core, so that neither has to wake another.
    pub one_core: bool,
}

/// Every scenario, in the order in which they are run and printed.
pub const SCENARIOS: &[Scenario] = &[
    req("lockstep", "1 REQ client, in lockstep", 1),
    on_one_core(req(
        "lockstep_1core",
        "1 REQ client, in lockstep, both on one core",
        1,
    )),
    req("req32", "32 REQ clients", 32),
    dealers("dealer1x64", "1 DEALER × 64 in flight", 1, 64),
    dealers("dealer8x64", "8 DEALERs × 64", 8, 64),
    dealers("dealer4x512", "4 DEALERs × 512", 4, 512),
    own("own_lockstep", "its own client, in lockstep", 1),
    on_one_core(own(
        "own_lockstep_1core",
        "its own client, in lockstep, both on one core",
        1,
    )),
    own("own64", "its own client, 64 in flight", 64),
    own("own100", "its own client, 100 in flight", 100),
    own("own512", "its own client, 512 in flight", 512),
];

const fn req(name: &'static str, title: &'static str, count: u16) -> Scenario {
    scenario(name, title, Callers::Load(Clients::Req { count }))
}

const fn dealers(name: &'static str, title: &'static str, count: u16, window: u16) -> Scenario {
    scenario(
        name,
        title,
        Callers::Load(Clients::Dealer { count, window }),
    )
}

const fn own(name: &'static str, title: &'static str, window: u16) -> Scenario {
    scenario(name, title, Callers::Own { window })
}

const fn scenario(name: &'static str, title: &'static str, callers: Callers) -> Scenario {
    Scenario {
        name,
        title,
        callers,
        one_core: false,
    }
}

const fn on_one_core(scenario: Scenario) -> Scenario {
    Scenario {
        one_core: true,
        ..scenario
    }
}
