//! Members: users, organisations, contacts and venues. There are as many in every account.

use serde_json::{Value, json};

use super::Seeds;
use super::vocabulary::{ORGANISATIONS, VENUES};
use crate::record::Record;
use crate::seed::words::{FIRST_NAMES, LAST_NAMES, PLACES, USERS};
use crate::seed::{Calendar, Generator};

/// The ids of the first user, the first customer and the first venue.
const FIRST_USER: usize = 1;
const FIRST_CUSTOMER: usize = 101;
const FIRST_VENUE: usize = 301;

const CUSTOMERS: usize = 40;
const VENUE_COUNT: usize = 18;

pub(super) fn records(seeds: &Seeds<'_>) -> Vec<Record> {
    let users = (0..USERS.len()).map(|place| user(seeds, place));
    let customers = (0..CUSTOMERS).map(|place| customer(seeds, place));
    let venues = (0..VENUE_COUNT).map(|place| venue(seeds, place));
    users.chain(customers).chain(venues).collect()
}

/// Draws the id of a user.
pub(super) fn any_user(generator: &mut Generator) -> usize {
    FIRST_USER + generator.below(USERS.len())
}

/// Draws the id of an organisation or contact.
pub(super) fn any_customer(generator: &mut Generator) -> usize {
    FIRST_CUSTOMER + generator.below(CUSTOMERS)
}

/// Draws the id of a venue.
pub(super) fn any_venue(generator: &mut Generator) -> usize {
    FIRST_VENUE + generator.below(VENUE_COUNT)
}

fn user(seeds: &Seeds<'_>, place: usize) -> Record {
    let (first, last) = USERS.get(place).copied().unwrap_or_default();
    let id = FIRST_USER + place;
    member(seeds, id, &format!("{first} {last}"), "User")
}

fn customer(seeds: &Seeds<'_>, place: usize) -> Record {
    let id = FIRST_CUSTOMER + place;
    let mut generator = seeds.generator("customer", place);
    if generator.chance(60) {
        let organisation = generator.pick(&ORGANISATIONS);
        return member(
            seeds,
            id,
            &format!("{organisation} {}", place + 1),
            "Organisation",
        );
    }
    let (first, last) = (generator.pick(&FIRST_NAMES), generator.pick(&LAST_NAMES));
    member(seeds, id, &format!("{first} {last}"), "Contact")
}

fn venue(seeds: &Seeds<'_>, place: usize) -> Record {
    let id = FIRST_VENUE + place;
    let name = seeds.generator("venue", place).pick(&VENUES);
    member(seeds, id, &format!("{name} {}", place + 1), "Venue")
}

fn member(seeds: &Seeds<'_>, id: usize, name: &str, membership_type: &str) -> Record {
    let mut generator = seeds.generator("member", id);
    let created = Calendar::created(&mut generator);
    let updated = Calendar::modified(&mut generator, created);
    let address = address(&mut generator, name);
    Record::new()
        .with("id", id)
        .with("uuid", format!("00000000-0000-4000-8000-{id:012}"))
        .with("name", name)
        .with("description", "")
        .with("active", true)
        .with("membership_id", id)
        .with("membership_type", membership_type)
        .with("tag_list", json!([]))
        .with("custom_fields", json!({}))
        .with(
            "emails",
            json!([{
                "address": format!("member{id}@example.org"),
                "type_id": 4001, "email_type_name": "Work", "id": id,
            }]),
        )
        .with(
            "phones",
            json!([{"number": format!("+44 20 {id:08}"), "id": id}]),
        )
        .with("addresses", json!([]))
        .with("primary_address", address)
        .with("child_members", json!([]))
        .with("parent_members", json!([]))
        .with("created_at", seeds.fine_stamp(created, &mut generator))
        .with("updated_at", seeds.fine_stamp(updated, &mut generator))
}

/// Draws an address; some streets have two lines.
pub(super) fn address(generator: &mut Generator, name: &str) -> Value {
    let place = generator.below(PLACES.len());
    let (city, county, postcode) = PLACES.get(place).copied().unwrap_or_default();
    let number = generator.below(250) + 1;
    let street = if generator.chance(30) {
        format!("Unit {}\n{number} High Street", generator.below(9) + 1)
    } else {
        format!("{number} High Street")
    };
    json!({
        "name": name, "street": street, "city": city, "county": county, "postcode": postcode,
        "country_id": 1, "country_name": "United Kingdom", "type_id": 3001,
        "address_type_name": "Primary",
    })
}
