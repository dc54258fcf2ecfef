//! The webhooks of an account, as tests drive them.

use serde_json::json;

use super::CurrentRms;
use super::truth::Collection;
use super::webhook::{self, Delivery, DeliveryFault, DeliveryStatus, Forgery};
use crate::account::Account;
use crate::edit::EditError;

/// Webhooks.
impl Account<CurrentRms> {
    /// Registers a webhook without going through the API, and returns its id.
    pub fn register_webhook(&self, event: &str, target_url: &str) -> Result<String, EditError> {
        let webhook = json!({
            "name": event, "event": event, "target_url": target_url, "active": true,
        });
        let webhook = serde_json::from_value(webhook).unwrap_or_default();
        self.edit(|truth| truth.add(Collection::Webhooks, webhook))
    }

    /// Returns every delivery there ever was, in the order in which they were made.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.lock().own.outbox.deliveries().to_vec()
    }

    /// Returns the ids of the deliveries that are held, in the order in which they were made.
    pub fn held_deliveries(&self) -> Vec<u64> {
        let deliveries = self.deliveries().into_iter();
        deliveries
            .filter(|delivery| delivery.status == DeliveryStatus::Held)
            .map(|delivery| delivery.id)
            .collect()
    }

    /// Sends a delivery once, now, and returns the status of the answer; `None` where nobody answered.
    ///
    /// It may be sent as often as one likes. One that failed is held from then on.
    pub async fn deliver(&self, id: u64) -> Option<u16> {
        webhook::deliver(self, id).await
    }

    /// Loses a delivery.
    pub fn lose_delivery(&self, id: u64) {
        let mut state = self.lock();
        let outbox = &mut state.own.outbox;
        outbox.change(id, |delivery| delivery.status = DeliveryStatus::Lost);
    }

    /// Sends everything that is held, in the order in which it happened, with retries.
    pub fn release_deliveries(&self) {
        self.lock().own.outbox.release();
    }

    /// Waits until no delivery is on its way any more; those that are held do not count.
    ///
    /// One that [`AfterNext`](super::DeliveryFaultKind::AfterNext) keeps back is on its way until another one comes or
    /// faults are cleared.
    pub async fn deliveries_settled(&self) {
        let mut changes = self.lock().own.outbox.changes();
        while !self.lock().own.outbox.is_settled() {
            // An error means that the account is gone, and its deliveries with it.
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Scripts a fault of deliveries.
    pub fn inject_delivery_fault(&self, fault: DeliveryFault) {
        self.lock().own.outbox.inject(fault);
    }

    /// Takes all faults of deliveries away; what waited for the next delivery goes now.
    pub fn clear_delivery_faults(&self) {
        self.lock().own.outbox.clear_faults();
    }

    /// Sends what nobody upstream sent, and returns the status of the answer; `None` where nobody answered.
    pub async fn forge(&self, forgery: Forgery) -> Option<u16> {
        webhook::forge(self, forgery).await
    }
}
