//! The numbers of the opportunities, worked out from what the upstream has.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use ctsync_sandbox::Record;
use serde_json::{Value, json};

/// How many, and their value in ten-thousandths.
type Share = (u64, i128);

/// The dashboard but for what is upcoming and how old it is.
pub(super) fn numbers(truth: &[Record]) -> Value {
    let total = truth.iter().fold((0, 0), with);
    json!({
        "total": total.0,
        "value": money(total.1),
        "byState": by_number(truth, "state", "state_name"),
        "byStatus": by_number(truth, "status", "status_name"),
        "byMonth": by_month(truth),
    })
}

/// Puts what the service says into the shape of [`numbers`].
pub(super) fn told(told: &Value) -> Value {
    let mut told = told.clone();
    let members = told.as_object_mut().unwrap();
    members.remove("upcoming");
    members.remove("freshness");
    told
}

/// The moment that a record starts at.
pub(super) fn start(record: &Record) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(record.text("starts_at")).ok()?;
    Some(time.to_utc())
}

fn with((count, value): Share, record: &Record) -> Share {
    (count + 1, value + charge(&record["charge_total"]))
}

/// Rows by number, those without one last.
fn by_number(truth: &[Record], axis: &str, name: &str) -> Value {
    let mut shares: BTreeMap<(bool, Option<i64>), (Share, Value)> = BTreeMap::new();
    for record in truth {
        let number = record[axis].as_i64();
        let row = shares.entry((number.is_none(), number)).or_default();
        row.0 = with(row.0, record);
        row.1 = number.map_or(Value::Null, |_| record[name].clone());
    }
    let row = |((_, number), (share, name)): (&(bool, Option<i64>), &(Share, Value))| json!({axis: number, "name": name, "count": share.0, "value": money(share.1)});
    shares.iter().map(row).collect()
}

fn by_month(truth: &[Record]) -> Value {
    let mut shares: BTreeMap<(bool, Option<String>), Share> = BTreeMap::new();
    for record in truth {
        let month = start(record).map(|start| start.format("%Y-%m").to_string());
        let share = shares.entry((month.is_none(), month)).or_default();
        *share = with(*share, record);
    }
    let row = |((_, month), share): (&(bool, Option<String>), &Share)| json!({"month": month, "count": share.0, "value": money(share.1)});
    shares.iter().map(row).collect()
}

/// Ten-thousandths of a decimal; nothing where it is none, or has more places.
fn charge(value: &Value) -> i128 {
    let text = match value {
        Value::String(text) => text.replace(',', ""),
        Value::Number(number) => number.to_string(),
        _ => return 0,
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > 4 {
        return 0;
    }
    format!("{whole}{fraction:0<4}").parse().unwrap_or(0)
}

/// A decimal with two places at least and four at most.
fn money(scaled: i128) -> String {
    let text = format!("{}.{:04}", scaled / 10_000, (scaled % 10_000).abs());
    let short = text.trim_end_matches('0');
    let places = short.split_once('.').map_or(0, |(_, places)| places.len());
    format!("{short}{}", "0".repeat(2_usize.saturating_sub(places)))
}
