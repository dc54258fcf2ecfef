//! The name of a request: in its answer, in its problem document and in every log line about it.

use std::sync::Arc;

use poem::http::{HeaderMap, HeaderName, HeaderValue};
use poem::{Endpoint, IntoResponse, Request, Response, Result};
use tracing::{Instrument, error_span};

use super::client;
use super::notes::Notes;
use crate::state::State;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// Longest id that is taken over from a proxy or client.
const MAX_CHARS: usize = 64;

/// The name of a request.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

/// Names the request, as its sender did, where that is a plain word, else anew, and begins the notes about it.
pub(super) async fn name_requests<E: Endpoint>(next: E, mut request: Request) -> Result<Response> {
    let id = sent(request.headers()).unwrap_or_else(|| new_id(&request));
    request.set_data(RequestId(id.clone()));
    let notes = notes(&request);
    request.set_data(notes);
    // Of the highest level, so that the line of an error has it whatever is logged otherwise.
    let span = error_span!("request", request.id = %id);
    let mut response = match next.call(request).instrument(span).await {
        Ok(response) => response.into_response(),
        Err(error) => error.into_response(),
    };
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HEADER, value);
    }
    Ok(response)
}

fn new_id(request: &Request) -> String {
    let state = request.data::<Arc<State>>();
    state.map_or_else(String::new, |state| state.engine.clock.new_id().to_string())
}

fn notes(request: &Request) -> Notes {
    let notes = Notes::default();
    let state = request.data::<Arc<State>>();
    let proxies = state.map_or(&[][..], |state| &state.edge.settings.trusted_proxies);
    if let Some(address) = client::address(request, proxies) {
        notes.set_address(address);
    }
    notes
}

fn sent(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(HEADER)?.to_str().ok()?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (!id.is_empty() && id.len() <= MAX_CHARS && id.chars().all(is_plain)).then(|| id.to_owned())
}
