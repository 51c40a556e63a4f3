//! The measurements of a run, summed up over its rounds and set against the baselines.

use crate::measurement::{Better, Measurement, Metric};
use crate::scenario::Scenario;
use crate::servers::Server;
use crate::statistics::Summary;

/// All that a run found out.
#[derive(Debug)]
pub struct Report {
    /// One block a scenario, in the order in which they were run.
    pub blocks: Vec<Block>,
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
    /// Sums up the rounds of all servers under one scenario.
    pub fn new(scenario: &'static Scenario, servers: &[Rounds]) -> Self {
        let rows = servers
            .iter()
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

impl Row {
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
    use crate::scenario::SCENARIOS;

    static BASE: Server = Server {
        name: "base",
        title: "the one to beat",
        command: &["base"],
        baseline: None,
    };
    static OWN: Server = Server {
        name: "own",
        title: "ours",
        command: &["own"],
        baseline: Some("base"),
    };

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
        assert_eq!(ratio(Metric::LoadBusiest, &[1.0], &[0.5]), None);
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
}
