//! One message to one webhook.

use serde::Serialize;

/// A message to a webhook, as far as it has come. A webhook that is told twice has two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// Counts the deliveries of the account, from 1.
    pub id: u64,
    /// The action it tells of.
    pub action_id: u64,
    /// The webhook it is for.
    pub webhook_id: u64,
    /// The event, such as `opportunity_update`.
    pub event: String,
    /// Where it goes.
    pub target_url: String,
    /// What is sent, byte for byte.
    pub body: String,
    /// How far it has come.
    pub status: DeliveryStatus,
    /// How often it was sent.
    pub attempts: usize,
    /// The status that the receiver answered with last, `None` where it did not answer.
    pub response_code: Option<u16>,
}

/// How far a delivery has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// Kept back until somebody sends it.
    Held,
    /// Will be sent, at once or later.
    Waiting,
    /// Is being sent.
    Sending,
    /// Was accepted with a 2xx.
    Delivered,
    /// Failed as often as it is tried.
    GivenUp,
    /// Was lost on purpose.
    Lost,
}
