//! Which rows of a listing a request asks for.

use super::call::Call;

/// The most rows one answer holds.
const MAX_LIMIT: usize = 100;

/// The rows asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) offset: usize,
    pub(crate) limit: usize,
    /// Whether more rows were asked for than one answer holds.
    pub(crate) is_over_limit: bool,
}

impl Window {
    /// Reads `limit` and `offset`; `None` where one of them is no count.
    pub(crate) fn of(call: &Call) -> Option<Self> {
        let count = |name, default| match call.parameter(name) {
            None => Some(default),
            Some(text) => text.parse::<usize>().ok(),
        };
        let asked = count("limit", MAX_LIMIT)?;
        Some(Self {
            offset: count("offset", 0)?,
            limit: if asked == 0 {
                MAX_LIMIT
            } else {
                asked.min(MAX_LIMIT)
            },
            is_over_limit: asked > MAX_LIMIT,
        })
    }

    /// Returns the number of the page, counted from 1.
    pub(crate) fn page(self) -> u64 {
        u64::try_from(self.offset / self.limit + 1).unwrap_or(u64::MAX)
    }
}
