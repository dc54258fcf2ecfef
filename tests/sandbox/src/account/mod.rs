//! An account of a simulated service: its truth, how it answers, and what arrived at it.

mod handle;
mod registry;
mod state;

pub use handle::Account;
pub(crate) use registry::Accounts;
pub(crate) use state::AccountState;
