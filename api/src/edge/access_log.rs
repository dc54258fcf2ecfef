//! One line and one count for each request.
//!
//! They tell the operation, not the path: what callers put into paths, queries, headers and bodies may be
//! personal or secret.

use std::sync::Arc;
use std::time::Instant;

use poem::http::StatusCode;
use poem::{Endpoint, IntoResponse, Request, Response, Result};
use tracing::{debug, info};

use super::notes::Notes;
use crate::route::operation_name;
use crate::state::State;

/// Operations that monitors call all the time.
const NOISY: [&str; 3] = ["get_liveness", "get_readiness", "get_metrics"];

/// Counts and logs what is answered.
pub(super) async fn observe<E: Endpoint>(next: E, request: Request) -> Result<Response> {
    let started = Instant::now();
    let operation = operation_name(request.method(), request.uri().path());
    let notes = Notes::of(&request);
    let state = request.data::<Arc<State>>().cloned();
    let in_flight = state.as_ref().map(|state| state.edge.metrics.begin());
    let response = match next.call(request).await {
        Ok(response) => response.into_response(),
        Err(error) => error.into_response(),
    };
    drop(in_flight);
    let elapsed = started.elapsed();
    if let Some(state) = state {
        let metrics = &state.edge.metrics;
        metrics.request(operation, response.status(), elapsed);
    }
    let duration_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    write_line(operation, response.status(), duration_ms, &notes);
    Ok(response)
}

fn write_line(operation: &str, status: StatusCode, duration_ms: u64, notes: &Notes) {
    let tenant = notes.tenant().map(|tenant| tenant.to_string());
    let (tenant, caller) = (tenant.as_deref(), notes.caller_kind());
    let status_code = status.as_u16();
    if status.is_success() && NOISY.contains(&operation) {
        debug!(
            operation,
            status = status_code,
            duration_ms,
            tenant.id = tenant,
            caller,
            "answered"
        );
    } else {
        info!(
            operation,
            status = status_code,
            duration_ms,
            tenant.id = tenant,
            caller,
            "answered"
        );
    }
}
