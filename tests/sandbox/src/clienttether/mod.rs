//! ClientTether as its reference describes it: verb-like endpoint names, two headers, an uneven envelope.
//!
//! A request passes the recording, the check of its keys, the edits that waited for it, and the faults, in this
//! order; all of that happens under the account's lock, so that an answer is of one moment.

mod account;
mod answer;
mod call;
mod edit;
mod endpoint;
mod envelope;
mod handler;
mod listing;
mod seed;
mod shape;
mod single;
mod spec;
mod switches;
mod truth;
mod window;

pub use account::ClientTether;
pub use edit::Edit;
pub(crate) use handler::{BASE_PATH, routes};
pub use spec::AccountSpec;
pub use switches::{EmptyStyle, MoneyStyle, OverLimit, ShortLists, Switches, TotalStyle};
pub use truth::{Collection, Truth};
