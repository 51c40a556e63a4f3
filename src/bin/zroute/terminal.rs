//! Colour, and texts from elsewhere on a terminal.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::IsTerminal;

/// When whoever reads the output goes away, the command ends by SIGPIPE, as
/// every tool of a pipeline does; Rust's start had it ignored.
pub fn end_with_the_reader() {
    // SAFETY: no handler is set, and no other thread runs yet.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
}

/// Colours for stdout, or none: <https://no-color.org>.
#[derive(Clone, Copy)]
pub struct Paint(bool);

impl Paint {
    pub fn for_stdout() -> Self {
        let told_not_to = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        Self(std::io::stdout().is_terminal() && !told_not_to)
    }

    #[cfg(test)]
    pub fn none() -> Self {
        Self(false)
    }

    pub fn bold(self, text: impl Display) -> String {
        self.wrap("1", text)
    }

    pub fn dim(self, text: impl Display) -> String {
        self.wrap("2", text)
    }

    pub fn red(self, text: impl Display) -> String {
        self.wrap("31", text)
    }

    fn wrap(self, code: &str, text: impl Display) -> String {
        if self.0 {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_string()
        }
    }
}

/// A text that a server sent, with no power over the terminal: control
/// characters, but for line ends and tabs, are shown as escapes.
pub fn printable(text: &str) -> Cow<'_, str> {
    let harmless = |c: char| !c.is_control() || c == '\n' || c == '\t';
    if text.chars().all(harmless) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if harmless(c) {
            shown.push(c);
        } else {
            shown.extend(c.escape_default());
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_text_has_no_power_over_the_terminal() {
        assert_eq!(printable("a\nb\tc é"), "a\nb\tc é");
        assert_eq!(printable("\x1b[2J\u{9b}"), "\\u{1b}[2J\\u{9b}");
    }
}
