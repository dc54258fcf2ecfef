//! A clock that tests hold still and move.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use engine::clock::{Sleep, TimeSource};

/// When every test begins: a Monday morning in New York, six days before its clocks go forward.
const START: &str = "2026-03-02T15:00:00Z";

/// A clock that moves only when told to, or when somebody waits on it; clones are the same clock.
#[derive(Clone, Debug)]
pub struct TestClock(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    now: DateTime<Utc>,
    slept: Vec<Duration>,
}

impl TestClock {
    pub(crate) fn start() -> Self {
        let now = START.parse().expect("the start is a time");
        let slept = vec![];
        Self(Arc::new(Mutex::new(State { now, slept })))
    }

    /// Moves the clock forward.
    pub fn advance(&self, duration: TimeDelta) {
        self.state().now += duration;
    }

    /// Returns how long the engine has waited, wait by wait, in whole milliseconds.
    pub fn slept_ms(&self) -> Vec<u128> {
        let state = self.state();
        state.slept.iter().map(Duration::as_millis).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TimeSource for TestClock {
    fn now(&self) -> DateTime<Utc> {
        self.state().now
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let mut state = self.state();
        state.now += duration;
        state.slept.push(duration);
        Box::pin(std::future::ready(()))
    }
}
