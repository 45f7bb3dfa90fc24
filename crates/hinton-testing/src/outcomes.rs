//! What a test of many cases saw.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts how many of the cases of a test were accepted and how many refused. A test that only says "no
/// panic" or "if it opens, then …" would also pass if nothing was ever opened; [`at_least`](Outcomes::at_least)
/// fails it then.
#[derive(Debug, Default)]
pub struct Outcomes {
    accepted: AtomicUsize,
    refused: AtomicUsize,
}

impl Outcomes {
    /// Counts a case.
    pub fn count(&self, accepted: bool) {
        let counter = if accepted { &self.accepted } else { &self.refused };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// How many were accepted.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }

    /// How many were refused.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed)
    }

    /// Ends a test.
    ///
    /// # Panics
    /// Panics if fewer cases were accepted or refused.
    #[track_caller]
    pub fn at_least(&self, accepted: usize, refused: usize) {
        let (was_accepted, was_refused) = (self.accepted(), self.refused());
        assert!(
            was_accepted >= accepted && was_refused >= refused,
            "{was_accepted} cases were accepted and {was_refused} refused, expected at least {accepted} and {refused}"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_cases_are_a_failure() {
        let outcomes = Outcomes::default();
        for accepted in [true, true, false] {
            outcomes.count(accepted);
        }
        outcomes.at_least(2, 1);
        for (accepted, refused) in [(3, 0), (0, 2)] {
            let few = std::panic::AssertUnwindSafe(|| outcomes.at_least(accepted, refused));
            assert!(std::panic::catch_unwind(few).is_err());
        }
    }
}
