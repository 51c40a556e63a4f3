//! How long handlers take, so that it is known what they may hold up.
//!
//! A function is taken for as quick as it was the last time it was measured.
//! Answers wait for quick ones behind them, so that many go out together; only
//! a long one needs somebody to look after the connections meanwhile. One that
//! is new may be anything.

use std::time::{Duration, Instant};

use super::Route;

/// Answers wait for functions that take less.
const QUICK: Duration = Duration::from_micros(100);
/// Connections can be left alone for less.
const SHORT: Duration = Duration::from_millis(10);
/// Answers wait no longer than this, however quick the functions behind them.
const HELD: Duration = Duration::from_millis(1);
/// And for no more turns than this, so that the callers do not all wait at once
/// for a server that is busy with all of them.
const HELD_TURNS: u32 = 64;
/// Quick turns are measured together, this many at a time.
const STRIDE: u32 = 16;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Pace {
    Quick,
    Short,
    Long,
    #[default]
    Unknown,
}

impl Pace {
    fn of(duration: Duration) -> Self {
        if duration < QUICK {
            Self::Quick
        } else if duration < SHORT {
            Self::Short
        } else {
            Self::Long
        }
    }
}

/// The pace of each function, and of the turns that are under way: the calls
/// between a [`Paces::begin`] and a [`Paces::end`].
#[derive(Default)]
pub struct Paces {
    /// By number.
    functions: Vec<Pace>,
    raw: Pace,
    /// The worst that is to be expected of this turn.
    expected: Option<Pace>,
    /// When the turns began that are not measured yet.
    began: Option<Instant>,
    turns: u32,
    /// Their functions, each at least once.
    routes: Vec<Route>,
    /// How long answers have been held back, as far as it was measured.
    held: Duration,
    /// For how many turns.
    held_turns: u32,
}

impl Paces {
    /// A call of a function is part of the next turn.
    #[allow(clippy::inline_always)] // A few comparisons for each call.
    #[inline(always)]
    pub fn include(&mut self, route: Route) {
        let pace = *self.pace(route);
        if pace != Pace::Quick && self.turns > 0 {
            // Or it would pass for as quick as the turns before it.
            self.measure();
        }
        self.expected = self.expected.max(Some(pace));
        if self.routes.last() != Some(&route) {
            self.routes.push(route);
        }
    }

    fn pace(&mut self, route: Route) -> &mut Pace {
        let Route::Function(number) = route else {
            return &mut self.raw;
        };
        let number = number as usize;
        if self.functions.len() <= number {
            self.functions.resize(number + 1, Pace::default());
        }
        // The table has just been made long enough.
        self.functions.get_mut(number).unwrap_or(&mut self.raw)
    }

    /// Its handlers run now. Whether they may take long.
    #[inline]
    pub fn begin(&mut self) -> bool {
        if self.began.is_none() {
            self.began = Some(Instant::now());
        }
        self.expected >= Some(Pace::Long)
    }

    /// They are done.
    #[inline]
    pub fn end(&mut self) {
        self.turns += 1;
        if self.expected.take() != Some(Pace::Quick) || self.turns >= STRIDE {
            self.measure();
        }
    }

    /// Looks at the clock. To be called before a wait too, which is part of no
    /// turn.
    pub fn measure(&mut self) {
        let lasted = self.began.take().map_or(Duration::ZERO, |at| at.elapsed());
        let turns = std::mem::take(&mut self.turns);
        if turns > 0 {
            let pace = Pace::of(lasted / turns);
            let mut routes = std::mem::take(&mut self.routes);
            for route in routes.drain(..) {
                *self.pace(route) = pace;
            }
            self.routes = routes;
        }
        self.held += lasted;
    }

    /// Whether the answers of earlier turns may wait for the next one.
    #[inline]
    pub fn may_hold(&mut self) -> bool {
        self.held_turns += 1;
        self.expected == Some(Pace::Quick) && self.held < HELD && self.held_turns < HELD_TURNS
    }

    /// Nothing is held back any more.
    #[inline]
    pub fn release(&mut self) {
        self.held = Duration::ZERO;
        self.held_turns = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLUS: Route = Route::Function(3);
    const SLOW: Route = Route::Function(0);

    /// A turn of these functions that takes some time; whether it was expected
    /// to be long.
    fn turn(paces: &mut Paces, routes: &[Route], lasts: Duration) -> bool {
        for route in routes {
            paces.include(*route);
        }
        let long = paces.begin();
        paces.began = paces.began.and_then(|began| began.checked_sub(lasts));
        paces.end();
        long
    }

    /// The same of one that is measured alone.
    fn measured(paces: &mut Paces, routes: &[Route], lasts: Duration) -> bool {
        let long = turn(paces, routes, lasts);
        paces.measure();
        long
    }

    #[test]
    fn a_function_may_be_long_until_it_was_short() {
        let mut paces = Paces::default();
        assert!(turn(&mut paces, &[PLUS], Duration::ZERO), "it is new");
        assert!(!turn(&mut paces, &[PLUS], Duration::ZERO));
        assert!(turn(&mut paces, &[PLUS, Route::Raw], Duration::ZERO));
        assert!(!turn(&mut paces, &[PLUS, Route::Raw, PLUS], Duration::ZERO));
    }

    #[test]
    fn a_long_turn_makes_all_of_its_functions_long() {
        let mut paces = Paces::default();
        turn(&mut paces, &[PLUS], Duration::ZERO);
        assert!(measured(&mut paces, &[SLOW], SHORT));
        assert!(measured(&mut paces, &[SLOW], SHORT), "it stays so");
        assert!(
            !measured(&mut paces, &[PLUS], Duration::ZERO),
            "others do not"
        );
        measured(&mut paces, &[PLUS], SHORT);
        assert!(turn(&mut paces, &[PLUS], Duration::ZERO));
    }

    #[test]
    fn one_that_may_be_long_is_measured_alone() {
        let mut paces = Paces::default();
        turn(&mut paces, &[PLUS], Duration::ZERO);
        for _ in 1..STRIDE {
            turn(&mut paces, &[PLUS], Duration::ZERO);
        }
        turn(&mut paces, &[SLOW], SHORT);
        assert_eq!(*paces.pace(SLOW), Pace::Long);
        assert_eq!(*paces.pace(PLUS), Pace::Quick);
    }

    #[test]
    fn quick_turns_are_measured_together() {
        let mut paces = Paces::default();
        turn(&mut paces, &[PLUS], Duration::ZERO);
        for _ in 0..STRIDE {
            assert!(!turn(&mut paces, &[PLUS], SHORT));
        }
        assert!(turn(&mut paces, &[PLUS], Duration::ZERO));
    }

    #[test]
    fn answers_wait_for_quick_functions_only_and_not_for_long() {
        let mut paces = Paces::default();
        turn(&mut paces, &[PLUS], Duration::ZERO);
        paces.release();
        paces.include(PLUS);
        assert!(paces.may_hold());
        measured(&mut paces, &[PLUS], HELD);
        turn(&mut paces, &[PLUS], Duration::ZERO);
        paces.include(PLUS);
        assert!(!paces.may_hold(), "they have waited long enough");
        paces.release();
        assert!(paces.may_hold());
        for _ in 2..HELD_TURNS {
            assert!(paces.may_hold());
        }
        assert!(!paces.may_hold(), "that is enough for one time");
        paces.release();
        paces.include(SLOW);
        assert!(!paces.may_hold(), "nobody knows about that one");
    }
}
