//! A record that the upstream says it does not have: believed when a list that names it is empty, too.
//!
//! A gateway that lost its way, or a worker of the upstream that sees an older state, says "not found" of records that
//! are there. Two answers by different ways do not lie alike.

use std::sync::Arc;

use super::page::{Fetched, WalkError};
use super::reader::Reader;
use super::slice::Draft;
use crate::connector::{Boundary, ConnectorError, ErrorKind};
use crate::error::Error;
use crate::hash;

impl Reader<'_> {
    /// Asks once more, in another way, for a record of the mirror of which the upstream says that there is none.
    ///
    /// When the list has it, it is read from there.
    pub(super) async fn confirm_absence(&self, draft: &mut Draft<'_>) -> Result<(), WalkError> {
        let slice = Arc::clone(&draft.reading.slice);
        let Boundary::Record(id) = &slice.boundary else {
            return Ok(());
        };
        let identity = hash::key(id);
        if draft.reading.counters.read > 0
            || draft.judge.is_listed_whole
            || !draft.has_row(identity)
        {
            return Ok(());
        }
        let Some(listing) = self.upstream.connector.second_opinion(&slice) else {
            return Ok(());
        };
        let place = listing.first_place();
        let known = draft.judge.known_pages;
        let answer = self.fetch(known, &slice, &listing, place).await?;
        if !names_only(&answer, identity) {
            // The filter has no effect there: nothing is known about the record.
            let error = ConnectorError::new(ErrorKind::UnexpectedShape, &listing.endpoint);
            return Err(Error::from(error.with_detail("a list of one record has others")).into());
        }
        draft.take(answer, None).await.map(drop)
    }
}

/// Whether an answer has at most the record that was asked for.
fn names_only(answer: &Fetched, identity: u128) -> bool {
    let is_empty = answer.page.announced.is_none_or(|count| count == 0);
    match answer.page.records.as_slice() {
        [] => is_empty,
        records => records.iter().all(|record| record.identity == identity),
    }
}
