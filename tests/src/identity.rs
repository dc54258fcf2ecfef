//! Rows keep their identity: checked after every run, over the whole life of a site.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use entity::{RecordId, Stream, Timestamp};

use crate::Records;

type Key = (Stream, String);

/// The id and birth of every row that was ever seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identities(Arc<Mutex<HashMap<Key, (RecordId, Timestamp)>>>);

impl Identities {
    /// Checks that all rows seen before are still there as the same rows, and remembers the new ones.
    pub(crate) fn check(&self, records: &Records) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = records.rows().into_iter();
        let present: HashMap<_, _> = rows
            .map(|row| ((row.stream, row.upstream_id), (row.id, row.created_at)))
            .collect();
        for (key, identity) in known.iter() {
            assert_eq!(
                present.get(key),
                Some(identity),
                "{key:?} is another row than before"
            );
        }
        known.extend(present);
    }
}
