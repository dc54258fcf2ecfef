//! Parts that cannot be read: one bad record is one bad record.
//!
//! What fails goes to the end of the line and is tried again later and less and less often, while its neighbours go on.
//! Failures in a row may have one cause: then another question tells whether the account answers at all.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use entity::{ReasonCode, Stream, Timestamp, part_failure};
use sea_orm::{ColumnTrait, QueryFilter};

use super::mirror::Mirror;
use super::outcome::{Failure, StreamReading};
use super::page::WalkError;
use crate::connector::{Answer, Boundary, ErrorKind, Slice, Upstream};
use crate::error::{Attempt, Error, Result};

/// Failures in a row after which the account is asked something else.
const SUSPICIOUS: usize = 3;
/// Failures in a row after which a stream is left alone for this run, whatever else is answered.
const TOO_MANY: usize = 6;
/// How long the second run in a row that fails keeps others from trying, doubled with each.
const FIRST_WAIT: TimeDelta = TimeDelta::minutes(5);
/// A part is tried at least once a day.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(24);
/// Parts that a message names.
const NAMED_PARTS: usize = 10;

/// A part that could not be read.
#[derive(Debug, Clone)]
pub struct FailedPart {
    /// The part.
    pub slice: Slice,
    /// Runs in a row that could not read it.
    pub attempts: i32,
    /// Why.
    pub failure: Failure,
}

impl FailedPart {
    /// When it is tried again; a first failure waits for nothing but its turn.
    pub(crate) fn next_try_at(&self, now: Timestamp) -> Timestamp {
        let doublings = u32::try_from(self.attempts - 2).ok();
        let wait = doublings.map_or(TimeDelta::zero(), |doublings| {
            FIRST_WAIT * 2_i32.saturating_pow(doublings.min(10))
        });
        now + wait.min(LONGEST_WAIT)
    }
}

/// What cannot be read of one stream.
#[derive(Debug)]
pub(crate) struct PartFailures {
    stream: Stream,
    /// Those of earlier runs, by the part's key.
    remembered: BTreeMap<String, part_failure::Model>,
    /// Those in a row of which it is not known yet whether they have one cause.
    suspects: Vec<FailedPart>,
    /// Names of the parts that this run lacks, and the first reason.
    lacking: Vec<String>,
    first: Option<Failure>,
}

impl PartFailures {
    /// Loads what earlier runs could not read.
    pub(crate) async fn load(mirror: Mirror<'_>, stream: Stream) -> Result<Self> {
        let rows = part_failure::Entity::owned_by(mirror.tenant)
            .filter(part_failure::COLUMN.connection_id.eq(mirror.connection))
            .filter(part_failure::COLUMN.stream.eq(stream))
            .all(mirror.database.reader())
            .await
            .attempt("read what could not be read before")?;
        Ok(Self {
            stream,
            remembered: rows
                .into_iter()
                .map(|row| (row.slice.clone(), row))
                .collect(),
            suspects: vec![],
            lacking: vec![],
            first: None,
        })
    }

    /// The stream.
    pub(crate) fn stream(&self) -> Stream {
        self.stream
    }

    /// Returns the parts that earlier runs could not read.
    pub(crate) fn slices(&self) -> Vec<Slice> {
        let keys = self.remembered.keys();
        keys.filter_map(|key| Slice::from_key(self.stream, key))
            .collect()
    }

    /// When a part that failed before is to be tried again.
    pub(crate) fn next_try_at(&self, slice: &Slice) -> Option<Timestamp> {
        let row = self.remembered.get(&slice.key());
        row.map(|row| row.next_try_at)
    }

    /// Notes that a part is not even tried in this run.
    pub(crate) fn passed_over(&mut self, slice: &Slice) {
        if let Some(row) = self.remembered.get(&slice.key()) {
            let failure = Failure::new(row.reason, row.sentence.clone());
            self.lack(slice, &failure);
        }
    }

    /// Notes that a part was read; those that failed before it had each its own reason.
    pub(crate) fn read(&mut self, slice: &Slice, reading: &mut StreamReading) {
        self.settle(reading);
        if self.remembered.remove(&slice.key()).is_some() {
            reading.recovered.push(slice.clone());
        }
    }

    /// Notes that a part could not be read. Returns why nothing further should be read of the stream, if so.
    ///
    /// # Errors
    /// Only when our own side fails.
    pub(crate) async fn failed(
        &mut self,
        upstream: &Upstream,
        slice: &Slice,
        error: WalkError,
        reading: &mut StreamReading,
    ) -> Result<Option<Failure>> {
        let (failure, doubt) = assess(slice, error)?;
        let earlier = self.remembered.get(&slice.key());
        self.suspects.push(FailedPart {
            slice: slice.clone(),
            attempts: earlier.map_or(0, |row| row.attempts) + 1,
            failure: failure.clone().about_a_part(),
        });
        let in_a_row = self.suspects.len();
        let shared = match doubt {
            Doubt::None => Some(failure),
            Doubt::Strong => probe(upstream, failure).await?,
            Doubt::Weak if in_a_row.is_multiple_of(SUSPICIOUS) => probe(upstream, failure).await?,
            Doubt::Weak => None,
        };
        if shared.is_some() {
            // It is not about them.
            self.suspects.clear();
            return Ok(shared);
        }
        if in_a_row < TOO_MANY {
            return Ok(None);
        }
        self.settle(reading);
        Ok(self.first.clone())
    }

    /// Decides that those in doubt have failed each for itself.
    pub(crate) fn settle(&mut self, reading: &mut StreamReading) {
        for failed in std::mem::take(&mut self.suspects) {
            self.lack(&failed.slice, &failed.failure);
            // Changes are asked for by every run.
            if !matches!(failed.slice.boundary, Boundary::Changes(..)) {
                reading.failed.push(failed);
            }
        }
    }

    fn lack(&mut self, slice: &Slice, failure: &Failure) {
        self.first.get_or_insert_with(|| failure.clone());
        self.lacking.push(slice.name());
    }

    /// Returns what the stream lacks, in a sentence.
    pub(crate) fn conclude(self) -> Option<Failure> {
        let named = self.lacking.iter().take(NAMED_PARTS);
        let named = named.map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = match self.lacking.len().saturating_sub(NAMED_PARTS) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        self.first.map(|first| Failure {
            sentence: format!(
                "{} of {} could not be read and will be tried again ({named}{more}): {}",
                self.lacking.len(),
                self.stream,
                first.sentence
            ),
            ..first
        })
    }
}

/// Whether a failure may be about more than the part it met.
enum Doubt {
    /// It is about the account.
    None,
    /// It likely is.
    Strong,
    /// It likely is not.
    Weak,
}

fn assess(slice: &Slice, error: WalkError) -> Result<(Failure, Doubt)> {
    let error = match error {
        WalkError::Moved(sentence) => {
            return Ok((
                Failure::new(ReasonCode::IncompleteListing, sentence),
                Doubt::Weak,
            ));
        }
        WalkError::Failed(Error::Upstream(error)) => error,
        WalkError::Failed(error) => return Err(error),
    };
    let is_of_parent = matches!(slice.boundary, Boundary::Parent(_));
    let doubt = match error.kind {
        ErrorKind::RateLimited { .. } | ErrorKind::Disabled { .. } => Doubt::None,
        // Whoever may not read a list may read none of its pages; of a record it was asked already whether it alone is
        // refused.
        ErrorKind::Unauthorized { .. } if !is_of_parent => Doubt::None,
        ErrorKind::Unauthorized { .. } | ErrorKind::Connect | ErrorKind::Timeout => Doubt::Strong,
        _ => Doubt::Weak,
    };
    Ok((Failure::from(&error), doubt))
}

/// Asks whether the account answers at all; returns the failure that all parts share when it does not.
async fn probe(upstream: &Upstream, failure: Failure) -> Result<Option<Failure>> {
    let probe = upstream.connector.probe();
    let check = |answer: &Answer| {
        let (endpoint, body) = (&probe.endpoint, &answer.body);
        upstream.connector.open(endpoint, answer.status, body)
    };
    match upstream.fetch(&probe, probe.least_part(), check).await {
        Ok(_) => Ok(None),
        Err(Error::Upstream(error)) if error.remedy().is_some() => Ok(Some(Failure::from(&error))),
        Err(Error::Upstream(_)) => Ok(Some(failure)),
        Err(error) => Err(error),
    }
}

impl Failure {
    /// The same, where the account answers everything else: nobody has to mend the connection.
    fn about_a_part(self) -> Self {
        let reason = match self.reason {
            ReasonCode::Auth | ReasonCode::Internal => ReasonCode::Upstream,
            reason => reason,
        };
        Self {
            reason,
            remedy: None,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_again_and_again_is_tried_less_and_less_often() {
        let now: Timestamp = "2026-11-20T08:00:00Z".parse().unwrap();
        let minutes = |attempts| {
            let failed = FailedPart {
                slice: Slice::new(Stream::Notes, Boundary::Parent("7".to_owned())),
                attempts,
                failure: Failure::new(ReasonCode::Upstream, "it failed"),
            };
            (failed.next_try_at(now) - now).num_minutes()
        };
        assert_eq!(
            [1, 2, 3, 4, 12, i32::MAX].map(minutes),
            [0, 5, 10, 20, 1440, 1440]
        );
    }
}
