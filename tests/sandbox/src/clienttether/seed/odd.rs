//! Values that upstream may or may not send: readable with effort, or not at all.

use crate::record::Record;
use crate::seed::Generator;

/// Money that is no plain number.
const ODD_MONEY: [&str; 6] = [
    "$1,234.50",
    "90,000",
    " 45000 ",
    "null",
    "call me",
    "-250.5",
];

/// Times that are no plain time.
const ODD_TIMES: [&str; 5] = [
    "0000-00-00 00:00:00",
    "null",
    "",
    "03/14/2025 9:26 AM",
    "soon",
];

/// Puts odd values into one record of five.
pub(super) fn spoil(record: &mut Record, generator: &mut Generator) {
    match generator.below(15) {
        0 => record.set("deal_size", generator.pick(&ODD_MONEY)),
        1 => record.set("created", generator.pick(&ODD_TIMES)),
        2 => record.set("last_modified_date", generator.pick(&ODD_TIMES)),
        _ => {}
    }
}
