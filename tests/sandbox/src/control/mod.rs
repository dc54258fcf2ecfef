//! Control of the simulator over HTTP: everything the library gives, for other processes.

mod body;
mod edits;
mod routes;

pub(crate) use routes::{BASE_PATH, routes};
