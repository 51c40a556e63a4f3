//! The log: lines on stderr, as text or as JSON.

use std::fmt::Display;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::time::{SystemTime, UNIX_EPOCH};

/// How lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One object a line, with `time`, `level`, `message`, and of a worker
    /// `worker` and `pid`.
    Json,
}

/// How much a line matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Somebody has to do something.
    Error,
    /// Something went wrong and was taken care of.
    Warn,
    /// What is worth knowing.
    #[default]
    Info,
    /// Each step.
    Debug,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// Which worker a line is about.
#[derive(Clone, Copy, Debug)]
pub struct About {
    pub worker: u32,
    pub pid: u32,
}

/// Writes lines. One that nobody takes is dropped: the callers must not wait
/// for a reader of the log.
pub struct Log {
    format: Format,
    level: Level,
    dropped: u64,
}

/// A pipe that has room at all has room for 4,096 bytes. In JSON each of these
/// may become two, and the rest of the line comes on top.
const LONGEST: usize = 1900;

impl Log {
    pub fn new(format: Format, level: Level) -> Self {
        Self {
            format,
            level,
            dropped: 0,
        }
    }

    pub fn error(&mut self, text: impl Display) {
        self.write(Level::Error, None, text);
    }

    pub fn warn(&mut self, text: impl Display) {
        self.write(Level::Warn, None, text);
    }

    pub fn info(&mut self, text: impl Display) {
        self.write(Level::Info, None, text);
    }

    pub fn write(&mut self, level: Level, about: Option<About>, text: impl Display) {
        if level > self.level {
            return;
        }
        let text = printable(&text.to_string());
        let time = utc(SystemTime::now());
        let line = match self.format {
            Format::Text => {
                let about = about.map_or(String::new(), |about| {
                    format!("worker {} (pid {}): ", about.worker, about.pid)
                });
                format!("{time} {:<5} {about}{text}\n", level.name())
            }
            Format::Json => {
                let mut line = serde_json::json!({
                    "time": time,
                    "level": level.name(),
                    "message": text,
                });
                if let Some(about) = about {
                    line["worker"] = about.worker.into();
                    line["pid"] = about.pid.into();
                }
                format!("{line}\n")
            }
        };
        let mut stderr = std::io::stderr().lock();
        if !has_room(stderr.as_raw_fd()) {
            self.dropped += 1;
            return;
        }
        if self.dropped > 0 {
            let dropped = std::mem::take(&mut self.dropped);
            let _ = writeln!(stderr, "zroute: {dropped} lines of the log were dropped");
        }
        let _ = stderr.write_all(line.as_bytes());
    }
}

/// A text without power over terminals, on one line, and no longer than
/// [`LONGEST`] bytes.
fn printable(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        if out.len() > LONGEST {
            out.push('…');
            break;
        }
        match character {
            '\n' => out.push(' '),
            '\t' => out.push('\t'),
            _ if character.is_control() => out.extend(character.escape_default()),
            _ => out.push(character),
        }
    }
    out
}

fn has_room(descriptor: i32) -> bool {
    let mut asked = libc::pollfd {
        fd: descriptor,
        events: libc::POLLOUT,
        revents: 0,
    };
    // SAFETY: one pollfd, which lives through the call.
    unsafe { libc::poll(&raw mut asked, 1, 0) == 1 }
}

/// A time as RFC 3339 has it, with milliseconds.
fn utc(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, second) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = date(days);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        second / 3600,
        second / 60 % 60,
        second % 60,
        since.subsec_millis()
    )
}

/// The Gregorian date, from days since 1970: years begin in March, so that the
/// leap day is the last.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_line_has_no_control_characters_and_an_end() {
        assert_eq!(printable("a\x1b[31mb\nc\td\0"), "a\\u{1b}[31mb c\td\\u{0}");
        assert_eq!(printable("größe"), "größe");
        for text in ["\x01".repeat(5000), "é".repeat(5000), "\"".repeat(5000)] {
            let json = serde_json::json!({ "message": printable(&text) });
            assert!(json.to_string().len() < 3900, "{text}");
        }
    }

    #[test]
    fn times_are_told_in_utc() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00.250Z"),
            (951_782_400, "2000-02-29T00:00:00.250Z"),
            (1_767_225_599, "2025-12-31T23:59:59.250Z"),
            (4_107_542_400, "2100-03-01T00:00:00.250Z"),
        ] {
            let time = UNIX_EPOCH + Duration::from_secs(seconds) + Duration::from_millis(250);
            assert_eq!(utc(time), expected);
        }
    }
}
