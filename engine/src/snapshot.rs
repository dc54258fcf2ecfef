//! Upstream answers, kept byte for byte before anything is made of them.
//!
//! Equal bytes of a tenant are stored once. A snapshot is committed on its own, apart from the run's
//! publication: it says what the upstream said, whatever becomes of the run.

use std::collections::BTreeMap;

use bytes::Bytes;
use entity::{ConnectionId, SnapshotId, Stream, SyncRunId, TenantId, raw_payload, snapshot};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, QueryFilter,
};
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::AbortOnDropHandle;

use crate::connector::Answer;
use crate::database::Database;
use crate::error::{Attempt, Error, Result};
use crate::read::Storage;

/// Answers stored with one commit.
const BATCH: usize = 32;
/// zstd's quickest usual level: pages of JSON shrink about as much as at higher ones.
const LEVEL: i32 = 1;
/// Largest payload that is unpacked, a guard against damaged rows.
const MAX_PAYLOAD_BYTES: usize = 1 << 30;

/// An answer and its place in a run.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Its id.
    pub id: SnapshotId,
    /// The stream it belongs to.
    pub stream: Stream,
    /// The slice, by name.
    pub slice: String,
    /// Which reading of the slice: 1, or 2 for the repeated one.
    pub walk: i32,
    /// Place within that reading, from 0.
    pub position: i32,
    /// How many records it holds.
    pub record_count: i64,
    /// SHA-256 of the body: where the bytes are stored.
    pub payload_hash: [u8; 32],
    /// The answer.
    pub answer: Answer,
    /// What of it is to be stored.
    pub storage: Storage,
}

/// What the writer is given.
enum Queued {
    Snapshot(Box<Snapshot>),
    /// To be told when everything before it is committed.
    Mark(oneshot::Sender<()>),
}

/// Stores the snapshots of one run behind the reader's back, in order.
pub struct SnapshotWriter {
    queue: mpsc::Sender<Queued>,
    task: AbortOnDropHandle<Result<()>>,
}

impl SnapshotWriter {
    /// Starts a writer for `run`, whose readings are counted on from `earlier_walks`.
    pub fn start(
        database: Database,
        tenant: TenantId,
        connection: ConnectionId,
        run: SyncRunId,
        earlier_walks: i32,
    ) -> Self {
        let (queue, snapshots) = mpsc::channel(BATCH);
        let store = Store {
            database,
            tenant,
            connection,
            run,
            earlier_walks,
        };
        let task = AbortOnDropHandle::new(tokio::spawn(store.run(snapshots)));
        Self { queue, task }
    }

    /// Queues `snapshot`; waits when many are queued.
    ///
    /// # Errors
    /// When the writer has stopped; [`SnapshotWriter::finish`] says why.
    pub async fn store(&self, snapshot: Snapshot) -> Result<()> {
        self.queue(Queued::Snapshot(Box::new(snapshot))).await
    }

    /// Waits until everything queued so far is committed.
    ///
    /// # Errors
    /// As [`SnapshotWriter::store`].
    pub async fn flush(&self) -> Result<()> {
        let (sender, committed) = oneshot::channel();
        self.queue(Queued::Mark(sender)).await?;
        committed.await.map_err(|_| stopped())
    }

    async fn queue(&self, queued: Queued) -> Result<()> {
        self.queue.send(queued).await.map_err(|_| stopped())
    }

    /// Waits until everything queued is committed.
    pub async fn finish(self) -> Result<()> {
        let Self { queue, task } = self;
        drop(queue);
        task.await
            .map_err(|error| Error::Internal(format!("the snapshot writer failed: {error}")))?
    }
}

fn stopped() -> Error {
    Error::Internal("the snapshot writer has stopped".to_owned())
}

struct Store {
    database: Database,
    tenant: TenantId,
    connection: ConnectionId,
    run: SyncRunId,
    earlier_walks: i32,
}

impl Store {
    async fn run(self, mut queue: mpsc::Receiver<Queued>) -> Result<()> {
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
        let rows: Vec<_> = batch.iter().map(|snapshot| self.row(snapshot)).collect();
        let payloads = self.payloads(batch)?;
        let tx = self.database.begin().await?;
        relax_durability(&tx).await?;
        if !payloads.is_empty() {
            raw_payload::Entity::insert_many(payloads)
                .on_conflict(keep_bytes())
                .exec_without_returning(&tx)
                .await
                .attempt("store payloads")?;
        }
        snapshot::Entity::insert_many(rows)
            .exec_without_returning(&tx)
            .await
            .attempt("store snapshots")?;
        tx.commit().await.attempt("store snapshots")
    }

    /// Returns the payloads that may be new, each once and in the order of their hashes: writers that lock the same ones in
    /// another order could wait for each other.
    fn payloads(&self, batch: Vec<Snapshot>) -> Result<Vec<raw_payload::ActiveModel>> {
        let mut payloads = BTreeMap::new();
        for snapshot in batch {
            if let Storage::New(digest) = snapshot.storage {
                payloads
                    .entry(snapshot.payload_hash)
                    .or_insert((snapshot.answer, digest));
            }
        }
        let pack = |(hash, (answer, digest))| self.payload(hash, &answer, digest);
        payloads.into_iter().map(pack).collect()
    }

    fn payload(
        &self,
        hash: [u8; 32],
        answer: &Answer,
        digest: Option<Vec<u8>>,
    ) -> Result<raw_payload::ActiveModel> {
        let packed = zstd::bulk::compress(&answer.body, LEVEL)
            .map_err(|error| Error::Internal(format!("an answer could not be packed: {error}")))?;
        Ok(raw_payload::ActiveModel {
            tenant_id: Set(self.tenant),
            hash: Set(hash.to_vec()),
            digest: Set(digest),
            raw_size: Set(to_i64(answer.body.len())),
            stored_size: Set(to_i64(packed.len())),
            body: Set(packed),
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
            parameters: Set(parameters(answer)),
            http_status: Set(i32::from(answer.status)),
            fetched_at: Set(answer.fetched_at),
            duration_ms: Set(i64::try_from(answer.duration.as_millis()).unwrap_or(i64::MAX)),
            record_count: Set(snapshot.record_count),
            payload_hash: Set(snapshot.payload_hash.to_vec()),
        }
    }
}

/// Returns the parameters of a request as an object; one that was sent several times is a list.
fn parameters(answer: &Answer) -> serde_json::Value {
    let mut object = serde_json::Map::new();
    for (name, value) in &answer.parameters {
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

/// Does not wait for the disk on PostgreSQL.
///
/// The publication that refers to the snapshots does, and commits reach the disk in order: whenever it
/// survives a power failure, they do. (SQLite's WAL works like this anyway.)
async fn relax_durability(tx: &DatabaseTransaction) -> Result<()> {
    if tx.get_database_backend() == DbBackend::Postgres {
        tx.execute_unprepared("SET LOCAL synchronous_commit TO OFF")
            .await
            .attempt("store snapshots")?;
    }
    Ok(())
}

/// Returns the bytes of a stored answer.
pub async fn load_payload(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    payload_hash: &[u8],
) -> Result<Bytes> {
    let row = raw_payload::Entity::owned_by(tenant)
        .filter(raw_payload::Column::Hash.eq(payload_hash.to_vec()))
        .one(db)
        .await
        .attempt("load a payload")?;
    let missing = || Error::NotFound {
        what: "payload",
        name: hex::encode(payload_hash),
    };
    let row = row.ok_or_else(missing)?;
    let size = usize::try_from(row.raw_size)
        .unwrap_or(MAX_PAYLOAD_BYTES)
        .min(MAX_PAYLOAD_BYTES);
    let body = zstd::bulk::decompress(&row.body, size);
    body.map(Bytes::from)
        .map_err(|error| Error::Internal(format!("a stored payload is damaged: {error}")))
}

fn to_i64(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
