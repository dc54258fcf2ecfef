//! The envelope of an answer: is it a success, where are the records, how many are there in all?
//!
//! Seen in the wild and accepted: `ResultCode` or `resultCode`, `CT_200` or `CT200`, `TotalRecord` as
//! number or text, "nothing found" (`CT515`) for an empty list, an answer without an envelope.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::connector::{ConnectorError, Envelope, ErrorKind, json};

const SUCCESS: &str = "CT200";
const NOT_FOUND: &str = "CT515";
/// The only result code that may pass by itself: "unknown error".
const FAULT: &str = "CT500";

#[derive(Deserialize)]
struct Members<'a>(#[serde(borrow)] BTreeMap<Cow<'a, str>, &'a RawValue>);

impl<'a> Members<'a> {
    fn get(&self, name: &str) -> Option<&'a RawValue> {
        let same = |(key, _): &(&Cow<'a, str>, &&'a RawValue)| key.eq_ignore_ascii_case(name);
        self.0.iter().find(same).map(|(_, value)| *value)
    }

    /// The result code without underscores, in capitals; `None` when the answer has no text there.
    fn result_code(&self) -> Option<String> {
        let text: String = serde_json::from_str(self.get("ResultCode")?.get()).ok()?;
        Some(text.replace('_', "").trim().to_ascii_uppercase())
    }

    fn announced(&self) -> Option<u64> {
        let text = self.get("TotalRecord")?.get();
        text.trim_matches('"').trim().parse().ok()
    }
}

/// Checks the envelope of an answer to `endpoint` and finds the records in it.
pub(super) fn open(endpoint: &str, body: &[u8]) -> Result<Envelope, ConnectorError> {
    let fault = |kind| ConnectorError::new(kind, endpoint);
    let text = std::str::from_utf8(body).map_err(|_| fault(ErrorKind::Unreadable))?;
    let whole: &RawValue =
        serde_json::from_str(json::content(text)).map_err(|_| fault(ErrorKind::Unreadable))?;
    let Ok(members) = serde_json::from_str::<Members>(whole.get()) else {
        // Not an object: a bare list is the data itself, anything else is not an answer of this API.
        return Ok(Envelope {
            records: json::elements(text, whole)
                .ok_or_else(|| fault(ErrorKind::UnexpectedShape))?,
            announced: None,
        });
    };
    match members.result_code().as_deref() {
        Some(SUCCESS) => {}
        Some(NOT_FOUND) => {
            return Ok(Envelope {
                records: vec![],
                announced: Some(0),
            });
        }
        Some(FAULT) => return Err(fault(ErrorKind::UpstreamFault).with_detail(FAULT)),
        Some(code) => return Err(refusal(endpoint, code)),
        None => return Err(fault(ErrorKind::UnexpectedShape).with_detail("no result code")),
    }
    let data = members
        .get("data")
        .and_then(|data| json::elements(text, data));
    Ok(Envelope {
        records: data
            .ok_or_else(|| fault(ErrorKind::UnexpectedShape).with_detail("no list of records"))?,
        announced: members.announced(),
    })
}

/// A code of the documented form may be shown; other text might be anything.
fn refusal(endpoint: &str, code: &str) -> ConnectorError {
    let is_code = code.len() <= 8
        && code
            .strip_prefix("CT")
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
    let detail = if is_code { code } else { "unknown result code" };
    let kind = match code {
        "CT401" | "CT403" => ErrorKind::Unauthorized { status: 200 },
        _ => ErrorKind::UpstreamRefusal,
    };
    ConnectorError::new(kind, endpoint).with_detail(detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(body: &str) -> Vec<&str> {
        let envelope = open("read_client_list", body.as_bytes()).unwrap();
        envelope
            .records
            .into_iter()
            .map(|range| &body[range])
            .collect()
    }

    fn kind(body: &str) -> ErrorKind {
        open("read_client_list", body.as_bytes()).unwrap_err().kind
    }

    #[test]
    fn records_are_found_byte_for_byte() {
        let body =
            r#" {"ResultCode":"CT_200","TotalRecord":2,"data":[ {"client_id" : "1"} ,"x" ]}"#;
        assert_eq!(texts(body), [r#"{"client_id" : "1"}"#, r#""x""#]);
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_answer() {
        let body = "\u{feff}{\"ResultCode\":\"CT_200\",\"data\":[{\"client_id\":\"1\"}]}";
        assert_eq!(texts(body), [r#"{"client_id":"1"}"#]);
    }

    #[test]
    fn both_spellings_of_key_and_code_are_a_success() {
        for (key, code) in [
            ("ResultCode", "CT_200"),
            ("resultCode", "CT200"),
            ("resultcode", "ct200"),
        ] {
            let body = format!(r#"{{"{key}":"{code}","TotalRecord":"7","data":[]}}"#);
            assert_eq!(
                open("read_client_list", body.as_bytes()).unwrap().announced,
                Some(7)
            );
        }
    }

    #[test]
    fn nothing_found_is_an_empty_list() {
        let body = r#"{"resultCode":"CT515","Message":"No Record Found","client_id":false}"#;
        assert_eq!(texts(body), [""; 0]);
    }

    #[test]
    fn a_fault_in_an_http_200_is_no_success() {
        assert_eq!(
            kind(r#"{"ResultCode":"CT500","data":[]}"#),
            ErrorKind::UpstreamFault
        );
        assert_eq!(
            kind(r#"{"ResultCode":"CT_400"}"#),
            ErrorKind::UpstreamRefusal
        );
        assert_eq!(kind(r#"{"data":[]}"#), ErrorKind::UnexpectedShape);
        assert_eq!(
            kind(r#"{"ResultCode":"CT200"}"#),
            ErrorKind::UnexpectedShape
        );
        assert_eq!(
            kind(r#"{"ResultCode":"CT200","data":"none"}"#),
            ErrorKind::UnexpectedShape
        );
    }

    #[test]
    fn what_is_not_json_is_unreadable() {
        for body in ["", "<html></html>", r#"{"ResultCode":"CT200","data":[{"a"#] {
            assert_eq!(kind(body), ErrorKind::Unreadable, "{body}");
        }
    }

    #[test]
    fn a_bare_list_is_the_data_itself() {
        assert_eq!(texts(r#"[{"client_id":"1"}]"#), [r#"{"client_id":"1"}"#]);
        assert_eq!(kind("true"), ErrorKind::UnexpectedShape);
    }

    #[test]
    fn an_odd_code_is_not_repeated_in_the_error() {
        let body = r#"{"ResultCode":"ada@example.org"}"#;
        let error = open("read_client_list", body.as_bytes()).unwrap_err();
        assert!(!error.to_string().contains("ada"), "{error}");
    }
}
