//! Answers 304 to whoever has the answer already (RFC 9110, section 13).

use poem::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use poem::{Body, Endpoint, IntoResponse, Request, Response, Result};

/// Leaves the body away when `If-None-Match` names the answer's tag.
pub(super) async fn answer_conditions<E: Endpoint>(next: E, request: Request) -> Result<Response> {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let had = request.headers().clone();
    let mut response = next.call(request).await?.into_response();
    let is_answer = is_read && response.status() == StatusCode::OK;
    let tag = response.headers().get(header::ETAG);
    if is_answer && tag.is_some_and(|tag| is_named(&had, tag)) {
        response.set_status(StatusCode::NOT_MODIFIED);
        response.set_body(Body::empty());
        response.headers_mut().remove(header::CONTENT_TYPE);
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    Ok(response)
}

fn is_named(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let Ok(tag) = tag.to_str() else {
        return false;
    };
    let values = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut named = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim);
    // Weak comparison: the tags of answers that are the same but for ages. Ours have no commas.
    named.any(|named| named == "*" || opaque(named) == opaque(tag))
}

fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_had(named: &'static str) -> bool {
        let headers = [(header::IF_NONE_MATCH, HeaderValue::from_static(named))];
        is_named(
            &headers.into_iter().collect(),
            &HeaderValue::from_static("W/\"a1\""),
        )
    }

    #[test]
    fn tags_are_compared_weakly_one_by_one() {
        for named in ["W/\"a1\"", "\"a1\"", "\"b\", W/\"a1\"", "*"] {
            assert!(is_had(named), "{named}");
        }
        for named in ["", "a1", "\"A1\"", "\"a\"", "w/\"a1\""] {
            assert!(!is_had(named), "{named}");
        }
    }
}
