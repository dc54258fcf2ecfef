//! Webhooks over the API: the only things that can be written there.

use poem::http::Method;
use serde_json::{Map, Value};

use super::call::Call;
use super::truth::{Collection, Truth};
use super::webhook::is_event;
use super::{CurrentRms, envelope};
use crate::account::AccountState;
use crate::record::Record;
use crate::reply::Reply;

const WEBHOOKS: Collection = Collection::Webhooks;

/// Answers a `POST`, `PUT` or `DELETE`.
pub(crate) fn answer(state: &mut AccountState<CurrentRms>, call: &Call) -> Reply {
    let id = call.path.id.as_deref().unwrap_or_default();
    match call.method {
        Method::POST => written(call, |fields| register(state, &fields)),
        Method::PUT => written(call, |fields| change(state, id, &fields)),
        _ => unregister(state, id),
    }
}

/// Answers with the webhook that was written, or says what is wrong with it.
fn written(call: &Call, write: impl FnOnce(Map<String, Value>) -> Result<Reply, Reply>) -> Reply {
    let fields = fields(&call.body);
    fields.and_then(write).unwrap_or_else(|refusal| refusal)
}

fn register(
    state: &mut AccountState<CurrentRms>,
    fields: &Map<String, Value>,
) -> Result<Reply, Reply> {
    let webhook = Record::new().with("id", 0).with("active", true);
    let webhook = checked(merged(&webhook, fields))?;
    let added = state.edit(|truth| truth.add(WEBHOOKS, webhook));
    let id = added.map_err(|error| envelope::errors(422, &error.to_string()))?;
    Ok(shown(&state.truth, &id).with_status(201))
}

fn change(
    state: &mut AccountState<CurrentRms>,
    id: &str,
    fields: &Map<String, Value>,
) -> Result<Reply, Reply> {
    let webhook = state.truth.find(WEBHOOKS, id);
    let webhook = webhook.cloned().ok_or_else(envelope::not_found)?;
    let webhook = checked(merged(&webhook, fields))?;
    if let Some(old) = state.truth.find_mut(WEBHOOKS, id) {
        *old = webhook;
    }
    Ok(shown(&state.truth, id))
}

fn unregister(state: &mut AccountState<CurrentRms>, id: &str) -> Reply {
    match state.truth.delete(WEBHOOKS, id) {
        Ok(()) => Reply::json("").with_status(204),
        Err(_) => envelope::not_found(),
    }
}

fn shown(truth: &Truth, id: &str) -> Reply {
    let webhook = truth.find(WEBHOOKS, id);
    webhook.map_or_else(envelope::not_found, |webhook| {
        envelope::single(WEBHOOKS, &webhook.to_json())
    })
}

/// Reads what is written out of a body. Public samples write the word around it with and without a capital.
fn fields(body: &[u8]) -> Result<Map<String, Value>, Reply> {
    let body: Value = serde_json::from_slice(body)
        .map_err(|_| envelope::errors(400, "The body is not valid JSON"))?;
    let wrapped = body.as_object().into_iter().flatten();
    let mut wrapped = wrapped.filter(|(key, _)| key.eq_ignore_ascii_case(WEBHOOKS.noun()));
    let fields = wrapped.next().and_then(|(_, fields)| fields.as_object());
    let missing = || envelope::errors(422, "webhook can't be blank");
    fields.cloned().ok_or_else(missing)
}

/// Returns a webhook with the fields that were sent, of those that it has.
fn merged(webhook: &Record, fields: &Map<String, Value>) -> Record {
    let value = |field: &str| fields.get(field).unwrap_or(webhook.value(field)).clone();
    Record::new()
        .with("id", webhook.value("id").clone())
        .with("name", value("name"))
        .with("event", value("event"))
        .with("target_url", value("target_url"))
        .with("active", value("active"))
}

fn checked(webhook: Record) -> Result<Record, Reply> {
    let refused = |message: &str| Err(envelope::errors(422, message));
    for field in ["name", "event", "target_url"] {
        if webhook.text(field).trim().is_empty() {
            return refused(&format!("{field} can't be blank"));
        }
    }
    if !is_event(webhook.text("event")) {
        return refused("event is not included in the list");
    }
    let url = webhook.text("target_url");
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return refused("target_url is invalid");
    }
    if !webhook.value("active").is_boolean() {
        return refused("active is invalid");
    }
    Ok(webhook)
}
