//! Opportunities.

use serde_json::{Value, json};

use super::vocabulary::{SUBJECTS, TAGS};
use super::{Seeds, custom_fields, members, money, odd, schedule};
use crate::current_rms::{state, template};
use crate::record::Record;
use crate::seed::{Calendar, Generator};

/// The id of the first opportunity.
pub(super) const FIRST_ID: usize = 501;

/// In each so many opportunities the last one has the stamp of the one before.
const EQUAL_STAMPS: usize = 10;

pub(super) fn record(seeds: &Seeds<'_>, place: usize) -> Record {
    let id = FIRST_ID + place;
    let generator = &mut seeds.generator("opportunity", place);
    let mut record = template::opportunity();
    record.set_first("id", id);
    record.set("number", format!("{id:010}"));
    describe(&mut record, generator, place);
    stand(&mut record, generator);
    people(&mut record, generator, seeds);
    schedule::fill(&mut record, generator, seeds);
    money::fill(&mut record, generator);
    record.set("custom_fields", custom_fields::values(generator));
    stamps(&mut record, seeds, place);
    if seeds.spec.odd {
        odd::spoil(&mut record, generator, seeds);
    }
    record
}

fn describe(record: &mut Record, generator: &mut Generator, place: usize) {
    let subject = generator.pick(&SUBJECTS);
    record.set("subject", format!("{subject} {}", place + 1));
    let reference = if generator.chance(25) {
        format!("PO-{}", generator.below(9_999))
    } else {
        String::new()
    };
    record.set("reference", reference);
    let tags = TAGS.iter().filter(|_| generator.chance(15));
    record.set("tag_list", tags.copied().collect::<Vec<_>>());
    record.set("rating", generator.below(6));
    record.set("chargeable_days", format!("{}.0", generator.below(5) + 1));
    record.set("use_chargeable_days", generator.chance(50));
    record.set("invoiced", generator.chance(20));
}

/// Draws state and status: those that go together.
fn stand(record: &mut Record, generator: &mut Generator) {
    let (state, statuses): (i64, &[i64]) = match generator.below(10) {
        0 => (0, &[0, 60]),
        1 => (1, &[0]),
        2..=5 => (2, &[0, 0, 1, 5, 60, 70, 80]),
        _ => (3, &[20, 20, 40, 50]),
    };
    let status = statuses.get(generator.below(statuses.len()));
    state::set_state(record, state);
    state::set_status(record, status.copied().unwrap_or_default());
}

fn people(record: &mut Record, generator: &mut Generator, seeds: &Seeds<'_>) {
    let owner = members::any_user(generator);
    record.set("owned_by", owner);
    record.set("member_id", members::any_customer(generator));
    if generator.chance(70) {
        record.set("venue_id", members::any_venue(generator));
    }
    let id = record.number("id");
    record.set("billing_address_id", 40_000 + id);
    record.set("billing_address", members::address(generator, "Accounts"));
    if generator.chance(50) {
        record.set("destination", destination(generator, id));
    }
    record.set("participants", participants(seeds, id, owner));
}

fn destination(generator: &mut Generator, id: u64) -> Value {
    json!({
        "id": 60_000 + id, "source_id": id, "source_type": "Opportunity", "address_id": 70_000 + id,
        "address": members::address(generator, "Delivery"),
    })
}

fn participants(seeds: &Seeds<'_>, id: u64, owner: usize) -> Value {
    json!([{
        "id": 80_000 + id, "uuid": format!("00000000-0000-4000-9000-{id:012}"),
        "assignment_id": 1, "assignment_type": "Role", "member_id": owner, "member_name": "Project manager",
        "mute": false, "created_at": seeds.stamp(-1_000), "updated_at": seeds.stamp(-1_000),
    }])
}

fn stamps(record: &mut Record, seeds: &Seeds<'_>, place: usize) {
    let twin = place - usize::from(place % EQUAL_STAMPS == EQUAL_STAMPS - 1);
    let generator = &mut seeds.generator("stamp", twin);
    let created = Calendar::created(generator);
    let updated = Calendar::modified(generator, created);
    let created = seeds.fine_stamp(created - 1, generator);
    record.set("updated_at", seeds.fine_stamp(updated, generator));
    if record.number("state") > 1 {
        // Set on quotations as well: it is no proof of an order.
        record.set("ordered_at", created.as_str());
    }
    record.set("created_at", created);
}
