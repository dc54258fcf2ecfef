//! Records in our words: what a normalizer makes and a publication writes, one kind a file.

mod lead;
mod note;
mod opportunity;
mod rental_opportunity;
mod sales_cycle;
mod scheduled_activity;

use entity::{Source, Stream, Timestamp};
use sea_orm::Value;

pub use lead::Lead;
pub use note::Note;
pub use opportunity::Opportunity;
pub use rental_opportunity::RentalOpportunity;
pub use sales_cycle::SalesCycle;
pub use scheduled_activity::ScheduledActivity;

use crate::error::{Error, Result};

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
    /// An enquiry, quotation or order for rental. Boxed: it is larger than the others.
    RentalOpportunity(Box<RentalOpportunity>),
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
    /// The column that holds the record's exact text.
    pub raw: &'static str,
    /// The column that says when the record was asked for, where one may be read by itself beside others.
    pub read_at: Option<&'static str>,
    /// The upstream's own version of the record, among [`RecordTable::columns`].
    pub version: Option<&'static str>,
    /// The column that says when the upstream last sent word of a record.
    pub told_at: Option<&'static str>,
}

impl RecordTable {
    /// A table of records without versions, whose slices are the whole stream.
    pub(crate) const fn new(name: &'static str, columns: &'static [(&'static str, Kind)]) -> Self {
        Self {
            name,
            columns,
            boundary: None,
            raw: "raw_json",
            read_at: None,
            version: None,
            told_at: None,
        }
    }

    /// The same, with what tells which slice a row belongs to.
    pub(crate) const fn sliced_by(self, column: BoundaryColumn) -> Self {
        Self {
            boundary: Some(column),
            ..self
        }
    }
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
            Self::RentalOpportunity(record) => &record.upstream_id,
        }
    }

    /// The upstream's own version, where it has one.
    pub fn version(&self) -> Option<Timestamp> {
        match self {
            Self::SalesCycle(_)
            | Self::Lead(_)
            | Self::Opportunity(_)
            | Self::Note(_)
            | Self::ScheduledActivity(_) => None,
            Self::RentalOpportunity(record) => record.upstream_updated_at,
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
            Self::RentalOpportunity(record) => record.into_values(),
        }
    }
}

/// Returns the streams of `source` and where their records are kept, in the order of [`Stream::ALL`].
pub fn tables(source: Source) -> &'static [(Stream, RecordTable)] {
    match source {
        Source::ClientTether => &[
            (Stream::SalesCycles, SalesCycle::TABLE),
            (Stream::Leads, Lead::TABLE),
            (Stream::Opportunities, Opportunity::TABLE),
            (Stream::Notes, Note::TABLE),
            (Stream::ScheduledActivities, ScheduledActivity::TABLE),
        ],
        Source::CurrentRms => &[(Stream::Opportunities, RentalOpportunity::TABLE)],
    }
}

/// Returns where the records of `stream` of `source` are kept.
///
/// # Errors
/// [`Error::Invalid`] when the source has no such stream.
pub fn table(source: Source, stream: Stream) -> Result<&'static RecordTable> {
    let mut tables = tables(source).iter();
    let found = tables.find(|(candidate, _)| *candidate == stream);
    found
        .map(|(_, table)| table)
        .ok_or_else(|| Error::Invalid(format!("{source} has no stream {stream}")))
}
