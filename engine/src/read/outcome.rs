//! What comes out of reading a stream.

use entity::{ReasonCode, Stream};

use super::counters::Counters;
use super::part_failures::FailedPart;
use super::profile::Profile;
use super::slice::{NAMED_IDS, ReadSlice, RejectedRecord, SliceReading, Written};
use super::vanish::Vanished;
use crate::connector::{ConnectorError, Slice};

/// What came of reading one stream.
#[derive(Debug)]
pub struct StreamOutcome {
    /// The stream.
    pub stream: Stream,
    /// What a publication would write: of all slices that were read whole.
    pub reading: StreamReading,
    /// Why not all slices were read whole.
    pub failure: Option<Failure>,
    /// Requests that were sent again.
    pub retries: u64,
    /// Time it took, in milliseconds.
    pub duration_ms: u64,
}

impl StreamOutcome {
    /// A stream of which nothing was read yet.
    pub(crate) fn empty(stream: Stream) -> Self {
        Self {
            stream,
            reading: StreamReading::default(),
            failure: None,
            retries: 0,
            duration_ms: 0,
        }
    }

    /// Notes why not everything was read; the first reason stays, what comes later is said, too.
    pub(crate) fn fail(&mut self, failure: Failure) {
        match &mut self.failure {
            None => self.failure = Some(failure),
            Some(first) => {
                first.remedy = first.remedy.or(failure.remedy);
                first.sentence.push_str("; ");
                first.sentence.push_str(&failure.sentence);
            }
        }
    }

    /// A stream that was not read, for the reason in `failure`.
    pub fn not_read(stream: Stream, failure: Failure) -> Self {
        Self {
            failure: Some(failure),
            ..Self::empty(stream)
        }
    }
}

/// Why a slice was not read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// For programs.
    pub reason: ReasonCode,
    /// For people.
    pub sentence: String,
    /// What a person has to do before the account can be asked again.
    pub remedy: Option<&'static str>,
}

impl Failure {
    /// A failure for `reason`, which nobody has to mend.
    pub fn new(reason: ReasonCode, sentence: impl Into<String>) -> Self {
        Self {
            reason,
            sentence: sentence.into(),
            remedy: None,
        }
    }
}

impl From<&ConnectorError> for Failure {
    fn from(error: &ConnectorError) -> Self {
        Self {
            remedy: error.remedy(),
            ..Self::new(error.reason(), error.to_string())
        }
    }
}

/// What a publication of a stream would write.
#[derive(Debug, Default)]
pub struct StreamReading {
    /// The numbers.
    pub counters: Counters,
    /// What was read whole, slice by slice.
    pub slices: Vec<SliceReading>,
    /// The records to be written: all of them where another stream depends on them, some otherwise.
    pub written: Vec<Written>,
    /// Slices known to be empty, because the record they belong to is gone.
    pub gone: Vec<Slice>,
    /// Rows to be marked deleted; empty when the brake holds them back.
    pub vanished: Vec<Vanished>,
    /// How many rows the brake holds back from deletion.
    pub held_back: u64,
    /// Why rows were kept that lists lack or show otherwise, where something must still be found out about them.
    pub kept: Option<Failure>,
    /// Whether rows are missing of which the run decides at its end whether they are deleted; until then the slices do
    /// not count as read.
    pub lacks_rows: bool,
    /// Records of which a list shows something else than is known; what is left has not been asked for yet.
    pub(crate) doubted: Vec<Box<str>>,
    /// The fields of the records.
    pub profile: Profile,
    /// Parts that could not be read, while others could.
    pub failed: Vec<FailedPart>,
    /// Parts that were read and had failed before.
    pub recovered: Vec<Slice>,
    /// How many slices were published before, of which nothing but the numbers is kept.
    pub(super) published_count: usize,
}

impl StreamReading {
    /// Adds a slice that was read whole.
    pub(crate) fn add(&mut self, read: ReadSlice) {
        let ReadSlice {
            slice,
            written,
            doubted,
            profile,
        } = read;
        self.doubted.extend(doubted);
        self.counters.add(&slice.counters);
        self.written.extend(written);
        self.profile.merge(profile);
        self.slices.push(slice);
    }

    /// Adds a part that was published: its numbers, and some names.
    pub(crate) fn absorb(&mut self, part: Self) {
        self.doubted.extend(part.doubted);
        self.kept = self.kept.take().or(part.kept);
        self.counters.add(&part.counters);
        self.held_back += part.held_back;
        self.profile.merge(part.profile.partial());
        self.published_count += part.published_count + part.slices.len() + part.gone.len();
        for written in part.written {
            let same = |other: &&Written| other.is_new == written.is_new;
            if self.written.iter().filter(same).count() < NAMED_IDS {
                self.written.push(written);
            }
        }
        let room = NAMED_IDS.saturating_sub(self.vanished.len());
        self.vanished.extend(part.vanished.into_iter().take(room));
    }

    /// Forgets what only the publication needed.
    pub(crate) fn published(&mut self) {
        self.published_count += self.slices.len();
        self.slices.clear();
    }

    /// Whether there is something to write.
    pub(crate) fn has_content(&self) -> bool {
        let has_failures = !self.failed.is_empty() || !self.recovered.is_empty();
        has_failures || !self.slices.is_empty() || !self.gone.is_empty()
    }

    /// Whether there are slices of which everything is known.
    pub fn is_publishable(&self) -> bool {
        self.published_count > 0 || !self.slices.is_empty() || !self.gone.is_empty()
    }

    /// Records that could not be normalized.
    pub fn rejects(&self) -> impl Iterator<Item = &RejectedRecord> {
        self.slices.iter().flat_map(|slice| &slice.rejects)
    }
}

/// What is to be read of a stream.
#[derive(Debug, Default)]
pub struct StreamPlan {
    /// The slices to ask for.
    pub slices: Vec<Slice>,
    /// Slices known to be empty, because the record they belong to is gone.
    pub gone: Vec<Slice>,
}
