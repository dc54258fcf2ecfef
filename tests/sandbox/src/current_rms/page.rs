//! Which rows of a listing a request asks for.

use super::call::Call;
use super::path::Resource;
use super::switches::{MetaPerPage, Switches};
use super::truth::Collection;

/// Rows of an answer when nothing is asked for.
const DEFAULT_ROWS: usize = 20;

/// The most rows of an answer, for all lists but one.
const MAX_ROWS: usize = 100;

/// The rows asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) number: usize,
    pub(crate) rows: usize,
    /// What `meta.per_page` shows.
    pub(crate) shown_rows: usize,
}

impl Page {
    /// Reads `page` and `per_page`; zero and what is no number count as absent.
    pub(crate) fn of(call: &Call, resource: Resource, switches: &Switches) -> Self {
        let cap = match resource {
            Resource::List(Collection::Opportunities) => switches.opportunity_page_cap.max(1),
            _ => MAX_ROWS,
        };
        let asked = call.count("per_page").unwrap_or(DEFAULT_ROWS);
        let rows = asked.min(cap);
        Self {
            number: call.page(),
            rows,
            shown_rows: match switches.meta_per_page {
                MetaPerPage::Applied => rows,
                MetaPerPage::Requested => asked,
            },
        }
    }

    /// Returns the page that holds all of `rows`.
    pub(crate) const fn whole(rows: usize) -> Self {
        Self {
            number: 1,
            rows,
            shown_rows: rows,
        }
    }

    /// Returns the place of the first row.
    pub(crate) const fn offset(self) -> usize {
        (self.number - 1).saturating_mul(self.rows)
    }
}
