//! JSON bodies in and out, with a clear sentence where one is wrong.

use poem::http::StatusCode;
use poem::{Body, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

/// A request that cannot be followed.
pub(super) struct Refusal {
    status: StatusCode,
    sentence: String,
}

impl Refusal {
    /// The request itself is wrong.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "it is handed to `map_err`, which gives the error away"
    )]
    pub(super) fn bad_request(cause: impl ToString) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            sentence: cause.to_string(),
        }
    }

    /// There is no such account.
    pub(super) fn no_account(name: &str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            sentence: format!("there is no account {name:?}"),
        }
    }
}

/// Reads a body.
pub(super) async fn read<T: DeserializeOwned>(body: Body) -> Result<T, Refusal> {
    let bytes = body.into_vec().await.map_err(Refusal::bad_request)?;
    serde_json::from_slice(&bytes).map_err(Refusal::bad_request)
}

/// Turns what came out into a response.
pub(super) fn response<T: Serialize>(result: Result<T, Refusal>) -> Response {
    let (status, body) = match result {
        Ok(value) => (StatusCode::OK, serde_json::to_string(&value)),
        Err(Refusal { status, sentence }) => (status, Ok(json!({ "error": sentence }).to_string())),
    };
    Response::builder()
        .status(status)
        .content_type("application/json")
        .body(body.unwrap_or_default())
}
