//! Administration: tenants, connections, people and tokens.
//!
//! Shared by the command line and the HTTP service, which only parse and show. Every act that changes
//! something is written to `audit_log` in the transaction that changes it, without secrets. Looking
//! things up is not an act. Whoever calls has decided that the actor may do it.

mod assignment;
mod audit;
pub mod connections;
mod history;
pub mod tenants;
pub mod tokens;
pub mod users;
mod write;

pub use assignment::Assignment;
pub(crate) use audit::Act;
pub use audit::{Actor, Admin};
pub use history::{ActQuery, list_acts};
