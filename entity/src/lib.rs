//! The database's rows, their typed ids and enums, and the finders that keep tenants apart.
//!
//! One module a table. Times are UTC and truncated to microseconds by whoever makes them, money is
//! an [`amount::Amount`]. Code that serves requests starts from an entity's `owned_by` or `live`.

#![expect(
    missing_docs,
    reason = "sea-orm's macros generate public items without docs"
)]

mod finder;

pub mod amount;
pub mod amount_sum;
pub mod api_token;
pub mod audit_entry;
pub mod connection;
pub mod coverage;
pub mod first_load;
pub mod hot_list_item;
pub mod id;
pub mod lead;
pub mod lead_metric;
pub mod membership;
pub mod note;
pub mod opportunity;
pub mod part_failure;
pub mod pipeline_stage_count;
pub mod published_mapping;
pub mod rate_budget;
pub mod raw_payload;
pub mod reason;
pub mod rejected_record;
pub mod rental_opportunity;
pub mod sales_cycle;
pub mod scheduled_activity;
pub mod schema_drift;
pub mod snapshot;
pub mod source;
pub mod stream;
pub mod stream_profile;
pub mod stream_state;
pub mod sync_run;
pub mod sync_run_stream;
pub mod tenant;
pub mod text_enum;
pub mod unusable_answer;
pub mod user;
pub mod webhook_event;
pub mod webhook_key;
pub mod work;

pub use amount::Amount;
pub use amount_sum::AmountSum;
pub use id::*;
pub use reason::ReasonCode;
pub use rejected_record::RejectReason;
pub use source::Source;
pub use stream::Stream;

/// A moment in UTC.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
