//! A defect in a handler is a refusal of one request, not the end of the service.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use poem::{Endpoint, IntoResponse, Request, Response, Result};

use crate::error::{ApiError, Code};

/// Answers 500 when `next` panics. What the panic says may hold anything, so it is told to nobody; the panic
/// hook of the process logs where it was.
pub(super) async fn catch_panics<E: Endpoint>(next: E, request: Request) -> Result<Response> {
    let answer = AssertUnwindSafe(next.call(request)).catch_unwind().await;
    match answer {
        Ok(answer) => answer.map(IntoResponse::into_response),
        Err(_) => Err(ApiError::from(Code::Internal).into()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use poem::endpoint::make_sync;
    use poem::http::StatusCode;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_internal_error() {
        let endpoint = Arc::new(make_sync(|_| -> Response { panic!("defect") }));
        let answer = catch_panics(endpoint, Request::default()).await;
        assert_eq!(
            answer.unwrap_err().status(),
            StatusCode::INTERNAL_SERVER_ERROR
        );
    }
}
