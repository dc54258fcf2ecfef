//! Messages that nobody upstream sent.

use serde::Deserialize;
use serde_json::{Value, json};

/// A message that looks like a delivery and tells of nothing that happened.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Forgery {
    /// Where it goes; to the webhook registered first where `None`.
    pub target_url: Option<String>,
    /// What is sent, whether JSON or not; the update of an opportunity that does not exist where `None`.
    pub body: Option<String>,
}

/// The id in a forgery that says nothing else: of an action and an opportunity that do not exist.
const FORGED_ID: u64 = 999_999_999;

impl Forgery {
    /// Returns what is sent.
    pub(crate) fn into_body(self) -> String {
        self.body.unwrap_or_else(|| forged_action().to_string())
    }
}

fn forged_action() -> Value {
    json!({"action": {
        "id": FORGED_ID,
        "subject_id": FORGED_ID,
        "subject_type": "Opportunity",
        "source_id": FORGED_ID,
        "source_type": "Opportunity",
        "action_type": "update",
    }})
}
