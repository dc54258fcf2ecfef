//! How fresh the data is, what ran when, and resyncs by hand.

mod choice;
mod load;
mod runs;
mod start;
mod state;
mod view;
mod wait;

pub(crate) use load::LoadApi;
pub(crate) use runs::RunsApi;
pub(crate) use start::StartApi;
pub(crate) use state::StateApi;
