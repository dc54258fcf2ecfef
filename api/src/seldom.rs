//! Says the same thing seldom.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often the same thing is said at most.
const EVERY: Duration = Duration::from_mins(1);

/// When something was said last.
#[derive(Debug, Default)]
pub(crate) struct Seldom(Mutex<Option<Instant>>);

impl Seldom {
    /// Whether it is to be said now; then it counts as said.
    pub(crate) fn is_due(&self) -> bool {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = said.is_none_or(|at| at.elapsed() >= EVERY);
        if is_due {
            *said = Some(Instant::now());
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_just_said_is_not_said_again() {
        let seldom = Seldom::default();
        assert!(seldom.is_due());
        assert!(!seldom.is_due());
    }
}
