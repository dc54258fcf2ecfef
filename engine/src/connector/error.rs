//! What can go wrong when an upstream is asked, and what to do about each kind.

use std::time::Duration;

use entity::ReasonCode;

/// Kinds of failure, told apart because the answer to each differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorKind {
    /// No connection could be made, or it broke.
    Connect,
    /// The answer did not arrive in time.
    Timeout,
    /// HTTP 408, 425 or 5xx.
    Unavailable {
        /// HTTP status.
        status: u16,
        /// How long the upstream asked to be left alone.
        retry_after: Option<Duration>,
    },
    /// HTTP 429.
    RateLimited {
        /// How long the upstream asked to be left alone.
        retry_after: Option<Duration>,
    },
    /// HTTP 401 or 403, or an envelope that says the same.
    Unauthorized {
        /// HTTP status.
        status: u16,
    },
    /// The account may not use the API at all, whatever it signs in with.
    Disabled {
        /// HTTP status.
        status: u16,
    },
    /// Any other HTTP status that is not a success.
    Refused {
        /// HTTP status.
        status: u16,
    },
    /// The body was cut off, or is not JSON.
    Unreadable,
    /// JSON of a shape that is not the upstream's.
    UnexpectedShape,
    /// The body is larger than the limit.
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The upstream said that it failed on its side (`CT500`).
    UpstreamFault,
    /// The upstream refused what was asked (another result code).
    UpstreamRefusal,
    /// Our own guard: the request would not have been a read.
    Forbidden,
}

/// A failed request to an upstream.
///
/// Its text never holds header values, parameters that carry secrets, or any part of an answer.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{context}: {}", self.sentence())]
pub struct ConnectorError {
    /// What kind of failure it was.
    pub kind: ErrorKind,
    /// What was attempted, for example `read_client_list`.
    pub context: String,
    /// The upstream's own code or a technical detail, when there is one.
    pub detail: Option<String>,
    /// Whether one record was asked for, or what belongs to it: others may be answered.
    pub is_of_record: bool,
}

/// What to do after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// It may pass by itself; the upstream may have said how long to wait.
    Retry(Option<Duration>),
    /// Nothing will change until a person acts.
    NeedsPerson,
    /// The same request would fail again.
    Never,
}

impl ConnectorError {
    /// A failure of `kind` while attempting `context`.
    pub fn new(kind: ErrorKind, context: impl Into<String>) -> Self {
        Self {
            kind,
            context: context.into(),
            detail: None,
            is_of_record: false,
        }
    }

    /// Adds the upstream's own code or a technical detail.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Returns what to do next.
    pub fn policy(&self) -> Policy {
        match &self.kind {
            ErrorKind::Connect
            | ErrorKind::Timeout
            | ErrorKind::Unreadable
            | ErrorKind::UpstreamFault => Policy::Retry(None),
            ErrorKind::Unavailable { retry_after, .. } | ErrorKind::RateLimited { retry_after } => {
                Policy::Retry(*retry_after)
            }
            ErrorKind::Unauthorized { .. } | ErrorKind::Disabled { .. } => Policy::NeedsPerson,
            ErrorKind::Refused { .. }
            | ErrorKind::UnexpectedShape
            | ErrorKind::TooLarge { .. }
            | ErrorKind::UpstreamRefusal
            | ErrorKind::Forbidden => Policy::Never,
        }
    }

    /// Returns the reason code that a run reports.
    pub fn reason(&self) -> ReasonCode {
        match self.kind {
            ErrorKind::Timeout => ReasonCode::Timeout,
            ErrorKind::RateLimited { .. } => ReasonCode::RateLimited,
            ErrorKind::Unauthorized { .. } | ErrorKind::Disabled { .. } => ReasonCode::Auth,
            ErrorKind::Forbidden => ReasonCode::Internal,
            _ => ReasonCode::Upstream,
        }
    }

    /// Returns what a person has to do before the account can be asked again.
    ///
    /// What is wrong, a semicolon, and what to do, which ends with a command for the connection.
    pub fn remedy(&self) -> Option<&'static str> {
        match self.kind {
            ErrorKind::Unauthorized { .. } => Some(
                "the upstream refused the credentials; set new credentials with `ctsync connections set-credentials`",
            ),
            ErrorKind::Disabled { .. } => Some(
                "the upstream does not let this account use its API; switch API access on there, then `ctsync connections resume`",
            ),
            _ => None,
        }
    }

    /// Whether another request, with fewer parameters, may be taken.
    pub(crate) fn is_about_the_request(&self) -> bool {
        let refused = [400, 404, 422];
        !self.is_of_record
            && matches!(self.kind, ErrorKind::Refused { status } if refused.contains(&status))
    }

    /// Returns the sentence an operator reads.
    fn sentence(&self) -> String {
        let text = match &self.kind {
            ErrorKind::Connect => "the upstream could not be reached".to_owned(),
            ErrorKind::Timeout => "the upstream did not answer in time".to_owned(),
            ErrorKind::Unavailable { status, .. } => {
                format!("the upstream is unavailable (HTTP {status})")
            }
            ErrorKind::RateLimited { .. } => {
                "the upstream asked for fewer requests (HTTP 429)".to_owned()
            }
            ErrorKind::Unauthorized { status } => {
                format!("the upstream refused the credentials (HTTP {status})")
            }
            ErrorKind::Disabled { status } => {
                format!(
                    "the account may not use the upstream's API, which is switched on there (HTTP {status})"
                )
            }
            ErrorKind::Refused { status } => {
                format!("the upstream refused the request (HTTP {status})")
            }
            ErrorKind::Unreadable => "the answer is cut off or not JSON".to_owned(),
            ErrorKind::UnexpectedShape => "the answer has an unknown shape".to_owned(),
            ErrorKind::TooLarge { limit } => format!("the answer is larger than {limit} bytes"),
            ErrorKind::UpstreamFault => "the upstream reported a fault of its own".to_owned(),
            ErrorKind::UpstreamRefusal => "the upstream refused what was asked".to_owned(),
            ErrorKind::Forbidden => "this request is not a read, it was not sent".to_owned(),
        };
        match &self.detail {
            Some(detail) => format!("{text} ({detail})"),
            None => text,
        }
    }
}
