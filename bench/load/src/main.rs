//! Runs servers of the plain dialect side by side under the same load, and prints how
//! they compare. `bench/README.md` says how to read the figures.

mod arguments;
mod child_process;
mod client;
mod client_process;
mod cpu;
mod json;
mod load;
mod machine;
mod measurement;
mod one_core;
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
use client::Failure;
use machine::Machine;
use measurement::{Conditions, Measurement, measure_load, measure_own_client};
use report::{Block, Report, Rounds};
use scenario::{Callers, Scenario};
use server_process::ServerProcess;
use servers::Server;

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
    let mut subtitle = machine.summary();
    if !report.warnings.is_empty() {
        subtitle = format!("NOT every server runs on the transport of its name; {subtitle}");
    }
    for (file, title, by_load) in [
        (
            "results.svg",
            "Servers of the plain dialect, side by side",
            true,
        ),
        (
            "own_clients.svg",
            "A server and its own client, beside bare TCP",
            false,
        ),
    ] {
        let blocks = report.blocks_by_load(by_load);
        if !blocks.is_empty() {
            let plot = plot::render(&blocks, title, &subtitle);
            write(&settings.out.join(file), &plot)?;
        }
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("wrote {}", path.display());
    Ok(())
}

/// A server with its process.
struct Contestant {
    server: &'static Server,
    process: ServerProcess,
}

/// Measures each server under each scenario once a round. The servers take turns
/// within a scenario, and another one begins in each round, so that a machine that
/// gets slower or faster meanwhile does so for all of them.
fn run(settings: &Settings) -> Result<Report, String> {
    let mut warnings = Vec::new();
    let mut contestants = Vec::new();
    for server in &settings.servers {
        let mut scenarios = settings.scenarios.iter();
        if scenarios.any(|scenario| server.takes_part_in(scenario)) {
            let process = start(server).map_err(|problem| format!("{}: {problem}", server.name))?;
            contestants.push(Contestant { server, process });
        }
    }
    let mut found: Vec<Vec<Rounds>> = settings
        .scenarios
        .iter()
        .map(|_| {
            let servers = contestants.iter().map(|contestant| contestant.server);
            servers.map(Rounds::of).collect()
        })
        .collect();
    for round in 0..settings.rounds {
        eprintln!("round {} of {}", round + 1, settings.rounds);
        for (scenario, rounds) in settings.scenarios.iter().zip(&mut found) {
            for turn in 0..contestants.len() {
                let index = (round + turn) % contestants.len();
                let (contestant, rounds) = (&mut contestants[index], &mut rounds[index]);
                if contestant.server.takes_part_in(scenario) {
                    let (measurement, warning) = measure(scenario, contestant, settings)?;
                    note(&mut warnings, contestant.server, warning);
                    rounds.measurements.push(measurement);
                }
            }
        }
    }
    // Not before: a thread of libzmq has its name only some time after it has started.
    for Contestant { server, process } in &contestants {
        note(&mut warnings, server, process.other_transport());
    }
    let blocks = settings.scenarios.iter().zip(&found);
    Ok(Report {
        blocks: blocks
            .map(|(scenario, rounds)| Block::new(scenario, rounds))
            .filter(|block| !block.rows.is_empty())
            .collect(),
        warnings,
    })
}

fn start(server: &'static Server) -> Result<ServerProcess, String> {
    let process = ServerProcess::start(&server.program)?;
    // A client of its own checks the answers itself.
    if server.client.is_none() {
        process.wait_until_it_answers()?;
    }
    Ok(process)
}

fn note(warnings: &mut Vec<String>, server: &Server, warning: Option<String>) {
    let warning = warning.map(|text| format!("{}: {text}", server.name));
    warnings.extend(warning.filter(|warning| !warnings.contains(warning)));
}

/// One measurement, with a warning if there is one.
fn measure(
    scenario: &Scenario,
    contestant: &mut Contestant,
    settings: &Settings,
) -> Result<(Measurement, Option<String>), String> {
    let Contestant { server, process } = contestant;
    let conditions = Conditions {
        one_core: scenario.one_core,
        warm_up: settings.warm_up,
        time: settings.time,
    };
    let measured = match (scenario.callers, &server.client) {
        (Callers::Load(clients), _) => {
            measure_load(clients, process, &conditions).map(|found| (found, None))
        }
        (Callers::Own { window }, Some(client)) => {
            measure_own_client(client, window, process, &conditions)
        }
        (Callers::Own { .. }, None) => Err(Failure::Refused {
            action: "start the client",
            reason: "this server has none of its own".to_owned(),
        }),
    };
    measured.map_err(|failure| {
        let ended = process.ended();
        let ended = ended.map(|status| format!("; it ended: {status}"));
        format!(
            "{}, {}: {failure}{}",
            server.name,
            scenario.title,
            ended.unwrap_or_default()
        )
    })
}
