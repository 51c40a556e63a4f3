//! What is known of each function: its pace, and what became of its calls.

use std::time::Duration;

use super::latency::Latency;
use super::queue::Way;

/// Calls of functions that take less may wait behind each other in a worker.
const QUICK: Duration = Duration::from_millis(1);
/// One function.
pub struct Function {
    pub name: String,
    pub calls: u64,
    pub faults: u64,
    pub latency: Latency,
    /// What a call costs its worker, smoothed; none before the first.
    cost: Option<Duration>,
}

impl Function {
    pub fn new(name: String) -> Self {
        Self {
            name,
            calls: 0,
            faults: 0,
            latency: Latency::default(),
            cost: None,
        }
    }

    /// What one more call is expected to cost.
    pub fn cost(&self) -> Duration {
        self.cost.unwrap_or(QUICK)
    }

    pub fn way(&self) -> Way {
        match self.cost {
            Some(cost) if cost < QUICK => Way::Behind,
            _ => Way::Alone,
        }
    }

    /// Notes what a call has cost. A slow one counts at once, and for as many
    /// quick ones after it as it was slow; so a function that is slow only now
    /// and then keeps few others waiting.
    pub fn took(&mut self, cost: Duration) {
        let before = self.cost.unwrap_or_default();
        self.cost = Some(cost.max((before * 7 + cost) / 8));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_to_be_quick_waits_behind_others() {
        const SHORT: Duration = Duration::from_micros(20);
        let mut function = Function::new("plus".to_string());
        assert_eq!(function.way(), Way::Alone, "nobody knows yet");
        function.took(SHORT);
        assert_eq!(function.way(), Way::Behind);
        let mut calls = |cost: Duration| {
            function.took(cost);
            let mut calls = 0;
            while function.way() == Way::Alone {
                function.took(SHORT);
                calls += 1;
            }
            calls
        };
        let (interrupted, slow) = (calls(QUICK * 10), calls(Duration::from_secs(3)));
        assert!((10..25).contains(&interrupted), "{interrupted}");
        assert!((50..80).contains(&slow), "{slow}");
    }
}
