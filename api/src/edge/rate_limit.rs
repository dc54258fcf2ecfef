//! Tells callers their quota, and counts the failures of whoever is not known.

use std::sync::Arc;

use engine::admin::tokens;
use poem::http::header::AUTHORIZATION;
use poem::http::{HeaderName, HeaderValue};
use poem::{Endpoint, Error, IntoResponse, Request, Response, Result};

use super::notes::Notes;
use crate::state::State;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Adds what is left of the quota that the request used up.
pub(super) async fn tell_quota<E: Endpoint>(next: E, request: Request) -> Result<Response> {
    let notes = Notes::of(&request);
    let state = request.data::<Arc<State>>().cloned();
    let credential = request.headers().get(AUTHORIZATION).cloned();
    let mut response = match next.call(request).await {
        Ok(response) => response.into_response(),
        Err(error) => error.into_response(),
    };
    let is_failure = response.status().is_client_error() && notes.standing().is_none();
    if let Some(state) = state.filter(|_| is_failure)
        && !is_known(&state, &notes, credential.as_ref())
        && let Err(refusal) = notes.settle(state.edge.quotas.charge_address(notes.address()))
    {
        response = Error::from(refusal).into_response();
    }
    add_headers(&mut response, &notes);
    Ok(response)
}

/// Whether somebody was recognised, or would be if it had come to that.
fn is_known(state: &State, notes: &Notes, credential: Option<&HeaderValue>) -> bool {
    let token = credential.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let is_good = |token: &str| {
        let digest = tokens::digest(&token.to_owned().into());
        state.edge.quotas.is_known(&digest)
    };
    notes.is_known() || token.is_some_and(is_good)
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
