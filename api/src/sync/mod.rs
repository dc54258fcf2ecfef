//! How fresh the data is, what ran when, and resyncs by hand.

mod choice;
mod runs;
mod start;
mod state;
mod view;

pub(crate) use runs::RunsApi;
pub(crate) use start::StartApi;
pub(crate) use state::StateApi;
