//! What the clients do: how many of them, and how many calls each keeps in flight.

/// Who calls.
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
    pub clients: Clients,
}

/// Every scenario, in the order in which they are run and printed.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "lockstep",
        title: "1 REQ client, in lockstep",
        clients: Clients::Req { count: 1 },
    },
    Scenario {
        name: "req32",
        title: "32 REQ clients",
        clients: Clients::Req { count: 32 },
    },
    Scenario {
        name: "dealer1x64",
        title: "1 DEALER × 64 in flight",
        clients: Clients::Dealer {
            count: 1,
            window: 64,
        },
    },
    Scenario {
        name: "dealer8x64",
        title: "8 DEALERs × 64",
        clients: Clients::Dealer {
            count: 8,
            window: 64,
        },
    },
    Scenario {
        name: "dealer4x512",
        title: "4 DEALERs × 512",
        clients: Clients::Dealer {
            count: 4,
            window: 512,
        },
    },
];
