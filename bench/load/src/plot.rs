//! The report as an SVG picture: a row of panels a metric, a panel a scenario, a bar
//! a server. Each panel has its own scale, since the scenarios are 50 times apart.

use crate::measurement::Metric;
use crate::quantity::{count, significant, times, without_zeros};
use crate::report::{Block, Figure, Row};
use crate::servers::Server;

/// Told apart by the colour-blind too (Okabe and Ito); darkened where a thin bar needs it.
const COLOURS: [&str; 9] = [
    "#0072b2", "#56b4e9", "#999999", "#d55e00", "#e69f00", "#009e73", "#cc79a7", "#7b4ea3",
    "#333333",
];

const LEFT: f64 = 40.0;
/// The narrowest panel that holds its title.
const LEAST_PANEL_WIDTH: f64 = 252.0;
/// A bar with its figures above.
const BAR_WIDTH: f64 = 36.0;
const PANEL_HEIGHT: f64 = 210.0;
/// Room in a panel left of the bars, for the scale.
const SCALE_WIDTH: f64 = 48.0;
/// Room in a panel above the bars, for its title and the highest bar's figures.
const TITLE_HEIGHT: f64 = 48.0;
const LEGEND_LINE: f64 = 18.0;

/// What a row of panels shows.
struct Axis {
    metric: Metric,
    title: &'static str,
    show: fn(f64) -> String,
}

const AXES: [Axis; 3] = [
    Axis {
        metric: Metric::RequestsPerSecond,
        title: "requests a second (↑ better)",
        show: count,
    },
    Axis {
        metric: Metric::ServerCpu,
        title: "server CPU, µs a request (↓ better)",
        show: significant,
    },
    Axis {
        metric: Metric::LatencyP50,
        title: "p50 latency, µs (↓ better)",
        show: significant,
    },
];

/// Draws blocks with the same servers. `subtitle` says where the figures were taken.
pub fn render(blocks: &[&Block], title: &str, subtitle: &str) -> String {
    let servers: Vec<&Server> = blocks
        .first()
        .map(|block| block.rows.iter().map(|row| row.server).collect())
        .unwrap_or_default();
    let axes: Vec<&Axis> = AXES
        .iter()
        .filter(|axis| {
            let mut rows = blocks.iter().flat_map(|block| &block.rows);
            rows.any(|row| row.figure(axis.metric).is_some())
        })
        .collect();
    let top = 64.0 + LEGEND_LINE * (servers.len() + 1) as f64;
    let bars = BAR_WIDTH * servers.len() as f64;
    let panel_width = (SCALE_WIDTH + bars + 10.0).max(LEAST_PANEL_WIDTH);
    // A narrow picture would cut the legend.
    let width = (LEFT + panel_width * blocks.len() as f64 + 10.0).max(760.0);
    let height = top + PANEL_HEIGHT * axes.len() as f64 + 10.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" font-family=\"Helvetica, Arial, sans-serif\" \
         fill=\"#222\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    svg += &text(LEFT, 28.0, "font-size=\"18\"", title);
    svg += &text(LEFT, 47.0, "font-size=\"12\" fill=\"#555\"", subtitle);
    svg += &legend(&servers);
    for (line, axis) in axes.iter().enumerate() {
        let y = top + PANEL_HEIGHT * line as f64;
        svg += &axis_title(y, axis.title);
        for (column, block) in blocks.iter().enumerate() {
            let x = LEFT + panel_width * column as f64;
            svg += &panel((x, y), panel_width, block.scenario.title, axis, &block.rows);
        }
    }
    svg + "</svg>\n"
}

fn legend(servers: &[&Server]) -> String {
    let mut svg = String::new();
    let mut y = 68.0;
    for (index, server) in servers.iter().enumerate() {
        svg += &rectangle(LEFT, y - 10.0, 12.0, 12.0, colour(index));
        let baseline = match server.baseline {
            Some(name) => format!(" (× {name})"),
            None => String::new(),
        };
        let label = format!("{}: {}{baseline}", server.name, server.title);
        svg += &text(LEFT + 18.0, y, "font-size=\"12\"", &label);
        y += LEGEND_LINE;
    }
    let note = "Bar: median over the rounds. Line: smallest to largest round. \
                Bold: times better than the baseline in brackets.";
    svg + &text(LEFT, y, "font-size=\"12\" fill=\"#555\"", note)
}

/// The title of a row of panels, upright along its left edge.
fn axis_title(y: f64, title: &str) -> String {
    let (x, middle) = (LEFT - 22.0, y + TITLE_HEIGHT + bars_height() / 2.0);
    let style =
        format!("font-size=\"11\" text-anchor=\"middle\" transform=\"rotate(-90 {x} {middle})\"");
    text(x, middle, &style, title)
}

fn panel((x, y): (f64, f64), width: f64, title: &str, axis: &Axis, rows: &[Row]) -> String {
    let figures: Vec<(usize, &Figure)> = rows
        .iter()
        .enumerate()
        .filter_map(|(index, row)| Some((index, row.figure(axis.metric)?)))
        .collect();
    if figures.is_empty() {
        return String::new();
    }
    let highest = figures
        .iter()
        .map(|(_, figure)| figure.summary.max)
        .fold(0.0, f64::max);
    let step = tick_step(highest);
    let ticks = (highest / step).ceil();
    let scale = bars_height() / (step * ticks);
    let (left, right) = (x + SCALE_WIDTH, x + width - 10.0);
    let ground = y + TITLE_HEIGHT + bars_height();

    let mut svg = text(
        f64::midpoint(left, right),
        y + 16.0,
        "font-size=\"13\" text-anchor=\"middle\"",
        title,
    );
    let mut value = 0.0;
    while value <= step * (ticks + 0.5) {
        let at = ground - value * scale;
        svg += &line((left, at), (right, at), "#ddd");
        let style = "font-size=\"10\" fill=\"#555\" text-anchor=\"end\"";
        let label = without_zeros(&(axis.show)(value));
        svg += &text(left - 5.0, at + 3.5, style, &label);
        value += step;
    }
    let slot = (right - left) / rows.len() as f64;
    for (index, figure) in figures {
        let middle = left + slot * (index as f64 + 0.5);
        svg += &bar(
            middle,
            ground,
            slot.min(60.0),
            scale,
            colour(index),
            axis,
            figure,
        );
    }
    svg + &line((left, ground), (right, ground), "#222")
}

/// A bar with the range of its rounds, its value and its ratio above.
fn bar(
    middle: f64,
    ground: f64,
    slot: f64,
    scale: f64,
    colour: &str,
    axis: &Axis,
    figure: &Figure,
) -> String {
    let (width, height) = (slot * 0.8, figure.summary.median * scale);
    let (lowest, highest) = (
        ground - figure.summary.min * scale,
        ground - figure.summary.max * scale,
    );
    let mut svg = rectangle(middle - width / 2.0, ground - height, width, height, colour);
    svg += &line((middle, lowest), (middle, highest), "#222");
    let value = (axis.show)(figure.summary.median);
    let style = "font-size=\"9.5\" text-anchor=\"middle\"";
    svg += &text(middle, highest - 4.0, style, &value);
    if let Some(ratio) = &figure.ratio {
        let style = "font-size=\"9.5\" font-weight=\"bold\" text-anchor=\"middle\"";
        svg += &text(middle, highest - 15.0, style, &times(ratio.median));
    }
    svg
}

fn bars_height() -> f64 {
    PANEL_HEIGHT - TITLE_HEIGHT - 16.0
}

fn colour(index: usize) -> &'static str {
    COLOURS[index % COLOURS.len()]
}

/// A round distance between the lines of a scale, for three to six of them.
fn tick_step(highest: f64) -> f64 {
    let rough = highest / 5.0;
    let power = 10_f64.powf(rough.log10().floor());
    [1.0, 2.0, 5.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= rough)
        .unwrap_or(10.0 * power)
}

fn line(from: (f64, f64), to: (f64, f64), colour: &str) -> String {
    format!(
        "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"{colour}\"/>\n",
        from.0, from.1, to.0, to.1
    )
}

fn rectangle(x: f64, y: f64, width: f64, height: f64, colour: &str) -> String {
    format!(
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
         fill=\"{colour}\"/>\n"
    )
}

fn text(x: f64, y: f64, style: &str, words: &str) -> String {
    format!(
        "<text x=\"{x:.1}\" y=\"{y:.1}\" {style}>{}</text>\n",
        escape(words)
    )
}

fn escape(words: &str) -> String {
    words
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::child_process::Program;
    use crate::measurement::Measurement;
    use crate::report::Rounds;
    use crate::scenario::SCENARIOS;

    static FAST: Server = Server {
        name: "fast",
        title: "C & <more>",
        program: Program {
            command: &["fast"],
            environment: &[],
        },
        client: None,
        baseline: None,
    };

    fn draw(values: &[f64], title: &str, subtitle: &str) -> String {
        let rounds = Rounds {
            server: &FAST,
            measurements: values
                .iter()
                .map(|&value| Measurement::from_iter([(Metric::RequestsPerSecond, value)]))
                .collect(),
        };
        let block = Block::new(&SCENARIOS[0], &[rounds]);
        render(&[&block], title, subtitle)
    }

    #[test]
    fn markup_in_a_title_is_shown_and_not_obeyed() {
        let svg = draw(&[1000.0], "a & b", "a < b");
        assert!(svg.contains("C &amp; &lt;more&gt;"));
        assert!(svg.contains("a &amp; b"));
        assert!(svg.contains("a &lt; b"));
        assert!(!svg.contains("<more>"));
    }

    #[test]
    fn a_panel_shows_its_scenario_its_axis_and_the_median() {
        let svg = draw(&[1000.0, 3000.0, 2000.0], "speed", "here");
        assert!(svg.contains(SCENARIOS[0].title));
        assert!(svg.contains("requests a second"));
        assert!(svg.contains(">2.00 k</text>"));
        assert!(!svg.contains("latency"), "nothing was measured of it");
    }

    #[test]
    fn a_scale_has_round_steps_and_few_of_them() {
        for (highest, step) in [
            (1.0, 0.2),
            (47.0, 10.0),
            (1_240_000.0, 500_000.0),
            (0.8, 0.2),
        ] {
            let found = tick_step(highest);
            assert!((found - step).abs() < step * 1e-9, "{highest}: {found}");
        }
    }
}
