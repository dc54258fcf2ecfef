//! Syncs that are started by hand: a run that waits in the row of its connection, in the table of [`crate::work`].

mod cancel;
mod start;
mod sync;

pub use start::{Jobs, StartSync};
pub(crate) use sync::Syncs;
