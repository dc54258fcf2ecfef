//! Who a record is about, and who looks after it.

use serde_json::json;

use crate::seed::Generator;
use crate::seed::words::{COMPANIES, FIRST_NAMES, LAST_NAMES, USERS};

use super::vocabulary::PLACEHOLDER_NAMES;

/// The name on a record.
pub(super) struct Person {
    pub(super) first_name: &'static str,
    pub(super) last_name: &'static str,
    pub(super) company: &'static str,
}

impl Person {
    /// Draws a person, now and then one whose name nobody entered.
    pub(super) fn drawn(generator: &mut Generator) -> Self {
        if generator.chance(4) {
            return Self {
                first_name: generator.pick(&PLACEHOLDER_NAMES),
                last_name: "",
                company: "",
            };
        }
        Self {
            first_name: generator.pick(&FIRST_NAMES),
            last_name: generator.pick(&LAST_NAMES),
            company: generator.pick(&COMPANIES),
        }
    }
}

/// Draws an assigned user: a plain name, a JSON object inside the text, or nobody.
pub(super) fn assigned_user(generator: &mut Generator) -> String {
    let place = generator.below(USERS.len());
    let (first, last) = USERS.get(place).copied().unwrap_or_default();
    match generator.below(10) {
        0 => String::new(),
        1..=3 => json!({ "first_name": first, "last_name": last }).to_string(),
        _ => format!("{first} {last}"),
    }
}

/// Draws a deal size: blank, zero, or a plain number.
pub(super) fn deal_size(generator: &mut Generator) -> String {
    match generator.below(20) {
        0 | 1 => String::new(),
        2 => "0".to_owned(),
        3 => format!("{}.50", generator.below(90_000)),
        _ => (generator.below(400) * 500 + 5_000).to_string(),
    }
}
