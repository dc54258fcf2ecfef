//! Opportunities, each about one of the clients.

use crate::record::Record;
use crate::seed::{Calendar, Generator};

use super::person::{assigned_user, deal_size};
use super::vocabulary::{ACTION_PLANS, LEAD_SOURCES};
use super::{Seeds, odd, stages};

/// The id of the first opportunity.
const FIRST_ID: usize = 310_001;

pub(super) fn record(
    generator: &mut Generator,
    seeds: &Seeds<'_>,
    clients: &[Record],
    place: usize,
) -> Record {
    let mut record = Record::new().with("opportunity_id", (FIRST_ID + place).to_string());
    let client = clients.get(generator.below(clients.len()));
    copy_contact(&mut record, client, seeds.spec.linked_opportunities);
    pipeline(&mut record, generator);
    times(&mut record, generator, &seeds.calendar);
    if seeds.spec.odd {
        odd::spoil(&mut record, generator);
    }
    record
}

/// Copies the contact's name onto the row, as upstream does; its id only where asked for.
fn copy_contact(record: &mut Record, client: Option<&Record>, is_linked: bool) {
    let text = |field| client.map_or("", |client| client.text(field));
    for field in ["firstName", "lastName", "compName"] {
        record.set(field, text(field));
    }
    if is_linked {
        record.set("client_id", text("client_id"));
    }
}

fn pipeline(record: &mut Record, generator: &mut Generator) {
    let contact_type = stages::contact_type(generator);
    record.set(
        "contact_sales_cycle",
        stages::stage(generator, contact_type),
    );
    record.set("contact_lead_source", generator.pick(&LEAD_SOURCES));
    record.set("contact_action_plan", generator.pick(&ACTION_PLANS));
    record.set("deal_size", deal_size(generator));
    record.set("contact_type", contact_type);
    record.set("assigned_user", assigned_user(generator));
}

fn times(record: &mut Record, generator: &mut Generator, calendar: &Calendar) {
    let created = Calendar::created(generator);
    let modified = Calendar::modified(generator, created);
    record.set("created", calendar.text(created));
    record.set("last_modified_date", calendar.text(modified));
    let days_to_close = u64::try_from(generator.below(180)).unwrap_or_default();
    record.set("est_close_date", calendar.day(days_to_close));
    record.set("number_of_units", (generator.below(5) + 1).to_string());
}
