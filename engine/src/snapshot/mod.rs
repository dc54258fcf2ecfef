//! Upstream answers, kept byte for byte before anything is made of them.
//!
//! Equal bytes of a tenant are stored once, and an answer that is as it was in the last whole reading of its slice not at all.
//! A snapshot is committed on its own, apart from the publication, which says that it is proven: what the upstream said is
//! kept whatever becomes of the run.

mod pack;
mod payload;
mod store;

use entity::{ConnectionId, SnapshotId, Stream, SyncRunId, TenantId};
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::AbortOnDropHandle;

pub use payload::load_payload;
pub(crate) use payload::load_payloads;
pub(crate) use store::parameters;

use crate::connector::Answer;
use crate::database::Database;
use crate::error::{Error, Result};
use crate::read::Storage;
use store::Store;

/// Answers stored with one commit.
const BATCH: usize = 32;

/// SHA-256 of an answer's bytes: where they are stored.
pub type PayloadHash = [u8; 32];

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
    /// Where the bytes are stored.
    pub payload_hash: PayloadHash,
    /// The answer.
    pub answer: Answer,
    /// What of it is to be stored.
    pub storage: Storage,
    /// Whether it is stored already, and only a digest of it may be new.
    pub is_stored: bool,
    /// Stored answers that are likely to be much the same, the likeliest first.
    pub similar: Vec<PayloadHash>,
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
