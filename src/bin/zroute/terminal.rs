//! Colour, and texts from elsewhere on a terminal.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{IsTerminal, Write};

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

    fn wrap(self, code: &str, text: impl Display) -> String {
        if self.0 {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_string()
        }
    }
}

/// The columns and lines of the terminal at stdout.
pub fn size() -> (usize, usize) {
    // SAFETY: the kernel fills in the struct, or says that it did not.
    let size = unsafe {
        let mut size: libc::winsize = std::mem::zeroed();
        libc::ioctl(libc::STDOUT_FILENO, libc::TIOCGWINSZ, &raw mut size);
        size
    };
    let or = |count: u16, usual| {
        if count == 0 {
            usual
        } else {
            usize::from(count)
        }
    };
    (or(size.ws_col, 80), or(size.ws_row, 24))
}

/// A screen of the terminal's own, without the cursor; what was there before comes
/// back in the end.
pub struct Screen;

impl Screen {
    pub fn open() -> Self {
        let _ = write!(std::io::stdout(), "\x1b[?1049h\x1b[?25l");
        Self
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = write!(std::io::stdout(), "\x1b[?25h\x1b[?1049l");
        let _ = std::io::stdout().flush();
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

/// A whole number with its digits in groups of three: `1,234,567`.
pub fn grouped(count: impl Display) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_text_has_no_power_over_the_terminal() {
        assert_eq!(printable("a\nb\tc é"), "a\nb\tc é");
        assert_eq!(printable("\x1b[2J\u{9b}"), "\\u{1b}[2J\\u{9b}");
    }

    #[test]
    fn digits_are_grouped() {
        assert_eq!(grouped(format_args!("{:.0}", 12_345.6)), "12,346");
        for (count, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(count), text);
        }
    }
}
