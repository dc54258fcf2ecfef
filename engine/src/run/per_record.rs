//! Reads a stream that costs a request for each record of another one, in batches.
//!
//! Each batch is published as soon as it is read, so that a run keeps what it has read, however it ends, and the next
//! one goes on from there. Only deletions wait for the end: then the brake believes all of them or none.

use std::collections::HashSet;
use std::convert::Infallible;
use std::future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use entity::Stream;
use futures::StreamExt;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::heartbeat::{Heartbeat, Stop};
use super::reading::{Work, until_stopped};
use crate::connector::{Boundary, Slice};
use crate::error::Result;
use crate::observer::Event;
use crate::read::{
    DeletionWatch, Failure, FirstPages, Judge, KnownPages, KnownRows, PartFailures, ReadSlice,
    StreamOutcome, StreamPlan, StreamReading, Vanished, find_of_parents, nothing_understood,
};

/// Records whose own records are published together.
const BATCH: usize = 200;
/// A batch waits no longer than this to be published.
const BATCH_TIME: Duration = Duration::from_secs(5);

/// The reading of one stream.
pub(super) struct PerRecord<'a> {
    work: &'a Work<'a>,
    stream: Stream,
    known: KnownRows,
    watch: DeletionWatch,
    failures: PartFailures,
    batch: Batch,
    /// How many slices are done, and how many there are to do.
    done: u64,
    total: u64,
}

/// What was read and is not published yet.
struct Batch {
    slices: Vec<ReadSlice>,
    /// What could not be read.
    rest: StreamReading,
    begun: Instant,
}

impl Batch {
    fn new() -> Self {
        Self {
            slices: vec![],
            rest: StreamReading::default(),
            begun: Instant::now(),
        }
    }

    fn is_full(&self) -> bool {
        let count = self.slices.len() + self.rest.failed.len();
        count >= BATCH || (count > 0 && self.begun.elapsed() >= BATCH_TIME)
    }
}

impl<'a> PerRecord<'a> {
    /// Prepares to read `stream`, of which `failures` could not be read before.
    pub(super) async fn new(
        work: &'a Work<'a>,
        stream: Stream,
        failures: PartFailures,
    ) -> Result<Self> {
        let reader = work.reader;
        let known = KnownRows::load(reader.mirror, stream, reader.basis).await?;
        Ok(Self {
            work,
            stream,
            watch: DeletionWatch::new(),
            known,
            failures,
            batch: Batch::new(),
            done: 0,
            total: 0,
        })
    }

    /// Reads what is planned and publishes it batch by batch; `outcome` is what came of it so far, at any moment.
    pub(super) async fn read(
        mut self,
        plan: StreamPlan,
        outcome: &mut StreamOutcome,
        heartbeat: &mut Heartbeat,
    ) -> Result<(), Stop> {
        let StreamPlan { slices, gone, .. } = plan;
        let ended = self.read_slices(slices, outcome, heartbeat).await;
        if let Err(Stop::Failed(error)) = ended {
            return Err(error.into());
        }
        // What was read whole is kept, whoever stopped the run.
        self.failures.settle(&mut self.batch.rest);
        self.publish(outcome).await?;
        if matches!(ended, Ok(()) | Err(Stop::Deadline)) {
            self.publish_deletions(gone, outcome).await?;
        }
        if let Some(failure) = self.failures.conclude() {
            outcome.fail(failure);
        }
        if let Some(failure) = nothing_understood(self.stream, &outcome.reading) {
            outcome.fail(failure);
        }
        ended
    }

    async fn read_slices(
        &mut self,
        slices: Vec<Slice>,
        outcome: &mut StreamOutcome,
        heartbeat: &mut Heartbeat,
    ) -> Result<(), Stop> {
        let reader = self.work.reader;
        self.total = u64::try_from(slices.len()).unwrap_or(u64::MAX);
        self.report().await;
        let no_pages = KnownPages::default();
        let judge = reader.judge(&no_pages, false);
        let requests = slices
            .into_iter()
            .map(|slice| reader.fetch_first_pages(judge, slice));
        let ahead = futures::stream::iter(requests).buffered(reader.settings.concurrency);
        let (sender, arrived) = mpsc::channel(1);
        let asking = async {
            let mut ahead = pin!(ahead);
            while let Some(first) = ahead.next().await {
                if sender.send(first).await.is_err() {
                    break;
                }
            }
            drop(sender);
            future::pending::<Infallible>().await
        };
        // The first pages of several slices are under way at once; they are taken in one after the other. Both go on
        // together: a request that nobody drives may hold what the other side waits for, such as the account's budget.
        tokio::select! {
            ended = self.take_all(judge, arrived, outcome, heartbeat) => ended,
            never = asking => match never {},
        }
    }

    /// Takes in slices as they arrive, and publishes them batch by batch.
    async fn take_all(
        &mut self,
        judge: Judge<'_>,
        mut arrived: mpsc::Receiver<FirstPages>,
        outcome: &mut StreamOutcome,
        heartbeat: &mut Heartbeat,
    ) -> Result<(), Stop> {
        loop {
            let next = async { Ok(arrived.recv().await) };
            let Some(first) = until_stopped(heartbeat, next).await? else {
                return Ok(());
            };
            let shared = until_stopped(heartbeat, self.take(judge, first)).await?;
            self.done += 1;
            self.report().await;
            if self.batch.is_full() {
                self.publish(outcome).await?;
            }
            if let Some(failure) = shared {
                outcome.fail(failure);
                return Ok(());
            }
        }
    }

    async fn report(&self) {
        let event = Event::PartRead {
            stream: self.stream,
            done: self.done,
            total: Some(self.total),
        };
        self.work.reader.observer.on(event).await;
    }

    /// Takes in a slice. Returns why nothing further should be read, if so.
    async fn take(&mut self, judge: Judge<'_>, first: FirstPages) -> Result<Option<Failure>> {
        let (reader, slice) = (self.work.reader, Arc::clone(&first.0));
        let mark = self.known.mark();
        let rest = &mut self.batch.rest;
        match Box::pin(reader.read_from(judge, &mut self.known, first)).await {
            Ok(read) => {
                self.failures.read(&slice, rest);
                self.batch.slices.push(read);
                Ok(None)
            }
            Err(error) => {
                self.known.withdraw_since(mark);
                self.failures
                    .failed(reader.upstream, &slice, error, rest)
                    .await
            }
        }
    }

    /// Publishes what has come together; what lacks rows does not count as read until it is known what became of them.
    async fn publish(&mut self, outcome: &mut StreamOutcome) -> Result<()> {
        let Batch { slices, rest, .. } = std::mem::replace(&mut self.batch, Batch::new());
        let lacking = self.look_for_missing(&slices).await?;
        let (mut whole, mut others) = (rest, StreamReading::default());
        for read in slices {
            let is_whole = parent(&read).is_none_or(|parent| !lacking.contains(parent));
            let reading = if is_whole { &mut whole } else { &mut others };
            reading.add(read);
        }
        others.lacks_rows = true;
        self.watch.postpone(&others.slices);
        for mut reading in [whole, others] {
            reading.name_doubted(self.stream);
            self.work
                .publish_reading(self.stream, reading, outcome)
                .await?;
        }
        Ok(())
    }

    /// Notes the rows that are gone, and returns what they belong to.
    async fn look_for_missing(&mut self, slices: &[ReadSlice]) -> Result<HashSet<String>> {
        // A record that could not be identified may be any of those that seem to be gone.
        let is_sure = |read: &&ReadSlice| !read.slice.is_ambiguous();
        let parents: Vec<&str> = slices.iter().filter(is_sure).filter_map(parent).collect();
        self.note_missing(&parents).await
    }

    async fn note_missing(&mut self, parents: &[&str]) -> Result<HashSet<String>> {
        let mirror = self.work.reader.mirror;
        let missing = find_of_parents(mirror, self.stream, &self.known, parents).await?;
        if !missing.is_empty() {
            let reader = self.work.reader;
            self.watch.load_brake(reader, self.stream).await?;
        }
        let mut lacking = HashSet::new();
        for row in missing {
            lacking.insert(row.parent.clone());
            self.watch.note(&Vanished::from(row));
        }
        Ok(lacking)
    }

    async fn publish_deletions(
        &mut self,
        gone: Vec<Slice>,
        outcome: &mut StreamOutcome,
    ) -> Result<()> {
        let parents: Vec<&str> = gone.iter().filter_map(parent_of).collect();
        self.note_missing(&parents).await?;
        let watch = std::mem::replace(&mut self.watch, DeletionWatch::new());
        let mut reading = watch.conclude(&self.known);
        if reading.held_back == 0 {
            reading.gone = gone;
        }
        self.work
            .publish_reading(self.stream, reading, outcome)
            .await
    }
}

fn parent(read: &ReadSlice) -> Option<&str> {
    parent_of(&read.slice.slice)
}

fn parent_of(slice: &Slice) -> Option<&str> {
    match &slice.boundary {
        Boundary::Parent(id) => Some(id),
        _ => None,
    }
}
