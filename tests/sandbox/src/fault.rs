//! Scripted faults: what goes wrong, where, and how often.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A fault waiting for the requests it is meant for.
///
/// Of several faults that match a request the one injected first strikes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// The endpoint it is meant for, such as `read_client_list`; any where `None`.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// The page it is meant for, counted from 1 by `offset / limit`; any where `None`.
    #[serde(default)]
    pub page: Option<u64>,
    /// What goes wrong.
    pub kind: FaultKind,
    /// How many requests it strikes; until cleared where `None`.
    #[serde(default)]
    pub times: Option<u32>,
    /// How many requests that match it lets pass first.
    #[serde(default)]
    pub skip: u32,
}

impl Fault {
    /// Returns a fault that strikes every request until it is cleared.
    pub fn new(kind: FaultKind) -> Self {
        Self {
            endpoint: None,
            page: None,
            kind,
            times: None,
            skip: 0,
        }
    }

    /// Narrows the fault to one endpoint.
    #[must_use]
    pub fn on(mut self, endpoint: &str) -> Self {
        self.endpoint = Some(endpoint.to_owned());
        self
    }

    /// Narrows the fault to one page, counted from 1.
    #[must_use]
    pub fn page(mut self, page: u64) -> Self {
        self.page = Some(page);
        self
    }

    /// Lets the fault strike so many requests and then go away.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Lets so many matching requests pass first.
    #[must_use]
    pub fn skip(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    fn matches(&self, endpoint: &str, page: u64) -> bool {
        self.endpoint.as_deref().is_none_or(|name| name == endpoint)
            && self.page.is_none_or(|meant| meant == page)
    }

    /// Counts a matching request and returns whether the fault strikes it.
    fn strikes(&mut self) -> bool {
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        match &mut self.times {
            None => true,
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
        }
    }
}

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
    /// A refusal of the credentials, though they are right.
    Unauthorized {
        /// 401 or 403.
        status: u16,
        /// Whether the body is a page of HTML instead of plain text.
        #[serde(default)]
        html: bool,
    },
    /// The access token is regenerated: this request and all later ones with the old token are refused.
    RegenerateToken,
    /// HTTP 200 with this result code, such as `CT500`, and no data.
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
    /// An empty listing in the form of `CT515`.
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

/// The faults of one account.
#[derive(Debug, Default)]
pub(crate) struct FaultBook(Vec<Fault>);

impl FaultBook {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Counts the request against every fault before the one that strikes, and returns that one's kind.
    pub(crate) fn strike(&mut self, endpoint: &str, page: u64) -> Option<FaultKind> {
        self.0
            .iter_mut()
            .filter(|fault| fault.matches(endpoint, page))
            .find_map(|fault| fault.strikes().then(|| fault.kind.clone()))
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_skips_then_strikes_then_goes_away() {
        let mut book = FaultBook::default();
        book.add(Fault::new(FaultKind::Hang).on("a").skip(1).times(1));
        let struck: Vec<bool> = (0..3).map(|_| book.strike("a", 1).is_some()).collect();
        assert_eq!(struck, [false, true, false]);
    }

    #[test]
    fn a_fault_strikes_only_its_endpoint_and_page() {
        let mut book = FaultBook::default();
        book.add(Fault::new(FaultKind::Hang).on("a").page(2));
        assert!(book.strike("a", 1).is_none());
        assert!(book.strike("b", 2).is_none());
        assert!(book.strike("a", 2).is_some());
    }

    #[test]
    fn a_fault_reads_from_json() -> serde_json::Result<()> {
        let text = r#"{"endpoint":"a","page":2,"kind":{"slow_ms":1500},"times":2}"#;
        let fault: Fault = serde_json::from_str(text)?;
        let slow = FaultKind::Slow(Duration::from_millis(1500));
        assert_eq!(fault, Fault::new(slow).on("a").page(2).times(2));
        Ok(())
    }
}
