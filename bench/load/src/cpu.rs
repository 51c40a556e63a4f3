//! CPU time of a process, of its threads and of the machine.

use std::collections::BTreeMap;
use std::time::Duration;
use std::{fs, io, mem};

/// The CPU clock of a process: user and system time of all its threads, those that
/// have ended too, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct ProcessClock(libc::clockid_t);

impl ProcessClock {
    /// The clock of a process that is alive. Fails when there is no such process.
    pub fn of(pid: u32) -> io::Result<Self> {
        let pid = libc::pid_t::try_from(pid).map_err(io::Error::other)?;
        let mut clock = 0;
        // SAFETY: `clock` is a valid place for one clockid_t during the call.
        match unsafe { libc::clock_getcpuclockid(pid, &raw mut clock) } {
            0 => Ok(Self(clock)),
            code => Err(io::Error::from_raw_os_error(code)),
        }
    }

    /// CPU time used up to now. Fails when the process has ended.
    pub fn read(self) -> io::Result<Duration> {
        // SAFETY: timespec is plain integers, so all zeroes is a value.
        let mut time: libc::timespec = unsafe { mem::zeroed() };
        // SAFETY: `time` is a valid place for one timespec during the call.
        if unsafe { libc::clock_gettime(self.0, &raw mut time) } != 0 {
            return Err(io::Error::last_os_error());
        }
        let seconds = u64::try_from(time.tv_sec).map_err(io::Error::other)?;
        let nanoseconds = u64::try_from(time.tv_nsec).map_err(io::Error::other)?;
        Ok(Duration::from_secs(seconds) + Duration::from_nanos(nanoseconds))
    }
}

/// CPU time of each live thread, by thread id.
pub type ThreadTimes = BTreeMap<String, Duration>;

/// Reads the CPU time of each thread. A thread that ends meanwhile is left out.
/// A running thread's time can be one scheduler tick (up to 10 ms) behind.
pub fn thread_times(pid: u32) -> io::Result<ThreadTimes> {
    let mut times = ThreadTimes::new();
    for entry in fs::read_dir(format!("/proc/{pid}/task"))? {
        let entry = entry?;
        let Ok(text) = fs::read_to_string(entry.path().join("schedstat")) else {
            continue;
        };
        if let Some(time) = parse_schedstat(&text) {
            times.insert(entry.file_name().to_string_lossy().into_owned(), time);
        }
    }
    Ok(times)
}

/// The CPU time in a `schedstat` file: its first number, in nanoseconds.
fn parse_schedstat(text: &str) -> Option<Duration> {
    let nanoseconds = text.split_ascii_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

/// How busy the busiest thread was between two readings: 1.0 is a whole core.
pub fn busiest_share(before: &ThreadTimes, after: &ThreadTimes, elapsed: Duration) -> f64 {
    after
        .iter()
        .map(|(thread, time)| time.saturating_sub(before.get(thread).copied().unwrap_or_default()))
        .max()
        .unwrap_or_default()
        .as_secs_f64()
        / elapsed.as_secs_f64()
}

/// What all cores have done since the machine started, in scheduler ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MachineTimes {
    idle: u64,
    all: u64,
}

impl MachineTimes {
    /// Reads the times up to now.
    pub fn read() -> io::Result<Self> {
        let text = fs::read_to_string("/proc/stat")?;
        Self::parse(&text).ok_or_else(|| io::Error::other("/proc/stat without a line of cores"))
    }

    /// The first line: user, nice, system, idle, waiting for a disk, and more that is work.
    /// The last two, guests' times, are part of the first two.
    fn parse(text: &str) -> Option<Self> {
        let line = text.lines().next()?.strip_prefix("cpu ")?;
        let times: Vec<u64> = line
            .split_ascii_whitespace()
            .take(8)
            .map_while(|time| time.parse().ok())
            .collect();
        Some(Self {
            idle: times.get(3)? + times.get(4)?,
            all: times.iter().sum(),
        })
    }

    /// The share of all cores' time that was not idle since an earlier reading.
    pub fn busy_since(self, earlier: Self) -> f64 {
        let all = self.all.saturating_sub(earlier.all).max(1);
        1.0 - (self.idle.saturating_sub(earlier.idle) as f64 / all as f64).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn times(threads: &[(&str, u64)]) -> ThreadTimes {
        threads
            .iter()
            .map(|&(thread, millis)| (thread.to_owned(), Duration::from_millis(millis)))
            .collect()
    }

    #[test]
    fn schedstat_gives_the_run_time_and_not_the_wait_time() {
        let expected = Some(Duration::from_nanos(73_059));
        assert_eq!(parse_schedstat("73059 61432 2\n"), expected);
    }

    #[test]
    fn a_schedstat_that_is_not_numbers_gives_nothing() {
        assert_eq!(parse_schedstat(""), None);
        assert_eq!(parse_schedstat("-1 0 0"), None);
        assert_eq!(parse_schedstat("cpu 0 0"), None);
    }

    #[test]
    fn the_busiest_thread_may_have_started_between_the_readings() {
        let before = times(&[("1", 900), ("2", 100)]);
        let after = times(&[("1", 1000), ("2", 300), ("3", 500)]);
        let share = busiest_share(&before, &after, Duration::from_secs(1));
        assert!((share - 0.5).abs() < 1e-9, "{share}");
    }

    #[test]
    fn a_process_clock_counts_the_work_of_a_thread_that_has_ended() {
        let clock = ProcessClock::of(std::process::id()).expect("our own clock");
        let before = clock.read().expect("a time");
        std::thread::spawn(move || {
            let start = Instant::now();
            while clock.read().expect("a time") < before + Duration::from_millis(2) {
                assert!(
                    start.elapsed() < Duration::from_mins(1),
                    "the clock stands still"
                );
            }
        })
        .join()
        .expect("the thread ends");
        assert!(clock.read().expect("a time") >= before + Duration::from_millis(2));
    }

    #[test]
    fn a_process_that_is_not_there_has_no_clock() {
        const ABOVE_ALL_PIDS: u32 = (1 << 22) + 1;
        assert!(ProcessClock::of(ABOVE_ALL_PIDS).is_err());
    }

    #[test]
    fn a_machine_is_busy_as_far_as_its_cores_are_neither_idle_nor_wait_for_a_disk() {
        let parse = |text| MachineTimes::parse(text).expect("times");
        let before = parse("cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 1 2 3 4 5\n");
        let after = parse("cpu  160 0 60 820 55 0 5 0 60 0\n");
        assert!((after.busy_since(before) - 0.75).abs() < 1e-9);
        assert!(after.busy_since(after) >= 0.0, "no time has passed");
        assert_eq!(MachineTimes::parse("intr 1 2 3\n"), None);
    }
}
