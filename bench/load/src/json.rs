//! The report as JSON, with what one needs to compare it with another run.

use serde_json::{Value, json};

use crate::arguments::Settings;
use crate::machine::Machine;
use crate::measurement::Metric;
use crate::report::{Block, Figure, Limit, Report, Row};
use crate::statistics::Summary;

/// The whole report. `results` holds an entry for each scenario and server.
pub fn render(report: &Report, machine: &Machine, settings: &Settings) -> Value {
    json!({
        "machine": {
            "cpu": machine.cpu,
            "cores": machine.cores,
            "kernel": machine.kernel,
            "libzmq": machine.libzmq,
            "load_average": machine.load_average,
        },
        "settings": {
            "rounds": settings.rounds,
            "seconds": settings.time.as_secs_f64(),
            "warm_up_seconds": settings.warm_up.as_secs_f64(),
        },
        "warnings": report.warnings,
        "results": report.blocks.iter().flat_map(entries).collect::<Vec<_>>(),
    })
}

fn entries(block: &Block) -> impl Iterator<Item = Value> {
    block.rows.iter().map(|row| entry(block, row))
}

fn entry(block: &Block, row: &Row) -> Value {
    let mut entry = json!({
        "scenario": block.scenario.name,
        "server": row.server.name,
        "baseline": row.server.baseline,
        "limit": block.limit(row).map(Limit::word),
    });
    for metric in Metric::ALL {
        if let Some(found) = row.figure(metric) {
            entry[metric.key()] = figure(found);
        }
    }
    entry
}

fn figure(figure: &Figure) -> Value {
    let mut value = summary(&figure.summary);
    value["rounds"] = json!(figure.rounds);
    if let Some(ratio) = &figure.ratio {
        value["times_better_than_baseline"] = summary(ratio);
    }
    value
}

fn summary(summary: &Summary) -> Value {
    json!({
        "median": summary.median,
        "min": summary.min,
        "max": summary.max,
    })
}
