//! Control of the simulator over HTTP: everything the library gives, for other processes.

mod body;
mod clock;
mod edits;
mod found;
mod refusal;
mod routes;
mod webhooks;

pub(crate) use routes::{BASE_PATH, routes};
