//! A clock that stands still until it is moved.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use engine::clock::{Sleep, TimeSource};

/// 2026-03-02 15:00:00 UTC.
pub(crate) const START: i64 = 1_772_463_600;

#[derive(Clone)]
pub(crate) struct TestClock(Arc<Mutex<DateTime<Utc>>>);

impl TestClock {
    pub(crate) fn start() -> Self {
        let start = DateTime::from_timestamp(START, 0).unwrap();
        Self(Arc::new(Mutex::new(start)))
    }

    pub(crate) fn advance(&self, duration: TimeDelta) {
        *self.0.lock().unwrap() += duration;
    }
}

impl TimeSource for TestClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        self.advance(TimeDelta::from_std(duration).unwrap());
        Box::pin(std::future::ready(()))
    }
}
