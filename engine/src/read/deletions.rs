//! Watches over the deletions of a whole run, of which each part sees only its own.
//!
//! Rows are marked deleted together, when everything was read: by then it is known whether they are few enough to be
//! believed. What lacks a row does not count as read until then, so that the next run looks at it again where a person
//! has to decide, or where this run does not come to its end.

use std::collections::BTreeMap;
use std::sync::Arc;

use entity::Stream;

use super::brake::Brake;
use super::compare::KnownRows;
use super::counters::Counters;
use super::doubts::MAX_DOUBTED;
use super::outcome::StreamReading;
use super::reader::Reader;
use super::slice::SliceReading;
use super::vanish::Vanished;
use crate::error::Result;

/// The deletions of a run.
#[derive(Debug)]
pub(crate) struct DeletionWatch {
    /// When a deletion is too large to be believed, once a row is missing; none when any is believed this time.
    brake: Option<Brake>,
    is_loaded: bool,
    /// Rows that are gone, by the ids of their records.
    gone: BTreeMap<String, Vanished>,
    /// Rows that are missing somewhere and were not asked for any more.
    passed_over: u64,
    /// What lacks these rows.
    lacking: Vec<SliceReading>,
    /// How many records were asked for because a list is doubted.
    doubted: usize,
}

impl DeletionWatch {
    /// Begins to watch a stream.
    pub(crate) fn new() -> Self {
        Self {
            brake: None,
            is_loaded: false,
            gone: BTreeMap::new(),
            passed_over: 0,
            lacking: vec![],
            doubted: 0,
        }
    }

    /// Counts a record that is to be asked for because a list is doubted; false when there were enough.
    pub(super) fn may_ask(&mut self) -> bool {
        self.doubted += 1;
        self.doubted <= MAX_DOUBTED
    }

    /// Whether more rows are gone than can be believed.
    pub(super) fn is_stopped(&self) -> bool {
        let count = self.gone.len() as u64;
        self.brake.is_some_and(|brake| brake.stops(count))
    }

    /// Loads the brake, when it is needed: most runs delete nothing, and one of a single record is wanted soon.
    pub(crate) async fn load_brake(&mut self, reader: &Reader<'_>, stream: Stream) -> Result<()> {
        if !self.is_loaded {
            self.brake = reader.brake(stream).await?;
            self.is_loaded = true;
        }
        Ok(())
    }

    /// Notes a row that is gone.
    pub(crate) fn note(&mut self, row: &Vanished) {
        self.gone.insert(row.upstream_id.clone(), row.clone());
    }

    /// Notes rows that are missing and will not be asked for.
    pub(super) fn pass_over(&mut self, count: usize) {
        self.passed_over += count as u64;
    }

    /// Notes slices that were published, but for the rows that they lack.
    pub(crate) fn postpone(&mut self, slices: &[SliceReading]) {
        let bare = |read: &SliceReading| SliceReading {
            slice: Arc::clone(&read.slice),
            counters: read.counters.clone(),
            pages: vec![],
            rejects: vec![],
            differing: read.differing.clone(),
            listed_twice: read.listed_twice,
            lacks_rows: false,
        };
        self.lacking.extend(slices.iter().map(bare));
    }

    /// Returns what is left to be published when everything was read: all deletions, or that they are held back.
    ///
    /// A record that was read after it had been gone is none of them.
    pub(crate) fn conclude(self, known: &KnownRows) -> StreamReading {
        if self.is_stopped() {
            // What was read of them before does not count, either: every run says so until a person has decided.
            let lacking = self.lacking.into_iter();
            return StreamReading {
                held_back: self.gone.len() as u64 + self.passed_over,
                slices: lacking
                    .map(|slice| SliceReading {
                        lacks_rows: true,
                        ..slice
                    })
                    .collect(),
                ..StreamReading::default()
            };
        }
        let mut vanished: Vec<Vanished> = self.gone.into_values().collect();
        vanished.retain(|row| !known.was_seen(&row.upstream_id));
        StreamReading {
            counters: Counters {
                deleted: vanished.len() as u64,
                ..Counters::default()
            },
            slices: self.lacking,
            vanished,
            ..StreamReading::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use entity::RecordId;

    use super::*;
    use crate::settings::BrakeLimits;

    fn watch(limits: Option<BrakeLimits>, recent: u64, gone: u32) -> DeletionWatch {
        let mut watch = DeletionWatch::new();
        watch.brake = limits.map(|limits| Brake::new(limits, 10, recent));
        for number in 0..gone {
            watch.note(&Vanished {
                id: RecordId::from_uuid(uuid::Uuid::from_u128(number.into())),
                upstream_id: number.to_string(),
            });
        }
        watch
    }

    fn concluded(watch: DeletionWatch) -> (usize, u64) {
        let reading = watch.conclude(&KnownRows::default());
        (reading.vanished.len(), reading.held_back)
    }

    #[test]
    fn all_deletions_of_a_run_are_believed_or_none() {
        let limits = BrakeLimits {
            max_deleted_percent: 20,
            max_deleted_rows: 3,
            max_deleted_percent_per_day: 40,
            max_deleted_rows_per_day: 5,
        };
        assert_eq!(concluded(watch(Some(limits), 0, 3)), (3, 0));
        assert_eq!(concluded(watch(Some(limits), 3, 3)), (0, 3));
        let mut stopped = watch(Some(limits), 0, 4);
        assert!(stopped.is_stopped());
        stopped.pass_over(2);
        assert_eq!(concluded(stopped), (0, 6));
        assert_eq!(concluded(watch(None, 0, 10)), (10, 0));
    }
}
