//! Records in our words: what a normalizer makes and a publication writes, one kind a file.

mod lead;
mod note;
mod opportunity;
mod sales_cycle;
mod scheduled_activity;

use entity::Stream;
use sea_orm::Value;

pub use lead::Lead;
pub use note::Note;
pub use opportunity::Opportunity;
pub use sales_cycle::SalesCycle;
pub use scheduled_activity::ScheduledActivity;

/// The stage of contacts whose stage is blank upstream; it is in no stage list.
pub const NEW_LEAD: &str = "New Lead";

/// A normalized record of any stream.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// A pipeline stage.
    SalesCycle(SalesCycle),
    /// A contact.
    Lead(Lead),
    /// An opportunity.
    Opportunity(Opportunity),
    /// A note.
    Note(Note),
    /// A scheduled activity.
    ScheduledActivity(ScheduledActivity),
}

/// Where the records of a stream are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordTable {
    /// Name of the table.
    pub name: &'static str,
    /// The columns that hold the normalized record, besides the ones every record table has.
    pub columns: &'static [(&'static str, Kind)],
    /// What tells which slice a row belongs to, where a stream is not one slice.
    pub boundary: Option<BoundaryColumn>,
}

/// What tells which slice a row belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoundaryColumn {
    /// The upstream id of the record it belongs to.
    Parent(&'static str),
    /// The time it is scheduled for.
    Time(&'static str),
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A 32-bit number.
    Small,
    /// A 64-bit number, also an exact decimal.
    Integer,
    /// A moment.
    Time,
    /// Yes or no.
    Flag,
}

impl Record {
    /// What identifies the record in its stream and connection.
    pub fn upstream_id(&self) -> &str {
        match self {
            Self::SalesCycle(record) => &record.upstream_id,
            Self::Lead(record) => &record.upstream_id,
            Self::Opportunity(record) => &record.upstream_id,
            Self::Note(record) => &record.upstream_id,
            Self::ScheduledActivity(record) => &record.upstream_id,
        }
    }

    /// The values of [`RecordTable::columns`], in their order.
    pub fn into_values(self) -> Vec<Value> {
        match self {
            Self::SalesCycle(record) => record.into_values(),
            Self::Lead(record) => record.into_values(),
            Self::Opportunity(record) => record.into_values(),
            Self::Note(record) => record.into_values(),
            Self::ScheduledActivity(record) => record.into_values(),
        }
    }
}

/// Returns where the records of `stream` are kept.
pub fn table(stream: Stream) -> &'static RecordTable {
    match stream {
        Stream::SalesCycles => &SalesCycle::TABLE,
        Stream::Leads => &Lead::TABLE,
        Stream::Opportunities => &Opportunity::TABLE,
        Stream::Notes => &Note::TABLE,
        Stream::ScheduledActivities => &ScheduledActivity::TABLE,
    }
}
