//! The envelope of an answer: lists stand under their name in the plural with a `meta` beside them, records under
//! their name in the singular.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::listings::OPPORTUNITIES;
use super::refusal::{self, Refusal};
use crate::connector::{ConnectorError, Envelope, ErrorKind, json};

const NOT_FOUND: u16 = 404;

#[derive(Deserialize)]
struct Members<'a>(#[serde(borrow)] BTreeMap<Cow<'a, str>, &'a RawValue>);

/// What of `meta` is believed. Its `per_page` may be the size that was asked for or the one that was given.
#[derive(Deserialize)]
struct Meta {
    total_row_count: Option<u64>,
}

/// Checks the envelope of an answer to `endpoint` and finds the records in it.
pub(super) fn open(endpoint: &str, status: u16, body: &[u8]) -> Result<Envelope, ConnectorError> {
    let fault = |kind| ConnectorError::new(kind, endpoint);
    let text = std::str::from_utf8(body).map_err(|_| fault(ErrorKind::Unreadable))?;
    if status == NOT_FOUND {
        // Any proxy says 404, some of them in JSON; only the service itself knows that there is no such record.
        return if refusal::is_of_the_service(json::content(text)) {
            Ok(Envelope::default())
        } else {
            Err(fault(ErrorKind::Refused { status }))
        };
    }
    let whole: &RawValue =
        serde_json::from_str(json::content(text)).map_err(|_| fault(ErrorKind::Unreadable))?;
    let members: Members<'_> =
        serde_json::from_str(whole.get()).map_err(|_| fault(ErrorKind::UnexpectedShape))?;
    match (endpoint, endpoint.split_once('/')) {
        (_, Some((OPPORTUNITIES, _))) => record(text, &members),
        (list_name, _) => list(text, &members, list_name),
    }
    .ok_or_else(|| fault(refused(text, status)))
}

fn record(text: &str, members: &Members<'_>) -> Option<Envelope> {
    let record = members.0.get("opportunity")?;
    Some(Envelope {
        records: vec![json::place(text, record)],
        announced: Some(1),
    })
}

fn list(text: &str, members: &Members<'_>, name: &str) -> Option<Envelope> {
    let list = members.0.get(name)?;
    let meta = members.0.get("meta");
    let meta = meta.and_then(|meta| serde_json::from_str::<Meta>(meta.get()).ok());
    Some(Envelope {
        records: json::elements(text, list)?,
        announced: meta.and_then(|meta| meta.total_row_count),
    })
}

/// Returns what an answer without records is.
fn refused(text: &str, status: u16) -> ErrorKind {
    match Refusal::read(text) {
        Some(refusal) if refusal.is_of_the_api() => ErrorKind::Disabled { status },
        Some(refusal) if refusal.is_of_the_credentials() => ErrorKind::Unauthorized { status },
        Some(_) => ErrorKind::UpstreamRefusal,
        None => ErrorKind::UnexpectedShape,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(body: &str) -> ErrorKind {
        open("opportunities", 200, body.as_bytes())
            .unwrap_err()
            .kind
    }

    #[test]
    fn records_are_found_byte_for_byte() {
        let body = r#"{"meta":{"total_row_count":226,"row_count":2,"page":1,"per_page":20}, "opportunities":[ {"id" : 1} ,7]}"#;
        let envelope = open("opportunities", 200, body.as_bytes()).unwrap();
        let texts: Vec<&str> = envelope
            .records
            .into_iter()
            .map(|range| &body[range])
            .collect();
        assert_eq!(texts, [r#"{"id" : 1}"#, "7"]);
        assert_eq!(envelope.announced, Some(226));
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_answer() {
        let body = "\u{feff}{\"opportunity\":{\"id\":501}}";
        let envelope = open("opportunities/501", 200, body.as_bytes()).unwrap();
        assert_eq!(&body[envelope.records[0].clone()], r#"{"id":501}"#);
    }

    #[test]
    fn a_single_record_is_a_list_of_one() {
        let body = r#"{"opportunity":{"id":501}}"#;
        let envelope = open("opportunities/501", 200, body.as_bytes()).unwrap();
        assert_eq!(&body[envelope.records[0].clone()], r#"{"id":501}"#);
    }

    #[test]
    fn a_list_without_a_total_announces_none() {
        for body in [
            r#"{"opportunities":[]}"#,
            r#"{"opportunities":[],"meta":{}}"#,
            r#"{"opportunities":[],"meta":[]}"#,
        ] {
            let envelope = open("opportunities", 200, body.as_bytes()).unwrap();
            assert_eq!(envelope, Envelope::default());
        }
    }

    #[test]
    fn a_missing_record_is_missing_only_in_the_services_own_words() {
        let open = |body: &str| open("opportunities/501", 404, body.as_bytes());
        assert_eq!(
            open(r#"{"errors":["Not found"]}"#).unwrap(),
            Envelope::default()
        );
        for body in [
            "<html>404</html>",
            "",
            "{}",
            "[]",
            r#"{"message":"no Route matched with those values"}"#,
            r#"{"timestamp":1,"status":404,"error":"Not Found"}"#,
            r#"{"errors":"Not found"}"#,
            r#"{"errors":[]}"#,
            r#"{"errors":[{"detail":"Not found"}]}"#,
            r#"{"errors":["Not found"],"message":"no Route matched"}"#,
        ] {
            assert_eq!(
                open(body).unwrap_err().kind,
                ErrorKind::Refused { status: 404 }
            );
        }
    }

    #[test]
    fn an_answer_without_records_is_no_success() {
        assert_eq!(
            kind(r#"{"errors":["Unauthorized"]}"#),
            ErrorKind::Unauthorized { status: 200 }
        );
        assert_eq!(
            kind(r#"{"errors":["API not enabled"]}"#),
            ErrorKind::Disabled { status: 200 }
        );
        assert_eq!(kind(r#"{"errors":["No"]}"#), ErrorKind::UpstreamRefusal);
        for body in [
            "{}",
            "[]",
            r#"{"opportunities":{}}"#,
            r#"{"opportunity":{"id":1}}"#,
        ] {
            assert_eq!(kind(body), ErrorKind::UnexpectedShape, "{body}");
        }
        for body in ["", "<html></html>", r#"{"opportunities":[{"id":"#] {
            assert_eq!(kind(body), ErrorKind::Unreadable, "{body}");
        }
    }
}
