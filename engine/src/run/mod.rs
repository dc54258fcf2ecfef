//! The life of a run: recorded, leased, read, judged, published.
//!
//! A run's row exists before the first request. What it reads is made visible part by part,
//! each in one transaction; killed at any moment it leaves whole parts, and the next run, which marks it
//! abandoned once its lease has expired, goes on from there.

mod carry_on;
mod engine;
mod give_way;
mod heartbeat;
mod life;
mod per_record;
mod plan;
pub(crate) mod progress;
mod reading;
pub(crate) mod record;
mod replay;
mod report;
mod request;
mod target;
mod timeline;

pub use engine::Engine;
pub use progress::StreamProgress;
pub use report::{RunReport, StreamReport};
pub use request::{NotARecord, RecordRef, SharedRates, SyncRequest, UpstreamDefaults, Window};
pub(crate) use target::{Place, Target};
