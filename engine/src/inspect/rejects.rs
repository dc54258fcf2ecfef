//! Records that could not be normalized.

use entity::{
    ConnectionId, RejectId, RejectReason, Stream, SyncRunId, TenantId, Timestamp, rejected_record,
    snapshot,
};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;

use crate::database::Database;
use crate::error::{Attempt, Error, Result};
use crate::read::record_text;
use crate::run::{Engine, Place};
use crate::snapshot::load_payload;

/// A rejected record.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RejectEntry {
    /// The reject.
    pub id: RejectId,
    /// The connection.
    pub connection_id: ConnectionId,
    /// The stream.
    pub stream: Stream,
    /// Why, for programs.
    pub reason: RejectReason,
    /// Why, for people.
    pub sentence: String,
    /// The run that met it first.
    pub first_run_id: SyncRunId,
    /// The run that met it last.
    pub last_run_id: SyncRunId,
    /// When it was met first.
    pub created_at: Timestamp,
    /// When it was gone.
    pub resolved_at: Option<Timestamp>,
}

/// A rejected record with what the upstream sent.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RejectDetail {
    /// The reject.
    #[serde(flatten)]
    pub entry: RejectEntry,
    /// The request whose answer holds it.
    pub endpoint: String,
    /// When that answer arrived.
    pub fetched_at: Timestamp,
    /// Place of the record in that answer, from 0.
    pub position: i32,
    /// The record, as the upstream sent it.
    pub record: String,
    /// The answer, byte for byte as far as it is text.
    pub payload: String,
}

/// Returns the rejects of `tenant`, the newest first; those that are gone only on request.
pub async fn list_rejects(
    database: &Database,
    tenant: TenantId,
    includes_resolved: bool,
    limit: u64,
) -> Result<Vec<RejectEntry>> {
    let mut rejects = rejected_record::Entity::owned_by(tenant);
    if !includes_resolved {
        rejects = rejects.filter(rejected_record::Column::ResolvedAt.is_null());
    }
    let rows = rejects
        .order_by_desc(rejected_record::Column::CreatedAt)
        .order_by_desc(rejected_record::Column::Id)
        .limit(limit)
        .all(database.reader())
        .await
        .attempt("read the rejected records")?;
    Ok(rows.iter().map(RejectEntry::from).collect())
}

/// Returns one reject with the answer that holds it.
pub async fn show_reject(engine: &Engine, tenant: TenantId, id: RejectId) -> Result<RejectDetail> {
    let db = engine.database.reader();
    let not_found = || Error::NotFound {
        what: "reject",
        name: id.to_string(),
    };
    let row = rejected_record::Entity::owned_by(tenant)
        .filter(rejected_record::COLUMN.id.eq(id))
        .one(db)
        .await;
    let row = row
        .attempt("read the rejected record")?
        .ok_or_else(not_found)?;
    let snapshot = snapshot::Entity::owned_by(tenant)
        .filter(snapshot::COLUMN.id.eq(row.snapshot_id))
        .one(db)
        .await;
    let snapshot = snapshot
        .attempt("read the snapshot")?
        .ok_or_else(not_found)?;
    let payload = load_payload(db, tenant, &snapshot.payload_hash).await?;
    let place = Place::load(engine, row.connection_id).await?;
    let connector = place.interpreter(engine)?;
    let envelope = connector.open(&snapshot.endpoint, snapshot.status(), &payload)?;
    let place_in_answer = usize::try_from(row.position).unwrap_or(usize::MAX);
    let record = envelope
        .records
        .get(place_in_answer)
        .map(|range| record_text(&payload, range).to_owned());
    Ok(RejectDetail {
        entry: RejectEntry::from(&row),
        endpoint: snapshot.endpoint,
        fetched_at: snapshot.fetched_at,
        position: row.position,
        record: record.unwrap_or_default(),
        payload: String::from_utf8_lossy(&payload).into_owned(),
    })
}

impl From<&rejected_record::Model> for RejectEntry {
    fn from(row: &rejected_record::Model) -> Self {
        Self {
            id: row.id,
            connection_id: row.connection_id,
            stream: row.stream,
            reason: row.reason,
            sentence: row.sentence.clone(),
            first_run_id: row.first_run_id,
            last_run_id: row.last_run_id,
            created_at: row.created_at,
            resolved_at: row.resolved_at,
        }
    }
}
