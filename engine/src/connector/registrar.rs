//! How webhooks of an upstream are managed, where it has some.

use std::sync::Arc;

use secrecy::SecretString;
use serde_json::{Map, Value};

use super::{Act, Connector, Listing};

/// A webhook as the upstream keeps it.
#[derive(Debug, Clone)]
pub struct Hook {
    /// What identifies it upstream.
    pub id: String,
    /// What it waits for, in the upstream's word.
    pub event: String,
    /// Where it goes. It may hold a key, of ours or of others.
    pub target_url: SecretString,
    /// Whether the upstream sends it.
    pub is_active: bool,
}

/// What has to be known to manage an upstream's webhooks; pure, as a [`Connector`] is.
pub trait Registrar: Send + Sync {
    /// The account, for its webhooks and nothing else.
    fn connector(&self) -> Arc<dyn Connector>;

    /// The events that say that a mirrored record is not what it was.
    fn events(&self) -> &'static [&'static str];

    /// The list of all webhooks of the account, whoever made them.
    fn listing(&self) -> Listing;

    /// Reads a row of that list; `None` when it says too little.
    fn read(&self, row: &Map<String, Value>) -> Option<Hook>;

    /// Makes a webhook.
    fn creation(&self, event: &str, target_url: &SecretString) -> Act;

    /// Removes a webhook.
    fn deletion(&self, id: &str) -> Act;
}
