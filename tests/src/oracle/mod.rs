//! The final-equality oracle: does the mirror say what the upstream says?
//!
//! It shares no code with the engine's normalizer and aggregates: everything that is expected is worked out
//! here once more from the upstream's own records.

mod aggregates;
mod hot_list;
mod normalized;
mod provenance;
mod upstream;
mod values;

use std::collections::BTreeMap;

use engine::settings::Mapping;
use entity::Stream;

use crate::{Records, Site};
use aggregates::Aggregates;
use upstream::Upstream;

impl Site {
    /// Checks that the mirror equals the account: records, columns, aggregates, provenance.
    pub async fn assert_mirrors_truth(&self) {
        let records = self.records().await;
        let truth = Upstream::of_account(self).await;
        for &stream in &self.streams {
            assert_same_records(
                stream,
                &truth.by_id(stream),
                &truth.live_rows(stream, &records),
            );
        }
        normalized::check(self.zone, &truth, &records);
        assert_eq!(Aggregates::stored(&records), Aggregates::expected(&truth));
        provenance::check(self, &records).await;
    }
}

/// Checks that the stored aggregates are those of the stored records.
pub(crate) fn assert_aggregates_follow_from(mapping: Mapping, records: &Records) {
    let mirrored = Upstream::of_mirror(mapping, records);
    assert_eq!(Aggregates::stored(records), Aggregates::expected(&mirrored));
}

/// Compares records by upstream id, byte for byte; a failure shows only what differs.
fn assert_same_records(
    stream: Stream,
    truth: &BTreeMap<String, String>,
    mirror: &BTreeMap<String, String>,
) {
    let differs = |(id, text): &(&String, &String)| mirror.get(*id) != Some(*text);
    let missing: Vec<_> = truth.iter().filter(differs).collect();
    let surplus: Vec<_> = mirror
        .keys()
        .filter(|id| !truth.contains_key(*id))
        .collect();
    let is_same = missing.is_empty() && surplus.is_empty();
    assert!(
        is_same,
        "{stream}: missing or different {missing:?}, surplus {surplus:?}"
    );
}
