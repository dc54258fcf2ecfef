//! Simulates the upstream services for tests and demonstrations.
//!
//! A [`Sandbox`] listens on one port and serves any number of accounts of each service, with seeded data. Tests run
//! it in process, edit an [`Account`]'s truth between (or in the middle of) reads, script [`Fault`]s, and look at
//! the requests that arrived. The binary gives the same over HTTP; see the README beside this crate.
//!
//! What both services have in common is generic over [`Upstream`]. The types at the root that name no service are
//! those of ClientTether; those of Current RMS are in [`current_rms`].

mod account;
mod clienttether;
mod clock;
mod connection;
mod control;
pub mod current_rms;
mod edit;
mod fault;
mod habit;
mod record;
mod reply;
mod request_log;
mod rows;
mod sandbox;
mod seed;
mod spec;
mod tasks;
mod transmission;
mod upstream;

pub use account::Account;
pub use clienttether::{
    AccountSpec, ClientTether, Collection, Edit, EmptyStyle, MoneyStyle, OverLimit, ShortLists,
    Switches, TotalStyle, Truth,
};
pub use clock::Clock;
pub use edit::{EditError, RecordEdit};
pub use fault::{Fault, FaultKind, Malformation};
pub use habit::{AuthFailure, Order};
pub use record::Record;
pub use request_log::{Arrival, RecordedRequest};
pub use sandbox::Sandbox;
pub use spec::SpecError;
pub use upstream::{Spec, Upstream};
