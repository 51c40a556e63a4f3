//! What the figures were taken on.

use std::{fs, thread};

/// The machine, as far as it explains figures.
#[derive(Debug)]
pub struct Machine {
    /// The processor's name.
    pub cpu: String,
    /// Cores that this process may use.
    pub cores: usize,
    /// The kernel's release.
    pub kernel: String,
    /// The version of libzmq that the load generator runs on.
    pub libzmq: String,
    /// Processes that ran or waited for a core in the last minute: other work disturbs.
    pub load_average: Option<f64>,
}

impl Machine {
    /// Looks at this machine. What cannot be read is left empty.
    pub fn here() -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let (major, minor, patch) = zmq::version();
        Self {
            cpu: cpu_name(&read("/proc/cpuinfo")),
            cores: thread::available_parallelism().map_or(0, usize::from),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            libzmq: format!("{major}.{minor}.{patch}"),
            load_average: first_number(&read("/proc/loadavg")),
        }
    }

    /// One line for a heading.
    pub fn summary(&self) -> String {
        let load = match self.load_average {
            Some(load) => format!(", load average {load:.2} at the start"),
            None => String::new(),
        };
        format!(
            "{}, {} cores, Linux {}, libzmq {}{load}",
            self.cpu, self.cores, self.kernel, self.libzmq
        )
    }
}

fn cpu_name(cpuinfo: &str) -> String {
    cpuinfo
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.trim() == "model name")
        .map_or("", |(_, name)| name.trim())
        .to_owned()
}

fn first_number(loadavg: &str) -> Option<f64> {
    loadavg.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_is_named_by_its_model_name() {
        let cpuinfo = "processor\t: 0\nmodel\t\t: 2\nmodel name\t: AMD EPYC\n\nprocessor\t: 1\n";
        assert_eq!(cpu_name(cpuinfo), "AMD EPYC");
        assert_eq!(cpu_name(""), "");
    }

    #[test]
    fn the_load_is_that_of_the_last_minute() {
        assert_eq!(first_number("0.02 0.06 0.01 1/99 1234\n"), Some(0.02));
        assert_eq!(first_number(""), None);
    }
}
