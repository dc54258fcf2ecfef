//! Clients.

use crate::record::Record;
use crate::seed::words::PLACES;
use crate::seed::{Calendar, Generator};

use super::person::{Person, assigned_user, deal_size};
use super::vocabulary::{ACTION_PLANS, LEAD_SOURCES, WHITEBOARDS};
use super::{Seeds, odd, stages};

/// The id of the first client.
const FIRST_ID: usize = 7_000_001;

pub(super) fn record(generator: &mut Generator, seeds: &Seeds<'_>, place: usize) -> Record {
    let mut record = Record::new().with("client_id", (FIRST_ID + place).to_string());
    identity(&mut record, generator, place);
    contact(&mut record, generator, place);
    pipeline(&mut record, generator);
    times(&mut record, generator, &seeds.calendar);
    extras(&mut record, generator);
    if seeds.spec.odd {
        odd::spoil(&mut record, generator);
    }
    record
}

fn identity(record: &mut Record, generator: &mut Generator, place: usize) {
    let external_id = match generator.below(3) {
        0 => format!("A-{place}"),
        _ => String::new(),
    };
    let person = Person::drawn(generator);
    record.set("external_id", external_id);
    record.set("firstName", person.first_name);
    record.set("lastName", person.last_name);
    record.set("compName", person.company);
}

fn contact(record: &mut Record, generator: &mut Generator, place: usize) {
    let place_of_living = generator.below(PLACES.len());
    let (city, state, zip) = PLACES.get(place_of_living).copied().unwrap_or_default();
    let has_email = !generator.chance(8);
    let email = if has_email {
        format!("lead{place}@example.org")
    } else {
        String::new()
    };
    record.set("email", email);
    record.set("phone", format!("555{:07}", generator.below(10_000_000)));
    record.set("address", format!("{} Main St", generator.below(999) + 1));
    record.set("city", city);
    record.set("state", state);
    record.set("zip", zip);
    record.set("whiteboard", generator.pick(&WHITEBOARDS));
}

fn pipeline(record: &mut Record, generator: &mut Generator) {
    let contact_type = stages::contact_type(generator);
    record.set("deal_size", deal_size(generator));
    record.set("clients_lead_source", generator.pick(&LEAD_SOURCES));
    record.set(
        "clients_sales_cycle",
        stages::stage(generator, contact_type),
    );
    record.set("clients_action_plan", generator.pick(&ACTION_PLANS));
    record.set("contact_type", contact_type);
    record.set("assigned_user", assigned_user(generator));
}

fn times(record: &mut Record, generator: &mut Generator, calendar: &Calendar) {
    let created = Calendar::created(generator);
    let modified = Calendar::modified(generator, created);
    record.set("created", calendar.text(created));
    record.set("last_modified_date", calendar.text(modified));
}

/// Adds what no document tells of: custom fields, on some records only.
fn extras(record: &mut Record, generator: &mut Generator) {
    record.set("smsok", if generator.chance(70) { "1" } else { "0" });
    if generator.chance(30) {
        record.set("number_of_units", (generator.below(5) + 1).to_string());
    }
    if generator.chance(10) {
        record.set("préféré_territory", "Texas – West");
    }
}
