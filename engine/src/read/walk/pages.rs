//! Lists that are asked for by page number.
//!
//! A page may hold fewer rows than asked for, whatever the upstream says its size is: only as many distinct
//! records as announced, or an empty page, is the end. What counts as proof: every page announces the same
//! total, no page comes twice, no id comes twice with different content, and as many distinct records came as were
//! announced. This is a proof only where rows cannot join the list while it is read (see
//! [`Slice::as_of`](crate::connector::Slice::as_of)): one that leaves and one that joins would leave the total as it
//! was.

use std::collections::HashSet;
use std::sync::Arc;

use super::{check_page_count, report, sum};
use crate::connector::Listing;
use crate::read::page::{Fetched, ParsedPage, WalkError};
use crate::read::reader::Reader;
use crate::read::slice::Draft;

/// Where a walk stands.
#[derive(Debug)]
struct Tail {
    /// What the listing was announced to hold.
    announced: Option<u64>,
    /// Records that came so far.
    distinct: HashSet<u128>,
    was_empty: bool,
    is_open: bool,
}

impl Tail {
    fn new(listing: &Listing, first: &ParsedPage) -> Self {
        Self {
            announced: first.announced,
            distinct: HashSet::new(),
            was_empty: false,
            is_open: listing.is_open,
        }
    }

    /// Takes note of a page before it is compared.
    fn add(&mut self, page: &ParsedPage) -> Result<(), WalkError> {
        let before = self.distinct.len();
        let identities = page.records.iter().map(|record| record.identity);
        self.distinct.extend(identities);
        self.was_empty = page.records.is_empty();
        if !self.was_empty && self.distinct.len() == before {
            return Err(WalkError::Moved("a page repeats earlier ones"));
        }
        if self.is_open {
            self.announced = page.announced;
        } else if page.announced != self.announced {
            return Err(WalkError::Moved(
                "the announced total changed while the list was read",
            ));
        }
        Ok(())
    }

    fn is_end(&self) -> bool {
        let count = self.distinct.len() as u64;
        self.was_empty || self.announced.is_some_and(|announced| count >= announced)
    }

    fn check(&self) -> Result<(), WalkError> {
        let count = self.distinct.len() as u64;
        match self.announced {
            Some(announced) if !self.is_open && announced != count => Err(WalkError::Moved(
                "the list has another number of rows than announced",
            )),
            _ => Ok(()),
        }
    }
}

/// Reads `listing` from its first page, which has arrived, to its end.
pub(super) async fn walk(
    reader: &Reader<'_>,
    draft: &mut Draft<'_>,
    listing: &Listing,
    first: Fetched,
) -> Result<(), WalkError> {
    let slice = Arc::clone(&draft.reading.slice);
    let known = draft.judge.known_pages;
    let mut tail = Tail::new(listing, &first.page);
    let mut page = first;
    loop {
        let next = page.place + 1;
        // A page that shows that rows have moved is kept, too: it is what the upstream said.
        let noted = tail.add(&page.page);
        draft.take(page, None).await?;
        noted?;
        report(reader, draft, tail.announced).await;
        if tail.is_end() {
            break;
        }
        check_page_count(reader, draft)?;
        page = reader.fetch(known, &slice, listing, next).await?;
    }
    tail.check()?;
    let counters = &mut draft.reading.counters;
    counters.announced = sum(counters.announced, tail.announced);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::Paging;
    use crate::read::page::PageRecord;
    use crate::read::profile::Profile;

    fn page(announced: u64, ids: &[u128]) -> ParsedPage {
        let record = |id: &u128| PageRecord {
            identity: *id,
            compared: 1,
            version: None,
            unreadable: 0,
            upstream_id: Ok(id.to_string().into()),
            kept: None,
        };
        ParsedPage {
            announced: Some(announced),
            records: ids.iter().map(record).collect(),
            profile: Profile::default(),
        }
    }

    /// Reads pages until the end; tells how many were read and whether they are the whole list.
    fn read(is_open: bool, pages: &[ParsedPage]) -> Result<usize, &'static str> {
        let listing = Listing {
            is_open,
            ..Listing::new("list", Paging::Pages { size: 25 })
        };
        let mut tail = Tail::new(&listing, &pages[0]);
        let sentence = |error| match error {
            WalkError::Moved(sentence) => sentence,
            WalkError::Failed(_) => "failed",
        };
        for (place, page) in pages.iter().enumerate() {
            tail.add(page).map_err(sentence)?;
            if tail.is_end() {
                return tail.check().map(|()| place + 1).map_err(sentence);
            }
        }
        Err("no end")
    }

    #[test]
    fn a_short_page_is_not_the_end() {
        let pages = [page(4, &[1]), page(4, &[2, 3]), page(4, &[4])];
        assert_eq!(read(false, &pages), Ok(3));
    }

    #[test]
    fn an_empty_list_ends_at_once() {
        assert_eq!(read(false, &[page(0, &[])]), Ok(1));
    }

    #[test]
    fn an_empty_page_before_the_total_is_no_proof() {
        assert!(read(false, &[page(3, &[1, 2]), page(3, &[])]).is_err());
    }

    #[test]
    fn a_total_that_changes_is_no_proof() {
        assert!(read(false, &[page(3, &[1, 2]), page(2, &[3])]).is_err());
        assert!(read(false, &[page(3, &[1, 2]), page(4, &[3, 4])]).is_err());
    }

    #[test]
    fn a_page_that_repeats_is_no_proof() {
        assert!(read(false, &[page(4, &[1, 2]), page(4, &[2, 1])]).is_err());
    }

    #[test]
    fn a_list_that_may_grow_is_read_to_its_end() {
        assert_eq!(read(true, &[page(2, &[1]), page(3, &[2, 3])]), Ok(2));
        assert_eq!(read(true, &[page(3, &[1, 2]), page(1, &[])]), Ok(2));
    }
}
