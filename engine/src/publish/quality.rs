//! Writes what did not fit: rejected records, and fields that are not what they were.

use std::collections::{BTreeMap, HashSet};

use entity::{
    DriftId, RejectId, SnapshotId, StreamProfileId, rejected_record, schema_drift, snapshot,
    stream_profile,
};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use super::{CHUNK, Publication};
use crate::connector::Boundary;
use crate::error::{Attempt, Result};
use crate::read::{Drift, FieldProfile, RejectedRecord, StreamOutcome};

/// Characters of a field's name that are kept.
const MAX_NAME: usize = 200;

/// Writes the rejects of a stream.
pub(super) async fn write(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    outcome: &StreamOutcome,
) -> Result<()> {
    write_rejects(publication, tx, outcome).await?;
    resolve_rejects(publication, tx, outcome).await
}

async fn write_rejects(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    outcome: &StreamOutcome,
) -> Result<()> {
    use rejected_record::Column;
    let same = OnConflict::columns([
        Column::TenantId,
        Column::ConnectionId,
        Column::Stream,
        Column::Fingerprint,
    ])
    .update_columns([
        Column::Reason,
        Column::Sentence,
        Column::SnapshotId,
        Column::Position,
        Column::LastRunId,
        Column::ResolvedAt,
    ])
    .to_owned();
    // Equal records are one reject; one statement must not hold a key twice.
    let distinct: BTreeMap<_, _> = outcome
        .reading
        .rejects()
        .map(|reject| (reject.fingerprint, reject))
        .collect();
    let rows: Vec<_> = distinct
        .into_values()
        .map(|reject| reject_row(publication, outcome, reject))
        .collect();
    for rows in rows.chunks(CHUNK) {
        rejected_record::Entity::insert_many(rows.to_vec())
            .on_conflict(same.clone())
            .exec_without_returning(tx)
            .await
            .attempt("write rejected records")?;
    }
    Ok(())
}

fn reject_row(
    publication: &Publication<'_>,
    outcome: &StreamOutcome,
    reject: &RejectedRecord,
) -> rejected_record::ActiveModel {
    rejected_record::ActiveModel {
        id: Set(RejectId::from_uuid(publication.clock.new_id())),
        tenant_id: Set(publication.lease.tenant),
        connection_id: Set(publication.lease.connection),
        stream: Set(outcome.stream),
        upstream_id: Set(None),
        fingerprint: Set(reject.fingerprint.to_vec()),
        reason: Set(reject.rejection.reason),
        sentence: Set(reject.rejection.sentence.to_owned()),
        snapshot_id: Set(reject.snapshot),
        position: Set(i32::try_from(reject.position).unwrap_or(i32::MAX)),
        first_run_id: Set(publication.run()),
        last_run_id: Set(publication.run()),
        created_at: Set(publication.now()),
        resolved_at: Set(None),
    }
}

/// Marks earlier rejects of the slices that were read as resolved, unless they were met again.
async fn resolve_rejects(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    outcome: &StreamOutcome,
) -> Result<()> {
    let open = rejected_record::Entity::owned_by(publication.lease.tenant)
        .filter(
            rejected_record::COLUMN
                .connection_id
                .eq(publication.lease.connection),
        )
        .filter(rejected_record::COLUMN.stream.eq(outcome.stream))
        .filter(rejected_record::COLUMN.last_run_id.ne(publication.run()))
        .filter(rejected_record::Column::ResolvedAt.is_null())
        .all(tx)
        .await
        .attempt("read rejected records")?;
    if open.is_empty() {
        return Ok(());
    }
    let snapshots: Vec<SnapshotId> = open.iter().map(|reject| reject.snapshot_id).collect();
    let covered = covered_snapshots(publication, tx, outcome, snapshots).await?;
    let resolved: Vec<RejectId> = open
        .iter()
        .filter(|reject| covered.contains(&reject.snapshot_id))
        .map(|reject| reject.id)
        .collect();
    for ids in resolved.chunks(CHUNK) {
        rejected_record::Entity::update_many()
            .col_expr(
                rejected_record::Column::ResolvedAt,
                Expr::value(publication.now()),
            )
            .filter(rejected_record::Column::Id.is_in(ids.iter().copied()))
            .exec(tx)
            .await
            .attempt("resolve rejected records")?;
    }
    Ok(())
}

/// Returns which of `snapshots` belong to parts of the stream that were read.
async fn covered_snapshots(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    outcome: &StreamOutcome,
    snapshots: Vec<SnapshotId>,
) -> Result<HashSet<SnapshotId>> {
    let is_list = |boundary: &Boundary| matches!(boundary, Boundary::Whole | Boundary::Window(..));
    if outcome
        .reading
        .slices
        .iter()
        .any(|slice| is_list(&slice.slice.boundary))
    {
        return Ok(snapshots.into_iter().collect());
    }
    let slices = outcome.reading.slices.iter();
    let read: HashSet<String> = slices.map(|slice| slice.slice.key()).collect();
    // What was met among changes is listed there once. Once every window was read again it would have been met there.
    let mut slices = outcome.reading.slices.iter();
    let has_changes = slices.any(|read| matches!(read.slice.boundary, Boundary::Changes(..)));
    let swept_since = publication.now() - publication.sweep * 2;
    let is_swept = |row: &snapshot::Model| {
        has_changes && row.slice.starts_with("changes:") && row.fetched_at < swept_since
    };
    let mut covered = HashSet::new();
    for ids in snapshots.chunks(CHUNK) {
        let rows = snapshot::Entity::owned_by(publication.lease.tenant)
            .filter(snapshot::Column::Id.is_in(ids.iter().copied()))
            .all(tx)
            .await
            .attempt("read snapshots")?;
        covered.extend(
            rows.into_iter()
                .filter(|row| read.contains(&row.slice) || is_swept(row))
                .map(|row| row.id),
        );
    }
    Ok(covered)
}

/// Writes the profile of a stream, and how it differs from what was known.
pub(super) async fn write_profile(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    outcome: &StreamOutcome,
) -> Result<()> {
    use stream_profile::Column;
    if !outcome.reading.is_publishable() {
        return Ok(());
    }
    let stored = stream_profile::Entity::owned_by(publication.lease.tenant)
        .filter(
            stream_profile::COLUMN
                .connection_id
                .eq(publication.lease.connection),
        )
        .filter(stream_profile::COLUMN.stream.eq(outcome.stream))
        .one(tx)
        .await
        .attempt("read the stream's profile")?;
    let known: BTreeMap<String, FieldProfile> = stored
        .map(|stored| serde_json::from_value(stored.fields).unwrap_or_default())
        .unwrap_or_default();
    write_drift(
        publication,
        tx,
        outcome,
        outcome.reading.profile.drift(&known),
    )
    .await?;
    let merged = outcome.reading.profile.merged_into(&known);
    if merged == known {
        return Ok(());
    }
    let fields = serde_json::to_value(&merged)
        .map_err(|error| crate::error::Error::Internal(error.to_string()))?;
    let row = stream_profile::ActiveModel {
        id: Set(StreamProfileId::from_uuid(publication.clock.new_id())),
        tenant_id: Set(publication.lease.tenant),
        connection_id: Set(publication.lease.connection),
        stream: Set(outcome.stream),
        fields: Set(fields),
        updated_at: Set(publication.now()),
    };
    let same = OnConflict::columns([Column::TenantId, Column::ConnectionId, Column::Stream])
        .update_columns([Column::Fields, Column::UpdatedAt])
        .to_owned();
    stream_profile::Entity::insert(row)
        .on_conflict(same)
        .exec_without_returning(tx)
        .await
        .attempt("write the stream's profile")?;
    Ok(())
}

async fn write_drift(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    outcome: &StreamOutcome,
    drifts: Vec<Drift>,
) -> Result<()> {
    use schema_drift::Column;
    if drifts.is_empty() {
        return Ok(());
    }
    // What follows a name of any sensible length does not matter, and no index would take it.
    let name = |drift: &Drift| drift.field.chars().take(MAX_NAME).collect::<String>();
    let drifts: BTreeMap<_, _> = drifts
        .into_iter()
        .map(|drift| ((name(&drift), drift.kind.as_str()), drift))
        .collect();
    let row = |((field, _), drift): ((String, _), Drift)| schema_drift::ActiveModel {
        id: Set(DriftId::from_uuid(publication.clock.new_id())),
        tenant_id: Set(publication.lease.tenant),
        connection_id: Set(publication.lease.connection),
        stream: Set(outcome.stream),
        field: Set(field),
        kind: Set(drift.kind),
        detail: Set(drift.detail),
        first_run_id: Set(publication.run()),
        created_at: Set(publication.now()),
        acknowledged_at: Set(None),
    };
    // The same drift may come again after it was acknowledged; then it is news again.
    let same = OnConflict::columns([
        Column::TenantId,
        Column::ConnectionId,
        Column::Stream,
        Column::Field,
        Column::Kind,
    ])
    .update_columns([
        Column::Detail,
        Column::FirstRunId,
        Column::CreatedAt,
        Column::AcknowledgedAt,
    ])
    .to_owned();
    let rows: Vec<_> = drifts.into_iter().map(row).collect();
    for rows in rows.chunks(CHUNK) {
        schema_drift::Entity::insert_many(rows.to_vec())
            .on_conflict(same.clone())
            .exec_without_returning(tx)
            .await
            .attempt("write drift")?;
    }
    Ok(())
}
