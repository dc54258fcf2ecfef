//! The one place where the sandbox looks at the clock.

use chrono::{DateTime, Utc};

/// Returns the present time.
#[expect(
    clippy::disallowed_methods,
    reason = "the simulator stands for a foreign server, which has a clock of its own"
)]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}
