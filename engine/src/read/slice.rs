//! One reading of one slice: takes pages in, gives out what a publication would write.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use entity::{SnapshotId, Timestamp};

use super::Counters;
use super::ahead::{Ahead, NewPage, Sender as AheadSender};
use super::compare::{Comparison, Generation, KnownRows, Sight};
use super::digest::KnownPages;
use super::page::{Fetched, Overlap, PageRecord, PageShape, WalkError};
use super::profile::Profile;
use super::stored::StoredPages;
use crate::clock::Clock;
use crate::connector::{Boundary, Rejection, Slice};
use crate::error::Error;
use crate::snapshot::{Snapshot, SnapshotWriter};

/// The reading of a slice after which it is read once more when its list moved.
pub(crate) const FIRST_WALK: i32 = 1;
/// The reading of a slice that is taken as it is.
pub(crate) const SECOND_WALK: i32 = 2;

/// How many written records of each kind a report shows.
pub(crate) const NAMED_IDS: usize = 20;

/// What a publication of a slice would write.
#[derive(Debug)]
pub struct SliceReading {
    /// The slice.
    pub slice: Arc<Slice>,
    /// The numbers.
    pub counters: Counters,
    /// Pages with records to write.
    pub pages: Vec<PageToWrite>,
    /// Records that could not be normalized.
    pub rejects: Vec<RejectedRecord>,
    /// What of it differs from the last whole reading.
    pub differing: DifferingPages,
    /// Rows that the list has once more, where others may be missing.
    pub listed_twice: u64,
    /// Whether rows are missing from it of which a person has to decide: until then it does not count as read.
    pub lacks_rows: bool,
}

/// The pages of a reading that are not as they were in the last whole one.
#[derive(Debug, Clone, Default)]
pub struct DifferingPages {
    /// Those that were stored, because they are new or have changed.
    pub stored: Vec<SnapshotId>,
    /// Those that there are no more: the slice has become shorter.
    pub gone: Vec<SnapshotId>,
}

impl SliceReading {
    /// Whether it may hold rows that seem to be missing.
    pub(crate) fn is_ambiguous(&self) -> bool {
        self.counters.rejected > 0 || self.listed_twice > 0
    }
}

/// A slice that was read, with what only its stream keeps.
#[derive(Debug)]
pub(crate) struct ReadSlice {
    pub(crate) slice: SliceReading,
    /// The records to write.
    pub(crate) written: Vec<Written>,
    /// The records of which the list shows something else than is known, or one thing here and another there.
    pub(crate) doubted: Vec<Box<str>>,
    /// The fields of the records.
    pub(crate) profile: Profile,
}

/// A record to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its upstream id.
    pub upstream_id: Box<str>,
    /// Whether the mirror does not know it.
    pub is_new: bool,
}

/// A page that holds records to write. They are normalized once more when they are written, so that a
/// run needs no memory for them.
#[derive(Debug, Clone)]
pub struct PageToWrite {
    /// The page.
    pub snapshot: SnapshotId,
    /// Where its bytes are stored.
    pub payload_hash: [u8; 32],
    /// Path it came from.
    pub endpoint: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// Places of the records in it.
    pub positions: Vec<u32>,
}

/// A record that could not be normalized.
#[derive(Debug, Clone)]
pub struct RejectedRecord {
    /// Hash of its bytes.
    pub fingerprint: [u8; 32],
    /// Why.
    pub rejection: Rejection,
    /// The page that holds it.
    pub snapshot: SnapshotId,
    /// Its place in that page.
    pub position: usize,
}

/// Records that are known to be gone, where none are.
pub(crate) static NOBODY: LazyLock<HashSet<u128>> = LazyLock::new(HashSet::new);

/// What the pages of a reading are judged with.
#[derive(Clone, Copy)]
pub(crate) struct Judge<'a> {
    /// Pages that need not be understood again.
    pub(crate) known_pages: &'a KnownPages,
    /// Time and ids.
    pub(crate) clock: &'a Clock,
    /// Where answers are kept; nowhere when they must not be, or are already.
    pub(crate) snapshots: Option<&'a SnapshotWriter>,
    /// Whether all written records are named, or only as many as a report shows.
    pub(crate) names_all_written: bool,
    /// Records that are known to be gone, whatever an earlier answer says.
    pub(crate) gone: &'a HashSet<u128>,
    /// Whether a list of everything lacked the records that are asked for by their ids: that they are not there needs
    /// no further proof.
    pub(crate) is_listed_whole: bool,
    /// Where records of a list go that nothing is mirrored of yet.
    pub(crate) ahead: Option<&'a AheadSender>,
}

/// A reading under way.
pub(crate) struct Draft<'a> {
    pub(super) judge: Judge<'a>,
    known: &'a mut KnownRows,
    pub(super) generation: Generation,
    walk: i32,
    position: i32,
    last_time: StoredPages,
    pub(super) reading: SliceReading,
    written: Vec<Written>,
    doubted: Vec<Box<str>>,
    profile: Profile,
}

impl<'a> Draft<'a> {
    /// Begins a reading of `slice`, the `walk`th of this run. Pages that are as they were `last_time` are not stored again.
    pub(crate) fn new(
        judge: Judge<'a>,
        known: &'a mut KnownRows,
        slice: Arc<Slice>,
        walk: i32,
        last_time: StoredPages,
    ) -> Self {
        let generation = known.begin();
        Self {
            judge,
            known,
            generation,
            walk,
            position: 0,
            last_time,
            reading: SliceReading {
                slice,
                counters: Counters::default(),
                pages: vec![],
                rejects: vec![],
                differing: DifferingPages::default(),
                listed_twice: 0,
                lacks_rows: false,
            },
            written: vec![],
            doubted: vec![],
            profile: Profile::default(),
        }
    }

    /// Whether the mirror has a live row of a record.
    pub(super) fn has_row(&self, identity: u128) -> bool {
        self.known.has_live(identity)
    }

    /// Ends the reading.
    pub(crate) fn finish(mut self) -> ReadSlice {
        self.reading.differing.gone = self.last_time.beyond(self.position);
        ReadSlice {
            slice: self.reading,
            written: self.written,
            doubted: self.doubted,
            profile: self.profile,
        }
    }

    /// Stores a page and compares its records with the mirror.
    ///
    /// `overlap` is the record that the page must begin with because the page before ended with it.
    pub(crate) async fn take(
        &mut self,
        page: Fetched,
        overlap: Option<Overlap>,
    ) -> Result<PageShape, WalkError> {
        let Fetched {
            snapshot: stored,
            answer,
            payload_hash,
            page,
            storage,
            ..
        } = page;
        let shape = PageShape {
            len: page.records.len() as u64,
            last: page.records.last().map(PageRecord::overlap),
        };
        let same = self.last_time.same(self.position, &answer, &payload_hash);
        let snapshot = Snapshot {
            id: stored
                .or(same)
                .unwrap_or_else(|| SnapshotId::from_uuid(self.judge.clock.new_id())),
            stream: self.reading.slice.stream,
            slice: self.reading.slice.key(),
            walk: self.walk,
            position: self.position,
            record_count: i64::try_from(page.records.len()).unwrap_or(i64::MAX),
            payload_hash,
            answer,
            storage,
            is_stored: same.is_some(),
            similar: self.last_time.similar(self.position),
        };
        self.position += 1;
        self.reading.counters.pages += 1;
        self.reading.counters.bytes += snapshot.answer.body.len() as u64;
        self.profile.merge(page.profile);
        let compared = self.compare(&snapshot, page.records, overlap);
        // Also a page that shows that rows have moved is kept: it is what the upstream said.
        if let Some(writer) = self.judge.snapshots {
            if same.is_none() {
                self.reading.differing.stored.push(snapshot.id);
            }
            writer.store(snapshot).await?;
        }
        let new = compared?;
        if let (Some(ahead), Some(page)) = (self.judge.ahead, new) {
            let handed_on = ahead.send(Ahead::Page(page)).await;
            handed_on.map_err(|_| Error::Internal("rows are no longer written".to_owned()))?;
        }
        Ok(shape)
    }

    fn compare(
        &mut self,
        snapshot: &Snapshot,
        records: Vec<PageRecord>,
        overlap: Option<Overlap>,
    ) -> Result<Option<NewPage>, WalkError> {
        let first = records.first().map(PageRecord::overlap);
        if overlap.is_some_and(|overlap| self.has_moved(overlap, first)) {
            return Err(WalkError::Moved(
                "rows moved or changed between pages while the list was read",
            ));
        }
        // One that was changed meanwhile counts as it is now.
        let overlap = overlap.filter(|overlap| first == Some(*overlap));
        let (mut positions, mut kept) = (vec![], vec![]);
        for (position, mut record) in records
            .into_iter()
            .enumerate()
            .skip(usize::from(overlap.is_some()))
        {
            self.reading.counters.read += 1;
            let new = record.kept.take();
            if self.compare_record(snapshot.id, position, record)? {
                positions.push(u32::try_from(position).unwrap_or(u32::MAX));
                kept.extend(new.map(|new| *new));
            }
        }
        if positions.is_empty() {
            return Ok(None);
        }
        let is_whole = kept.len() == positions.len();
        let page = PageToWrite {
            snapshot: snapshot.id,
            payload_hash: snapshot.payload_hash,
            endpoint: snapshot.answer.endpoint.clone(),
            status: snapshot.answer.status,
            asked_at: snapshot.answer.asked_at,
            positions,
        };
        if self.judge.ahead.is_some() && is_whole {
            return Ok(Some(NewPage {
                page,
                body: snapshot.answer.body.clone(),
                records: kept,
            }));
        }
        self.reading.pages.push(page);
        Ok(None)
    }

    /// Whether another record stands where the last one of the page before should. The same one with other content is
    /// read again, once: it may be one that changes with every answer.
    fn has_moved(&self, overlap: Overlap, first: Option<Overlap>) -> bool {
        first.is_none_or(|first| {
            let has_changed = first != overlap && self.walk == FIRST_WALK;
            has_changed || !first.is_same_record(overlap)
        })
    }

    /// Tells whether the record must be written.
    fn compare_record(
        &mut self,
        snapshot: SnapshotId,
        position: usize,
        record: PageRecord,
    ) -> Result<bool, WalkError> {
        let PageRecord {
            identity,
            compared,
            version,
            unreadable,
            upstream_id,
            kept: _,
        } = record;
        let upstream_id = match upstream_id {
            Ok(upstream_id) => upstream_id,
            Err(unidentified) => {
                self.reject(RejectedRecord {
                    fingerprint: unidentified.fingerprint,
                    rejection: unidentified.rejection,
                    snapshot,
                    position,
                });
                return Ok(false);
            }
        };
        let counters = &mut self.reading.counters;
        if self.judge.gone.contains(&identity) {
            counters.duplicate += 1;
            return Ok(false);
        }
        let mut sight = Sight {
            compared,
            version,
            is_final: matches!(self.reading.slice.boundary, Boundary::Record(_)),
        };
        let mut comparison = self.known.see(self.generation, identity, sight);
        if comparison == Comparison::Conflict {
            if self.walk == FIRST_WALK {
                return Err(WalkError::Moved(
                    "a record was listed twice with different content",
                ));
            }
            // It is so again: that is how the list is. The record itself knows better, or else the later row counts.
            self.doubted.push(upstream_id.clone());
            sight.is_final = true;
            comparison = self.known.see(self.generation, identity, sight);
        }
        let is_written = match comparison {
            Comparison::Conflict | Comparison::Doubted => {
                counters.duplicate += 1;
                self.doubted.push(upstream_id);
                return Ok(false);
            }
            Comparison::Duplicate => {
                counters.duplicate += 1;
                return Ok(false);
            }
            // The row is among those to be written; of the two the later one will be.
            Comparison::Superseding => {
                counters.duplicate += 1;
                counters.superseded += 1;
                return Ok(true);
            }
            Comparison::Unchanged => {
                counters.unchanged += 1;
                false
            }
            Comparison::Added => {
                counters.added += 1;
                true
            }
            Comparison::Changed => {
                counters.changed += 1;
                true
            }
            Comparison::Revived => {
                counters.changed += 1;
                counters.revived += 1;
                true
            }
        };
        counters.unreadable += u64::from(unreadable);
        let is_of_changes = matches!(self.reading.slice.boundary, Boundary::Changes(..));
        counters.untimed += u64::from(is_of_changes && self.known.is_untimed(version));
        if is_written {
            self.name(upstream_id, comparison == Comparison::Added);
        }
        Ok(is_written)
    }

    /// Notes which record is written.
    fn name(&mut self, upstream_id: Box<str>, is_new: bool) {
        let counters = &self.reading.counters;
        let count = if is_new {
            counters.added
        } else {
            counters.changed
        };
        if self.judge.names_all_written || count <= NAMED_IDS as u64 {
            self.written.push(Written {
                upstream_id,
                is_new,
            });
        }
    }

    fn reject(&mut self, reject: RejectedRecord) {
        self.reading.counters.rejected += 1;
        if self.known.has_room_for_reject() {
            self.reading.rejects.push(reject);
        }
    }
}
