//! Current RMS as its reference describes it: opportunities with two axes of state, a query language, webhooks.
//!
//! A request passes the recording, the check of its keys, the rate limit, the edits that waited for it, and the
//! faults, in this order; all of that happens under the account's lock, so that an answer is of one moment.
//!
//! Edits made as data move `updated_at` by the account's own clock and leave an action, as the real service does;
//! each action goes to the webhooks that wait for its event. [`Account::edit`](crate::Account::edit) changes the
//! records without either.

mod account;
mod answer;
mod bucket;
mod call;
mod change;
mod edit;
mod envelope;
mod handler;
mod include;
mod listing;
mod own;
mod page;
mod path;
mod query;
mod records;
mod registration;
mod scope;
mod seed;
mod shape;
mod spec;
mod stamp;
mod state;
mod switches;
mod template;
mod truth;
mod visibility;
mod webhook;
mod webhooks;

pub use account::CurrentRms;
pub use edit::Edit;
pub(crate) use handler::{BASE_PATH, routes};
pub use spec::AccountSpec;
pub use switches::{
    ApiAccess, BareDates, ListState, MetaPerPage, Nested, RateLimit, Switches, Ties, TimeStyle,
    UnknownPredicate,
};
pub use truth::{Collection, Truth};
pub use webhook::{Delivery, DeliveryFault, DeliveryFaultKind, DeliveryStatus, Forgery};

/// A handle to one account of Current RMS.
pub type Account = crate::account::Account<CurrentRms>;
