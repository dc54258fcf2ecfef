//! Ends the reading of a stream: checks its numbers and decides which of the missing rows are gone.
//!
//! A row is gone when a list that was read whole lacks it, and the record, where it can be asked for by its id, is not
//! there. A list with records that cannot be told apart, or with rows that it has twice, may hold what seems to be
//! missing: of such a list only what was asked for is gone.

use entity::{ReasonCode, Stream};

use super::brake::Brake;
use super::compare::KnownRows;
use super::mirror::Mirror;
use super::outcome::{Failure, StreamReading};
use super::page::WalkError;
use super::reader::Reader;
use super::slice::SliceReading;
use super::stream::slice_failure;
use super::vanish::{self, Scope, Vanished};
use crate::connector::{Boundary, Listing, Paging, Slice};
use crate::error::Result;

/// Most missing rows whose records are asked for in one run.
const MAX_ASKED: usize = 500;

/// The rows that the lists lack.
#[derive(Debug, Default)]
struct Missing {
    /// Of lists of which every row is known.
    certain: Vec<Vanished>,
    /// Of lists that may hold them after all.
    uncertain: Vec<Vanished>,
}

impl Missing {
    async fn find(
        mirror: Mirror<'_>,
        stream: Stream,
        known: &KnownRows,
        reading: &StreamReading,
    ) -> Result<Self> {
        let of = |is_wanted: fn(&SliceReading) -> bool| {
            let slices = reading.slices.iter().filter(move |slice| is_wanted(slice));
            slices.map(|slice| slice.slice.as_ref())
        };
        let certain = Scope::of(of(|slice| !slice.is_ambiguous()).chain(&reading.gone));
        let uncertain = Scope::of(of(SliceReading::is_ambiguous));
        Ok(Self {
            certain: vanish::find(mirror, stream, known, &certain).await?,
            uncertain: vanish::find(mirror, stream, known, &uncertain).await?,
        })
    }

    fn count(&self) -> u64 {
        (self.certain.len() + self.uncertain.len()) as u64
    }
}

/// Concludes what was read without asking the upstream.
pub(crate) async fn conclude(
    mirror: Mirror<'_>,
    stream: Stream,
    known: &KnownRows,
    reading: &mut StreamReading,
    brake: Option<Brake>,
) -> Result<()> {
    reading.counters.check()?;
    let missing = Missing::find(mirror, stream, known, reading).await?;
    if is_implausible(brake, reading, missing.count()) {
        hold_back(reading, &missing);
    } else {
        reading.kept = kept(&missing.uncertain, reading);
        delete(reading, missing.certain);
    }
    Ok(())
}

impl Reader<'_> {
    /// Concludes what was read of `stream`; asks for the records of missing rows where that can be done.
    pub(super) async fn conclude(
        &self,
        stream: Stream,
        known: &KnownRows,
        reading: &mut StreamReading,
    ) -> Result<()> {
        reading.counters.check()?;
        let mut missing = Missing::find(self.mirror, stream, known, reading).await?;
        if missing.count() == 0 {
            return Ok(());
        }
        if is_implausible(self.brake(stream).await?, reading, missing.count()) {
            hold_back(reading, &missing);
            return Ok(());
        }
        if self.can_ask(stream) {
            missing.certain.append(&mut missing.uncertain);
            (missing.certain, reading.kept) = self.ask_for(stream, missing.certain).await?;
        } else {
            reading.kept = kept(&missing.uncertain, reading);
        }
        delete(reading, missing.certain);
        Ok(())
    }

    /// Returns the brake of `stream`; none when any deletion is believed this time.
    pub(crate) async fn brake(&self, stream: Stream) -> Result<Option<Brake>> {
        let Some(limits) = self.brake else {
            return Ok(None);
        };
        let now = self.clock.now();
        Brake::load(self.mirror, stream, limits, now)
            .await
            .map(Some)
    }

    fn can_ask(&self, stream: Stream) -> bool {
        self.record_listing(stream, "1").is_some()
    }

    fn record_listing(&self, stream: Stream, id: &str) -> Option<Listing> {
        let slice = Slice::new(stream, Boundary::Record(id.to_owned()));
        self.upstream.connector.listings(&slice).into_iter().next()
    }

    /// Asks for the records of missing rows, and returns the rows whose records are not there.
    ///
    /// Those that are there although a list lacks them stay; and those that could not be asked for.
    async fn ask_for(
        &self,
        stream: Stream,
        missing: Vec<Vanished>,
    ) -> Result<(Vec<Vanished>, Option<Failure>)> {
        let (mut gone, mut left) = (vec![], missing.len());
        for row in missing.into_iter().take(MAX_ASKED) {
            match self.is_there(stream, &row.upstream_id).await {
                Ok(true) => {
                    tracing::warn!(stream = %stream, upstream_id = row.upstream_id, "a record that the list lacks is there");
                }
                Ok(false) => gone.push(row),
                Err(error) => return Ok((gone, Some(slice_failure(error)?.0))),
            }
            left -= 1;
        }
        let failure = (left > 0).then(|| {
            let sentence = format!(
                "{left} rows that the list lacks were not asked for yet, and are kept until then"
            );
            Failure::new(ReasonCode::IncompleteListing, sentence)
        });
        Ok((gone, failure))
    }

    /// Whether the upstream has a record.
    async fn is_there(&self, stream: Stream, id: &str) -> Result<bool, WalkError> {
        let Some(listing) = self.record_listing(stream, id) else {
            // Its id is of a form that cannot be asked for: what the list says stands.
            return Ok(false);
        };
        let check = |answer: &crate::connector::Answer| {
            let connector = &self.upstream.connector;
            connector.open(&listing.endpoint, answer.status, &answer.body)
        };
        let part = listing.part(listing.first_place());
        let (_, envelope) = self.upstream.fetch(&listing, part, check).await?;
        debug_assert_eq!(listing.paging, Paging::Single);
        Ok(!envelope.records.is_empty())
    }
}

fn delete(reading: &mut StreamReading, gone: Vec<Vanished>) {
    reading.counters.deleted = gone.len() as u64;
    reading.vanished = gone;
}

fn hold_back(reading: &mut StreamReading, missing: &Missing) {
    reading.held_back = missing.count();
}

/// Says which rows are kept because what was read may hold them.
fn kept(uncertain: &[Vanished], reading: &StreamReading) -> Option<Failure> {
    let count = uncertain.len();
    let rejected = reading.counters.rejected;
    let twice: u64 = reading.slices.iter().map(|slice| slice.listed_twice).sum();
    let (reason, others) = if rejected > 0 {
        (
            ReasonCode::RejectedRecords,
            format!("{rejected} records there could not be understood and may be they"),
        )
    } else {
        (
            ReasonCode::IncompleteListing,
            format!("{twice} rows came twice in their stead"),
        )
    };
    (count > 0).then(|| {
        let sentence =
            format!("{count} rows are missing from lists and were kept, because {others}");
        Failure::new(reason, sentence)
    })
}

fn is_implausible(brake: Option<Brake>, reading: &StreamReading, deleted: u64) -> bool {
    let is_list = |slice: &SliceReading| !matches!(slice.slice.boundary, Boundary::Parent(_));
    let became_empty = reading.counters.read == 0 && reading.slices.iter().any(is_list);
    brake.is_some_and(|brake| brake.stops(deleted) || (became_empty && deleted > 0))
}
