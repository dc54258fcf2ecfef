//! Traces a row to the run, the snapshot and the bytes it came from, and tells its history.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use entity::{
    ConnectionId, RecordId, SnapshotId, Source, Stream, SyncRunId, TenantId, Timestamp, snapshot,
};
use sea_orm::{ColumnTrait, FromQueryResult, QueryFilter, QueryOrder, Statement, Value};
use serde::Serialize;
use serde_json::Map;

use crate::connector::{Boundary, Connector, Slice};
use crate::error::{Attempt, Error, Result};
use crate::model::{self, BoundaryColumn, RecordTable};
use crate::read::{normalize, record_text};
use crate::run::{Engine, Place};
use crate::snapshot::load_payload;

/// Where a row comes from.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// Slug of the tenant.
    pub tenant: String,
    /// Name of the connection.
    pub connection: String,
    /// The stream.
    pub stream: Stream,
    /// What identifies the record upstream.
    pub upstream_id: String,
    /// The row.
    pub id: RecordId,
    /// When the row was made.
    pub created_at: Timestamp,
    /// When the row was last written.
    pub updated_at: Timestamp,
    /// When the record was found to be gone.
    pub deleted_at: Option<Timestamp>,
    /// The run that made the row.
    pub first_run_id: SyncRunId,
    /// The run that wrote it last.
    pub last_run_id: SyncRunId,
    /// The answer its content comes from; none when it is no longer stored.
    pub written_from: Option<SnapshotSummary>,
    /// The record's text, as the upstream sent it.
    pub raw_json: String,
    /// How the record changed, as far as snapshots are stored; the oldest first.
    pub history: Vec<HistoryEntry>,
}

/// A stored answer.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotSummary {
    /// The snapshot.
    pub id: SnapshotId,
    /// The run that fetched it.
    pub run_id: SyncRunId,
    /// The request.
    pub endpoint: String,
    /// Its parameters.
    pub parameters: serde_json::Value,
    /// When the answer arrived.
    pub fetched_at: Timestamp,
    /// SHA-256 of the answer's bytes.
    pub payload_hash: String,
}

/// A change of a record.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// The run that saw it.
    pub run_id: SyncRunId,
    /// When the run published it.
    pub at: Timestamp,
    /// What was seen.
    pub change: RecordChange,
    /// Fields that differ from before.
    pub fields: Vec<String>,
}

/// How a record changed between two readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordChange {
    /// It was there for the first time.
    Appeared,
    /// Its content changed.
    Changed,
    /// It was no longer listed.
    Vanished,
    /// It was listed again.
    Returned,
}

#[derive(FromQueryResult)]
struct Row {
    id: RecordId,
    tenant_id: TenantId,
    connection_id: ConnectionId,
    parent: Option<String>,
    raw_json: String,
    snapshot_id: SnapshotId,
    first_run_id: SyncRunId,
    last_run_id: SyncRunId,
    created_at: Timestamp,
    updated_at: Timestamp,
    deleted_at: Option<Timestamp>,
}

type Fields = Map<String, serde_json::Value>;

impl Engine {
    /// Explains the rows of `stream` that mirror `upstream_id`: one for each connection that has it.
    ///
    /// # Errors
    /// [`Error::NotFound`] when no connection has it.
    pub async fn explain(
        &self,
        tenant: Option<TenantId>,
        stream: Stream,
        upstream_id: &str,
    ) -> Result<Vec<Explanation>> {
        let mut rows = vec![];
        for source in Source::ALL {
            // A source without the stream has none of its records.
            if let Ok(table) = model::table(*source, stream) {
                rows.extend(self.rows(tenant, table, upstream_id).await?);
            }
        }
        if rows.is_empty() {
            return Err(Error::NotFound {
                what: "record",
                name: format!("{stream}/{upstream_id}"),
            });
        }
        let mut explanations = Vec::with_capacity(rows.len());
        for row in rows {
            explanations.push(self.explain_row(stream, upstream_id, row).await?);
        }
        Ok(explanations)
    }

    async fn rows(
        &self,
        tenant: Option<TenantId>,
        table: &RecordTable,
        upstream_id: &str,
    ) -> Result<Vec<Row>> {
        let db = self.database.reader();
        let parent = match table.boundary {
            Some(BoundaryColumn::Parent(column)) => column,
            Some(BoundaryColumn::Time(_)) | None => "NULL",
        };
        let mut values: Vec<Value> = vec![upstream_id.into()];
        let mut condition = String::new();
        if let Some(tenant) = tenant {
            values.push(tenant.into());
            condition.push_str(" AND tenant_id = $2");
        }
        let sql = format!(
            "SELECT id, tenant_id, connection_id, CAST({parent} AS TEXT) AS parent, {} AS raw_json, snapshot_id, first_run_id, \
             last_run_id, created_at, updated_at, deleted_at FROM {} WHERE upstream_id = $1{condition} ORDER BY created_at",
            table.raw, table.name
        );
        let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
        Row::find_by_statement(statement)
            .all(db)
            .await
            .attempt("find the record")
    }

    async fn explain_row(
        &self,
        stream: Stream,
        upstream_id: &str,
        row: Row,
    ) -> Result<Explanation> {
        let place = Place::load(self, row.connection_id).await?;
        let written_from = snapshot::Entity::owned_by(row.tenant_id)
            .filter(snapshot::COLUMN.id.eq(row.snapshot_id))
            .one(self.database.reader())
            .await
            .attempt("read the snapshot")?;
        Ok(Explanation {
            history: self
                .history(&place, stream, upstream_id, row.parent.as_deref())
                .await?,
            tenant: place.tenant.slug,
            connection: place.connection.name,
            stream,
            upstream_id: upstream_id.to_owned(),
            id: row.id,
            created_at: row.created_at,
            updated_at: row.updated_at,
            deleted_at: row.deleted_at,
            first_run_id: row.first_run_id,
            last_run_id: row.last_run_id,
            written_from: written_from.map(SnapshotSummary::from),
            raw_json: row.raw_json,
        })
    }

    /// Looks for the record in what was stored of its stream.
    async fn history(
        &self,
        place: &Place,
        stream: Stream,
        upstream_id: &str,
        parent: Option<&str>,
    ) -> Result<Vec<HistoryEntry>> {
        let connector = place.interpreter(self)?;
        let mut search = Search {
            engine: self,
            place,
            connector: connector.as_ref(),
            upstream_id,
            seen: HashMap::new(),
        };
        let mut sightings = vec![];
        for page in self.proven(place, stream, parent).await? {
            sightings.extend(search.sighting(stream, page).await?);
        }
        Ok(tell(&sightings))
    }

    /// Returns the published answers about the part of a stream that holds the record, the oldest first.
    async fn proven(
        &self,
        place: &Place,
        stream: Stream,
        parent: Option<&str>,
    ) -> Result<Vec<snapshot::Model>> {
        let mut pages = snapshot::Entity::owned_by(place.tenant.id)
            .filter(snapshot::COLUMN.connection_id.eq(place.connection.id))
            .filter(snapshot::COLUMN.stream.eq(stream))
            .filter(snapshot::Column::ProvenAt.is_not_null());
        if let Some(parent) = parent {
            pages = pages.filter(snapshot::COLUMN.slice.eq(format!("of:{parent}")));
        }
        pages
            .order_by_asc(snapshot::Column::ProvenAt)
            .order_by_asc(snapshot::Column::Position)
            .all(self.database.reader())
            .await
            .attempt("read the snapshots")
    }
}

/// What an answer says of the record, for as long as the upstream said so.
struct Sighting {
    from: (Timestamp, SyncRunId),
    until: Option<(Timestamp, SyncRunId)>,
    /// None when it says that there is no such record.
    fields: Option<Fields>,
    /// Whether a record that is there would be in the answers that took its place.
    is_complete: bool,
}

/// Tells what changed from one moment to the next.
fn tell(sightings: &[Sighting]) -> Vec<HistoryEntry> {
    let begun = sightings.iter().map(|sighting| sighting.from);
    let ended = sightings.iter().filter_map(|sighting| sighting.until);
    let moments: BTreeMap<Timestamp, SyncRunId> = ended.chain(begun).collect();
    let mut history = vec![];
    let mut before: Option<&Fields> = None;
    let mut was_there = false;
    for (at, run_id) in moments {
        let now = match said_at(sightings, at) {
            Said::There(fields) => Some(fields),
            Said::Gone => None,
            Said::Nothing => continue,
        };
        let change = match (before, now) {
            (None, Some(_)) if was_there => RecordChange::Returned,
            (None, Some(_)) => RecordChange::Appeared,
            (Some(before), Some(now)) if before != now => RecordChange::Changed,
            (Some(_), None) => RecordChange::Vanished,
            _ => continue,
        };
        let fields = match (before, now) {
            (Some(before), Some(now)) => differing_fields(before, now),
            _ => vec![],
        };
        was_there |= now.is_some();
        before = now;
        history.push(HistoryEntry {
            run_id,
            at,
            change,
            fields,
        });
    }
    history
}

/// What the upstream said of the record.
enum Said<'a> {
    There(&'a Fields),
    Gone,
    /// It is not known.
    Nothing,
}

/// Returns what the upstream said at a moment: the latest of what held then. Where nothing held, the record is gone if it
/// would have been listed again.
fn said_at(sightings: &[Sighting], at: Timestamp) -> Said<'_> {
    let begun = || {
        let begun = sightings.iter().filter(|sighting| sighting.from.0 <= at);
        begun.rev()
    };
    let holds = |sighting: &&Sighting| sighting.until.is_none_or(|(until, _)| until > at);
    match (begun().find(holds), begun().next()) {
        (Some(sighting), _) => sighting.fields.as_ref().map_or(Said::Gone, Said::There),
        (None, Some(last)) if last.is_complete => Said::Gone,
        _ => Said::Nothing,
    }
}

/// Finds one record in many answers, some of which are equal.
struct Search<'a> {
    engine: &'a Engine,
    place: &'a Place,
    connector: &'a dyn Connector,
    upstream_id: &'a str,
    seen: HashMap<Vec<u8>, Option<Fields>>,
}

impl Search<'_> {
    /// Returns what `page` says of the record, unless it is nothing.
    async fn sighting(
        &mut self,
        stream: Stream,
        page: snapshot::Model,
    ) -> Result<Option<Sighting>> {
        if !self.seen.contains_key(&page.payload_hash) {
            let found = self.find_in(stream, &page).await?;
            self.seen.insert(page.payload_hash.clone(), found);
        }
        let fields = self.seen.get(&page.payload_hash).cloned().flatten();
        let boundary = Slice::from_key(stream, &page.slice).map(|slice| slice.boundary);
        let is_about_it = matches!(&boundary, Some(Boundary::Record(id)) if id == self.upstream_id);
        let Some(proven_at) = page.proven_at else {
            return Ok(None);
        };
        let sighting = Sighting {
            from: (proven_at, page.run_id),
            until: page.superseded_at.zip(page.superseded_by),
            is_complete: is_about_it || boundary.is_some_and(|boundary| is_complete(&boundary)),
            fields,
        };
        Ok((is_about_it || sighting.fields.is_some()).then_some(sighting))
    }

    async fn find_in(&self, stream: Stream, page: &snapshot::Model) -> Result<Option<Fields>> {
        let Some(slice) = Slice::from_key(stream, &page.slice) else {
            return Ok(None);
        };
        let body = load_payload(
            self.engine.database.reader(),
            self.place.tenant.id,
            &page.payload_hash,
        )
        .await?;
        let envelope = self.connector.open(&page.endpoint, page.status(), &body)?;
        let rules = self.connector.rules();
        let mut contents = envelope.records.iter().filter_map(|range| {
            normalize(self.connector, &rules, &slice, record_text(&body, range)).ok()
        });
        let found =
            contents.find(|content| content.normalized.record.upstream_id() == self.upstream_id);
        Ok(found.map(|content| content.fields))
    }
}

/// Whether a record that is there is in every reading of such a slice: elsewhere it may have another date, or not have
/// changed.
fn is_complete(boundary: &Boundary) -> bool {
    matches!(
        boundary,
        Boundary::Whole | Boundary::Parent(_) | Boundary::Window(..)
    )
}

fn differing_fields(before: &Fields, now: &Fields) -> Vec<String> {
    let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    names
        .into_iter()
        .filter(|name| before.get(*name) != now.get(*name))
        .cloned()
        .collect()
}

impl From<snapshot::Model> for SnapshotSummary {
    fn from(row: snapshot::Model) -> Self {
        Self {
            id: row.id,
            run_id: row.run_id,
            endpoint: row.endpoint,
            parameters: row.parameters,
            fetched_at: row.fetched_at,
            payload_hash: hex::encode(row.payload_hash),
        }
    }
}
