//! What requests can end with instead of an answer, and the problem document (RFC 9457) that says so.
//!
//! A handler fails with an [`ApiError`]. Its response carries the [`Refusal`] in its extensions; the
//! outermost layer writes it, together with those of poem's own errors, so that every refusal of the
//! service looks the same. What the database or an upstream said stays in the log.

use std::time::Duration;

use engine::error::{Error as EngineError, chain};
use poem::http::StatusCode;
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiResponse, Enum, Object};
use tracing::{error, warn};

/// Media type of a problem document.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";
/// When a caller may try again after the database was away.
const UNAVAILABLE_RETRY: Duration = Duration::from_secs(5);

/// What went wrong, as a word that stays the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
#[oai(rename_all = "snake_case")]
pub(crate) enum Code {
    /// The request could not be parsed.
    MalformedRequest,
    /// A query parameter, path or header does not exist or has a value that is not allowed.
    InvalidParameter,
    /// The cursor is not one that this list gave out for these filters.
    InvalidCursor,
    /// The caller belongs to several tenants, and the request does not say which one is meant.
    TenantRequired,
    /// No credential was sent.
    CredentialMissing,
    /// The credential is not one of ours, or not valid yet.
    CredentialInvalid,
    /// The credential is too old.
    CredentialExpired,
    /// The credential was revoked.
    CredentialRevoked,
    /// The caller may not do this, or not in this tenant.
    Forbidden,
    /// There is no such thing, or it belongs to somebody else.
    NotFound,
    /// There is no such path.
    RouteNotFound,
    /// The path exists, but not with this method.
    MethodNotAllowed,
    /// The request did not arrive in time.
    RequestTimeout,
    /// What is asked contradicts what is there.
    Conflict,
    /// The body is too large.
    BodyTooLarge,
    /// The address is too long.
    UriTooLong,
    /// The headers are too large.
    HeadersTooLarge,
    /// The body's media type is not understood.
    UnsupportedMediaType,
    /// The request is well-formed, but its content is not acceptable.
    Invalid,
    /// Too many requests.
    RateLimited,
    /// A defect of the service.
    Internal,
    /// The database or another part is away for the moment.
    Unavailable,
}

impl Code {
    /// The status that goes with the code.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::MalformedRequest
            | Self::InvalidParameter
            | Self::InvalidCursor
            | Self::TenantRequired => StatusCode::BAD_REQUEST,
            Self::CredentialMissing
            | Self::CredentialInvalid
            | Self::CredentialExpired
            | Self::CredentialRevoked => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound | Self::RouteNotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict => StatusCode::CONFLICT,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The code for a refusal that came from the HTTP library with nothing but a status.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::CredentialMissing,
            StatusCode::FORBIDDEN => Self::Forbidden,
            StatusCode::NOT_FOUND => Self::RouteNotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::REQUEST_TIMEOUT => Self::RequestTimeout,
            StatusCode::PAYLOAD_TOO_LARGE => Self::BodyTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::TOO_MANY_REQUESTS => Self::RateLimited,
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => Self::Unavailable,
            status if status.is_client_error() => Self::MalformedRequest,
            _ => Self::Internal,
        }
    }

    /// What to tell people when nothing more is known.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::MalformedRequest => "the request could not be understood",
            Self::InvalidParameter => "a parameter is not acceptable",
            Self::InvalidCursor => "the cursor is not one of this list; start again without it",
            Self::TenantRequired => "name the tenant in the header X-Tenant-Id (id or slug)",
            Self::CredentialMissing => "send a token as `Authorization: Bearer <token>`",
            Self::CredentialInvalid => "the token is not valid",
            Self::CredentialExpired => "the token has expired",
            Self::CredentialRevoked => "the token was revoked",
            Self::Forbidden => "you may not do this here",
            Self::NotFound => "there is no such thing here",
            Self::RouteNotFound => "there is no such path; /openapi.json lists them",
            Self::MethodNotAllowed => "this path does not have that method",
            Self::RequestTimeout => "the request took too long",
            Self::Conflict => "this contradicts what is there",
            Self::BodyTooLarge => "the body is too large",
            Self::UriTooLong => "the address is too long",
            Self::HeadersTooLarge => "the headers are too large",
            Self::UnsupportedMediaType => "send JSON with `Content-Type: application/json`",
            Self::Invalid => "the content is not acceptable",
            Self::RateLimited => "too many requests; wait as long as Retry-After says",
            Self::Internal => "something went wrong here; the request id helps to find out what",
            Self::Unavailable => "the service cannot answer at the moment; try again soon",
        }
    }
}

/// Why a request was refused (RFC 9457).
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub(crate) struct Problem {
    /// Always `about:blank`: the `code` tells problems apart.
    #[oai(rename = "type")]
    pub(crate) kind: String,
    /// The status in words.
    pub(crate) title: String,
    /// The HTTP status.
    pub(crate) status: u16,
    /// What went wrong, as a word that stays the same.
    pub(crate) code: Code,
    /// What went wrong, for people.
    pub(crate) detail: String,
    /// Finds the request in the service's log.
    pub(crate) request_id: String,
}

impl Problem {
    /// Returns the problem that `code` stands for; the request id is added where it is known.
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        let status = code.status();
        Self {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or_default().to_owned(),
            status: status.as_u16(),
            code,
            detail: detail.into(),
            request_id: String::new(),
        }
    }
}

/// Why a handler has no answer.
#[derive(Debug, thiserror::Error)]
#[error("{detail}")]
pub(crate) struct ApiError {
    code: Code,
    detail: String,
    retry_after: Option<Duration>,
    source: Option<Box<EngineError>>,
}

impl ApiError {
    /// A refusal with a sentence of its own. It is shown to the caller.
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            retry_after: None,
            source: None,
        }
    }

    /// What went wrong.
    pub(crate) fn code(&self) -> Code {
        self.code
    }

    /// Says when to try again.
    pub(crate) fn retry_after(self, retry_after: Duration) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..self
        }
    }

    fn with_source(code: Code, source: EngineError) -> Self {
        Self {
            source: Some(Box::new(source)),
            ..Self::from(code)
        }
    }
}

impl From<Code> for ApiError {
    fn from(code: Code) -> Self {
        Self::new(code, code.sentence())
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        match &error {
            EngineError::NotFound { .. } => Self::from(Code::NotFound),
            EngineError::Conflict(detail) => Self::new(Code::Conflict, detail.clone()),
            EngineError::Invalid(detail) => Self::new(Code::Invalid, detail.clone()),
            EngineError::Settings(settings) => Self::new(Code::Invalid, settings.to_string()),
            _ if error.may_pass() => {
                Self::with_source(Code::Unavailable, error).retry_after(UNAVAILABLE_RETRY)
            }
            _ => Self::with_source(Code::Internal, error),
        }
    }
}

/// What the outermost layer writes.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) problem: Problem,
    pub(crate) retry_after: Option<Duration>,
}

impl From<ApiError> for poem::Error {
    fn from(error: ApiError) -> Self {
        let ApiError {
            code,
            detail,
            retry_after,
            source,
        } = error;
        match source {
            Some(source) if code == Code::Unavailable => {
                warn!(error = %chain(source.as_ref()), "could not answer");
            }
            Some(source) => error!(error = %chain(source.as_ref()), "a request failed"),
            None => {}
        }
        let mut refused = Self::from_status(code.status());
        refused.set_data(Refusal {
            problem: Problem::new(code, detail),
            retry_after,
        });
        refused
    }
}

/// Tells the document about refusals; they are the same everywhere.
impl ApiResponse for ApiError {
    fn meta() -> MetaResponses {
        let refusal = |range: &str, description| MetaResponse {
            description,
            status: None,
            status_range: Some(range.to_owned()),
            content: vec![MetaMediaType {
                content_type: PROBLEM_JSON,
                schema: Problem::schema_ref(),
            }],
            headers: vec![],
        };
        MetaResponses {
            responses: vec![
                refusal("4XX", "The request was refused; `code` says why."),
                refusal("5XX", "The service could not answer; `code` says why."),
            ],
        }
    }

    fn register(registry: &mut Registry) {
        Problem::register(registry);
    }
}
