//! The retry schedule: three retries after 1 s, 2 s and 4 s; a longer `Retry-After` wins.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use backoff::backoff::Backoff;

/// Waits before the retries.
const DELAYS: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// Longest wait the upstream can ask for within one run; beyond it the run gives up instead.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_mins(2);

/// What the upstream asked for with its last answer.
// `backoff::Error::retry_after` bypasses the schedule and would retry for ever.
#[derive(Debug, Clone, Default)]
pub(crate) struct WaitHint(Arc<Mutex<Option<Duration>>>);

impl WaitHint {
    /// Notes how long the upstream asked to be left alone.
    pub(crate) fn set(&self, wait: Option<Duration>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = wait;
    }

    fn take(&self) -> Option<Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The schedule of one request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Schedule {
    retries: usize,
    hint: WaitHint,
}

impl Schedule {
    /// A schedule that listens to `hint`.
    pub(crate) fn new(hint: WaitHint) -> Self {
        Self { retries: 0, hint }
    }
}

impl Backoff for Schedule {
    fn next_backoff(&mut self) -> Option<Duration> {
        let delay = *DELAYS.get(self.retries)?;
        self.retries += 1;
        let wait = self.hint.take().map_or(delay, |hint| hint.max(delay));
        (wait <= LONGEST_WAIT).then_some(wait)
    }

    fn reset(&mut self) {
        self.retries = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(hints: &[Option<u64>]) -> Vec<Option<u64>> {
        let hint = WaitHint::default();
        let mut schedule = Schedule::new(hint.clone());
        let next = |wanted: &Option<u64>| {
            hint.set(wanted.map(Duration::from_secs));
            schedule.next_backoff().map(|wait| wait.as_secs())
        };
        hints.iter().map(next).collect()
    }

    #[test]
    fn it_retries_three_times_and_then_gives_up() {
        assert_eq!(
            waits(&[None, None, None, None]),
            [Some(1), Some(2), Some(4), None]
        );
    }

    #[test]
    fn a_longer_hint_wins_and_a_shorter_does_not() {
        assert_eq!(
            waits(&[Some(7), Some(1), Some(30), Some(1)]),
            [Some(7), Some(2), Some(30), None]
        );
    }

    #[test]
    fn it_does_not_wait_longer_than_a_run_should() {
        assert_eq!(waits(&[Some(3600)]), [None]);
    }
}
