//! One upstream account: its truth, how it answers, and what arrived at it.

mod handle;
mod spec;
mod state;

pub use handle::Account;
pub use spec::{AccountSpec, SpecError};
pub(crate) use state::AccountState;
