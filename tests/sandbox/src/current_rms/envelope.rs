//! What answers are wrapped in.

use std::time::Duration;

use serde_json::{Value, json};

use super::CurrentRms;
use super::page::Page;
use super::truth::Collection;
use crate::fault::Dialect;
use crate::habit::AuthFailure;
use crate::record::Record;
use crate::reply::{Reply, reason};

impl Dialect for CurrentRms {
    const PADDING: [&'static str; 2] = [
        r#"{"opportunities":[{"id":1,"subject":""#,
        r#""}],"meta":{"total_row_count":1,"row_count":1,"page":1,"per_page":20}}"#,
    ];

    fn failure(status: u16) -> Reply {
        if status < 500 {
            errors(status, reason(status))
        } else {
            // Failures of the server itself come from what stands before it.
            Reply::failure(status)
        }
    }

    fn error(code: &str) -> Reply {
        errors(200, code)
    }
}

/// A refusal, with one message.
pub(crate) fn errors(status: u16, message: &str) -> Reply {
    Reply::json(json!({ "errors": [message] }).to_string()).with_status(status)
}

/// A refusal of missing or wrong keys.
pub(crate) fn refusal(style: AuthFailure) -> Reply {
    match style {
        AuthFailure::Unauthorized => errors(401, "Unauthorized"),
        AuthFailure::Forbidden => errors(403, "Forbidden"),
        AuthFailure::Html => Reply::html(401),
        AuthFailure::Envelope => errors(200, "Unauthorized"),
    }
}

/// What an account gets that may not use the API.
pub(crate) fn api_disabled() -> Reply {
    errors(403, "API not enabled")
}

/// What an account gets that asked too often.
pub(crate) fn too_many(wait: Duration, tells_when: bool) -> Reply {
    let seconds = wait.as_millis().div_ceil(1_000).max(1).to_string();
    errors(429, "Too many requests").retry_after(tells_when.then_some(seconds))
}

/// What is not there.
pub(crate) fn not_found() -> Reply {
    errors(404, "Not found")
}

/// One record: its JSON text.
pub(crate) fn single(collection: Collection, record: &str) -> Reply {
    let noun = collection.noun();
    Reply::json(format!(r#"{{"{noun}":{record}}}"#))
}

/// A page of records, each the JSON text of one.
pub(crate) fn list(
    collection: Collection,
    rows: &[String],
    total: Option<Value>,
    page: Page,
) -> Reply {
    let mut meta = Record::new();
    if let Some(total) = total {
        meta.set("total_row_count", total);
    }
    meta.set("row_count", rows.len());
    meta.set("page", page.number);
    meta.set("per_page", page.shown_rows);
    let (plural, rows, meta) = (collection.plural(), rows.join(","), meta.to_json());
    Reply::json(format!(r#"{{"{plural}":[{rows}],"meta":{meta}}}"#))
}
