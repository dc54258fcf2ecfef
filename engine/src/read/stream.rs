//! Reads the slices of one stream and sums them up.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use entity::{ReasonCode, Stream};
use futures::{StreamExt, TryStreamExt};

use super::compare::KnownRows;
use super::digest::KnownPages;
use super::mirror::Mirror;
use super::outcome::{Failure, StreamOutcome, StreamPlan, StreamReading};
use super::page::{Basis, Fetched, WalkError};
use super::reader::Reader;
use super::slice::{Draft, Judge, ReadSlice, SliceReading};
use super::stored::StoredPages;
use super::vanish::{self, Scope};
use super::walk::{Pace, walk};
use crate::connector::{Boundary, ErrorKind, Listing, Slice};
use crate::error::{Error, Result};
use crate::observer::Event;
use crate::settings::BrakeLimits;

impl Reader<'_> {
    /// Reads the planned slices of `stream`.
    ///
    /// # Errors
    /// Only when our own side fails; what the upstream does is part of the outcome.
    pub async fn read(&self, stream: Stream, plan: StreamPlan) -> Result<StreamOutcome> {
        let started = Instant::now();
        let retries_before = self.upstream.retry_count.load(Ordering::Relaxed);
        self.observer.on(Event::StreamStarted(stream)).await;
        let known = KnownRows::load(self.mirror, stream, self.basis);
        let (mut known, known_pages) = futures::try_join!(known, self.known_pages(stream))?;
        let judge = self.judge(&known_pages, plan.names_all_written);
        let (mut reading, failure) = self.read_slices(judge, &mut known, plan.slices).await?;
        reading.gone = plan.gone;
        conclude(self.mirror, stream, &known, &mut reading, self.brake).await?;
        let failure = failure.or_else(|| nothing_understood(stream, &reading));
        self.observer.on(Event::StreamEnded(stream)).await;
        Ok(StreamOutcome {
            stream,
            reading,
            failure,
            is_published: false,
            retries: self.upstream.retry_count.load(Ordering::Relaxed) - retries_before,
            duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        })
    }

    /// Reads slices until one fails in a way that the others would share.
    async fn read_slices(
        &self,
        judge: Judge<'_>,
        known: &mut KnownRows,
        slices: Vec<Slice>,
    ) -> Result<(StreamReading, Option<Failure>)> {
        let mut reading = StreamReading::default();
        let mut failure = None;
        // The first pages of several slices are under way at once; they are taken in one after the other.
        let ahead = slices
            .into_iter()
            .map(|slice| self.fetch_first_pages(judge, slice));
        let mut ahead = futures::stream::iter(ahead).buffered(self.settings.concurrency);
        while let Some((slice, listings, first_pages)) = ahead.next().await {
            let result = match first_pages {
                Ok(first_pages) => {
                    self.read_slice(judge, known, slice, &listings, first_pages)
                        .await
                }
                Err(error) => Err(WalkError::Failed(error)),
            };
            match result {
                Ok(slice) => reading.add(slice),
                Err(error) => {
                    let (reason, is_shared) = slice_failure(error)?;
                    failure.get_or_insert(reason);
                    if is_shared {
                        break;
                    }
                }
            }
        }
        Ok((reading, failure))
    }

    /// Returns the pages that need not be understood again; a comparison looks at all of them.
    async fn known_pages(&self, stream: Stream) -> Result<KnownPages> {
        match self.basis {
            Basis::ContentHash => {
                KnownPages::load(self.mirror, stream, self.upstream.connector.rules()).await
            }
            Basis::Columns => Ok(KnownPages::default()),
        }
    }

    pub(super) async fn fetch_first_pages(
        &self,
        judge: Judge<'_>,
        slice: Slice,
    ) -> (Arc<Slice>, Vec<Listing>, Result<Vec<Fetched>>) {
        let listings = self.upstream.connector.listings(&slice);
        let slice = Arc::new(slice);
        let first_pages = self.first_pages(judge, &slice, &listings).await;
        (slice, listings, first_pages)
    }

    async fn first_pages(
        &self,
        judge: Judge<'_>,
        slice: &Arc<Slice>,
        listings: &[Listing],
    ) -> Result<Vec<Fetched>> {
        let mut requests = Vec::with_capacity(listings.len());
        for listing in listings {
            requests.push(self.fetch(judge.known_pages, slice, listing, listing.first_place()));
        }
        let answers = futures::stream::iter(requests).buffered(self.settings.concurrency);
        answers.try_collect().await
    }

    /// Reads a slice, and once more with care when its list moved.
    pub(super) async fn read_slice(
        &self,
        judge: Judge<'_>,
        known: &mut KnownRows,
        slice: Arc<Slice>,
        listings: &[Listing],
        first_pages: Vec<Fetched>,
    ) -> Result<ReadSlice, WalkError> {
        match self
            .walk_slice(
                judge,
                known,
                Arc::clone(&slice),
                listings,
                first_pages,
                Pace::Concurrent,
            )
            .await
        {
            Err(WalkError::Moved(sentence)) => {
                tracing::info!(stream = %slice.stream, why = sentence, "list moved, reading it again");
                let first_pages = self.first_pages(judge, &slice, listings).await?;
                self.walk_slice(judge, known, slice, listings, first_pages, Pace::Sequential)
                    .await
            }
            result => result,
        }
    }

    async fn walk_slice(
        &self,
        judge: Judge<'_>,
        known: &mut KnownRows,
        slice: Arc<Slice>,
        listings: &[Listing],
        first_pages: Vec<Fetched>,
        pace: Pace,
    ) -> Result<ReadSlice, WalkError> {
        let attempt = if pace == Pace::Concurrent { 1 } else { 2 };
        let last_time = match judge.snapshots {
            Some(_) => StoredPages::load(self.mirror, &slice).await?,
            None => StoredPages::default(),
        };
        let mut draft = Draft::new(judge, known, slice, attempt, last_time);
        let mut walked = Ok(());
        for (listing, first) in listings.iter().zip(first_pages) {
            walked = walk(self, &mut draft, listing, pace, first).await;
            if walked.is_err() {
                break;
            }
        }
        if walked.is_ok() {
            walked = self.confirm_absence(&mut draft).await;
        }
        if let Err(error) = walked {
            let generation = draft.generation;
            known.withdraw(generation);
            return Err(error);
        }
        Ok(draft.finish())
    }
}

/// Checks the numbers of a stream and finds the rows that vanished from the slices that were read.
pub(crate) async fn conclude(
    mirror: Mirror<'_>,
    stream: Stream,
    known: &KnownRows,
    reading: &mut StreamReading,
    brake: Option<BrakeLimits>,
) -> Result<()> {
    reading.counters.check()?;
    // A record that could not be identified may be any of the rows that seem to be gone.
    if reading.counters.rejected > 0 {
        return Ok(());
    }
    let read = reading.slices.iter().map(|reading| reading.slice.as_ref());
    let scope = Scope::of(read.chain(&reading.gone));
    let vanished = vanish::find(mirror, stream, known, &scope).await?;
    let count = vanished.len() as u64;
    if brake.is_some_and(|brake| is_implausible(brake, reading, count, known.live())) {
        reading.held_back = count;
    } else {
        reading.counters.deleted = count;
        reading.vanished = vanished;
    }
    Ok(())
}

fn is_implausible(brake: BrakeLimits, reading: &StreamReading, deleted: u64, live: u64) -> bool {
    let is_list = |slice: &SliceReading| !matches!(slice.slice.boundary, Boundary::Parent(_));
    let became_empty = reading.counters.read == 0 && reading.slices.iter().any(is_list);
    brake.stops(deleted, live) || (became_empty && deleted > 0)
}

pub(crate) fn nothing_understood(stream: Stream, reading: &StreamReading) -> Option<Failure> {
    let counters = &reading.counters;
    (counters.read > 0 && counters.read == counters.rejected).then(|| {
        let count = counters.read;
        let sentence = format!("none of the {count} {stream} records could be understood");
        Failure::new(ReasonCode::RejectedRecords, sentence)
    })
}

/// Returns why a slice failed and whether its neighbours would fail, too.
pub(super) fn slice_failure(error: WalkError) -> Result<(Failure, bool)> {
    match error {
        WalkError::Moved(sentence) => {
            Ok((Failure::new(ReasonCode::IncompleteListing, sentence), false))
        }
        WalkError::Failed(Error::Upstream(error)) => {
            let is_shared = !matches!(
                error.kind,
                ErrorKind::Refused { .. } | ErrorKind::UpstreamRefusal | ErrorKind::TooLarge { .. }
            );
            Ok((Failure::from(&error), is_shared))
        }
        WalkError::Failed(error) => Err(error),
    }
}
