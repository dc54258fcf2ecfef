//! Lists that are asked for by their first row.
//!
//! They have no stable order and no marker of change, and rows come and go while they are read. What
//! counts as proof: every page begins with the row the page before ended with (a row that is deleted or
//! inserted in between shifts all later rows, and would otherwise be missed or read twice without a
//! sign), no id comes twice with different content, the announced totals of the first and the last page
//! agree, and as many rows came as were announced.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};

use super::{Pace, check_page_count, report, sum};
use crate::connector::Listing;
use crate::read::page::{Fetched, PageShape, WalkError};
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
    first_announced: Option<u64>,
    last_announced: Option<u64>,
    is_first: bool,
}

impl Tail {
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
    let shape = draft.take(first, None).await?;
    let mut tail = Tail {
        offset: 0,
        rows: shape.len,
        shape,
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
        advance(reader, draft, &mut tail, next).await?;
    }
    draft.reading.counters.announced = sum(draft.reading.counters.announced, announced);
    check_totals(&tail)
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
    let shape = draft.take(page, tail.shape.last).await?;
    *tail = Tail {
        offset,
        shape,
        rows: tail.rows + shape.len.saturating_sub(1),
        first_announced: tail.first_announced,
        last_announced: announced,
        is_first: false,
    };
    report(reader, draft, tail.first_announced).await;
    Ok(())
}

fn check_totals(tail: &Tail) -> Result<(), WalkError> {
    match (tail.first_announced, tail.last_announced) {
        (Some(first), Some(last)) if first != last => Err(WalkError::Moved(
            "the announced total changed while the list was read",
        )),
        (Some(announced), _) | (None, Some(announced)) if announced != tail.rows => Err(
            WalkError::Moved("the list has another number of rows than announced"),
        ),
        _ => Ok(()),
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
