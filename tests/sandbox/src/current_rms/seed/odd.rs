//! Values that upstream may or may not send: readable with effort, or not at all.

use serde_json::{Value, json};

use super::Seeds;
use super::vocabulary::ODD_SUBJECTS;
use crate::current_rms::state;
use crate::record::Record;
use crate::seed::Generator;

/// Minutes from the base day to a stamp in the future.
const FUTURE: i64 = 30 * 24 * 60;

/// Amounts that are no plain decimal text.
const ODD_MONEY: [&str; 4] = ["1,250.00", "£1250.0", "", "12.123456"];

/// Puts odd values into about half of the records.
pub(super) fn spoil(record: &mut Record, generator: &mut Generator, seeds: &Seeds<'_>) {
    match generator.below(20) {
        0 | 1 => record.set("subject", generator.pick(&ODD_SUBJECTS)),
        2 => record.set("updated_at", Value::Null),
        3 => record.set("updated_at", seeds.stamp(FUTURE)),
        4 => state::set_state(record, 7),
        5 => state::set_status(record, 99),
        6 => record.set("charge_total", generator.pick(&ODD_MONEY)),
        7 => record.set("charge_total", json!(1250.5)),
        8 => record.set("charge_total", Value::Null),
        9 => record.set("custom_fields", json!([])),
        10 => record.set("starts_at", "soon"),
        _ => {}
    }
}
