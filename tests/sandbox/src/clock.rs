//! The clock of a simulated service.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

/// Where an account reads the time: the foreign server's own clock, which may be held still or be wrong.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// Returns the system's clock.
    pub fn system() -> Self {
        Self::from_fn(system_now)
    }

    /// Returns a clock that stands still.
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self::from_fn(move || at)
    }

    /// Returns a clock that is so much ahead of the system's, or behind it where `difference` is negative.
    pub fn ahead_by(difference: TimeDelta) -> Self {
        Self::from_fn(move || system_now() + difference)
    }

    /// Returns a clock that asks `now`, such as the clock of a test.
    pub fn from_fn(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// Returns the time.
    pub fn now(&self) -> DateTime<Utc> {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Clock").field(&self.now()).finish()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the simulator stands for a foreign server, which has a clock of its own"
)]
fn system_now() -> DateTime<Utc> {
    Utc::now()
}
