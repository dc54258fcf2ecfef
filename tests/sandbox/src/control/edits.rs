//! Edits over HTTP: a list to make now, or an object that says before which request to make them.

use poem::Body;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::body::{Refusal, read};
use crate::account::Account;
use crate::upstream::Upstream;

/// What to change, and when.
pub(super) enum Edits<U: Upstream> {
    Now(Vec<U::Edit>),
    Before(Scheduled<U::Edit>),
}

/// Edits that wait for a request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scheduled<E> {
    before: Moment,
    edits: Vec<E>,
}

/// The `nth` request from now, counted from 1, to an endpoint.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Moment {
    endpoint: String,
    nth: u64,
}

/// The ids of the records that were added.
#[derive(Serialize)]
pub(super) struct Made {
    added: Vec<String>,
}

impl<U: Upstream> Edits<U> {
    /// Reads edits. The two forms are told apart first, so that an error is about the one that was meant.
    pub(super) async fn read(body: Body) -> Result<Self, Refusal> {
        match read::<Value>(body).await? {
            list @ Value::Array(_) => parsed(list).map(Self::Now),
            other => parsed(other).map(Self::Before),
        }
    }

    /// Makes them all or none; those that wait are only noted.
    pub(super) fn make(self, account: &Account<U>) -> Result<Made, Refusal> {
        let added = match self {
            Self::Now(edits) => account.apply(edits).map_err(Refusal::bad_request)?,
            Self::Before(Scheduled { before, edits }) => {
                account.apply_before_request(&before.endpoint, before.nth, edits);
                Vec::new()
            }
        };
        Ok(Made { added })
    }
}

fn parsed<T: DeserializeOwned>(value: Value) -> Result<T, Refusal> {
    serde_json::from_value(value).map_err(Refusal::bad_request)
}
