//! Lists that are asked for by their first row.
//!
//! They have no stable order and no marker of change, and rows come and go while they are read. What
//! counts as proof: every page begins with the row the page before ended with (a row that is deleted or
//! inserted in between shifts all later rows, and would otherwise be missed or read twice without a
//! sign), no id comes twice with different content, the announced totals of the first and the last page
//! agree, as many rows came as were announced, and no row came twice: two that change places between two pages leave
//! the total as it was. A list that has a row twice also when it is read again is taken as it is; then not all that is
//! missing from it is gone.
//!
//! Some endpoints that announce no total know no pages, either: they give all rows to whatever is asked.

use std::collections::HashSet;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};

use super::{Pace, check_page_count, report, sum};
use crate::connector::{Listing, Paging};
use crate::read::page::{Fetched, PageShape, ParsedPage, WalkError};
use crate::read::reader::Reader;
use crate::read::slice::Draft;

/// What ends a list.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    /// Rows asked for at once.
    pub(super) limit: u64,
    /// Whether it must be seen as a page without new rows.
    pub(super) probe_end: bool,
}

/// Where a walk stands.
#[derive(Debug)]
struct Tail {
    offset: u64,
    shape: PageShape,
    rows: u64,
    /// Records that came so far.
    distinct: HashSet<u128>,
    first_announced: Option<u64>,
    last_announced: Option<u64>,
    is_first: bool,
}

impl Tail {
    /// Whether the first page may be all that the endpoint ever gives.
    fn may_be_all(&self, end: End) -> bool {
        self.is_first && !end.probe_end && self.first_announced.is_none()
    }

    /// Each page begins with the last row of the one before.
    fn next_offset(&self) -> u64 {
        (self.offset + self.shape.len).saturating_sub(1)
    }

    fn is_end(&self, End { limit, probe_end }: End) -> bool {
        let has_no_new_rows = if self.is_first {
            self.shape.len == 0
        } else {
            self.shape.len <= 1
        };
        let is_complete = match self.first_announced {
            Some(announced) => self.rows >= announced,
            None => self.shape.len < limit,
        };
        has_no_new_rows || (!probe_end && is_complete)
    }
}

/// Reads `listing` from its first page, which has arrived, to its end.
pub(super) async fn walk(
    reader: &Reader<'_>,
    draft: &mut Draft<'_>,
    listing: &Listing,
    end: End,
    pace: Pace,
    first: Fetched,
) -> Result<(), WalkError> {
    let announced = first.page.announced;
    let slice = Arc::clone(&draft.reading.slice);
    let known = draft.judge.known_pages;
    let first_rows = identities(&first.page);
    let shape = draft.take(first, None).await?;
    let mut tail = Tail {
        offset: 0,
        rows: shape.len,
        shape,
        distinct: first_rows.iter().copied().collect(),
        first_announced: announced,
        last_announced: announced,
        is_first: true,
    };
    report(reader, draft, tail.first_announced).await;
    if pace == Pace::Concurrent {
        let offsets = planned_offsets(
            shape.len,
            announced,
            end.probe_end,
            reader.settings.max_pages,
        );
        let requests = offsets
            .into_iter()
            .map(|offset| reader.fetch(known, &slice, listing, offset));
        let mut pages = futures::stream::iter(requests).buffered(reader.settings.concurrency);
        while let Some(page) = pages.try_next().await? {
            advance(reader, draft, &mut tail, page).await?;
        }
    }
    while !tail.is_end(end) {
        let next = reader
            .fetch(known, &slice, listing, tail.next_offset())
            .await?;
        if tail.may_be_all(end) && identities(&next.page) == first_rows {
            check_unpaged(reader, draft, listing, end, &first_rows).await?;
            break;
        }
        advance(reader, draft, &mut tail, next).await?;
    }
    draft.reading.counters.announced = sum(draft.reading.counters.announced, announced);
    draft.reading.listed_twice += check_totals(&tail, pace)?;
    Ok(())
}

fn identities(page: &ParsedPage) -> Vec<u128> {
    page.records.iter().map(|record| record.identity).collect()
}

/// Checks that an endpoint that gives the same rows to another offset gives all it has.
///
/// More rows than were asked for prove it; just as many may be all, or the limit. Then it is asked for fewer.
async fn check_unpaged(
    reader: &Reader<'_>,
    draft: &Draft<'_>,
    listing: &Listing,
    end: End,
    rows: &[u128],
) -> Result<(), WalkError> {
    if rows.len() as u64 > end.limit {
        return Ok(());
    }
    let fewer = Listing {
        paging: Paging::Offset {
            limit: end.limit / 2,
            probe_end: end.probe_end,
        },
        ..listing.clone()
    };
    let slice = Arc::clone(&draft.reading.slice);
    let answer = reader
        .fetch(draft.judge.known_pages, &slice, &fewer, 0)
        .await?;
    if identities(&answer.page) == rows {
        return Ok(());
    }
    Err(WalkError::Moved(
        "the list gives its first rows only, whatever page is asked for",
    ))
}

/// Returns where the later pages begin if all are as long as the first, down to the one that shows the end.
fn planned_offsets(
    first_len: u64,
    announced: Option<u64>,
    probe_end: bool,
    max_pages: u32,
) -> Vec<u64> {
    let (Some(total), step @ 1..) = (announced, first_len.saturating_sub(1)) else {
        return vec![];
    };
    let last_row = total.saturating_sub(1);
    let pages = (1..)
        .map(|page| page * step)
        .take_while(|offset| *offset < last_row);
    // The announced total is the upstream's word and may be any number.
    let mut offsets: Vec<u64> = pages.take(max_pages as usize).collect();
    if probe_end && total >= first_len {
        offsets.push(last_row);
    }
    offsets
}

async fn advance(
    reader: &Reader<'_>,
    draft: &mut Draft<'_>,
    tail: &mut Tail,
    page: Fetched,
) -> Result<(), WalkError> {
    if page.place != tail.next_offset() {
        return Err(WalkError::Moved("a page before the last one was not full"));
    }
    check_page_count(reader, draft)?;
    let (offset, announced) = (page.place, page.page.announced);
    tail.distinct.extend(identities(&page.page));
    tail.shape = draft.take(page, tail.shape.last).await?;
    tail.offset = offset;
    tail.rows += tail.shape.len.saturating_sub(1);
    tail.last_announced = announced;
    tail.is_first = false;
    report(reader, draft, tail.first_announced).await;
    Ok(())
}

/// Returns how many rows the list has twice.
fn check_totals(tail: &Tail, pace: Pace) -> Result<u64, WalkError> {
    let twice = tail.rows - (tail.distinct.len() as u64).min(tail.rows);
    match (tail.first_announced, tail.last_announced) {
        (Some(first), Some(last)) if first != last => Err(WalkError::Moved(
            "the announced total changed while the list was read",
        )),
        (Some(announced), _) | (None, Some(announced)) if announced != tail.rows => Err(
            WalkError::Moved("the list has another number of rows than announced"),
        ),
        // Another row may have been overlooked instead.
        _ if twice > 0 && pace == Pace::Concurrent => {
            Err(WalkError::Moved("a record was listed twice"))
        }
        _ => Ok(twice),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_overlap_by_one_row_and_the_last_shows_the_end() {
        assert_eq!(planned_offsets(100, Some(250), true, 9), [99, 198, 249]);
        assert_eq!(planned_offsets(100, Some(250), false, 9), [99, 198]);
        assert_eq!(planned_offsets(100, Some(199), true, 9), [99, 198]);
        assert_eq!(planned_offsets(30, Some(30), true, 9), [29]);
    }

    #[test]
    fn nothing_is_planned_without_a_total_or_a_step() {
        assert_eq!(planned_offsets(100, None, true, 9), [0; 0]);
        assert_eq!(planned_offsets(1, Some(1), true, 9), [0; 0]);
        assert_eq!(planned_offsets(0, Some(0), true, 9), [0; 0]);
    }
}
