//! The report as text for a terminal.

use crate::measurement::Metric;
use crate::quantity::{count, percent, significant, times};
use crate::report::{Report, Row};
use crate::servers::Server;

const HEAD: [&str; 14] = [
    "", "req/s", "±", "ratio", "±", "CPU µs", "±", "ratio", "±", "p50 µs", "ratio", "p99 µs",
    "ratio", "busy",
];

const NOTES: &str = "\
Each figure is the median over the rounds; ± is half the distance from the smallest to the
largest round, as a share of the median.
CPU µs: user + system time of the server's process a request.
ratio: times better than the server's baseline, taken in each round; above 1 is more requests,
       less CPU, a shorter wait.
busy:  the busiest thread of the server / of the load generator, of one core. Where the second
       is near 100 % and the first is not, the generator is the limit: compare the CPU.";

/// Lays the report out in aligned columns, with its legend.
pub fn render(report: &Report) -> String {
    let mut lines = vec![HEAD.map(str::to_owned).to_vec()];
    for block in &report.blocks {
        lines.push(vec![block.scenario.title.to_owned()]);
        lines.extend(block.rows.iter().map(cells));
        lines.push(Vec::new());
    }
    let servers = report.blocks.first().map_or(&[][..], |block| &block.rows);
    let legend: String = servers.iter().map(|row| described(row.server)).collect();
    format!("{}{legend}\n{NOTES}\n", align(&lines))
}

fn described(server: &Server) -> String {
    let Server { name, title, .. } = server;
    match server.baseline {
        Some(baseline) => format!("{name}: {title}; baseline {baseline}\n"),
        None => format!("{name}: {title}\n"),
    }
}

fn cells(row: &Row) -> Vec<String> {
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
    let busy = |metric| {
        let figure = row.figure(metric);
        figure.map_or_else(String::new, |figure| percent(figure.summary.median))
    };
    let (server, load) = (busy(Metric::ServerBusiest), busy(Metric::LoadBusiest));
    cells.push(format!("{server} / {load}"));
    cells
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
