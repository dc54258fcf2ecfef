//! Lets others watch a run: progress bars, log lines, and tests that stop a run at a chosen point.

use async_trait::async_trait;
use entity::{Stream, SyncRunId};

/// A point in the life of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The run's row is committed; nothing has been asked yet.
    Recorded(SyncRunId),
    /// The lease is ours.
    LeaseTaken,
    /// A stream is about to be read.
    StreamStarted(Stream),
    /// A page of a stream has arrived.
    PageRead {
        /// The stream.
        stream: Stream,
        /// Records read so far.
        read: u64,
        /// Records to be expected, when known.
        expected: Option<u64>,
    },
    /// A part of a stream that is read part by part is done: it is read, or cannot be read by this run.
    PartRead {
        /// The stream.
        stream: Stream,
        /// What is done so far: contacts, where each is asked for its own records, and else records.
        done: u64,
        /// How many that will be, when known.
        total: Option<u64>,
    },
    /// A stream is read, or has failed; its snapshots may not be committed yet.
    StreamEnded(Stream),
    /// A part of a stream is written and about to be committed.
    PublishingPart,
    /// A part of a stream is visible, while the run goes on.
    PartPublished,
    /// All snapshots of the run are committed.
    SnapshotsStored,
    /// The publishing transaction has written everything and is about to commit.
    Publishing,
    /// The run has ended and its lease is free.
    Ended,
}

/// Watches a run. The run waits for it, so it must be quick.
#[async_trait]
pub trait Observer: Send + Sync {
    /// Called at each point.
    async fn on(&self, event: Event);
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoObserver;

#[async_trait]
impl Observer for NoObserver {
    async fn on(&self, _: Event) {}
}
