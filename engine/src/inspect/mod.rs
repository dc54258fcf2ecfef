//! Looks at what is there, for people and dashboards; changes nothing but what is acknowledged.

mod doctor;
mod drift;
mod explain;
mod numbers;
mod rejects;
mod runs;
mod status;

pub use doctor::{Check, CheckState, doctor};
pub use drift::{DriftEntry, acknowledge_drift, list_drift};
pub use explain::{Explanation, HistoryEntry, RecordChange, SnapshotSummary};
pub use numbers::{Numbers, StageNumbers};
pub use rejects::{RejectDetail, RejectEntry, list_rejects, show_reject};
pub use runs::{list_runs, show_run};
pub use status::{ConnectionState, StreamState, SyncState, TenantState, fleet, tenant_state};
