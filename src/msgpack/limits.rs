//! How much one message may ask of us.

/// The deepest nesting that any setting of [`Limits::depth`] allows. The
/// conversions to and from PHP recurse once a level, so this bounds their stack.
pub const DEEPEST: usize = 512;

/// Bounds on one message. Each is an upper limit that is itself still allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Size of the message in bytes.
    pub bytes: usize,
    /// How many arrays and maps may be open at once. A scalar needs 0, `[]` and
    /// `[1]` need 1, `[[]]` needs 2. Settings above [`DEEPEST`] count as [`DEEPEST`].
    pub depth: usize,
    /// How many values all arrays and maps hold together. A map's keys count, and
    /// so do containers inside containers; the outermost value does not.
    pub nodes: usize,
    /// How many comparisons of keys PHP may need to build the hash tables of the
    /// maps with more than 64 entries. Checked where a message becomes PHP's.
    pub collisions: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 16 << 20,
            depth: 128,
            nodes: 1 << 20,
            collisions: 4_000_000,
        }
    }
}

impl Limits {
    /// The depth that is really allowed.
    pub(crate) fn levels(&self) -> usize {
        self.depth.min(DEEPEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_the_documented_ones() {
        let limits = Limits::default();
        assert_eq!(limits.bytes, 16 * 1024 * 1024);
        assert_eq!(limits.depth, 128);
        assert_eq!(limits.nodes, 1_048_576);
        assert_eq!(limits.collisions, 4_000_000);
    }

    #[test]
    fn no_setting_goes_below_the_deepest_level() {
        let limits = Limits {
            depth: usize::MAX,
            ..Limits::default()
        };
        assert_eq!(limits.levels(), DEEPEST);
    }
}
