//! Their records in our words. Pure: no clock, no I/O, no panic.
//!
//! Field names of notes and events are not documented. Understood are, first found wins:
//!
//! | Ours | Theirs |
//! |---|---|
//! | note id | `note_id`, `history_id`, `id` |
//! | note date | `note_date`, `date`, `created`, `created_date`, `date_created` |
//! | note author | `created_by`, `author`, `user_name`, `user` |
//! | note content | `note`, `notes`, `content`, `text`, `description` |
//! | event id | `event_id`, `activity_id`, `id` |
//! | event type | `event_type`, `activity_type`, `type` |
//! | event time | `start_date`, `event_date`, `scheduled_at`, `start`, `date` |
//! | event contact | `client_id`, `contact_id`; `client_name`, `contact_name`, `name` |
//! | event text | `description`, `title`, `subject`, `note` |
//! | event state | `status`, `event_status` |

use chrono_tz::Tz;
use entity::{RejectReason, Stream};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::connector::{Boundary, Fields, MAX_NAME, Normalized, Rejection, Slice};
use crate::model::{Lead, NEW_LEAD, Note, Opportunity, Record, SalesCycle, ScheduledActivity};

const NOTE_ID: [&str; 3] = ["note_id", "history_id", "id"];
const EVENT_ID: [&str; 3] = ["event_id", "activity_id", "id"];

/// Normalizes one record of `slice`.
pub(super) fn record(
    slice: &Slice,
    record: &Map<String, Value>,
    zone: Tz,
) -> Result<Normalized, Rejection> {
    let fields = Fields::new(record, zone);
    let record = match slice.stream {
        Stream::SalesCycles => Record::SalesCycle(sales_cycle(&fields, record)?),
        Stream::Leads => Record::Lead(lead(&fields, record)?),
        Stream::Opportunities => Record::Opportunity(opportunity(&fields, record)?),
        Stream::Notes => Record::Note(note(slice, &fields, record)?),
        Stream::ScheduledActivities => {
            Record::ScheduledActivity(scheduled_activity(&fields, record)?)
        }
    };
    Ok(Normalized {
        record,
        unreadable: fields.unreadable(),
    })
}

fn sales_cycle(fields: &Fields<'_>, record: &Map<String, Value>) -> Result<SalesCycle, Rejection> {
    let upstream_id = id(record, &["sales_cycle_id"])?;
    Ok(SalesCycle {
        name: fields
            .name(&["sales_cycle_name"])
            .unwrap_or_else(|| format!("Stage {upstream_id}")),
        position: fields.integer("sales_cycle_order"),
        is_active: fields.text(&["sales_cycle_active_status"]).as_deref() == Some("1"),
        likelihood_to_close: fields.amount("likelihood_to_close"),
        contact_type: fields.name(&["contact_type"]),
        contact_type_name: fields.text(&["contact_type_name"]),
        upstream_id,
    })
}

fn lead(fields: &Fields<'_>, record: &Map<String, Value>) -> Result<Lead, Rejection> {
    Ok(Lead {
        upstream_id: id(record, &["client_id"])?,
        external_id: fields.text(&["external_id"]),
        first_name: fields.text(&["firstName"]),
        last_name: fields.text(&["lastName"]),
        company: fields.text(&["compName"]),
        email: fields.text(&["email"]),
        phone: fields.text(&["phone"]),
        lead_source: fields.name(&["clients_lead_source"]),
        stage: stage(fields, "clients_sales_cycle"),
        contact_type: fields.name(&["contact_type"]),
        deal_size: fields.amount("deal_size"),
        assigned_user: assigned_user(fields),
        whiteboard: plain_text(fields, &["whiteboard"]),
        source_created_at: fields.time(&["created"]),
        source_modified_at: fields.time(&["last_modified_date"]),
    })
}

fn opportunity(fields: &Fields<'_>, record: &Map<String, Value>) -> Result<Opportunity, Rejection> {
    Ok(Opportunity {
        upstream_id: id(record, &["opportunity_id"])?,
        contact_id: fields.text(&["client_id", "contact_id"]),
        first_name: fields.text(&["firstName"]),
        last_name: fields.text(&["lastName"]),
        company: fields.text(&["compName"]),
        lead_source: fields.name(&["contact_lead_source"]),
        stage: stage(fields, "contact_sales_cycle"),
        contact_type: fields.name(&["contact_type"]),
        deal_size: fields.amount("deal_size"),
        likelihood: fields.amount("likelihood_to_close"),
        assigned_user: assigned_user(fields),
        source_created_at: fields.time(&["created"]),
        source_modified_at: fields.time(&["last_modified_date"]),
    })
}

fn note(
    slice: &Slice,
    fields: &Fields<'_>,
    record: &Map<String, Value>,
) -> Result<Note, Rejection> {
    // The contact asked for is certain; what the note itself says of it is not documented.
    let contact_id = match &slice.boundary {
        Boundary::Parent(contact) => contact.clone(),
        _ => id(record, &["client_id", "contact_id"])?,
    };
    // Note ids may be unique for each contact only. Without any, a note is what it says.
    let own_id = match id(record, &NOTE_ID) {
        Ok(own_id) => own_id,
        Err(_) => format!("sha256:{}", fingerprint(record)),
    };
    Ok(Note {
        upstream_id: format!("{contact_id}/{own_id}"),
        contact_id,
        note_date: fields.time(&[
            "note_date",
            "date",
            "created",
            "created_date",
            "date_created",
        ]),
        author: fields.text(&["created_by", "author", "user_name", "user"]),
        content: plain_text(fields, &["note", "notes", "content", "text", "description"]),
    })
}

fn scheduled_activity(
    fields: &Fields<'_>,
    record: &Map<String, Value>,
) -> Result<ScheduledActivity, Rejection> {
    Ok(ScheduledActivity {
        upstream_id: id(record, &EVENT_ID)?,
        activity_type: fields.text(&["event_type", "activity_type", "type"]),
        scheduled_at: fields.time(&["start_date", "event_date", "scheduled_at", "start", "date"]),
        contact_id: fields.text(&["client_id", "contact_id"]),
        contact_name: fields.text(&["client_name", "contact_name", "name"]),
        description: plain_text(fields, &["description", "title", "subject", "note"]),
        status: fields.text(&["status", "event_status"]),
    })
}

/// Returns the id in the first of `names` that is there.
fn id(record: &Map<String, Value>, names: &[&str]) -> Result<String, Rejection> {
    let missing = Rejection {
        reason: RejectReason::MissingId,
        sentence: "the record has no id",
    };
    let value = names
        .iter()
        .find_map(|name| record.get(*name))
        .ok_or(missing.clone())?;
    let is_long = |text: &str| text.chars().nth(MAX_NAME).is_some();
    match value {
        Value::String(text) if is_long(text.trim()) => Err(Rejection {
            reason: RejectReason::InvalidId,
            sentence: "the record's id is too long",
        }),
        Value::String(text) if !text.trim().is_empty() && !text.contains('\0') => {
            Ok(text.trim().to_owned())
        }
        Value::Number(number) => Ok(number.to_string()),
        Value::String(_) | Value::Null => Err(missing),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err(Rejection {
            reason: RejectReason::InvalidId,
            sentence: "the record's id is neither text nor a number",
        }),
    }
}

fn stage(fields: &Fields<'_>, name: &str) -> String {
    fields.name(&[name]).unwrap_or_else(|| NEW_LEAD.to_owned())
}

/// Returns the name of the person responsible: plain text, or an object written as text.
fn assigned_user(fields: &Fields<'_>) -> Option<String> {
    let text = fields.text(&["assigned_user"])?;
    let Ok(Value::Object(user)) = serde_json::from_str(&text) else {
        return Some(text);
    };
    let user = Fields::new(&user, Tz::UTC);
    let names = [user.text(&["first_name"]), user.text(&["last_name"])];
    let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
    // An object of another shape is kept as it came rather than lost.
    Some(if name.is_empty() { text } else { name })
}

/// Returns HTML as plain text.
fn plain_text(fields: &Fields<'_>, names: &[&str]) -> Option<String> {
    let text = fields.text(names)?;
    let plain = if text.contains(['<', '&']) {
        nanohtml2text::html2text(&text).replace("\r\n", "\n")
    } else {
        text
    };
    let plain = plain.trim();
    (!plain.is_empty()).then(|| plain.to_owned())
}

fn fingerprint(record: &Map<String, Value>) -> String {
    let mut members: Vec<_> = record.iter().collect();
    members.sort_unstable_by_key(|(name, _)| *name);
    let mut hasher = Sha256::new();
    for (name, value) in members {
        hasher.update(format!("{name}\0{value}\0"));
    }
    hex::encode(hasher.finalize().get(..16).unwrap_or_default())
}
