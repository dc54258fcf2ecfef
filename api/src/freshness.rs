//! How old the data behind an answer is.

use engine::inspect;
use poem_openapi::Object;

use crate::moment::Moment;

/// How old the data of an answer is.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct Freshness {
    /// End of the last sync that was a success; null when there was none.
    as_of: Option<Moment>,
    /// Seconds since then.
    age_seconds: Option<i64>,
    /// Whether the data is older than the tenant allows, or was never complete.
    is_stale: bool,
    /// The state in a sentence.
    message: String,
}

impl From<inspect::Freshness> for Freshness {
    fn from(freshness: inspect::Freshness) -> Self {
        let inspect::Freshness {
            as_of,
            age_seconds,
            is_stale,
            message,
        } = freshness;
        Self {
            as_of: as_of.map(Moment),
            age_seconds,
            is_stale,
            message,
        }
    }
}
