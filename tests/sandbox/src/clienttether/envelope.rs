//! The envelope with its uneven spelling.

use serde_json::Value;

use super::ClientTether;
use crate::fault::Dialect;
use crate::habit::AuthFailure;
use crate::record::Record;
use crate::reply::Reply;

impl Dialect for ClientTether {
    const PADDING: [&'static str; 2] = [
        r#"{"ResultCode":"CT_200","Message":"Success","TotalRecord":1,"data":[{"padding":""#,
        r#""}]}"#,
    ];

    fn failure(status: u16) -> Reply {
        Reply::failure(status)
    }

    fn error(code: &str) -> Reply {
        error(code, "Scripted error")
    }

    fn empty() -> Option<Reply> {
        Some(not_found())
    }
}

/// A refusal of missing or wrong keys.
pub(crate) fn refusal(style: AuthFailure) -> Reply {
    match style {
        AuthFailure::Unauthorized => Reply::failure(401),
        AuthFailure::Forbidden => Reply::failure(403),
        AuthFailure::Html => Reply::html(401),
        AuthFailure::Envelope => error("CT401", "Invalid credentials"),
    }
}

/// An error of the application, which travels with HTTP 200.
pub(crate) fn error(code: &str, message: &str) -> Reply {
    let envelope = Record::new()
        .with("resultCode", code)
        .with("Message", message);
    Reply::json(envelope.to_json())
}

/// "No Record Found", as the reference has it.
pub(crate) fn not_found() -> Reply {
    Reply::json(
        r#"{"resultCode":"CT515","Message":"No Record Found","client_id":false,"external_id":""}"#,
    )
}

/// A success with rows, each the JSON text of one.
pub(crate) fn success(total: Option<&Value>, rows: &[String]) -> Reply {
    let total = total.map_or_else(String::new, |total| format!(r#""TotalRecord":{total},"#));
    let rows = rows.join(",");
    Reply::json(format!(
        r#"{{"ResultCode":"CT_200","Message":"Success",{total}"data":[{rows}]}}"#
    ))
}
