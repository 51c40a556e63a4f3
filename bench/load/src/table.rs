//! The report as text for a terminal.

use crate::measurement::Metric;
use crate::quantity::{count, percent, significant, times};
use crate::report::{Block, Limit, Report, Row};
use crate::servers::{LEAST_SERVER, Server};

const LOAD_HEAD: [&str; 16] = [
    "", "req/s", "±", "ratio", "±", "CPU µs", "±", "ratio", "±", "p50 µs", "ratio", "p99 µs",
    "ratio", "load µs", "busy", "limit",
];

const LOAD_NOTES: &str = "\
Each figure is the median over the rounds; ± is half the distance from the smallest to the
largest round, as a share of the median.
CPU µs: user + system time of the server's process a request; load µs: of the load generator.
ratio: times better than the server's baseline, taken in each round; above 1 is more requests,
       less CPU, a shorter wait.
busy:  the busiest thread of the server / of the load generator, of one core.
limit: what keeps the rate from being higher. `server`: its busiest thread is full. `caller`: the
       load generator; a server that does nothing (null_zmtp) is hardly faster and not full itself,
       or the generator's busiest thread is full. The rate is then a lower bound: compare the CPU.
       `cores`: all of the machine's are used, by other programs too. Nothing: both wait for each
       other.
";

const OWN_HEAD: [&str; 12] = [
    "",
    "req/s",
    "±",
    "of bare",
    "p50 µs",
    "±",
    "× bare",
    "p99 µs",
    "× bare",
    "CPU µs",
    "client µs",
    "busy",
];

const OWN_NOTES: &str = "\
A server and its own client, each in a process of its own, over one connection.
of bare: the rate, as a share of the rate of bare_tcp in the same round.
× bare:  how many times as long as with bare_tcp a call takes.
CPU µs and client µs: user + system time of the server's and the client's process a request.
busy:    the busiest thread of the server / of the client, of one core.
Where cores fall asleep, waking one costs more than all else, and whether the scheduler puts both
processes on one core or on two decides about bare_tcp. So the row on one core compares best.
";

/// Lays the report out in aligned columns, with its legend.
pub fn render(report: &Report) -> String {
    let mut text = String::new();
    let load = report.blocks_by_load(true);
    if !load.is_empty() {
        text += &section(&LOAD_HEAD, &load, load_cells, LOAD_NOTES);
        text += &bound_by_load(&load);
        text.push('\n');
    }
    let own = report.blocks_by_load(false);
    if !own.is_empty() {
        text += &section(&OWN_HEAD, &own, |_, row| own_cells(row), OWN_NOTES);
        text.push('\n');
    }
    text.extend(
        report
            .warnings
            .iter()
            .map(|warning| format!("WARNING: {warning}\n")),
    );
    text
}

fn section(
    head: &[&str],
    blocks: &[&Block],
    cells: impl Fn(&Block, &Row) -> Vec<String>,
    notes: &str,
) -> String {
    let mut lines = vec![head.iter().map(|&cell| cell.to_owned()).collect()];
    for block in blocks {
        lines.push(vec![block.scenario.title.to_owned()]);
        lines.extend(block.rows.iter().map(|row| cells(block, row)));
        lines.push(Vec::new());
    }
    let servers = blocks.first().map_or(&[][..], |block| &block.rows);
    let legend: String = servers.iter().map(|row| described(row.server)).collect();
    format!("{}{legend}\n{notes}", align(&lines))
}

fn described(server: &Server) -> String {
    let Server { name, title, .. } = server;
    match server.baseline {
        Some(baseline) => format!("{name}: {title}; baseline {baseline}\n"),
        None => format!("{name}: {title}\n"),
    }
}

/// Says where the load generator is what was measured.
fn bound_by_load(blocks: &[&Block]) -> String {
    let line = |block: &&Block| {
        let bound = block
            .rows
            .iter()
            .filter(|row| row.server.name != LEAST_SERVER)
            .filter(|row| block.limit(row) == Some(Limit::Caller));
        let names: Vec<&str> = bound.map(|row| row.server.name).collect();
        (!names.is_empty()).then(|| format!("  {}: {}\n", block.scenario.title, names.join(", ")))
    };
    let lines: String = blocks.iter().filter_map(line).collect();
    if lines.is_empty() {
        lines
    } else {
        format!(
            "Bound by the load generator, where the rate says little about the server:\n{lines}"
        )
    }
}

fn load_cells(block: &Block, row: &Row) -> Vec<String> {
    let mut cells = vec![format!("  {}", row.server.name)];
    let mut add = |metric, show: fn(f64) -> String, with_spread| {
        let figure = row.figure(metric);
        let ratio = figure.and_then(|figure| figure.ratio.as_ref());
        for (summary, show) in [(figure.map(|figure| &figure.summary), show), (ratio, times)] {
            cells.push(summary.map_or_else(String::new, |found| show(found.median)));
            if with_spread {
                cells.push(summary.map_or_else(String::new, |found| percent(found.spread())));
            }
        }
    };
    add(Metric::RequestsPerSecond, count, true);
    add(Metric::ServerCpu, significant, true);
    add(Metric::LatencyP50, significant, false);
    add(Metric::LatencyP99, significant, false);
    cells.push(median(row, Metric::CallerCpu, significant));
    cells.push(busy(row));
    let limit = block.limit(row);
    cells.push(limit.map_or("", Limit::word).to_owned());
    cells
}

fn own_cells(row: &Row) -> Vec<String> {
    let spread = |metric| {
        let figure = row.figure(metric);
        figure.map_or_else(String::new, |figure| percent(figure.summary.spread()))
    };
    let ratio = |metric, show: fn(f64) -> String| {
        let ratio = row.figure(metric).and_then(|figure| figure.ratio);
        ratio.map_or_else(String::new, |found| show(found.median))
    };
    let times_as_long = |better| times(1.0 / better);
    vec![
        format!("  {}", row.server.name),
        median(row, Metric::RequestsPerSecond, count),
        spread(Metric::RequestsPerSecond),
        ratio(Metric::RequestsPerSecond, percent),
        median(row, Metric::LatencyP50, significant),
        spread(Metric::LatencyP50),
        ratio(Metric::LatencyP50, times_as_long),
        median(row, Metric::LatencyP99, significant),
        ratio(Metric::LatencyP99, times_as_long),
        median(row, Metric::ServerCpu, significant),
        median(row, Metric::CallerCpu, significant),
        busy(row),
    ]
}

fn median(row: &Row, metric: Metric, show: fn(f64) -> String) -> String {
    row.median(metric).map_or_else(String::new, show)
}

fn busy(row: &Row) -> String {
    let [server, caller] =
        [Metric::ServerBusiest, Metric::CallerBusiest].map(|metric| median(row, metric, percent));
    format!("{server} / {caller}")
}

/// Pads cells to columns: the first to the left, the others to the right. A line of
/// one cell is a heading and widens no column.
fn align(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or_default();
    let width = |text: &str| text.chars().count();
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            let rows = lines.iter().filter(|line| line.len() > 1);
            let cells = rows.filter_map(|line| line.get(column));
            cells.map(|cell| width(cell)).max().unwrap_or_default()
        })
        .collect();
    let mut text = String::new();
    for line in lines {
        let mut shown = String::new();
        for (column, cell) in line.iter().enumerate() {
            let padding = " ".repeat(widths[column].saturating_sub(width(cell)));
            let parts = match column {
                0 => [cell, &padding, ""],
                _ => ["  ", &padding, cell],
            };
            shown.extend(parts);
        }
        text += shown.trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|&cell| cell.to_owned()).collect()
    }

    #[test]
    fn columns_line_up_by_characters_and_not_by_bytes() {
        let lines = [
            line(&["", "CPU µs", "×"]),
            line(&["seed", "1", "1.50×"]),
            line(&["libzmq", "22", ""]),
        ];
        assert_eq!(
            align(&lines),
            "        CPU µs      ×\n\
             seed         1  1.50×\n\
             libzmq      22\n"
        );
    }

    #[test]
    fn a_heading_does_not_widen_the_first_column() {
        let lines = [line(&["a long heading"]), line(&["a", "1"])];
        assert_eq!(align(&lines), "a long heading\na  1\n");
    }
}
