//! Habits that either service may have.

use serde::{Deserialize, Serialize};

/// Answers to a missing or wrong key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthFailure {
    /// 401 in the form that the service has for it.
    #[default]
    Unauthorized,
    /// 403 in the same form.
    Forbidden,
    /// 401 with a page of HTML.
    Html,
    /// 200 with an error in the envelope.
    Envelope,
}

/// Orders of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Oldest first.
    #[default]
    Ascending,
    /// Newest first.
    Descending,
    /// Another order with each request, so that pages overlap and miss rows.
    Unstable,
}

/// How far the unstable order moves on with each request.
const UNSTABLE_STEP: usize = 7;

impl Order {
    /// Returns which of `count` rows is shown at `place` by the `nth` request to a listing.
    pub(crate) fn shown_at(self, place: usize, count: usize, nth: u64) -> usize {
        match self {
            Self::Ascending => place,
            Self::Descending => count - 1 - place,
            Self::Unstable => {
                let shift = usize::try_from(nth).unwrap_or_default();
                (place + shift.saturating_mul(UNSTABLE_STEP)) % count
            }
        }
    }
}
