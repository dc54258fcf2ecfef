//! Tells callers their quota, and counts requests without a good credential.

use std::sync::Arc;

use poem::http::{HeaderName, HeaderValue, StatusCode};
use poem::{Endpoint, Error, IntoResponse, Request, Response, Result};

use super::notes::Notes;
use crate::state::State;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Adds what is left of the quota that the request used up.
pub(super) async fn tell_quota<E: Endpoint>(next: E, request: Request) -> Result<Response> {
    let notes = Notes::of(&request);
    let state = request.data::<Arc<State>>().cloned();
    let mut response = match next.call(request).await {
        Ok(response) => response.into_response(),
        Err(error) => error.into_response(),
    };
    let is_stranger = response.status() == StatusCode::UNAUTHORIZED && notes.standing().is_none();
    if let Some(state) = state.filter(|_| is_stranger)
        && let Err(refusal) = notes.settle(state.edge.quotas.charge_address(notes.address()))
    {
        // The request was refused before anybody looked at its credential, if it has one.
        response = Error::from(refusal).into_response();
    }
    add_headers(&mut response, &notes);
    Ok(response)
}

fn add_headers(response: &mut Response, notes: &Notes) {
    let Some(standing) = notes.standing() else {
        return;
    };
    let values = [(LIMIT, standing.limit()), (POLICY, standing.policy())];
    for (name, value) in values {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
}
