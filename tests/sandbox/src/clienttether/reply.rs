//! Answers before they are sent, and the envelope with its uneven spelling.

use poem::Response;
use poem::http::{StatusCode, header};
use poem::web::{Compress, CompressionAlgo, CompressionLevel};
use poem::{Body, IntoResponse};
use serde_json::Value;

use crate::record::Record;
use crate::switches::AuthFailure;

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

    /// Plain text or a page of HTML.
    pub(crate) fn failure(status: u16, html: bool) -> Self {
        if html {
            return Self::html(status);
        }
        let reason = StatusCode::from_u16(status)
            .ok()
            .and_then(|status| status.canonical_reason());
        Self::plain(status, reason.unwrap_or("Error"))
    }

    /// A refusal of missing or wrong keys.
    pub(crate) fn refusal(style: AuthFailure) -> Self {
        match style {
            AuthFailure::Unauthorized => Self::failure(401, false),
            AuthFailure::Forbidden => Self::failure(403, false),
            AuthFailure::Html => Self::failure(401, true),
            AuthFailure::Envelope => Self::error("CT401", "Invalid credentials"),
        }
    }

    /// An error of the application, which travels with HTTP 200.
    pub(crate) fn error(code: &str, message: &str) -> Self {
        let envelope = Record::new()
            .with("resultCode", code)
            .with("Message", message);
        Self::json(envelope.to_json())
    }

    /// "No Record Found", as the reference has it.
    pub(crate) fn not_found() -> Self {
        Self::json(
            r#"{"resultCode":"CT515","Message":"No Record Found","client_id":false,"external_id":""}"#,
        )
    }

    /// A success with rows, each the JSON text of one.
    pub(crate) fn success(total: Option<&Value>, rows: &[String]) -> Self {
        let total = total.map_or_else(String::new, |total| format!(r#""TotalRecord":{total},"#));
        let rows = rows.join(",");
        Self::json(format!(
            r#"{{"ResultCode":"CT_200","Message":"Success",{total}"data":[{rows}]}}"#
        ))
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
