//! The name of a request: in its answer, in its problem document and in every log line about it.

use std::sync::Arc;

use poem::http::{HeaderMap, HeaderName, HeaderValue};
use poem::{Endpoint, IntoResponse, Request, Response, Result};
use tracing::{Instrument, error_span, warn};

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
    let edge = request.data::<Arc<State>>().map(|state| &state.edge);
    let proxies = edge.map_or(&[][..], |edge| &edge.settings.trusted_proxies);
    let Some(sender) = client::sender(request, proxies) else {
        return notes;
    };
    notes.set_address(sender.address);
    if sender.is_forwarded_by_stranger && edge.is_some_and(|edge| edge.foreign_proxy.is_due()) {
        warn!(
            peer = %sender.address,
            "X-Forwarded-For comes from a peer that is not in CTSYNC_TRUSTED_PROXIES: all it forwards counts as one sender"
        );
    }
    notes
}

fn sent(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(HEADER)?.to_str().ok()?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (!id.is_empty() && id.len() <= MAX_CHARS && id.chars().all(is_plain)).then(|| id.to_owned())
}
