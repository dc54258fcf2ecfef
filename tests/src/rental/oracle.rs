//! What rows must say, by rules written down a second time.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use ctsync_sandbox::Record;
use entity::Amount;
use entity::rental_opportunity::Model;
use serde_json::Value;

/// Checks that the live ones of `rows` are the records of `truth`, and say what those say.
pub(super) fn assert_mirrors(truth: &[Record], rows: &[Model]) {
    let expected: BTreeMap<String, Value> = truth
        .iter()
        .map(|record| (record.number("id").to_string(), record.to_value()))
        .collect();
    let live: BTreeMap<&str, &Model> = rows
        .iter()
        .filter(|row| row.deleted_at.is_none())
        .map(|row| (row.upstream_id.as_str(), row))
        .collect();
    let ids = |ids: Vec<&str>| ids.join(" ");
    assert_eq!(
        ids(live.keys().copied().collect()),
        ids(expected.keys().map(String::as_str).collect()),
        "the mirror has other records than the upstream"
    );
    for ((id, record), row) in expected.iter().zip(live.values()) {
        let data: Value = serde_json::from_str(&row.data).expect("the row's text is JSON");
        assert_eq!(&data, record, "opportunity {id}");
        assert_columns(record, row);
    }
}

fn assert_columns(record: &Value, row: &Model) {
    let id = &row.upstream_id;
    assert_eq!(row.subject, text(&record["subject"]), "subject of {id}");
    assert_eq!(row.number, text(&record["number"]), "number of {id}");
    assert_eq!(row.starts_at, time(&record["starts_at"]), "start of {id}");
    assert_eq!(
        row.upstream_updated_at,
        time(&record["updated_at"]),
        "version of {id}"
    );
    assert_eq!(row.state.map(i64::from), record["state"].as_i64());
    assert_eq!(row.status.map(i64::from), record["status"].as_i64());
    assert_eq!(row.state_name, text(&record["state_name"]));
    assert_eq!(row.member_name, name(&record["member"]));
    assert_eq!(row.venue_name, name(&record["venue"]));
    assert_eq!(row.owner_name, name(&record["owner"]));
    let charge = row.charge_total.map(Amount::scaled);
    assert_eq!(charge, scaled(&record["charge_total"]), "charge of {id}");
}

fn name(object: &Value) -> Option<String> {
    text(object.get("name")?)
}

fn text(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn time(value: &Value) -> Option<DateTime<Utc>> {
    let moment = DateTime::parse_from_rfc3339(value.as_str()?).ok()?;
    Some(moment.to_utc())
}

/// Ten-thousandths of a plain decimal.
fn scaled(value: &Value) -> Option<i64> {
    let (whole, fraction) = value.as_str()?.split_once('.')?;
    let digits = format!("{whole}{fraction:0<4}");
    digits.parse().ok()
}
