//! Their records in our words. Pure: no clock, no I/O, no panic.
//!
//! `state` and `status` are two axes of numbers; both keep numbers that are not known. Where a list leaves a number
//! out, its name stands for it if it is one of the documented ones. Decimals are texts and stay exact.

use chrono_tz::Tz;
use entity::RejectReason;
use serde_json::{Map, Value};

use crate::connector::{Fields, Normalized, Rejection};
use crate::model::{Record, RentalOpportunity};

const STATES: [(&str, i32); 4] = [("Enquiry", 0), ("Draft", 1), ("Quotation", 2), ("Order", 3)];

const STATUSES: [(&str, i32); 9] = [
    ("Open", 0),
    ("Provisional", 1),
    ("Reserved", 5),
    ("Active", 20),
    ("Completed", 40),
    ("Cancelled", 50),
    ("Lost", 60),
    ("Dead", 70),
    ("Postponed", 80),
];

/// Normalizes one opportunity.
pub(super) fn opportunity(record: &Map<String, Value>, zone: Tz) -> Result<Normalized, Rejection> {
    let upstream_id = id(record)?;
    let fields = Fields::new(record, zone);
    let (member, venue, owner) = (
        Party::of(record, "member"),
        Party::of(record, "venue"),
        Party::of(record, "owner"),
    );
    let (state_name, status_name) = (fields.text(&["state_name"]), fields.text(&["status_name"]));
    let opportunity = RentalOpportunity {
        upstream_id,
        subject: fields.text(&["subject"]),
        number: fields.text(&["number"]),
        reference: fields.text(&["reference"]),
        description: fields.text(&["description"]),
        starts_at: fields.time(&["starts_at"]),
        ends_at: fields.time(&["ends_at"]),
        ordered_at: fields.time(&["ordered_at"]),
        state: fields
            .integer("state")
            .or_else(|| number(&STATES, state_name.as_deref())),
        state_name,
        status: fields
            .integer("status")
            .or_else(|| number(&STATUSES, status_name.as_deref())),
        status_name,
        member_id: fields.text(&["member_id"]).or(member.id),
        member_name: member.name,
        venue_id: fields.text(&["venue_id"]).or(venue.id),
        venue_name: venue.name,
        owner_id: fields.text(&["owned_by"]).or(owner.id),
        owner_name: owner.name,
        store_id: fields.text(&["store_id"]),
        charge_total: fields.amount("charge_total"),
        charge_excluding_tax_total: fields.amount("charge_excluding_tax_total"),
        charge_including_tax_total: fields.amount("charge_including_tax_total"),
        rental_charge_total: fields.amount("rental_charge_total"),
        sale_charge_total: fields.amount("sale_charge_total"),
        service_charge_total: fields.amount("service_charge_total"),
        surcharge_total: fields.amount("surcharge_total"),
        tax_total: fields.amount("tax_total"),
        upstream_created_at: fields.time(&["created_at"]),
        upstream_updated_at: fields.time(&["updated_at"]),
    };
    Ok(Normalized {
        record: Record::RentalOpportunity(Box::new(opportunity)),
        unreadable: fields.unreadable() + member.unreadable + venue.unreadable + owner.unreadable,
    })
}

/// Someone or some place that an opportunity names: only there when it was asked for.
#[derive(Default)]
struct Party {
    id: Option<String>,
    name: Option<String>,
    unreadable: u32,
}

impl Party {
    fn of(record: &Map<String, Value>, name: &str) -> Self {
        match record.get(name) {
            None | Some(Value::Null) => Self::default(),
            Some(Value::Object(party)) => {
                let fields = Fields::new(party, Tz::UTC);
                Self {
                    id: fields.text(&["id"]),
                    name: fields.text(&["name"]),
                    unreadable: fields.unreadable(),
                }
            }
            Some(_) => Self {
                unreadable: 1,
                ..Self::default()
            },
        }
    }
}

fn number(numbers: &[(&str, i32)], name: Option<&str>) -> Option<i32> {
    let name = name?;
    let mut numbers = numbers.iter();
    let found = numbers.find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, number)| *number)
}

/// Returns the record's id: a number, or a text of digits.
fn id(record: &Map<String, Value>) -> Result<String, Rejection> {
    let missing = Rejection {
        reason: RejectReason::MissingId,
        sentence: "the record has no id",
    };
    let invalid = Rejection {
        reason: RejectReason::InvalidId,
        sentence: "the record's id is not a whole number",
    };
    let text = match record.get("id").unwrap_or(&Value::Null) {
        Value::Null => return Err(missing),
        Value::Number(number) => number.to_string(),
        Value::String(text) if text.trim().is_empty() => return Err(missing),
        Value::String(text) => text.trim().to_owned(),
        _ => return Err(invalid),
    };
    if super::listings::is_id(&text) {
        Ok(text)
    } else {
        Err(invalid)
    }
}

#[cfg(test)]
mod tests {
    use entity::Amount;
    use serde_json::json;

    use super::*;

    fn read(record: &Value) -> (RentalOpportunity, u32) {
        let normalized = opportunity(record.as_object().unwrap(), Tz::UTC).unwrap();
        let Record::RentalOpportunity(record) = normalized.record else {
            panic!("another kind of record");
        };
        (*record, normalized.unreadable)
    }

    fn reason(record: &Value) -> RejectReason {
        opportunity(record.as_object().unwrap(), Tz::UTC)
            .unwrap_err()
            .reason
    }

    #[test]
    fn a_full_record_is_read_exactly() {
        let (record, unreadable) = read(&json!({
            "id": 501, "store_id": 1, "member_id": 42, "venue_id": 7, "owned_by": 9,
            "subject": "Summer Gala \u{1f389} <b>שלום</b>", "number": "0000000501", "description": "",
            "starts_at": "2026-06-07T10:00:00.000Z", "ends_at": null,
            "state": 3, "state_name": "Order", "status": 20, "status_name": "Active",
            "charge_total": "1250.0", "tax_total": "0.0125", "surcharge_total": "0.0",
            "member": {"id": 42, "name": "Accel Events"}, "venue": {"id": 7, "name": "Town Hall"},
            "owner": {"id": 9, "name": "Sam User"}, "custom_fields": {"on-site_contact_phone": ""},
            "created_at": "2026-05-01T09:00:00.000Z", "updated_at": "2026-05-01T19:00:00.250+02:00",
        }));
        assert_eq!(unreadable, 0);
        assert_eq!(record.upstream_id, "501");
        assert_eq!(
            record.subject.as_deref(),
            Some("Summer Gala \u{1f389} <b>שלום</b>")
        );
        assert_eq!(record.number.as_deref(), Some("0000000501"));
        assert_eq!(record.description, None);
        assert_eq!(
            record.starts_at,
            Some("2026-06-07T10:00:00Z".parse().unwrap())
        );
        assert_eq!(record.ends_at, None);
        assert_eq!((record.state, record.status), (Some(3), Some(20)));
        assert_eq!(record.charge_total, Amount::parse_plain("1250"));
        assert_eq!(record.tax_total, Amount::parse_plain("0.0125"));
        assert_eq!(record.member_id.as_deref(), Some("42"));
        assert_eq!(record.venue_name.as_deref(), Some("Town Hall"));
        assert_eq!(record.owner_name.as_deref(), Some("Sam User"));
        assert_eq!(
            record.upstream_updated_at,
            Some("2026-05-01T17:00:00.25Z".parse().unwrap())
        );
    }

    #[test]
    fn unknown_numbers_are_kept() {
        let (record, unreadable) = read(&json!({
            "id": 1, "state": 17, "state_name": "Angebot", "status": 33, "status_name": "?",
        }));
        assert_eq!((record.state, record.status), (Some(17), Some(33)));
        assert_eq!(record.state_name.as_deref(), Some("Angebot"));
        assert_eq!(unreadable, 0);
    }

    #[test]
    fn a_known_name_stands_for_a_missing_number() {
        let named = |state: &str, status: &str| {
            let (record, _) = read(&json!({
                "id": 1, "state": null, "state_name": state, "status_name": status,
            }));
            (record.state, record.status)
        };
        assert_eq!(named("Quotation", "Dead"), (Some(2), Some(70)));
        assert_eq!(named("enquiry", "lost"), (Some(0), Some(60)));
        assert_eq!(named("Angebot", ""), (None, None));
    }

    #[test]
    fn what_was_not_asked_for_is_not_there() {
        let (record, unreadable) = read(&json!({"id": "1", "member_id": 42, "venue": null}));
        assert_eq!(record.member_id.as_deref(), Some("42"));
        assert_eq!((record.member_name, record.venue_name), (None, None));
        assert_eq!(unreadable, 0);
    }

    #[test]
    fn a_party_that_is_there_tells_its_id() {
        let (record, _) = read(&json!({"id": 1, "member": {"id": 42, "name": "A"}}));
        assert_eq!(record.member_id.as_deref(), Some("42"));
    }

    #[test]
    fn what_cannot_be_read_is_null_and_counted() {
        let (record, unreadable) = read(&json!({
            "id": 1, "charge_total": "1.23456", "tax_total": "call me", "starts_at": "soon",
            "state": "many", "member": "A", "subject": ["x"], "surcharge_total": "1.50000",
        }));
        assert_eq!(record.charge_total, None);
        assert_eq!(record.tax_total, None);
        assert_eq!(record.starts_at, None);
        assert_eq!(record.state, None);
        assert_eq!(record.subject, None);
        assert_eq!(record.surcharge_total, Amount::parse_plain("1.5"));
        assert_eq!(unreadable, 6);
    }

    #[test]
    fn a_record_that_cannot_be_told_from_others_is_rejected() {
        for record in [json!({}), json!({"id": null}), json!({"id": " "})] {
            assert_eq!(reason(&record), RejectReason::MissingId, "{record}");
        }
        for record in [
            json!({"id": {}}),
            json!({"id": 1.5}),
            json!({"id": -1}),
            json!({"id": "5/clone"}),
        ] {
            assert_eq!(reason(&record), RejectReason::InvalidId, "{record}");
        }
    }
}
