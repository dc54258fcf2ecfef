//! ClientTether as its reference describes it: verb-like endpoint names, two headers, an uneven envelope.
//!
//! A request passes the recording, the check of its keys, the edits that waited for it, and the faults, in this
//! order; all of that happens under the account's lock, so that an answer is of one moment.

mod answer;
mod bend;
mod call;
mod delivery;
mod endpoint;
mod handler;
mod listing;
mod reply;
pub(crate) mod shape;
mod single;
mod window;

pub(crate) use handler::{BASE_PATH, routes};
