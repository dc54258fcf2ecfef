//! The real `ctsync-api`, as a process.

mod outage;
pub(crate) mod running;
mod secrecy;
mod settings;
mod stopping;
mod strangers;
mod wire;
