//! Scripted faults: what goes wrong, where, and how often.

mod bend;
mod kind;
mod script;
mod strike;

pub(crate) use bend::{announced_total, bend_listing, bend_page, bend_record};
pub use kind::{FaultKind, Malformation};
pub use script::Fault;
pub(crate) use script::{FaultBook, strikes};
pub(crate) use strike::{Dialect, struck};
