//! Refuses what is no request to any operation: too long, ambiguous, or with a method that the path has not.

use poem::http::{HeaderMap, HeaderValue, header};
use poem::{Endpoint, Error, IntoResponse, Request, Response, Result};

use crate::error::{ApiError, Code};
use crate::route::{self, Found};

/// Longest path and query together.
const MAX_URI_BYTES: usize = 8 * 1024;
/// Largest names and values of all headers together.
const MAX_HEADER_BYTES: usize = 32 * 1024;

/// Lets pass what may be a request to an operation.
pub(super) async fn check_form<E: Endpoint>(next: E, request: Request) -> Result<Response> {
    check_size(&request)?;
    if request
        .headers()
        .get_all(header::AUTHORIZATION)
        .iter()
        .count()
        > 1
    {
        let detail = "send the header Authorization once";
        return Err(ApiError::new(Code::MalformedRequest, detail).into());
    }
    match route::find(request.method(), request.uri().path()) {
        Found::OtherMethods(allowed) => Ok(not_allowed(&allowed)),
        Found::Nothing => Err(ApiError::from(Code::RouteNotFound).into()),
        Found::Operation(_) => Ok(next.call(request).await?.into_response()),
    }
}

fn check_size(request: &Request) -> Result<(), ApiError> {
    let uri = request
        .uri()
        .path_and_query()
        .map_or(0, |uri| uri.as_str().len());
    if uri > MAX_URI_BYTES {
        let detail = format!("the address has more than {MAX_URI_BYTES} bytes");
        return Err(ApiError::new(Code::UriTooLong, detail));
    }
    if header_bytes(request.headers()) > MAX_HEADER_BYTES {
        let detail = format!("the headers have more than {MAX_HEADER_BYTES} bytes");
        return Err(ApiError::new(Code::HeadersTooLarge, detail));
    }
    Ok(())
}

fn header_bytes(headers: &HeaderMap) -> usize {
    let sizes = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len());
    sizes.sum()
}

fn not_allowed(allowed: &str) -> Response {
    let detail = format!("this path has {allowed} only");
    let mut response = Error::from(ApiError::new(Code::MethodNotAllowed, detail)).into_response();
    if let Ok(value) = HeaderValue::from_str(allowed) {
        response.headers_mut().insert(header::ALLOW, value);
    }
    response
}
