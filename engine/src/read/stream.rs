//! Reads a stream that is one list, and the pages of any slice.

use std::sync::Arc;

use entity::{ReasonCode, Stream};
use futures::{StreamExt, TryStreamExt};

use super::ahead::{Ahead, Sender as AheadSender};
use super::compare::KnownRows;
use super::digest::KnownPages;
use super::outcome::{Failure, StreamReading};
use super::page::{Basis, Fetched, WalkError};
use super::reader::Reader;
use super::slice::{Draft, FIRST_WALK, Judge, ReadSlice, SECOND_WALK};
use super::stored::StoredPages;
use super::walk::{Pace, walk};
use crate::connector::{ErrorKind, Listing, Slice};
use crate::error::{Error, Result};

impl Reader<'_> {
    /// Reads the list `slice`, and names all records to be written where another stream depends on them. Where nothing is
    /// mirrored of it yet, its records go `ahead`, if they may.
    ///
    /// # Errors
    /// Only when our own side fails; what the upstream does is the failure that is returned.
    pub(crate) async fn read_list(
        &self,
        slice: Slice,
        names_all_written: bool,
        ahead: Option<&AheadSender>,
    ) -> Result<(StreamReading, Option<Failure>)> {
        let stream = slice.stream;
        let known = KnownRows::load(self.mirror, stream, self.basis);
        let (mut known, mut known_pages) = futures::try_join!(known, self.known_pages(stream))?;
        let ahead = ahead.filter(|_| known.is_empty());
        if ahead.is_some() {
            known_pages = KnownPages::of_new_list();
        }
        let judge = Judge {
            ahead,
            ..self.judge(&known_pages, names_all_written)
        };
        let first = self.fetch_first_pages(judge, slice).await;
        let mut reading = StreamReading::default();
        match self.read_from(judge, &mut known, first).await {
            Ok(read) => reading.add(read),
            Err(error) => return Ok((reading, Some(slice_failure(error)?.0))),
        }
        reading.name_doubted(stream);
        self.conclude(stream, &known, &mut reading).await?;
        let failure = nothing_understood(stream, &reading);
        Ok((reading, failure))
    }

    /// Reads a slice whose first pages have arrived.
    pub(crate) async fn read_from(
        &self,
        judge: Judge<'_>,
        known: &mut KnownRows,
        (slice, listings, first_pages): FirstPages,
    ) -> Result<ReadSlice, WalkError> {
        self.read_slice(judge, known, slice, &listings, first_pages?)
            .await
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

    /// Asks for the first page of each of a slice's listings.
    pub(crate) async fn fetch_first_pages(&self, judge: Judge<'_>, slice: Slice) -> FirstPages {
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
                if let Some(ahead) = judge.ahead {
                    // Who does not listen any more has failed, and says why itself.
                    let _ = ahead.send(Ahead::Restart).await;
                }
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
        let attempt = match pace {
            Pace::Concurrent => FIRST_WALK,
            Pace::Sequential => SECOND_WALK,
        };
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

/// A slice, what it is listed by, and the first pages of that.
pub(crate) type FirstPages = (Arc<Slice>, Vec<Listing>, Result<Vec<Fetched>>);

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
