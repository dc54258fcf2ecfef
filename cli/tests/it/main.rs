//! The `ctsync` program as its users have it: real processes, real signals, real databases.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod backup;
mod documents;
mod exits;
mod installation;
mod journey;
mod killed;
mod outage;
mod progress;
mod rejects;
mod rental;
mod secrecy;
mod settings;
mod signals;
mod turns;
mod users;
mod webhooks;
mod worker;
