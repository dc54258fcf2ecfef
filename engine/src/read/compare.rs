//! What the mirror knows of a stream, in a form that fits into memory: about 50 bytes a row.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU32;

use entity::Timestamp;

use super::mirror::Row;
use super::vanish::Vanished;
use crate::hash;

/// Marks one reading of one slice, so that a reading can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Generation(NonZeroU32);

/// A record as it was read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sight {
    /// Head of the hash that stands for the record.
    pub(crate) compared: u64,
    /// The upstream's own version, where it has one.
    pub(crate) version: Option<Timestamp>,
    /// Whether it stands, whatever was seen before: it was asked for by its id.
    pub(crate) is_final: bool,
}

/// What a record is to the mirror.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Added,
    Changed,
    Revived,
    /// The row is the same.
    Unchanged,
    Duplicate,
    /// Read before with other content, which is not published yet.
    Superseding,
    /// Listed before by the same list with other content.
    Conflict,
    /// Older than what is known of it, or without its stamp: the record itself must be asked for.
    Doubted,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    /// Head of the hash that stands for the row, and its version; meaningless for rows the mirror does not have.
    stored: State,
    /// The same for the record as read.
    read: State,
    /// The reading that saw it.
    seen_by: Option<Generation>,
    is_stored: bool,
    is_live: bool,
    /// Whether what was read is to be written.
    is_written: bool,
}

/// What a record says, and since when: in microseconds, the smallest number where it does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    content: u64,
    version: i64,
}

/// The oldest version there can be.
const NO_VERSION: i64 = i64::MIN;

impl Known {
    const UNKNOWN: Self = Self {
        stored: State::NONE,
        read: State::NONE,
        seen_by: None,
        is_stored: false,
        is_live: false,
        is_written: false,
    };

    /// Notes a sight that is to be written.
    fn write(&mut self, generation: Generation, state: State) {
        self.seen_by = Some(generation);
        self.read = state;
        self.is_written = true;
    }

    /// Notes a sight after which the row stays as it is.
    fn keep(&mut self, generation: Generation) {
        self.seen_by = Some(generation);
        self.read = self.stored;
        self.is_written = false;
    }
}

impl State {
    const NONE: Self = Self {
        content: 0,
        version: NO_VERSION,
    };
}

/// Rejects kept for each stream and run; beyond it they are only counted.
const MAX_REJECTS: usize = 10_000;

/// The rows of one stream of one connection.
#[derive(Debug)]
pub struct KnownRows {
    rows: HashMap<u128, Known>,
    live: u64,
    generations: u32,
    /// How many readings had begun when something was published last.
    published: u32,
    withdrawn: HashSet<Generation>,
    /// Whether what a list says of a record is believed, however old it says it is.
    believes_lists: bool,
    /// Whether the first of two sights is the later one: answers are read from the latest on.
    is_later_first: bool,
    /// Later stamps say nothing, in microseconds.
    latest: i64,
    /// How many rejects were kept.
    rejects: usize,
}

impl Default for KnownRows {
    fn default() -> Self {
        Self {
            rows: HashMap::new(),
            live: 0,
            generations: 0,
            published: 0,
            withdrawn: HashSet::new(),
            believes_lists: false,
            is_later_first: false,
            latest: i64::MAX,
            rejects: 0,
        }
    }
}

impl KnownRows {
    /// Expects answers from the latest on, of which each may hold what a later one holds, too.
    pub(crate) fn later_first(&mut self) {
        self.is_later_first = true;
    }

    /// Believes what lists say of records, however old they say it is.
    pub(crate) fn believe_lists(&mut self) {
        self.believes_lists = true;
    }

    /// Has stamps after `latest`, a moment yet to come, say nothing.
    pub(crate) fn doubt_stamps_after(&mut self, latest: Timestamp) {
        self.latest = latest.timestamp_micros();
    }

    /// Whether a record does not say when it was changed, or names a time yet to come.
    pub(super) fn is_untimed(&self, version: Option<Timestamp>) -> bool {
        self.believed(micros(version)) == NO_VERSION
    }

    fn believed(&self, version: i64) -> i64 {
        if version > self.latest {
            NO_VERSION
        } else {
            version
        }
    }

    /// Whether one more record of the stream may be kept that could not be normalized; it is counted.
    pub(super) fn has_room_for_reject(&mut self) -> bool {
        self.rejects += 1;
        self.rejects <= MAX_REJECTS
    }

    /// Whether the mirror has no row of the stream.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many rows are live in the mirror.
    pub fn live(&self) -> u64 {
        self.live
    }

    /// Adds a row of the mirror.
    pub(super) fn insert(&mut self, row: &Row) {
        self.live += u64::from(row.is_live);
        let known = Known {
            stored: State {
                content: hash::head(&row.compared),
                version: micros(row.version),
            },
            is_stored: true,
            is_live: row.is_live,
            ..Known::UNKNOWN
        };
        self.rows.insert(hash::key(&row.upstream_id), known);
    }

    /// Begins a reading of a slice.
    pub(crate) fn begin(&mut self) -> Generation {
        let generation = Generation(NonZeroU32::MIN.saturating_add(self.generations));
        self.generations += 1;
        generation
    }

    /// How many readings have begun.
    pub(crate) fn mark(&self) -> u32 {
        self.generations
    }

    /// Forgets what every reading saw that began after `mark`.
    pub(crate) fn withdraw_since(&mut self, mark: u32) {
        let readings = (mark..self.generations)
            .map(|earlier| Generation(NonZeroU32::MIN.saturating_add(earlier)));
        self.withdrawn.extend(readings);
    }

    /// Forgets what a reading saw.
    pub(crate) fn withdraw(&mut self, generation: Generation) {
        self.withdrawn.insert(generation);
    }

    /// Notes that `generation` saw a record, and says what it is to the mirror.
    ///
    /// The later reading wins. A list that shows an older state than is known is doubted instead.
    pub(crate) fn see(
        &mut self,
        generation: Generation,
        identity: u128,
        sight: Sight,
    ) -> Comparison {
        let mut known = self.rows.get(&identity).copied().unwrap_or(Known::UNKNOWN);
        let comparison = if self.counts(&known) {
            self.see_again(generation, &mut known, sight)
        } else {
            self.see_first(generation, &mut known, sight)
        };
        self.rows.insert(identity, known);
        comparison
    }

    fn see_first(&self, generation: Generation, known: &mut Known, sight: Sight) -> Comparison {
        let state = sight.state();
        if known.is_live && known.stored.content == state.content {
            known.keep(generation);
            return Comparison::Unchanged;
        }
        // That a record is listed proves that it is there: one that was gone is back, whatever its stamp.
        if known.is_live && self.doubts(known.stored, sight) {
            known.keep(generation);
            return Comparison::Doubted;
        }
        known.write(generation, state);
        match (known.is_stored, known.is_live) {
            (false, _) => Comparison::Added,
            (true, false) => Comparison::Revived,
            (true, true) => Comparison::Changed,
        }
    }

    fn see_again(&self, generation: Generation, known: &mut Known, sight: Sight) -> Comparison {
        let state = sight.state();
        if self.is_later_first || known.read.content == state.content {
            return Comparison::Duplicate;
        }
        if !sight.is_final
            && known.seen_by == Some(generation)
            && known.read.version == state.version
        {
            return Comparison::Conflict;
        }
        if self.doubts(known.read, sight) {
            return Comparison::Doubted;
        }
        let is_pending = known.is_written && self.is_unpublished(known);
        known.write(generation, state);
        if is_pending {
            Comparison::Superseding
        } else {
            Comparison::Changed
        }
    }

    fn doubts(&self, known: State, sight: Sight) -> bool {
        let believes = sight.is_final || self.believes_lists;
        !believes && self.believed(micros(sight.version)) < self.believed(known.version)
    }

    /// Notes that all that was read is published, and that `vanished` are gone.
    pub(crate) fn settle(&mut self, vanished: &[Vanished]) {
        let (published, withdrawn) = (self.published, &self.withdrawn);
        let is_settling = |known: &&mut Known| {
            let is_new =
                |seen_by: Generation| seen_by.0.get() > published && !withdrawn.contains(&seen_by);
            known.is_written && known.seen_by.is_some_and(is_new)
        };
        for known in self.rows.values_mut().filter(is_settling) {
            known.stored = known.read;
            known.is_stored = true;
            known.is_live = true;
            known.is_written = false;
        }
        for row in vanished {
            if let Some(known) = self.rows.get_mut(&hash::key(&row.upstream_id)) {
                known.is_live = false;
            }
        }
        self.published = self.generations;
    }

    fn is_unpublished(&self, known: &Known) -> bool {
        known
            .seen_by
            .is_some_and(|seen_by| seen_by.0.get() > self.published)
    }

    /// Whether the mirror has a live row of a record.
    pub(super) fn has_live(&self, identity: u128) -> bool {
        self.rows.get(&identity).is_some_and(|known| known.is_live)
    }

    /// Tells whether some reading that counts saw the row.
    pub(crate) fn was_seen(&self, upstream_id: &str) -> bool {
        self.rows
            .get(&hash::key(upstream_id))
            .is_some_and(|known| self.counts(known))
    }

    /// How many live rows were not seen.
    pub(crate) fn unseen_live(&self) -> u64 {
        let unseen = |known: &&Known| known.is_live && !self.counts(known);
        self.rows.values().filter(unseen).count() as u64
    }

    fn counts(&self, known: &Known) -> bool {
        known
            .seen_by
            .is_some_and(|seen_by| !self.withdrawn.contains(&seen_by))
    }
}

impl Sight {
    fn state(self) -> State {
        State {
            content: self.compared,
            version: micros(self.version),
        }
    }
}

fn micros(version: Option<Timestamp>) -> i64 {
    version.map_or(NO_VERSION, |version| version.timestamp_micros())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(rows: &[(&str, u8, bool)]) -> KnownRows {
        let mut known = KnownRows::default();
        for (id, content, is_live) in rows {
            known.insert(&Row {
                upstream_id: (*id).to_owned(),
                compared: vec![*content; 32],
                version: None,
                is_live: *is_live,
            });
        }
        known
    }

    /// Rows of content 1 and version 10.
    fn versioned(ids: &[&str]) -> KnownRows {
        let mut known = KnownRows::default();
        for id in ids {
            known.insert(&Row {
                upstream_id: (*id).to_owned(),
                compared: vec![1; 32],
                version: at(10),
                is_live: true,
            });
        }
        known
    }

    fn at(second: i64) -> Option<Timestamp> {
        Timestamp::from_timestamp(second, 0)
    }

    fn sight(content: u8, version: Option<Timestamp>) -> Sight {
        Sight {
            compared: hash::head(&[content; 32]),
            version,
            is_final: false,
        }
    }

    fn by_id(content: u8, version: Option<Timestamp>) -> Sight {
        Sight {
            is_final: true,
            ..sight(content, version)
        }
    }

    #[test]
    fn only_so_many_rejects_of_a_stream_are_kept() {
        let mut known = KnownRows::default();
        let kept = (0..MAX_REJECTS + 5).filter(|_| known.has_room_for_reject());
        assert_eq!(kept.count(), MAX_REJECTS);
    }

    #[test]
    fn each_record_is_told_what_it_is() {
        let mut known = known(&[("same", 1, true), ("other", 1, true), ("gone", 1, false)]);
        let reading = known.begin();
        let mut see =
            |id: &str, content: u8| known.see(reading, hash::key(id), sight(content, None));
        assert_eq!(see("same", 1), Comparison::Unchanged);
        assert_eq!(see("other", 2), Comparison::Changed);
        assert_eq!(see("gone", 1), Comparison::Revived);
        assert_eq!(see("new", 1), Comparison::Added);
        assert_eq!(see("new", 1), Comparison::Duplicate);
        assert_eq!(see("new", 2), Comparison::Conflict);
        assert_eq!(known.unseen_live(), 0);
    }

    #[test]
    fn a_withdrawn_reading_has_seen_nothing() {
        let mut known = known(&[("a", 1, true)]);
        let first = known.begin();
        known.see(first, hash::key("a"), sight(1, None));
        known.see(first, hash::key("b"), sight(1, None));
        known.withdraw(first);
        assert_eq!(known.unseen_live(), 1);
        let second = known.begin();
        let comparison = known.see(second, hash::key("b"), sight(2, None));
        assert_eq!(comparison, Comparison::Added);
        assert!(!known.was_seen("a"));
    }

    #[test]
    fn an_older_sight_is_doubted_until_the_record_itself_was_asked_for() {
        let mut known = versioned(&["a", "b", "c", "d"]);
        let (list, record) = (known.begin(), known.begin());
        let mut see = |reading, id: &str, sight| known.see(reading, hash::key(id), sight);
        assert_eq!(see(list, "a", sight(2, at(9))), Comparison::Doubted);
        assert_eq!(see(record, "a", by_id(2, at(9))), Comparison::Changed);
        assert_eq!(see(list, "b", sight(2, None)), Comparison::Doubted);
        assert_eq!(see(record, "b", by_id(1, at(10))), Comparison::Duplicate);
        assert_eq!(see(list, "c", sight(2, at(10))), Comparison::Changed);
        assert_eq!(see(list, "d", sight(2, at(11))), Comparison::Changed);
        assert_eq!(see(record, "d", sight(1, at(10))), Comparison::Doubted);
        assert_eq!(see(record, "d", by_id(1, at(10))), Comparison::Superseding);
    }

    #[test]
    fn a_stamp_yet_to_come_says_nothing() {
        let mut known = versioned(&["a", "b"]);
        known.doubt_stamps_after(at(10).unwrap());
        let reading = known.begin();
        let mut see = |id: &str, sight| known.see(reading, hash::key(id), sight);
        assert_eq!(see("a", sight(2, at(11))), Comparison::Doubted);
        assert_eq!(see("a", by_id(2, at(11))), Comparison::Changed);
        known.settle(&[]);
        let later = known.begin();
        let mut see = |id: &str, sight| known.see(later, hash::key(id), sight);
        assert_eq!(see("a", sight(3, at(9))), Comparison::Changed);
    }

    #[test]
    fn a_dead_row_does_not_outlive_its_record() {
        let mut known = versioned(&["a"]);
        let gone = Vanished {
            id: entity::RecordId::from_uuid(uuid::Uuid::nil()),
            upstream_id: "a".to_owned(),
        };
        known.settle(&[gone]);
        let reading = known.begin();
        let seen = known.see(reading, hash::key("a"), sight(1, None));
        assert_eq!(seen, Comparison::Revived);
    }

    #[test]
    fn of_two_sights_the_later_one_counts() {
        let mut known = versioned(&["a", "b"]);
        let (first, second) = (known.begin(), known.begin());
        let mut see = |reading, id: &str, content, version| {
            known.see(reading, hash::key(id), sight(content, version))
        };
        assert_eq!(see(first, "a", 2, at(11)), Comparison::Changed);
        assert_eq!(see(first, "a", 3, at(11)), Comparison::Conflict);
        assert_eq!(see(first, "a", 3, at(12)), Comparison::Superseding);
        assert_eq!(see(second, "a", 4, at(11)), Comparison::Doubted);
        assert_eq!(see(second, "a", 4, at(12)), Comparison::Superseding);
        assert_eq!(see(first, "b", 1, at(10)), Comparison::Unchanged);
        assert_eq!(see(first, "b", 2, at(11)), Comparison::Changed);
    }

    #[test]
    fn a_withdrawn_reading_leaves_no_version_behind() {
        let mut known = versioned(&["a"]);
        let first = known.begin();
        known.see(first, hash::key("a"), sight(2, at(20)));
        known.withdraw(first);
        let second = known.begin();
        let seen = known.see(second, hash::key("a"), sight(3, at(15)));
        assert_eq!(seen, Comparison::Changed);
    }

    #[test]
    fn what_is_published_is_what_the_mirror_has() {
        let mut known = versioned(&["gone"]);
        let first = known.begin();
        known.see(first, hash::key("new"), sight(2, at(11)));
        let gone = Vanished {
            id: entity::RecordId::from_uuid(uuid::Uuid::nil()),
            upstream_id: "gone".to_owned(),
        };
        known.settle(&[gone]);
        assert_eq!(known.unseen_live(), 0);
        let second = known.begin();
        let newer = known.see(second, hash::key("new"), sight(3, at(12)));
        assert_eq!(newer, Comparison::Changed);
        known.withdraw(second);
        let third = known.begin();
        let same = known.see(third, hash::key("new"), sight(2, at(12)));
        assert_eq!(same, Comparison::Unchanged);
    }
}
