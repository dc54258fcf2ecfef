//! What webhooks are told of what happened.

use serde_json::Value;

use crate::account::AccountState;
use crate::current_rms::CurrentRms;
use crate::current_rms::switches::Switches;
use crate::current_rms::truth::{Collection, Truth};
use crate::record::Record;

/// What a webhook is told.
#[derive(Clone)]
pub(super) struct Message {
    pub(super) action_id: u64,
    pub(super) webhook_id: u64,
    pub(super) event: String,
    pub(super) target_url: String,
    pub(super) body: String,
}

/// Posts every action that has not been looked at to the webhooks that wait for it.
pub(crate) fn dispatch(state: &mut AccountState<CurrentRms>) {
    let outbox = &mut state.own.outbox;
    let (truth, switches) = (&state.truth, &state.switches);
    let last = outbox.last_action;
    let fresh = truth.actions.iter().rev();
    let mut fresh: Vec<_> = fresh.take_while(|a| a.number("id") > last).collect();
    fresh.reverse();
    for action in fresh {
        outbox.last_action = action.number("id");
        let event = event(action);
        for webhook in truth.webhooks.iter().filter(|hook| waits(hook, &event)) {
            let message = Message {
                action_id: action.number("id"),
                webhook_id: webhook.number("id"),
                event: event.clone(),
                target_url: webhook.text("target_url").to_owned(),
                body: body(action, truth, switches),
            };
            outbox.post(&message, switches.hold_deliveries);
        }
    }
}

/// Returns the name of an event: the subject in lower case, and what happened to it.
fn event(action: &Record) -> String {
    let subject = action.text("subject_type");
    let collection = Collection::ALL
        .iter()
        .find(|collection| collection.subject_type() == subject);
    let noun = collection.map_or("", |collection| collection.noun());
    format!("{noun}_{}", action.text("action_type"))
}

fn waits(webhook: &Record, event: &str) -> bool {
    webhook.text("event") == event && *webhook.value("active") == Value::Bool(true)
}

fn body(action: &Record, truth: &Truth, switches: &Switches) -> String {
    let mut action = action.clone();
    if action.value("content").is_null() {
        action.remove("content");
    }
    if switches.capital_action_type
        && let Some(action_type) = action.remove("action_type")
    {
        action.set("Action_type", action_type);
    }
    if switches.delivers_subject {
        let id = action.key("subject_id").into_owned();
        let subject = truth.find(Collection::Opportunities, &id);
        action.set("subject", subject.map(Record::to_value));
    }
    format!(r#"{{"action":{}}}"#, action.to_json())
}
