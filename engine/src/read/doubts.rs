//! Records that a list shows older than they are known, or without the stamp they had.
//!
//! A list may come from a worker that sees an older state; or the upstream has gone back, as when a backup was restored.
//! The record itself knows: what it says when it is asked for by its id stands, whatever its stamp.

use std::collections::BTreeSet;

use entity::{ReasonCode, Stream};

use super::compare::KnownRows;
use super::deletions::DeletionWatch;
use super::outcome::{Failure, StreamReading};
use super::page::WalkError;
use super::reader::Reader;
use crate::connector::{Boundary, Slice};

/// Most records that a run asks for because a list is doubted; a full run believes lists instead.
pub(super) const MAX_DOUBTED: usize = 200;
/// Records that a message names.
const NAMED: usize = 10;

impl Reader<'_> {
    /// Asks for records that lists show otherwise than they are known, as many as the run still may; the others stay as
    /// they are.
    pub(super) async fn ask_for_doubted(
        &self,
        known: &mut KnownRows,
        watch: &mut DeletionWatch,
        stream: Stream,
        reading: &mut StreamReading,
    ) -> Result<(), WalkError> {
        let doubted: BTreeSet<Box<str>> =
            std::mem::take(&mut reading.doubted).into_iter().collect();
        for id in doubted {
            if !watch.may_ask() {
                reading.doubted.push(id);
                continue;
            }
            tracing::info!(stream = %stream, upstream_id = %id, "a list shows an older state, asking for the record");
            let slice = Slice::new(stream, Boundary::Record(id.into()));
            if let Some(read) = self.read_one(known, slice, false).await? {
                reading.add(read);
            }
        }
        Ok(())
    }
}

impl StreamReading {
    /// Names records that a list shows in two forms, of which the later one stands.
    pub(crate) fn name_doubted(&mut self, stream: Stream) {
        for id in std::mem::take(&mut self.doubted) {
            tracing::warn!(stream = %stream, upstream_id = %id, "a list shows a record in two forms, the later one stands");
        }
    }

    /// What a person should know of records that are still doubted.
    pub(crate) fn doubts(&self) -> Option<Failure> {
        let ids: Vec<&str> = self.doubted.iter().take(NAMED).map(AsRef::as_ref).collect();
        let others = if self.doubted.len() > NAMED {
            ", …"
        } else {
            ""
        };
        (!ids.is_empty()).then(|| {
            let sentence = format!(
                "lists show {} records older than they are known, which will be asked for in later runs ({}{others}); a full run believes the lists",
                self.doubted.len(),
                ids.join(", ")
            );
            Failure::new(ReasonCode::IncompleteListing, sentence)
        })
    }
}
