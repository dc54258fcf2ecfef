//! Walks a listing to its end and proves that it was read whole.
//!
//! Rows come and go while a list is read. What counts as proof depends on how its pages are asked for: see
//! [`offset`] and [`pages`].

mod offset;
mod pages;

use super::page::{Fetched, WalkError};
use super::reader::Reader;
use super::slice::Draft;
use crate::connector::{Listing, Paging};
use crate::observer::Event;

/// How a listing is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// Pages after the first at the same time, as far as their places can be told from the first.
    Concurrent,
    /// One page after the other.
    Sequential,
}

/// Reads `listing` from its first page, which has arrived, to its end.
pub(super) async fn walk(
    reader: &Reader<'_>,
    draft: &mut Draft<'_>,
    listing: &Listing,
    pace: Pace,
    first: Fetched,
) -> Result<(), WalkError> {
    match listing.paging {
        Paging::Offset { limit, probe_end } => {
            let end = offset::End { limit, probe_end };
            offset::walk(reader, draft, listing, end, pace, first).await
        }
        Paging::Pages { .. } => pages::walk(reader, draft, listing, first).await,
        Paging::Single => draft.take(first, None).await.map(drop),
    }
}

/// Refuses to go on for ever.
fn check_page_count(reader: &Reader<'_>, draft: &Draft<'_>) -> Result<(), WalkError> {
    if draft.reading.counters.pages < u64::from(reader.settings.max_pages) {
        return Ok(());
    }
    Err(WalkError::Moved(
        "the list has more pages than the setting `max_pages` allows",
    ))
}

async fn report(reader: &Reader<'_>, draft: &Draft<'_>, expected: Option<u64>) {
    let event = Event::PageRead {
        stream: draft.reading.slice.stream,
        read: draft.reading.counters.read,
        expected,
    };
    reader.observer.on(event).await;
}

fn sum(left: Option<u64>, right: Option<u64>) -> Option<u64> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left + right),
        (left, right) => left.or(right),
    }
}
