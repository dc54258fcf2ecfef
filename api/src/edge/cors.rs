//! Lets frontends in browsers ask, from the origins that were set and no others.
//!
//! Credentials are sent by the frontend itself, in a header, so browsers are never asked to add any. An
//! origin that was not set gets its answer without the headers, and the browser keeps it from the page.

use std::sync::Arc;

use poem::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, IntoResponse, Request, Response, Result};

use crate::state::State;

/// Methods that operations have.
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
/// Headers that frontends may send.
const REQUEST_HEADERS: &str =
    "Authorization, Content-Type, If-None-Match, X-Request-Id, X-Tenant-Id";
/// Headers that frontends may read.
const ANSWER_HEADERS: &str =
    "ETag, Location, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, X-Request-Id";
/// Seconds for which browsers may remember a preflight.
const MAX_AGE: &str = "600";

/// Answers preflights, and marks answers as meant for the origin that asks, if it was set.
pub(super) async fn share<E: Endpoint>(next: E, request: Request) -> Result<Response> {
    let Some(origin) = request.headers().get(header::ORIGIN).cloned() else {
        return Ok(vary(next.call(request).await));
    };
    let state = request.data::<Arc<State>>();
    let is_allowed = state.is_some_and(|state| state.edge.settings.cors_origins.contains(&origin));
    let response = if is_preflight(&request) {
        Ok(preflight(is_allowed))
    } else {
        next.call(request).await.map(IntoResponse::into_response)
    };
    let mut response = vary(response);
    if is_allowed {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        insert(
            headers,
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            ANSWER_HEADERS,
        );
    }
    Ok(response)
}

fn is_preflight(request: &Request) -> bool {
    let asked = request.headers();
    request.method() == Method::OPTIONS && asked.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight(is_allowed: bool) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    if is_allowed {
        let headers = response.headers_mut();
        insert(headers, header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        insert(
            headers,
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            REQUEST_HEADERS,
        );
        insert(headers, header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    }
    response
}

/// Tells caches that other origins get other headers.
fn vary(response: Result<impl IntoResponse>) -> Response {
    let mut response = match response {
        Ok(response) => response.into_response(),
        Err(error) => error.into_response(),
    };
    let value = HeaderValue::from_static("Origin");
    response.headers_mut().append(header::VARY, value);
    response
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}
