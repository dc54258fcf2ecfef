//! The last word on refusals: whatever refused a request, the caller gets a problem document.

use std::time::Duration;

use poem::http::{HeaderValue, StatusCode, header};
use poem::{Endpoint, IntoResponse, Request, Response, Result};
use poem_openapi::types::ToJSON;

use super::request_id::RequestId;
use crate::error::{Code, PROBLEM_JSON, Problem, Refusal};

/// Answers with what `next` answers, refusals written as problem documents.
pub(super) async fn write_problems<E: Endpoint>(next: E, request: Request) -> Result<Response> {
    let id = request.data::<RequestId>().cloned();
    let mut response = match next.call(request).await {
        Ok(response) => response.into_response(),
        Err(error) => error.into_response(),
    };
    if is_refusal(response.status()) {
        let refusal = refusal(&mut response);
        write(&mut response, refusal, id);
    }
    Ok(response)
}

fn is_refusal(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}

/// Returns why the request was refused, as well as that is known.
fn refusal(response: &mut Response) -> Refusal {
    let stated = response.extensions_mut().remove::<Refusal>();
    stated.unwrap_or_else(|| {
        let code = Code::of_status(response.status());
        Refusal {
            problem: Problem::new(code, code.sentence()),
            retry_after: None,
        }
    })
}

fn write(response: &mut Response, refusal: Refusal, id: Option<RequestId>) {
    let Refusal {
        mut problem,
        retry_after,
    } = refusal;
    problem.request_id = id.map(|id| id.0).unwrap_or_default();
    response.set_status(problem.code.status());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    if problem.code.status() == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(value) = retry_after.and_then(seconds) {
        headers.insert(header::RETRY_AFTER, value);
    }
    response.set_body(problem.to_json_string());
}

/// Returns a time in whole seconds, rounded up, as `Retry-After` has it.
fn seconds(time: Duration) -> Option<HeaderValue> {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    HeaderValue::from_str(&seconds.to_string()).ok()
}
