//! Answers before they are sent.

use poem::Response;
use poem::http::{StatusCode, header};
use poem::web::{Compress, CompressionAlgo, CompressionLevel};
use poem::{Body, IntoResponse};

const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";
const PLAIN: &str = "text/plain; charset=utf-8";

/// A page as web servers and proxies put before an API.
const HTML_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Service notice</title></head>\
    <body><h1>Service notice</h1><p>The page you asked for can&rsquo;t be shown right now.</p></body></html>\n";

/// An answer whose body is known.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    status: u16,
    content_type: &'static str,
    retry_after: Option<String>,
    pub(crate) body: String,
}

impl Reply {
    /// An answer of the API itself.
    pub(crate) fn json(body: impl Into<String>) -> Self {
        Self::new(200, JSON, body)
    }

    /// A line of plain text, as from a web server that stands before the API.
    pub(crate) fn plain(status: u16, body: &str) -> Self {
        Self::new(status, PLAIN, body)
    }

    /// A page of HTML.
    pub(crate) fn html(status: u16) -> Self {
        Self::new(status, HTML, HTML_PAGE)
    }

    /// The reason phrase of a status as plain text.
    pub(crate) fn failure(status: u16) -> Self {
        Self::plain(status, reason(status))
    }

    /// Gives the answer another status.
    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Adds a `Retry-After` header.
    pub(crate) fn retry_after(mut self, value: Option<String>) -> Self {
        self.retry_after = value;
        self
    }

    /// Cuts the body in the middle, so that it is no JSON any more.
    pub(crate) fn truncated(mut self) -> Self {
        let middle = self.body.floor_char_boundary(self.body.len() / 2);
        self.body.truncate(middle);
        self
    }

    /// Turns the answer into one to send, compressed where the client takes that.
    pub(crate) fn into_response(self, accepts_gzip: bool) -> Response {
        let (response, body) = self.into_parts();
        let response = response.body(body);
        if !accepts_gzip {
            return response;
        }
        Compress::new(response, CompressionAlgo::GZIP)
            .with_quality(CompressionLevel::Fastest)
            .into_response()
    }

    /// Returns the head of the answer and its body, for those who send the body in another way.
    pub(crate) fn into_parts(self) -> (poem::ResponseBuilder, String) {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut head = Response::builder()
            .status(status)
            .content_type(self.content_type);
        if let Some(value) = self.retry_after {
            head = head.header(header::RETRY_AFTER, value);
        }
        (head, self.body)
    }

    /// Returns the head of an answer of the API itself, with a body that is streamed.
    pub(crate) fn streamed(body: Body) -> Response {
        Response::builder().content_type(JSON).body(body)
    }

    fn new(status: u16, content_type: &'static str, body: impl Into<String>) -> Self {
        Self {
            status,
            content_type,
            retry_after: None,
            body: body.into(),
        }
    }
}

/// Returns the reason phrase of a status.
pub(crate) fn reason(status: u16) -> &'static str {
    StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Error")
}
