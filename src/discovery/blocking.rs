//! The index rules of blocking queries. Source:
//! <https://developer.hashicorp.com/consul/api-docs/features/blocking>

use std::time::Duration;

use super::consul::Hold;
use super::pace::Pace;

/// The state that the next query waits to change.
#[derive(Debug, Default)]
pub(super) struct Index(u64);

/// What an answer's index says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Something has happened, though perhaps not to what was asked for.
    Advanced,
    /// The time was over.
    Same,
    /// Consul counts anew: the next query is not held.
    Reset,
    /// There is none: the next query is not held either.
    Missing,
}

impl Index {
    /// How the next query is held, no longer than `wait`; none for an answer at once.
    pub(super) fn hold(&self, pace: &Pace, wait: Duration) -> Option<Hold> {
        let index = self.0;
        (index > 0 && pace.may_be_held()).then_some(Hold { index, wait })
    }

    /// Takes in what came with an answer.
    pub(super) fn take(&mut self, answered: Option<u64>) -> Progress {
        match answered {
            None | Some(0) => {
                self.0 = 0;
                Progress::Missing
            }
            Some(index) if index < self.0 => {
                self.0 = 0;
                Progress::Reset
            }
            Some(index) if index == self.0 => Progress::Same,
            Some(index) => {
                self.0 = index;
                Progress::Advanced
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discovery::Timing;

    fn held_from(index: &Index) -> Option<u64> {
        let pace = Pace::new(&Timing::default());
        let hold = index.hold(&pace, Duration::from_secs(55));
        hold.map(|hold| hold.index)
    }

    #[test]
    fn a_query_is_held_once_there_is_an_index() {
        let mut index = Index::default();
        assert_eq!(held_from(&index), None);
        assert_eq!(index.take(Some(7)), Progress::Advanced);
        assert_eq!(held_from(&index), Some(7));
        assert_eq!(index.take(Some(7)), Progress::Same);
        assert_eq!(held_from(&index), Some(7));
    }

    #[test]
    fn an_index_that_goes_back_or_is_missing_begins_anew() {
        for (answered, progress) in [
            (Some(3), Progress::Reset),
            (Some(0), Progress::Missing),
            (None, Progress::Missing),
        ] {
            let mut index = Index::default();
            index.take(Some(7));
            assert_eq!(index.take(answered), progress);
            assert_eq!(held_from(&index), None);
        }
    }
}
