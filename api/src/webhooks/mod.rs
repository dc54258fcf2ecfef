//! What upstreams tell us by themselves, and what became of it.

mod admission;
mod events;
mod message;
mod receive;

pub(crate) use events::EventsApi;
pub(crate) use receive::ReceiveApi;
