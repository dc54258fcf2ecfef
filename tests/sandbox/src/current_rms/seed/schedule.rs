//! When an opportunity takes place: mostly from a month ago to a year ahead, some of it earlier or later.

use super::Seeds;
use crate::current_rms::template::PHASES;
use crate::record::Record;
use crate::seed::Generator;

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// Puts times into an opportunity; some drafts have none.
pub(super) fn fill(record: &mut Record, generator: &mut Generator, seeds: &Seeds<'_>) {
    let is_draft = record.number("state") == 1;
    let start = start(generator);
    let length = HOUR * whole(generator, 4 * 24) + HOUR;
    let has_dates = !(is_draft && generator.chance(35));
    let phases = generator.below(PHASES.len() + 1);
    if !has_dates {
        return;
    }
    for field in ["starts_at", "charge_starts_at"] {
        record.set(field, seeds.stamp(start));
    }
    for field in ["ends_at", "charge_ends_at"] {
        record.set(field, seeds.stamp(start + length));
    }
    for (place, phase) in (0_i64..).zip(PHASES).take(phases) {
        let begin = start - DAY + place * 2 * HOUR;
        record.set(format!("{phase}_starts_at"), seeds.stamp(begin));
        record.set(format!("{phase}_ends_at"), seeds.stamp(begin + HOUR));
    }
}

/// Draws the minute of the start.
fn start(generator: &mut Generator) -> i64 {
    let (first, days) = match generator.below(20) {
        0..=2 => (-365, 335),
        3..=4 => (365, 180),
        _ => (-30, 395),
    };
    // At a quarter of an hour, as people enter it.
    first * DAY + 15 * whole(generator, days * 24 * 4)
}

fn whole(generator: &mut Generator, end: usize) -> i64 {
    i64::try_from(generator.below(end)).unwrap_or_default()
}
