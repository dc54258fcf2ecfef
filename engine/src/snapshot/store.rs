//! Writes snapshots and payloads.

use std::collections::BTreeMap;

use entity::{ConnectionId, SyncRunId, TenantId, raw_payload, snapshot};
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, OnConflict};
use tokio::sync::mpsc;

use super::pack::Packed;
use super::payload::Bases;
use super::{BATCH, Queued, Snapshot};
use crate::connector::Parameter;
use crate::database::{Database, leave_to_later_commit};
use crate::error::{Attempt, Result};
use crate::read::Storage;

pub(super) struct Store {
    pub(super) database: Database,
    pub(super) tenant: TenantId,
    pub(super) connection: ConnectionId,
    pub(super) run: SyncRunId,
    pub(super) earlier_walks: i32,
}

impl Store {
    pub(super) async fn run(self, mut queue: mpsc::Receiver<Queued>) -> Result<()> {
        let mut queued = Vec::with_capacity(BATCH);
        while queue.recv_many(&mut queued, BATCH).await > 0 {
            let (mut snapshots, mut marks) = (vec![], vec![]);
            for one in queued.drain(..) {
                match one {
                    Queued::Snapshot(snapshot) => snapshots.push(*snapshot),
                    Queued::Mark(mark) => marks.push(mark),
                }
            }
            if !snapshots.is_empty() {
                self.commit(snapshots).await?;
            }
            for mark in marks {
                // Whoever does not wait any more does not need to know.
                let _ = mark.send(());
            }
        }
        Ok(())
    }

    async fn commit(&self, batch: Vec<Snapshot>) -> Result<()> {
        let new = batch.iter().filter(|snapshot| !snapshot.is_stored);
        let rows: Vec<_> = new.map(|snapshot| self.row(snapshot)).collect();
        let payloads = self.payloads(batch).await?;
        if rows.is_empty() && payloads.is_empty() {
            return Ok(());
        }
        let tx = self.database.begin().await?;
        // The publication that refers to the snapshots does wait.
        leave_to_later_commit(&tx).await?;
        if !payloads.is_empty() {
            raw_payload::Entity::insert_many(payloads)
                .on_conflict(keep_bytes())
                .exec_without_returning(&tx)
                .await
                .attempt("store payloads")?;
        }
        if !rows.is_empty() {
            snapshot::Entity::insert_many(rows)
                .exec_without_returning(&tx)
                .await
                .attempt("store snapshots")?;
        }
        tx.commit().await.attempt("store snapshots")
    }

    /// Returns the payloads that may be new, each once and in the order of their hashes: writers that lock the same ones in
    /// another order could wait for each other.
    async fn payloads(&self, batch: Vec<Snapshot>) -> Result<Vec<raw_payload::ActiveModel>> {
        let similar = batch.iter().filter(|snapshot| !snapshot.is_stored);
        let similar = similar.flat_map(|snapshot| snapshot.similar.iter().copied());
        let bases = Bases::load(self.database.reader(), self.tenant, similar.collect()).await?;
        let mut payloads = BTreeMap::new();
        for snapshot in batch {
            let Storage::New(digest) = &snapshot.storage else {
                continue;
            };
            if !payloads.contains_key(&snapshot.payload_hash)
                && (digest.is_some() || !snapshot.is_stored)
            {
                payloads.insert(snapshot.payload_hash, self.payload(&snapshot, &bases)?);
            }
        }
        Ok(payloads.into_values().collect())
    }

    fn payload(&self, snapshot: &Snapshot, bases: &Bases) -> Result<raw_payload::ActiveModel> {
        let answer = &snapshot.answer;
        let Packed { bytes, base } = bases.pack(&snapshot.similar, &answer.body)?;
        let digest = match &snapshot.storage {
            Storage::New(digest) => digest.clone(),
            Storage::Known => None,
        };
        Ok(raw_payload::ActiveModel {
            tenant_id: Set(self.tenant),
            hash: Set(snapshot.payload_hash.to_vec()),
            digest: Set(digest),
            raw_size: Set(to_i64(answer.body.len())),
            stored_size: Set(to_i64(bytes.len())),
            body: Set(bytes),
            base_hash: Set(base.map(Vec::from)),
            created_at: Set(answer.fetched_at),
        })
    }

    fn row(&self, snapshot: &Snapshot) -> snapshot::ActiveModel {
        let answer = &snapshot.answer;
        snapshot::ActiveModel {
            id: Set(snapshot.id),
            tenant_id: Set(self.tenant),
            connection_id: Set(self.connection),
            run_id: Set(self.run),
            stream: Set(snapshot.stream),
            slice: Set(snapshot.slice.clone()),
            walk: Set(self.earlier_walks.saturating_add(snapshot.walk)),
            position: Set(snapshot.position),
            endpoint: Set(answer.endpoint.clone()),
            parameters: Set(parameters(&answer.parameters)),
            http_status: Set(i32::from(answer.status)),
            fetched_at: Set(answer.fetched_at),
            duration_ms: Set(i64::try_from(answer.duration.as_millis()).unwrap_or(i64::MAX)),
            record_count: Set(snapshot.record_count),
            payload_hash: Set(snapshot.payload_hash.to_vec()),
            proven_at: Set(None),
            superseded_at: Set(None),
            superseded_by: Set(None),
        }
    }
}

/// Returns the parameters of a request as an object; one that was sent several times is a list.
pub(crate) fn parameters(given: &[Parameter]) -> serde_json::Value {
    let mut object = serde_json::Map::new();
    for (name, value) in given {
        let value = serde_json::Value::from(value.as_str());
        match object.get_mut(*name) {
            None => {
                object.insert((*name).to_owned(), value);
            }
            Some(serde_json::Value::Array(values)) => values.push(value),
            Some(first) => *first = vec![first.take(), value].into(),
        }
    }
    object.into()
}

/// Equal bytes are there already. They are renewed, so that retention lets them be; their digest may be of older rules.
fn keep_bytes() -> OnConflict {
    use raw_payload::Column;
    let given = Expr::col((Alias::new("excluded"), Column::Digest));
    let stored = Expr::col((raw_payload::Entity, Column::Digest));
    OnConflict::columns([Column::TenantId, Column::Hash])
        .update_column(Column::CreatedAt)
        .value(Column::Digest, given.if_null(stored))
        .to_owned()
}

fn to_i64(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
