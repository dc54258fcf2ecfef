//! Edits over HTTP: a list to make now, or an object that says before which request to make them.

use poem::Body;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::body::{Refusal, read};
use crate::account::Account;
use crate::edit::Edit;

/// What to change, and when.
pub(super) enum Edits {
    Now(Vec<Edit>),
    Before(Scheduled),
}

/// Edits that wait for a request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scheduled {
    before: Moment,
    edits: Vec<Edit>,
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

impl Edits {
    /// Reads edits. The two forms are told apart first, so that an error is about the one that was meant.
    pub(super) async fn read(body: Body) -> Result<Self, Refusal> {
        match read::<Value>(body).await? {
            list @ Value::Array(_) => parsed(list).map(Self::Now),
            other => parsed(other).map(Self::Before),
        }
    }

    /// Makes them all or none; those that wait are only noted, and one that fails then is left out.
    pub(super) fn make(self, account: &Account) -> Result<Made, Refusal> {
        let added = match self {
            Self::Now(edits) => account.apply(edits).map_err(Refusal::bad_request)?,
            Self::Before(scheduled) => {
                scheduled.note(account);
                Vec::new()
            }
        };
        Ok(Made { added })
    }
}

impl Scheduled {
    fn note(self, account: &Account) {
        let Self { before, edits } = self;
        account.before_request(&before.endpoint, before.nth, move |truth| {
            for edit in edits {
                // Nobody is there to be told: the request that set this off is about something else.
                let _ = edit.apply(truth);
            }
        });
    }
}

fn parsed<T: DeserializeOwned>(value: Value) -> Result<T, Refusal> {
    serde_json::from_value(value).map_err(Refusal::bad_request)
}
