//! Reads of one client.

use serde_json::json;

use super::call::Call;
use super::truth::Collection;
use super::{ClientTether, envelope, shape};
use crate::account::AccountState;
use crate::record::Record;
use crate::reply::Reply;

/// Answers `read_client_by_id/{id}`.
pub(crate) fn client_by_id(state: &AccountState<ClientTether>, call: &Call) -> Reply {
    let Some(id) = call.id.as_deref() else {
        return envelope::error("CT501", "Required key/value pair(s) missing");
    };
    match state.truth.find(Collection::Clients, id) {
        Some(client) => {
            let client = shape::served(Collection::Clients, client, &state.switches);
            envelope::success(Some(&json!(1)), &[client.to_json()])
        }
        None => envelope::not_found(),
    }
}

/// Answers `read_client_exist`.
pub(crate) fn client_exists(state: &AccountState<ClientTether>, call: &Call) -> Reply {
    let wanted = ["phone", "email"]
        .into_iter()
        .find_map(|field| call.parameter(field).map(|value| (field, value)));
    let Some((field, value)) = wanted else {
        return envelope::error("CT501", "Required key/value pair(s) missing");
    };
    let is_match = |client: &&Record| client.text(field).eq_ignore_ascii_case(value);
    match state.truth.clients.iter().find(is_match) {
        Some(client) => found(client),
        None => envelope::not_found(),
    }
}

fn found(client: &Record) -> Reply {
    let answer = Record::new()
        .with("resultCode", "CT200")
        .with("Message", "Success")
        .with("client_id", client.text("client_id"))
        .with("external_id", client.text("external_id"));
    Reply::json(answer.to_json())
}
