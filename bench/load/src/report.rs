//! The measurements of a run, summed up over its rounds and set against the baselines.

use crate::measurement::{Better, Measurement, Metric};
use crate::scenario::{Callers, Scenario};
use crate::servers::{LEAST_SERVER, Server};
use crate::statistics::Summary;

/// All that a run found out.
#[derive(Debug)]
pub struct Report {
    /// One block a scenario, in the order in which they were run.
    pub blocks: Vec<Block>,
    /// What does not run as it was asked to, once each.
    pub warnings: Vec<String>,
}

impl Report {
    /// The blocks of the scenarios that the load generator calls in, or of the others.
    pub fn blocks_by_load(&self, load: bool) -> Vec<&Block> {
        let by_load = |block: &&Block| matches!(block.scenario.callers, Callers::Load(_));
        self.blocks
            .iter()
            .filter(|block| by_load(block) == load)
            .collect()
    }
}

/// The servers under one scenario.
#[derive(Debug)]
pub struct Block {
    /// The scenario.
    pub scenario: &'static Scenario,
    /// One row a server.
    pub rows: Vec<Row>,
}

/// One server under one scenario.
#[derive(Debug)]
pub struct Row {
    /// The server.
    pub server: &'static Server,
    figures: Vec<(Metric, Figure)>,
}

/// One metric of one server under one scenario.
#[derive(Debug)]
pub struct Figure {
    /// Its value in each round.
    pub rounds: Vec<f64>,
    /// The rounds summed up.
    pub summary: Summary,
    /// How many times better than the baseline, round by round: above 1 is better,
    /// whatever the metric. Nothing where there is no baseline in this run.
    pub ratio: Option<Summary>,
}

/// The rounds of one server under one scenario.
pub struct Rounds {
    /// The server.
    pub server: &'static Server,
    /// One measurement a round; the n-th of each server was taken side by side.
    pub measurements: Vec<Measurement>,
}

impl Rounds {
    /// No rounds yet.
    pub fn of(server: &'static Server) -> Self {
        Self {
            server,
            measurements: Vec::new(),
        }
    }
}

impl Block {
    /// Sums up the rounds of all servers that took part in one scenario.
    pub fn new(scenario: &'static Scenario, servers: &[Rounds]) -> Self {
        let rows = servers
            .iter()
            .filter(|rounds| !rounds.measurements.is_empty())
            .map(|rounds| {
                let baseline = servers
                    .iter()
                    .find(|other| rounds.server.baseline == Some(other.server.name));
                Row {
                    server: rounds.server,
                    figures: Metric::ALL
                        .into_iter()
                        .filter_map(|metric| Some((metric, figure(metric, rounds, baseline)?)))
                        .collect(),
                }
            })
            .collect();
        Self { scenario, rows }
    }
}

/// What keeps a rate from being higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// A thread of the server has no time left.
    Server,
    /// Who calls: a faster server would show no higher rate, or hardly so.
    Caller,
    /// All cores are used, by other programs too.
    Cores,
}

impl Limit {
    /// A word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Caller => "caller",
            Self::Cores => "cores",
        }
    }
}

/// From here on a thread or a machine counts as busy, and two rates as equal.
const FULL: f64 = 0.9;

impl Block {
    /// What limits a row of this block; nothing when both sides wait for each other.
    pub fn limit(&self, row: &Row) -> Option<Limit> {
        let most = self
            .rows
            .iter()
            .find(|row| row.server.name == LEAST_SERVER)
            .filter(|row| !row.is_full(Metric::ServerBusiest))
            .and_then(|row| row.median(Metric::RequestsPerSecond));
        let at_most = |rate| most.is_some_and(|most| rate >= FULL * most);
        if at_most(row.median(Metric::RequestsPerSecond)?) {
            Some(Limit::Caller)
        } else if row.is_full(Metric::ServerBusiest) {
            Some(Limit::Server)
        } else if row.is_full(Metric::CallerBusiest) {
            Some(Limit::Caller)
        } else {
            row.is_full(Metric::MachineBusy).then_some(Limit::Cores)
        }
    }
}

impl Row {
    fn is_full(&self, metric: Metric) -> bool {
        self.median(metric).is_some_and(|busy| busy >= FULL)
    }

    /// A figure's median, if the scenario gives it.
    pub fn median(&self, metric: Metric) -> Option<f64> {
        Some(self.figure(metric)?.summary.median)
    }

    /// A figure, if the scenario gives it.
    pub fn figure(&self, metric: Metric) -> Option<&Figure> {
        self.figures
            .iter()
            .find(|(name, _)| *name == metric)
            .map(|(_, figure)| figure)
    }
}

fn figure(metric: Metric, own: &Rounds, baseline: Option<&Rounds>) -> Option<Figure> {
    let rounds = values(metric, own);
    let ratio = baseline.and_then(|baseline| {
        let pairs = rounds.iter().zip(values(metric, baseline));
        let ratios: Vec<f64> = match metric.better() {
            Better::Higher => pairs.map(|(own, base)| own / base).collect(),
            Better::Lower => pairs.map(|(own, base)| base / own).collect(),
            Better::Neither => return None,
        };
        Summary::of(&ratios)
    });
    Some(Figure {
        summary: Summary::of(&rounds)?,
        ratio,
        rounds,
    })
}

fn values(metric: Metric, rounds: &Rounds) -> Vec<f64> {
    rounds
        .measurements
        .iter()
        .filter_map(|measurement| measurement.get(metric))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::child_process::Program;
    use crate::scenario::SCENARIOS;

    static BASE: Server = server("base", None);
    static OWN: Server = server("own", Some("base"));
    static LEAST: Server = server(LEAST_SERVER, None);

    const fn server(name: &'static str, baseline: Option<&'static str>) -> Server {
        Server {
            name,
            title: "",
            program: Program {
                command: &["true"],
                environment: &[],
            },
            client: None,
            baseline,
        }
    }

    fn rounds(server: &'static Server, metric: Metric, values: &[f64]) -> Rounds {
        Rounds {
            server,
            measurements: values
                .iter()
                .map(|&value| Measurement::from_iter([(metric, value)]))
                .collect(),
        }
    }

    fn ratio(metric: Metric, base: &[f64], own: &[f64]) -> Option<f64> {
        let servers = [rounds(&OWN, metric, own), rounds(&BASE, metric, base)];
        let block = Block::new(&SCENARIOS[0], &servers);
        let ratio = block.rows[0].figure(metric).expect("a figure").ratio;
        ratio.map(|summary| summary.median)
    }

    #[test]
    fn twice_the_requests_a_second_is_a_ratio_of_two() {
        let found = ratio(Metric::RequestsPerSecond, &[100.0], &[200.0]);
        assert_eq!(found, Some(2.0));
    }

    #[test]
    fn half_the_cpu_and_half_the_latency_are_ratios_of_two() {
        for metric in [Metric::ServerCpu, Metric::LatencyP50, Metric::LatencyP99] {
            assert_eq!(ratio(metric, &[8.0], &[4.0]), Some(2.0), "{metric:?}");
        }
    }

    #[test]
    fn the_ratio_is_taken_round_by_round_before_the_median() {
        let base = [100.0, 10.0, 100.0];
        let own = [100.0, 30.0, 150.0];
        assert_eq!(ratio(Metric::RequestsPerSecond, &base, &own), Some(1.5));
    }

    #[test]
    fn what_explains_other_figures_has_no_ratio() {
        assert_eq!(ratio(Metric::CallerBusiest, &[1.0], &[0.5]), None);
    }

    #[test]
    fn a_server_whose_baseline_was_not_run_has_figures_and_no_ratio() {
        let servers = [rounds(&OWN, Metric::ServerCpu, &[3.0, 1.0, 2.0])];
        let block = Block::new(&SCENARIOS[0], &servers);
        let figure = block.rows[0].figure(Metric::ServerCpu).expect("a figure");
        assert_eq!(figure.ratio, None);
        assert!((figure.summary.median - 2.0).abs() < 1e-12);
        assert!(block.rows[0].figure(Metric::LatencyP50).is_none());
    }

    /// The limit of a row with this rate, with threads of server and caller and a machine
    /// this busy, where the least server reaches a rate of 100.
    fn limit(rate: f64, busiest: [f64; 2], machine: f64) -> Option<Limit> {
        limit_beside(0.5, rate, busiest, machine)
    }

    /// The same, where the least server's busiest thread is this busy.
    fn limit_beside(least: f64, rate: f64, busiest: [f64; 2], machine: f64) -> Option<Limit> {
        let measurement = |rate, server| {
            Measurement::from_iter([
                (Metric::RequestsPerSecond, rate),
                (Metric::ServerBusiest, server),
                (Metric::CallerBusiest, busiest[1]),
                (Metric::MachineBusy, machine),
            ])
        };
        let rounds = |server, measurement| Rounds {
            server,
            measurements: vec![measurement],
        };
        let own = rounds(&OWN, measurement(rate, busiest[0]));
        let least = rounds(&LEAST, measurement(100.0, least));
        let block = Block::new(&SCENARIOS[0], &[own, least]);
        block.limit(&block.rows[0])
    }

    #[test]
    fn a_thread_that_is_full_is_the_limit_and_the_servers_before_the_callers() {
        let (server, caller) = ([0.95, 0.95], [0.5, 0.95]);
        assert_eq!(limit(50.0, server, 0.95), Some(Limit::Server));
        assert_eq!(limit(50.0, caller, 0.95), Some(Limit::Caller));
    }

    #[test]
    fn a_server_as_fast_as_one_that_does_nothing_is_limited_by_who_calls() {
        assert_eq!(limit(95.0, [0.99, 0.5], 0.5), Some(Limit::Caller));
    }

    #[test]
    fn a_server_that_does_nothing_says_nothing_of_who_calls_where_it_is_full_itself() {
        let busiest = [0.99, 0.5];
        assert_eq!(limit_beside(0.95, 95.0, busiest, 0.5), Some(Limit::Server));
    }

    #[test]
    fn cores_are_the_limit_when_all_are_used_and_no_thread_is_full() {
        assert_eq!(limit(50.0, [0.8, 0.8], 0.95), Some(Limit::Cores));
        assert_eq!(limit(50.0, [0.4, 0.4], 0.4), None);
    }
}
