//! Receives the body, within bounds of size and time, before anything else is done with the request.

use std::sync::Arc;

use futures::StreamExt;
use poem::http::header;
use poem::{Body, Endpoint, IntoResponse, Request, Response, Result};
use tokio::time::timeout;

use super::settings::EdgeSettings;
use crate::error::{ApiError, Code};
use crate::state::State;

/// Puts the received body in place of the one that is still to come.
pub(super) async fn receive_body<E: Endpoint>(next: E, mut request: Request) -> Result<Response> {
    if let Some(state) = request.data::<Arc<State>>().cloned() {
        let settings = &state.edge.settings;
        check_announced(&request, settings)?;
        let body = request.take_body();
        let received = timeout(
            settings.request_timeout,
            receive(body, settings.max_body_bytes),
        );
        let received = received
            .await
            .unwrap_or_else(|_| Err(Code::RequestTimeout.into()));
        request.set_body(received?);
    }
    Ok(next.call(request).await?.into_response())
}

fn check_announced(request: &Request, settings: &EdgeSettings) -> Result<(), ApiError> {
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    match announced {
        Some(bytes) if bytes > settings.max_body_bytes => Err(too_large(settings.max_body_bytes)),
        _ => Ok(()),
    }
}

/// Receives a body whose length may not be known before.
async fn receive(body: Body, limit: usize) -> Result<Body, ApiError> {
    if body.is_empty() {
        return Ok(body);
    }
    let mut parts = body.into_bytes_stream();
    let mut received = vec![];
    while let Some(part) = parts.next().await {
        let broken = |_| ApiError::new(Code::MalformedRequest, "the body did not arrive whole");
        let part = part.map_err(broken)?;
        if received.len() + part.len() > limit {
            return Err(too_large(limit));
        }
        received.extend_from_slice(&part);
    }
    Ok(Body::from_vec(received))
}

fn too_large(limit: usize) -> ApiError {
    ApiError::new(
        Code::BodyTooLarge,
        format!("the body has more than {limit} bytes"),
    )
}
