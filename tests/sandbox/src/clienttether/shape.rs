//! The shapes nobody has seen: one plausible form of notes, events and stage activity, in this one place.
//!
//! Public material names the endpoints but not the fields of their answers. Everything that depends on these
//! names takes them from here.

use std::borrow::Cow;

use serde_json::Value;

use super::switches::{MoneyStyle, Switches};
use super::truth::{Collection, Truth};
use crate::record::Record;

/// Field with the id of a note.
pub(crate) const NOTE_ID: &str = "note_id";
/// Field with the client a note is about.
pub(crate) const NOTE_CLIENT: &str = "client_id";
/// Field with the text of a note.
pub(crate) const NOTE_TEXT: &str = "note";
/// Field with the id of an event.
pub(crate) const EVENT_ID: &str = "event_id";
/// Field with the start of an event.
pub(crate) const EVENT_START: &str = "start_date";
/// Field with the kind of an event.
pub(crate) const EVENT_TYPE: &str = "event_type";

/// The detail fields of a client that a brief list leaves out.
const DETAIL_FIELDS: [&str; 6] = [
    "external_id",
    "address",
    "city",
    "state",
    "zip",
    "whiteboard",
];

/// Returns a note without its id.
pub(crate) fn note(client_id: &str, date: &str, author: &str, text: &str) -> Record {
    Record::new()
        .with(NOTE_CLIENT, client_id)
        .with("note_date", date)
        .with("created_by", author)
        .with(NOTE_TEXT, text)
}

/// Returns a note as an edit adds it: as old as the client's last change, since the sandbox keeps no time of its own.
pub(crate) fn added_note(client: &Record, text: &str) -> Record {
    let date = client.text("last_modified_date");
    note(client.text("client_id"), date, "Sandbox Editor", text)
}

/// Returns what `read_sales_cycle_any_activity` tells of a client.
pub(crate) fn activity(client: &Record) -> Record {
    Record::new()
        .with("client_id", client.text("client_id"))
        .with("sales_cycle_name", client.text("clients_sales_cycle"))
        .with("activity_date", client.text("last_modified_date"))
}

/// Returns a record as listings serve it under these switches.
pub(crate) fn listed<'a>(
    collection: Collection,
    record: &'a Record,
    switches: &Switches,
) -> Cow<'a, Record> {
    let mut record = served(collection, record, switches);
    if switches.brief_lists && collection == Collection::Clients {
        for field in DETAIL_FIELDS {
            record.to_mut().remove(field);
        }
    }
    record
}

/// Returns a record as it is served in full under these switches.
pub(crate) fn served<'a>(
    collection: Collection,
    record: &'a Record,
    switches: &Switches,
) -> Cow<'a, Record> {
    let mut record = Cow::Borrowed(record);
    match collection {
        Collection::Notes if switches.omit_note_ids => {
            record.to_mut().remove(NOTE_ID);
        }
        Collection::Events if switches.omit_event_ids => {
            record.to_mut().remove(EVENT_ID);
        }
        Collection::Clients | Collection::Opportunities if switches.money == MoneyStyle::Odd => {
            if let Some(money) = odd_money(record.text("deal_size")) {
                record.to_mut().set("deal_size", money);
            }
        }
        _ => {}
    }
    record
}

/// Returns the whole truth as it is served under these switches.
pub(crate) fn served_truth(truth: &Truth, switches: &Switches) -> Truth {
    let mut truth = truth.clone();
    for collection in Collection::ALL {
        for record in truth.records_mut(collection) {
            if let Cow::Owned(changed) = served(collection, record, switches) {
                *record = changed;
            }
        }
    }
    truth
}

/// Returns `45000` as `$45,000.00`; `None` for what is no whole number.
fn odd_money(plain: &str) -> Option<Value> {
    let is_number = !plain.is_empty() && plain.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| format!("${}.00", grouped(plain)).into())
}

/// Returns digits with a comma before every third from the right.
fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_money_has_a_sign_and_commas() {
        assert_eq!(odd_money("1234567"), Some("$1,234,567.00".into()));
        assert_eq!(odd_money("0"), Some("$0.00".into()));
        assert_eq!(odd_money(""), None);
        assert_eq!(odd_money("call me"), None);
    }
}
