//! Watches over the deletions of a whole run, of which each part sees only its own.
//!
//! Rows are marked deleted together, when everything was read: by then it is known whether they are few enough to be
//! believed. What lacks a row does not count as read until then, so that the next run looks at it again where a person
//! has to decide, or where this run does not come to its end.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::compare::KnownRows;
use super::counters::Counters;
use super::outcome::StreamReading;
use super::slice::SliceReading;
use super::vanish::Vanished;
use crate::settings::BrakeLimits;

/// The deletions of a run.
#[derive(Debug)]
pub(crate) struct DeletionWatch {
    /// When a deletion is too large to be believed; none when any is believed this time.
    limits: Option<BrakeLimits>,
    /// Rows that were live when the run began.
    live: u64,
    /// Rows that are gone, by the ids of their records.
    gone: BTreeMap<String, Vanished>,
    /// Rows that are missing somewhere and were not asked for any more.
    passed_over: u64,
    /// What lacks these rows.
    lacking: Vec<SliceReading>,
}

impl DeletionWatch {
    /// Begins to watch a stream of `live` rows.
    pub(crate) fn new(limits: Option<BrakeLimits>, live: u64) -> Self {
        Self {
            limits,
            live,
            gone: BTreeMap::new(),
            passed_over: 0,
            lacking: vec![],
        }
    }

    /// Whether more rows are gone than can be believed.
    pub(super) fn is_stopped(&self) -> bool {
        let count = self.gone.len() as u64;
        self.limits
            .is_some_and(|limits| limits.stops(count, self.live))
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
        };
        self.lacking.extend(slices.iter().map(bare));
    }

    /// Returns what is left to be published when everything was read: all deletions, or that they are held back.
    ///
    /// A record that was read after it had been gone is none of them.
    pub(crate) fn conclude(self, known: &KnownRows) -> StreamReading {
        if self.is_stopped() {
            return StreamReading {
                held_back: self.gone.len() as u64 + self.passed_over,
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

    fn watch(limits: Option<BrakeLimits>, gone: u32) -> DeletionWatch {
        let mut watch = DeletionWatch::new(limits, 10);
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
        };
        assert_eq!(concluded(watch(Some(limits), 3)), (3, 0));
        let mut stopped = watch(Some(limits), 4);
        assert!(stopped.is_stopped());
        stopped.pass_over(2);
        assert_eq!(concluded(stopped), (0, 6));
        assert_eq!(concluded(watch(None, 10)), (10, 0));
    }
}
