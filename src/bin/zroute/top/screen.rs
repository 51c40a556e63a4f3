//! A report as lines of text.

use std::fmt::Write;
use std::time::Duration;

use super::stats::Report;
use crate::span;
use crate::terminal::{Paint, grouped, printable};

/// What a server does not tell.
const UNTOLD: &str = "-";

/// A table whose first column is aligned to the left, all others to the right. A column that
/// the server tells nothing of is left out.
/// Where there is too little room for all, those that may be spared are left out, the first
/// of them first.
struct Table {
    rows: Vec<Vec<String>>,
    spared: &'static [&'static str],
}

impl Table {
    fn new(head: &[&str], spared: &'static [&'static str]) -> Self {
        let head = head.iter().map(ToString::to_string).collect();
        let rows = vec![head];
        Self { rows, spared }
    }

    fn lines(&self, paint: Paint, width: usize) -> Vec<String> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut widths: Vec<usize> = (0..columns)
            .map(|column| {
                let cells = || self.rows.iter().filter_map(|row| row.get(column));
                if self.rows.len() > 1 && cells().skip(1).all(|cell| cell == UNTOLD) {
                    return 0;
                }
                cells().map(|cell| cell.chars().count()).max().unwrap_or(0)
            })
            .collect();
        let head = self.rows.first().into_iter().flatten();
        for spared in self.spared {
            let shown = widths.iter().filter(|width| **width > 0);
            if shown.map(|width| width + 2).sum::<usize>() <= width.saturating_add(2) {
                break;
            }
            let found = head
                .clone()
                .zip(&mut widths)
                .find(|(name, _)| name == spared);
            if let Some((_, width)) = found {
                *width = 0;
            }
        }
        let mut lines = Vec::new();
        for (index, row) in self.rows.iter().enumerate() {
            let mut line = String::new();
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                if *width == 0 {
                    continue;
                }
                let cell = if column == 0 {
                    format!("{cell:<width$}")
                } else {
                    format!("  {cell:>width$}")
                };
                line.push_str(&cell);
            }
            let line: String = line.trim_end().chars().take(width).collect();
            lines.push(if index == 0 { paint.dim(line) } else { line });
        }
        lines
    }
}

/// The report in lines of at most so many characters.
pub fn lines(endpoint: &str, report: &Report, paint: Paint, width: usize) -> Vec<String> {
    let mut first = format!(
        "{endpoint}  up {}  {} calls/s  {} faults/s  {} open",
        uptime(report.uptime_ms),
        rate(report.calls_per_second),
        rate(report.faults_per_second),
        grouped(report.open),
    );
    if let Some(queue) = &report.queue {
        let (calls, bytes) = (grouped(queue.calls), bytes(queue.bytes));
        // Writing to a String does not fail.
        let _ = write!(first, "  queue {calls} ({bytes})");
    }
    let first: String = printable(&first).chars().take(width).collect();
    let mut lines = vec![paint.bold(first)];
    if !report.stuck.is_empty() {
        let stuck = format!("stuck: {}", one_line(&report.stuck));
        let stuck: String = stuck.chars().take(width).collect();
        lines.push(paint.bold(stuck));
    }
    lines.push(String::new());
    let mut table = Table::new(
        &[
            "function", "calls/s", "p50", "p99", "max", "faults/s", "queue", "calls", "faults",
        ],
        &["faults", "calls", "max", "p50"],
    );
    for function in &report.functions {
        table.rows.push(vec![
            one_line(&function.name),
            rate(function.calls_per_second),
            time(function.p50_us),
            time(function.p99_us),
            time(function.max_us),
            rate(function.faults_per_second),
            count(function.queued),
            grouped(function.calls),
            grouped(function.faults),
        ]);
    }
    lines.extend(table.lines(paint, width));
    if report.workers.is_empty() {
        return lines;
    }
    let mut table = Table::new(
        &[
            "worker", "pid", "state", "calls/s", "p50", "p99", "faults/s", "queue", "calls",
            "faults", "memory", "restarts", "runs",
        ],
        &[
            "faults", "calls", "restarts", "p50", "faults/s", "memory", "pid",
        ],
    );
    for worker in &report.workers {
        let runs = match &*worker.function {
            "" => String::new(),
            name => {
                let span = span::show(Duration::from_millis(worker.running_ms));
                format!("{} {span}", one_line(name))
            }
        };
        table.rows.push(vec![
            worker.number.to_string(),
            worker.pid.to_string(),
            printable(&worker.state).into_owned(),
            rate(worker.calls_per_second),
            time(worker.p50_us),
            time(worker.p99_us),
            rate(worker.faults_per_second),
            count(worker.queued),
            grouped(worker.calls),
            grouped(worker.faults),
            bytes(worker.memory),
            worker.restarts.to_string(),
            runs,
        ]);
    }
    lines.push(String::new());
    lines.extend(table.lines(paint, width));
    lines
}

fn one_line(text: &str) -> String {
    printable(text).replace(['\n', '\t'], " ")
}

fn rate(a_second: f64) -> String {
    if a_second < 10.0 && a_second.fract() != 0.0 {
        format!("{a_second:.1}")
    } else {
        grouped(format_args!("{a_second:.0}"))
    }
}

fn time(us: Option<f64>) -> String {
    // A server may tell anything.
    match us.map(|us| Duration::try_from_secs_f64(us / 1e6)) {
        // Nothing was called in the last minute.
        Some(Ok(Duration::ZERO)) => String::new(),
        Some(Ok(time)) => span::show(time),
        _ => UNTOLD.to_string(),
    }
}

fn count(count: Option<u64>) -> String {
    count.map_or_else(|| UNTOLD.to_string(), grouped)
}

fn bytes(count: u64) -> String {
    match count as f64 {
        n if n < 1024.0 => format!("{n} B"),
        n if n < 1024.0 * 1024.0 => format!("{:.0} KiB", n / 1024.0),
        n if n < 1024.0 * 1024.0 * 1024.0 => format!("{:.1} MiB", n / 1024.0 / 1024.0),
        n => format!("{:.1} GiB", n / 1024.0 / 1024.0 / 1024.0),
    }
}

fn uptime(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    let (days, hours, minutes) = (seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} m {} s", seconds % 60),
        (0, hours, minutes) => format!("{hours} h {minutes} m"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_left_out_where_there_is_too_little_room() {
        let mut table = Table::new(&["worker", "calls", "faults", "runs"], &["faults", "calls"]);
        let row = ["1", "1,000", "2", "plus 12.0 ms"];
        table.rows.push(row.map(ToString::to_string).to_vec());
        let last = |width| table.lines(Paint::none(), width).pop().unwrap();
        assert_eq!(last(usize::MAX), "1       1,000       2  plus 12.0 ms");
        assert_eq!(last(35), last(usize::MAX));
        assert_eq!(last(34), "1       1,000  plus 12.0 ms");
        assert_eq!(last(26), "1       plus 12.0 ms");
        assert_eq!(last(15), "1       plus 12");
    }
}
