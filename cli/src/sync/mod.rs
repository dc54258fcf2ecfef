//! Working on many connections at once: tenants side by side, progress shown, stopped by a signal.

mod crew;
mod outcome;
mod progress;
mod report;
mod session;
mod signal;

pub(crate) use outcome::Outcome;
pub(crate) use report::{progress_of, run_text, show, verdict};
pub(crate) use session::{Interrupted, Session, engine, require_some};
pub(crate) use signal::interruptible;
