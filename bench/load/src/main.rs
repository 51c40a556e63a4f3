//! Runs servers of the plain dialect side by side under the same load, and prints how
//! they compare. `bench/README.md` says how to read the figures.

mod arguments;
mod client;
mod cpu;
mod json;
mod load;
mod machine;
mod measurement;
mod plot;
mod plus_call;
mod quantity;
mod readiness;
mod report;
mod scenario;
mod server_process;
mod servers;
mod statistics;
mod table;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use arguments::{Asked, Settings};
use machine::Machine;
use measurement::measure;
use report::{Block, Report, Rounds};
use server_process::ServerProcess;

fn main() -> ExitCode {
    let outcome = match arguments::parse(std::env::args().skip(1)) {
        Ok(Asked::Run(settings)) => compare(&settings),
        Ok(Asked::Help(text)) => {
            print!("{text}");
            Ok(())
        }
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("bench: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn compare(settings: &Settings) -> Result<(), String> {
    let machine = Machine::here();
    let report = run(settings)?;
    println!("\n{}\n\n{}", machine.summary(), table::render(&report));

    fs::create_dir_all(&settings.out)
        .map_err(|error| format!("{}: {error}", settings.out.display()))?;
    let json = json::render(&report, &machine, settings);
    write(&settings.out.join("results.json"), &format!("{json:#}\n"))?;
    let plot = plot::render(&report, &machine.summary());
    write(&settings.out.join("results.svg"), &plot)
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("wrote {}", path.display());
    Ok(())
}

/// Measures each server under each scenario once a round. The servers take turns
/// within a scenario, and another one begins in each round, so that a machine that
/// gets slower or faster meanwhile does so for all of them.
fn run(settings: &Settings) -> Result<Report, String> {
    let mut processes = Vec::new();
    for server in &settings.servers {
        let start = || {
            let process = ServerProcess::start(server.command)?;
            process.wait_until_it_answers()?;
            Ok(process)
        };
        processes.push(start().map_err(|problem: String| format!("{}: {problem}", server.name))?);
    }
    let mut found: Vec<Vec<Rounds>> = settings
        .scenarios
        .iter()
        .map(|_| {
            settings
                .servers
                .iter()
                .map(|server| Rounds::of(server))
                .collect()
        })
        .collect();
    for round in 0..settings.rounds {
        eprintln!("round {} of {}", round + 1, settings.rounds);
        for (scenario, rounds) in settings.scenarios.iter().zip(&mut found) {
            for turn in 0..processes.len() {
                let index = (round + turn) % processes.len();
                let (process, rounds) = (&mut processes[index], &mut rounds[index]);
                let measurement = measure(scenario, process, settings.warm_up, settings.time)
                    .map_err(|failure| {
                        let ended = process
                            .ended()
                            .map(|status| format!("; it ended: {status}"));
                        format!(
                            "{}, {}: {failure}{}",
                            rounds.server.name,
                            scenario.title,
                            ended.unwrap_or_default()
                        )
                    })?;
                rounds.measurements.push(measurement);
            }
        }
    }
    let blocks = settings.scenarios.iter().zip(&found);
    Ok(Report {
        blocks: blocks
            .map(|(scenario, rounds)| Block::new(scenario, rounds))
            .collect(),
    })
}
