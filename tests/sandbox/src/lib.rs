//! Simulates the upstream services for tests and demonstrations.
//!
//! A [`Sandbox`] listens on one port and serves any number of accounts, each with seeded data. Tests run it in
//! process, edit an [`Account`]'s [`Truth`] between (or in the middle of) reads, script [`Fault`]s, and look at the
//! requests that arrived. The binary gives the same over HTTP; see the README beside this crate.

mod account;
mod clienttether;
mod clock;
mod connection;
mod control;
mod edit;
mod fault;
mod record;
mod request_log;
mod sandbox;
mod seed;
mod switches;
mod truth;

pub use account::{Account, AccountSpec, SpecError};
pub use edit::Edit;
pub use fault::{Fault, FaultKind, Malformation};
pub use record::Record;
pub use request_log::{Arrival, RecordedRequest};
pub use sandbox::Sandbox;
pub use switches::{AuthFailure, EmptyStyle, MoneyStyle, Order, OverLimit, Switches, TotalStyle};
pub use truth::{Collection, EditError, Truth};
