//! The life of a run: recorded, leased, read, judged, published.
//!
//! A run's row exists before the first request. Everything the run makes visible is one transaction at
//! its end; killed at any earlier moment it has changed nothing but its own row and its snapshots, and the
//! next run marks it abandoned once its lease has expired.

mod carry_on;
mod engine;
mod give_way;
mod heartbeat;
mod life;
mod plan;
mod reading;
pub(crate) mod record;
mod replay;
mod report;
mod request;
mod target;
mod timeline;

pub use engine::Engine;
pub use report::{RunReport, StreamReport};
pub use request::{NotARecord, RecordRef, SyncRequest, UpstreamDefaults, Window};
pub(crate) use target::{Place, Target};
