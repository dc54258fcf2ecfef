//! What can go wrong.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What can go wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// An HTTP status with a line of plain text.
    Status(u16),
    /// An HTTP status with more to it.
    #[serde(rename_all = "camelCase")]
    StatusWith {
        /// The status.
        status: u16,
        /// The `Retry-After` header as sent: seconds or an HTTP date.
        #[serde(default)]
        retry_after: Option<String>,
        /// Whether the body is a page of HTML instead of plain text.
        #[serde(default)]
        html: bool,
    },
    /// An HTTP status with this body of JSON.
    StatusJson {
        /// The status.
        status: u16,
        /// The body.
        body: String,
    },
    /// A refusal of the credentials, though they are right.
    Unauthorized {
        /// 401 or 403.
        status: u16,
        /// Whether the body is a page of HTML instead of plain text.
        #[serde(default)]
        html: bool,
    },
    /// The secret of the account is regenerated: this request and all later ones with the old one are refused.
    RegenerateToken,
    /// HTTP 200 with an error of this code, such as `CT500`, and no data.
    EnvelopeError(String),
    /// The true answer, cut off in the middle.
    TruncatedJson,
    /// HTTP 200 with a page of HTML.
    HtmlPage,
    /// HTTP 200 with something that is no JSON, though it says so.
    NotJson,
    /// The true answer, so many milliseconds late.
    #[serde(rename = "slow_ms", with = "millis")]
    Slow(Duration),
    /// The true answer, its body a few bytes at a time with pauses, slower than anyone should wait for.
    Trickle,
    /// No answer at all, until the client gives up or the sandbox stops.
    Hang,
    /// The true answer, once the faults of the account are cleared.
    Hold,
    /// The connection is reset instead of an answer.
    ConnectionReset,
    /// The connection breaks off in the middle of the body.
    BreakOff,
    /// A well-formed answer padded to this many bytes.
    Body(u64),
    /// The rows of page 1, whatever page was asked for.
    RepeatPage,
    /// So many rows fewer than announced, at the end of the page.
    OmitLastRows(usize),
    /// The total as text.
    TotalText,
    /// No total.
    TotalMissing,
    /// This total, whatever the truth.
    TotalExactly(u64),
    /// The true total plus this, not below zero.
    TotalOffBy(i64),
    /// An empty listing in the form of `CT515`; the same as [`Self::EmptyList`] where a service has no such form.
    EmptyAsCt515,
    /// An empty listing in the form of a success.
    EmptyList,
    /// The listing lacks its last rows, and its total agrees.
    ShrinkBy(usize),
    /// The listing has its first row once more at its end, and its total counts it.
    ///
    /// Inject it for all pages, or the pages of a walk will not agree.
    DuplicateRow {
        /// Whether the second one has other content.
        changed: bool,
    },
    /// The first record of the page is damaged.
    MalformedRecord(Malformation),
}

/// Ways in which a record can be damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Malformation {
    /// It has no id.
    WithoutId,
    /// Its id is `false`.
    IdFalse,
    /// Its id is empty text.
    IdEmpty,
    /// It is a text instead of an object.
    Text,
    /// It is null.
    Null,
}

/// Durations as whole milliseconds.
mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        duration: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}
