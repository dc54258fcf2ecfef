//! Actions: the record of what happened, which is also the body of a delivery.

use serde_json::{Value, json};

use crate::current_rms::truth::{Collection, Truth};
use crate::record::Record;

/// What can happen to any record.
const GENERIC: [&str; 6] = ["create", "update", "destroy", "discuss", "attach", "detach"];

/// What can happen to an opportunity besides.
const OF_OPPORTUNITIES: [&str; 35] = [
    "allocate",
    "allocate_item",
    "auto_allocate",
    "auto_return",
    "book_out",
    "book_out_item",
    "cancel",
    "check_in",
    "check_in_item",
    "checkout",
    "clear_deal_price",
    "complete",
    "confirm",
    "convert_to_draft",
    "convert_to_order",
    "convert_to_quotation",
    "create_item",
    "destroy_item",
    "enable_auto_costing",
    "finalise",
    "mark_as_provisional",
    "mark_as_reserved",
    "mark_as_lost",
    "mark_as_dead",
    "prepare",
    "prepare_item",
    "print",
    "reinstate",
    "revert_status",
    "revert_to_quotation",
    "set_deal_price",
    "toggle_pricing_locked",
    "update_item",
    "swap_component",
    "custom_view_export",
];

/// The types that tell which assets were scanned.
const SCANS: [&str; 4] = [
    "allocate_item",
    "book_out_item",
    "check_in_item",
    "prepare_item",
];

/// Returns whether this can happen to an opportunity.
pub(crate) fn is_opportunity_action(action_type: &str) -> bool {
    GENERIC.contains(&action_type) || OF_OPPORTUNITIES.contains(&action_type)
}

/// Returns whether a webhook can wait for an event of this name.
pub(crate) fn is_event(event: &str) -> bool {
    Collection::ALL.iter().any(|collection| {
        let action_type = event
            .strip_prefix(collection.noun())
            .and_then(|rest| rest.strip_prefix('_'));
        action_type.is_some_and(|action_type| match collection {
            Collection::Opportunities => is_opportunity_action(action_type),
            _ => GENERIC.contains(&action_type),
        })
    })
}

/// Something that happened.
pub(crate) struct Action<'a> {
    subject: (Collection, &'a str),
    source: (Collection, &'a str),
    kind: &'a str,
}

impl<'a> Action<'a> {
    /// Returns what happened to `subject`, because of `source`.
    pub(crate) fn new(
        subject: (Collection, &'a str),
        source: (Collection, &'a str),
        action_type: &'a str,
    ) -> Self {
        Self {
            subject,
            source,
            kind: action_type,
        }
    }

    /// Writes the action down.
    pub(crate) fn leave(&self, truth: &mut Truth, now: &str) {
        let name = truth
            .find(self.subject.0, self.subject.1)
            .map(|subject| Value::from(subject.text(name_field(self.subject.0))));
        let user = user(truth);
        let id = user.get("id").cloned();
        let record = Record::new()
            .with("subject_id", number(self.subject.1))
            .with("subject_type", self.subject.0.subject_type())
            .with("source_id", number(self.source.1))
            .with("source_type", self.source.0.subject_type())
            .with("member_id", id)
            .with("action_type", self.kind)
            .with("name", name.unwrap_or_default())
            .with("description", self.kind.replace('_', " "))
            .with("created_at", now)
            .with("updated_at", now)
            .with("content", self.content())
            .with("member", user);
        // The id is a fresh one, so that it cannot be taken.
        let _ = truth.add(Collection::Actions, record);
    }

    fn content(&self) -> Value {
        if SCANS.contains(&self.kind) {
            let assets = json!([{"id": 1, "stock_level_id": 1, "quantity": "1.0"}]);
            return json!({ "opportunity_item_assets": assets });
        }
        Value::Null
    }
}

/// The user who did it: always the same one.
fn user(truth: &Truth) -> Value {
    let mut members = truth.members.iter();
    let user = members.find(|member| member.text("membership_type") == "User");
    user.map_or(
        Value::Null,
        |user| json!({"id": user.value("id"), "name": user.value("name")}),
    )
}

fn name_field(collection: Collection) -> &'static str {
    match collection {
        Collection::Opportunities => "subject",
        _ => "name",
    }
}

fn number(id: &str) -> Option<u64> {
    id.parse().ok()
}
