//! Headers that tell browsers and caches to make nothing else of an answer than what it is.

use poem::http::{HeaderName, HeaderValue, header};
use poem::{Endpoint, IntoResponse, Request, Response, Result};

/// Answers are data: nothing in them may be run, framed or taken for another type.
const ALWAYS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];
/// For answers that do not say themselves what they may load; nothing.
const POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// Adds the headers; an answer without an entity tag is not to be stored by anybody.
pub(super) async fn add_headers<E: Endpoint>(next: E, request: Request) -> Result<Response> {
    let mut response = match next.call(request).await {
        Ok(response) => response.into_response(),
        Err(error) => error.into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(POLICY));
    if !headers.contains_key(header::ETAG) {
        headers
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
    }
    Ok(response)
}
