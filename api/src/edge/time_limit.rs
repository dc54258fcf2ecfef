//! Gives up on answers that take too long.

use std::sync::Arc;
use std::time::Duration;

use poem::{Endpoint, IntoResponse, Request, Response, Result};
use tokio::time::timeout;
use tracing::warn;

use crate::error::{ApiError, Code};
use crate::state::State;

/// When to try again what took too long.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Answers 503 when there is no answer in time.
pub(super) async fn limit_time<E: Endpoint>(next: E, request: Request) -> Result<Response> {
    let state = request.data::<Arc<State>>();
    let limit = state.map_or(Duration::MAX, |state| state.edge.settings.request_timeout);
    if let Ok(answer) = timeout(limit, next.call(request)).await {
        return answer.map(IntoResponse::into_response);
    }
    warn!(limit_seconds = limit.as_secs(), "gave up on an answer");
    let refusal = ApiError::new(Code::Unavailable, "there was no answer in time");
    Err(refusal.retry_after(RETRY_AFTER).into())
}
