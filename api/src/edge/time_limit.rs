//! Gives up on answers that take too long.

use std::sync::Arc;
use std::time::Duration;

use poem::{Endpoint, IntoResponse, Request, Response, Result};
use tokio::time::timeout;
use tracing::warn;

use super::body::HasBody;
use crate::error::{ApiError, Code};
use crate::route::{self, Found};
use crate::state::State;

/// When to try again what took too long.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The longest that operations with the parameter `wait` may be asked to wait: less than most proxies do.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(50);

/// Answers 503 when there is no answer in time.
pub(super) async fn limit_time<E: Endpoint>(next: E, request: Request) -> Result<Response> {
    let state = request.data::<Arc<State>>();
    let limit = state.map_or(Duration::MAX, |state| state.edge.settings.request_timeout);
    // A body may take as long again to arrive, which the layer around this one limits.
    let arriving = request.data::<HasBody>().map_or(Duration::ZERO, |_| limit);
    let limit = limit
        .saturating_add(arriving)
        .saturating_add(waiting_time(&request));
    if let Ok(answer) = timeout(limit, next.call(request)).await {
        return answer.map(IntoResponse::into_response);
    }
    warn!(limit_seconds = limit.as_secs(), "gave up on an answer");
    let refusal = ApiError::new(Code::Unavailable, "there was no answer in time");
    Err(refusal.retry_after(RETRY_AFTER).into())
}

/// Waiting is what some operations are asked for; only the rest of their time is limited.
fn waiting_time(request: &Request) -> Duration {
    match route::find(request.method(), request.uri().path()) {
        Found::Operation(operation) if operation.waits() => MAX_WAIT,
        _ => Duration::ZERO,
    }
}
