//! Reads a part of a stream that is published by itself, and asks for every row that it lacks by its id.
//!
//! A list says which records there are, not which are gone: a row may be missing because its record has moved to
//! another window, or was changed a moment ago. Only the upstream's word about the record itself is believed.

use std::sync::Arc;

use super::compare::KnownRows;
use super::deletions::DeletionWatch;
use super::digest::KnownPages;
use super::outcome::{Failure, StreamReading};
use super::page::{Fetched, WalkError};
use super::part_failures::PartFailures;
use super::reader::Reader;
use super::slice::{Judge, ReadSlice};
use super::vanish::{self, Scope, Vanished};
use crate::connector::{Boundary, Slice};
use crate::error::{Error, Result};

/// Records of a window above which it is cut in two, so that a run that is stopped loses little.
const MAX_WINDOW_RECORDS: u64 = 1_000;

/// What came of reading a part.
#[derive(Debug)]
pub(crate) enum PartOutcome {
    /// It was read whole.
    Read(Box<StreamReading>),
    /// The window holds too many records to be read at once.
    TooLarge,
    /// The upstream does not take what was asked; something else it may take.
    Refused(Failure),
    /// It was not read whole.
    Failed(WalkError),
    /// Nothing further should be read of the stream.
    Stopped(Failure),
}

impl Reader<'_> {
    /// Reads `slices` and the rows that they lack.
    ///
    /// What a part that is not read whole has seen is forgotten.
    ///
    /// # Errors
    /// Only when our own side fails.
    pub(crate) async fn read_part(
        &self,
        known: &mut KnownRows,
        watch: &mut DeletionWatch,
        failures: &mut PartFailures,
        slices: Vec<Slice>,
    ) -> Result<PartOutcome> {
        let mark = known.mark();
        let read = self.read_slices_and_rows(known, watch, failures, slices);
        match Box::pin(read).await {
            Ok(outcome) => {
                match &outcome {
                    PartOutcome::Read(reading) => reading.counters.check()?,
                    _ => known.withdraw_since(mark),
                }
                Ok(outcome)
            }
            Err(WalkError::Failed(Error::Upstream(error))) if error.is_about_the_request() => {
                known.withdraw_since(mark);
                Ok(PartOutcome::Refused(Failure::from(&error)))
            }
            Err(error) => {
                known.withdraw_since(mark);
                Ok(PartOutcome::Failed(error))
            }
        }
    }

    async fn read_slices_and_rows(
        &self,
        known: &mut KnownRows,
        watch: &mut DeletionWatch,
        failures: &mut PartFailures,
        slices: Vec<Slice>,
    ) -> Result<PartOutcome, WalkError> {
        let mut reading = StreamReading::default();
        for slice in slices {
            let Some(read) = self.read_one(known, slice, false).await? else {
                return Ok(PartOutcome::TooLarge);
            };
            reading.add(read);
        }
        self.ask_for_doubted(known, watch, failures.stream(), &mut reading)
            .await?;
        let looking = self.look_for_missing(known, watch, failures, &mut reading);
        if let Some(failure) = looking.await? {
            return Ok(PartOutcome::Stopped(failure));
        }
        Ok(PartOutcome::Read(Box::new(reading)))
    }

    /// Reads one slice; `None` when it is a window that should be cut.
    pub(super) async fn read_one(
        &self,
        known: &mut KnownRows,
        slice: Slice,
        is_listed_whole: bool,
    ) -> Result<Option<ReadSlice>, WalkError> {
        let known_pages = KnownPages::default();
        let judge = Judge {
            is_listed_whole,
            ..self.judge(&known_pages, false)
        };
        let (slice, listings, first_pages) = self.fetch_first_pages(judge, slice).await;
        let first_pages = first_pages?;
        if slice.halves().is_some() && announced(&first_pages) > MAX_WINDOW_RECORDS {
            return Ok(None);
        }
        self.read_slice(judge, known, slice, &listings, first_pages)
            .await
            .map(Some)
    }

    /// Finds the rows that are missing from what was read, and asks for each of them. One that cannot be asked for stays
    /// as it is, and is asked for again later. Returns why nothing further should be read, if so.
    async fn look_for_missing(
        &self,
        known: &mut KnownRows,
        watch: &mut DeletionWatch,
        failures: &mut PartFailures,
        reading: &mut StreamReading,
    ) -> Result<Option<Failure>, WalkError> {
        let scope = Scope::of(reading.slices.iter().map(|read| read.slice.as_ref()));
        let stream = failures.stream();
        let missing = vanish::find(self.mirror, stream, known, &scope).await?;
        if !missing.is_empty() {
            watch.load_brake(self, stream).await?;
        }
        for (place, row) in missing.iter().enumerate() {
            if watch.is_stopped() {
                watch.pass_over(missing.len() - place);
                reading.lacks_rows = true;
                break;
            }
            if !scope.names(&row.upstream_id) {
                let is_listed_whole = scope.is_whole();
                let slice = Slice::new(stream, Boundary::Record(row.upstream_id.clone()));
                match self.read_one(known, slice.clone(), is_listed_whole).await {
                    Ok(read) => read.into_iter().for_each(|read| reading.add(read)),
                    Err(error) => {
                        let failed = failures.failed(self.upstream, &slice, error, reading);
                        let shared = failed.await?;
                        if shared.is_some() {
                            return Ok(shared);
                        }
                    }
                }
            }
            if is_gone(row, reading) {
                watch.note(row);
                reading.lacks_rows = true;
            }
        }
        Ok(None)
    }
}

/// Whether the upstream has nothing to say of a record: one that it gives in a form that cannot be understood is not gone.
fn is_gone(row: &Vanished, reading: &StreamReading) -> bool {
    let is_it =
        |boundary: &Boundary| matches!(boundary, Boundary::Record(id) if *id == row.upstream_id);
    // The last one read is the likeliest.
    let mut slices = reading.slices.iter().rev();
    slices
        .find(|read| is_it(&read.slice.boundary))
        .is_some_and(|read| read.counters.read == 0)
}

fn announced(pages: &[Fetched]) -> u64 {
    pages
        .iter()
        .filter_map(|fetched| fetched.page.announced)
        .sum()
}

impl Slice {
    /// Returns a window of dates cut in two; `None` for one of a day and everything else.
    pub(crate) fn halves(self: &Arc<Self>) -> Option<[Self; 2]> {
        let Boundary::Dates(from, to) = self.boundary else {
            return None;
        };
        let days = (to - from).num_days();
        let middle = from + chrono::TimeDelta::days(days / 2);
        let half = |from, to| Self {
            boundary: Boundary::Dates(from, to),
            ..self.as_ref().clone()
        };
        (days >= 2).then(|| [half(from, middle), half(middle, to)])
    }
}

#[cfg(test)]
mod tests {
    use entity::{Stream, Timestamp};

    use super::*;

    fn moment(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_window_is_cut_between_two_days() {
        let window = |from: &str, to: &str| {
            let boundary = Boundary::Dates(moment(from), moment(to));
            Arc::new(Slice::new(Stream::Opportunities, boundary))
        };
        let [first, second] = window("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z")
            .halves()
            .unwrap();
        assert_eq!(
            first.key(),
            "dates:2026-11-01T00:00:00Z/2026-11-16T00:00:00Z"
        );
        assert_eq!(
            second.key(),
            "dates:2026-11-16T00:00:00Z/2026-12-01T00:00:00Z"
        );
        let day = window("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z");
        assert_eq!(day.halves(), None);
    }
}
