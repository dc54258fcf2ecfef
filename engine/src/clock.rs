//! Time and identifiers, from one place, so that tests can hold both still.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use entity::Timestamp;
use uuid::{NoContext, Uuid};

/// A wait that ends after some time.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send + 'static>>;

/// Where time comes from.
pub trait TimeSource: Send + Sync {
    /// Returns the present moment; [`Clock`] cuts it to whole microseconds.
    fn now(&self) -> DateTime<Utc>;

    /// Waits for `duration`.
    fn sleep(&self, duration: Duration) -> Sleep;

    /// Whether it is the machine's own clock, which a database has, too.
    fn is_system(&self) -> bool {
        false
    }
}

/// The time and id source of everything in the engine.
#[derive(Clone)]
pub struct Clock(Arc<dyn TimeSource>);

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

impl Clock {
    /// The machine's own clock.
    pub fn system() -> Self {
        Self::from_source(SystemTime)
    }

    /// A clock on another source, for tests.
    pub fn from_source(source: impl TimeSource + 'static) -> Self {
        Self(Arc::new(source))
    }

    /// Returns the present moment in whole microseconds, what both databases can store.
    pub fn now(&self) -> Timestamp {
        let now = self.0.now();
        now.duration_trunc(TimeDelta::microseconds(1))
            .unwrap_or(now)
    }

    /// Waits for `duration`.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        self.0.sleep(duration)
    }

    /// Whether it is the machine's own clock.
    pub(crate) fn is_system(&self) -> bool {
        self.0.is_system()
    }

    /// Returns a new id that sorts by the time it was made (`UUIDv7`).
    pub fn new_id(&self) -> Uuid {
        let now = self.0.now();
        let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
        let stamp = uuid::Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos());
        Uuid::new_v7(stamp)
    }
}

/// Lets the retry schedule wait on our clock.
impl backoff::future::Sleeper for Clock {
    type Sleep = Sleep;

    fn sleep(&self, duration: Duration) -> Sleep {
        Clock::sleep(self, duration)
    }
}

struct SystemTime;

impl TimeSource for SystemTime {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the system clock"
    )]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(duration))
    }

    fn is_system(&self) -> bool {
        true
    }
}
