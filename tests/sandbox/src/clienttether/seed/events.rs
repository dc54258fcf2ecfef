//! Calendar events around the base day.

use crate::clienttether::shape;
use crate::record::Record;
use crate::seed::{Calendar, Generator};

use super::Seeds;
use super::vocabulary::{EVENT_DESCRIPTIONS, EVENT_STATUSES, EVENT_TYPES};

/// The id of the first event.
const FIRST_ID: usize = 55_001;

pub(super) fn record(
    generator: &mut Generator,
    seeds: &Seeds<'_>,
    clients: &[Record],
    place: usize,
) -> Record {
    let client = clients.get(generator.below(clients.len()));
    let text = |field| client.map_or("", |client| client.text(field));
    let name = format!("{} {}", text("firstName"), text("lastName"));
    let start = seeds.calendar.text(Calendar::around(generator));
    Record::new()
        .with(shape::EVENT_ID, (FIRST_ID + place).to_string())
        .with(shape::EVENT_TYPE, generator.pick(&EVENT_TYPES))
        .with(shape::EVENT_START, start)
        .with("client_id", text("client_id"))
        .with("client_name", name.trim())
        .with("description", generator.pick(&EVENT_DESCRIPTIONS))
        .with("status", generator.pick(&EVENT_STATUSES))
}
