//! What the suite has to know of an upstream.

mod clienttether;
mod current_rms;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use chrono_tz::Tz;
use ctsync_sandbox::FaultKind;
use engine::connector::{Boundary, Slice};
use engine::credentials::Credentials;
use engine::model::{self, RecordTable};
use entity::{ConnectionId, RecordId, Source, Stream};
use sea_orm::Value as Column;
use serde_json::{Map, Value};

use crate::TestApp;

pub use clienttether::ClientTether;
pub use current_rms::CurrentRms;

/// An upstream, with what the suite has to know of it.
///
/// Of each the suite follows one stream, its longest.
#[async_trait]
pub trait Subject: Sync {
    /// Which upstream.
    fn source(&self) -> Source;

    /// The stream that is followed.
    fn stream(&self) -> Stream;

    /// Credentials whose secrets are [`Subject::secrets`].
    fn credentials(&self) -> Credentials;

    /// What nobody may see.
    fn secrets(&self) -> &'static [&'static str];

    /// One slice of each kind that the upstream can be asked for, of any stream.
    fn slices(&self) -> Vec<Slice>;

    /// A record of the stream, and how its fields are called.
    fn specimen(&self) -> Specimen;

    /// The endpoint that lists the stream.
    fn list(&self) -> &'static str;

    /// The body of a page of [`Subject::list`] that holds these records of so many in all.
    fn page(&self, records: &[Value], total: u64) -> String;

    /// Bodies that come with HTTP 200 and say that something went wrong.
    fn errors(&self) -> &'static [&'static str];

    /// Those that say that the credentials are refused.
    fn refusals(&self) -> &'static [&'static str];

    /// The endpoint of one record, and how the upstream says that there is no such one.
    fn missing_record(&self) -> Option<(&'static str, &'static str)>;

    /// Endpoints below the same address that change something.
    fn writes(&self) -> &'static [&'static str];

    /// Whether the upstream gives lists in an order that it is asked for.
    fn sorts(&self) -> bool;

    /// Adds an account with enough records for several pages, and the tenant and connection that mirror it.
    async fn account(&self, app: &TestApp) -> Box<dyn Mirrored>;

    /// The slice of the whole stream, as records are normalized in it.
    fn whole_slice(&self) -> Slice {
        Slice::new(self.stream(), Boundary::Whole)
    }

    /// Where the stream's rows are.
    fn table(&self) -> &'static RecordTable {
        let table = model::table(self.source(), self.stream());
        table.expect("the source has the stream")
    }
}

/// A record as the upstream serves it, with fields of each kind: what the upstream calls them, and what we do.
pub struct Specimen {
    /// The record.
    pub record: Map<String, Value>,
    /// What identifies it.
    pub id: &'static str,
    /// A text.
    pub text: (&'static str, &'static str),
    /// Money.
    pub money: (&'static str, &'static str),
    /// A moment.
    pub time: (&'static str, &'static str),
    /// One of a closed set of words or numbers.
    pub word: (&'static str, &'static str),
    /// A word or number that is not in the set, and as a column.
    pub unknown_word: (Value, Column),
}

impl Specimen {
    /// Returns the record with another value in a field.
    pub fn with(&self, field: &str, value: impl Into<Value>) -> Map<String, Value> {
        let mut record = self.record.clone();
        record.insert(field.to_owned(), value.into());
        record
    }
}

fn members(record: Value) -> Map<String, Value> {
    match record {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// What a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The list of the stream.
    List,
    /// Reads of a record by its id.
    Record,
}

/// An account of an upstream with the tenant and connection that mirror the stream.
#[async_trait]
pub trait Mirrored: Send + Sync {
    /// Which upstream.
    fn source(&self) -> Source;

    /// The connection.
    fn connection(&self) -> ConnectionId;

    /// What opens the account.
    fn credentials(&self) -> Credentials;

    /// The zone of the account's times.
    fn zone(&self) -> Tz;

    /// The text of every record of the stream, by its id.
    fn truth(&self) -> BTreeMap<String, String>;

    /// All rows of the stream, deleted ones included.
    async fn rows(&self) -> Vec<MirroredRow>;

    /// Whether the connection waits for a person to set credentials.
    async fn needs_credentials(&self) -> bool;

    /// Changes a text of a record, a minute later than anything before.
    fn edit(&self, id: &str, text: &str);

    /// Changes a text of a record, and has it say that this was before its last change.
    fn backdate(&self, id: &str, text: &str);

    /// Deletes a record.
    fn delete(&self, id: &str);

    /// Brings a deleted record back.
    fn restore(&self, id: &str);

    /// Adds records at the edges of slices; returns those slices, each with the ids of all records in it.
    fn slices(&self) -> Vec<(Slice, BTreeSet<String>)>;

    /// Has a fault strike so many requests.
    fn inject(&self, place: Place, kind: FaultKind, times: u32);

    /// Gives lists another order with each request, where none is asked for.
    fn shuffle(&self);

    /// How many requests for the list arrived.
    fn list_request_count(&self) -> usize;
}

/// A row that mirrors a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirroredRow {
    /// The row's own id.
    pub id: RecordId,
    /// What it mirrors.
    pub upstream_id: String,
    /// The text that it was made from.
    pub text: String,
    /// Whether the record is there.
    pub is_live: bool,
    /// Everything in it.
    pub all: String,
}
