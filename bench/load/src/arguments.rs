//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use crate::scenario::{SCENARIOS, Scenario};
use crate::servers::{SERVERS, Server};

/// What `--help` prints, before the lists of servers and scenarios.
const USAGE: &str = "\
Compares servers of the plain dialect, and servers with their own clients. Start it in the project's top folder.

  --server NAME     only this server; repeatable. Ratios need the baseline in the run too
  --scenario NAME   only this scenario; repeatable
  --rounds N        rounds, in each of which every server runs (default 5)
  --seconds S       length of one measurement (default 0.7)
  --warm-up S       time before each measurement (default 0.15)
  --quick           2 rounds of 0.2 s: to see that all is well, not for figures
  --out FOLDER      where the files go (default target/bench)
  --help            this text
";

/// What to run, and how long.
#[derive(Debug)]
pub struct Settings {
    /// Rounds, at least one.
    pub rounds: usize,
    /// Length of one measurement.
    pub time: Duration,
    /// Time before each measurement.
    pub warm_up: Duration,
    /// The servers, in the order of the table.
    pub servers: Vec<&'static Server>,
    /// The scenarios, in the order of the table.
    pub scenarios: Vec<&'static Scenario>,
    /// Where the files go.
    pub out: PathBuf,
}

/// What the command line asks for.
#[derive(Debug)]
pub enum Asked {
    /// Measure.
    Run(Settings),
    /// Print this text.
    Help(String),
}

/// Reads the arguments, without the program's name.
pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Asked, String> {
    let mut settings = Settings {
        rounds: 5,
        time: Duration::from_millis(700),
        warm_up: Duration::from_millis(150),
        servers: Vec::new(),
        scenarios: Vec::new(),
        out: PathBuf::from("target/bench"),
    };
    let mut arguments = arguments.into_iter();
    while let Some(flag) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{flag} needs a value"));
        match flag.as_str() {
            "--server" => {
                let server = named(SERVERS, |server| server.name, &value()?, "server")?;
                settings.servers.push(server);
            }
            "--scenario" => {
                let scenario = named(SCENARIOS, |scenario| scenario.name, &value()?, "scenario")?;
                settings.scenarios.push(scenario);
            }
            "--rounds" => settings.rounds = rounds(&value()?)?,
            "--seconds" => settings.time = seconds(&flag, &value()?)?,
            "--warm-up" => settings.warm_up = seconds(&flag, &value()?)?,
            "--quick" => {
                settings.rounds = 2;
                settings.time = Duration::from_millis(200);
            }
            "--out" => settings.out = PathBuf::from(value()?),
            "--help" => return Ok(Asked::Help(help())),
            _ => return Err(format!("unknown argument {flag}; see --help")),
        }
    }
    settings.servers = chosen(SERVERS, &settings.servers, |server| server.name);
    settings.scenarios = chosen(SCENARIOS, &settings.scenarios, |scenario| scenario.name);
    Ok(Asked::Run(settings))
}

/// Those that were asked for, in the table's order; all when none were.
fn chosen<T>(all: &'static [T], asked: &[&'static T], name: fn(&T) -> &str) -> Vec<&'static T> {
    all.iter()
        .filter(|one| asked.is_empty() || asked.iter().any(|asked| name(asked) == name(one)))
        .collect()
}

fn named<T>(
    all: &'static [T],
    name: fn(&T) -> &str,
    asked: &str,
    kind: &str,
) -> Result<&'static T, String> {
    all.iter().find(|one| name(one) == asked).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(name).collect();
        format!("no {kind} is named {asked}; there are {}", names.join(", "))
    })
}

fn rounds(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(rounds) if rounds > 0 => Ok(rounds),
        _ => Err(format!("--rounds takes a number from 1, not {text}")),
    }
}

fn seconds(flag: &str, text: &str) -> Result<Duration, String> {
    text.parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|time| !time.is_zero())
        .ok_or(format!("{flag} takes seconds above 0, not {text}"))
}

fn help() -> String {
    let line = |name, title| format!("  {name:<26}{title}\n");
    let servers = SERVERS.iter().map(|server| line(server.name, server.title));
    let scenarios = SCENARIOS
        .iter()
        .map(|scenario| line(scenario.name, scenario.title));
    format!(
        "{USAGE}\nServers\n{}\nScenarios\n{}",
        servers.collect::<String>(),
        scenarios.collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(line: &str) -> Result<Settings, String> {
        match parse(line.split_whitespace().map(str::to_owned))? {
            Asked::Run(settings) => Ok(settings),
            Asked::Help(text) => Err(text),
        }
    }

    #[test]
    fn without_arguments_everything_runs() {
        let settings = run("").expect("settings");
        assert_eq!(settings.servers.len(), SERVERS.len());
        assert_eq!(settings.scenarios.len(), SCENARIOS.len());
    }

    #[test]
    fn what_is_chosen_runs_once_and_in_the_order_of_the_table() {
        let line = "--scenario req32 --scenario lockstep --scenario req32 --server seed";
        let settings = run(line).expect("settings");
        let scenarios: Vec<_> = settings.scenarios.iter().map(|one| one.name).collect();
        assert_eq!(scenarios, ["lockstep", "req32"]);
        assert_eq!(settings.servers[0].name, "seed");
        assert_eq!(settings.servers.len(), 1);
    }

    #[test]
    fn a_flag_after_quick_still_counts() {
        let settings = run("--quick --seconds 1.5").expect("settings");
        assert_eq!(settings.rounds, 2);
        assert_eq!(settings.time, Duration::from_millis(1500));
    }

    #[test]
    fn a_name_that_is_unknown_is_answered_with_those_that_are_known() {
        let message = run("--server apache").expect_err("no such server");
        assert!(
            message.contains("apache") && message.contains("libzmq_rep"),
            "{message}"
        );
    }

    #[test]
    fn numbers_that_measure_nothing_are_refused() {
        for line in [
            "--rounds 0",
            "--rounds x",
            "--seconds 0",
            "--seconds -1",
            "--seconds nan",
        ] {
            assert!(run(line).is_err(), "{line}");
        }
        assert!(run("--rounds").is_err());
        assert!(run("--fast").is_err());
    }

    #[test]
    fn help_lists_every_server_and_scenario() {
        let text = run("--help").expect_err("the help text");
        for name in SERVERS.iter().map(|server| server.name) {
            assert!(text.contains(name), "{name}");
        }
        for name in SCENARIOS.iter().map(|scenario| scenario.name) {
            assert!(text.contains(name), "{name}");
        }
    }
}
