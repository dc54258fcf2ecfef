//! Webhooks of the service: one event each, made and removed over the API only.

use std::sync::Arc;

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use super::listings::is_id;
use super::{CurrentRms, Scope};
use crate::connector::{Act, Connector, Hook, Listing, Paging, Registrar};

/// The path of all webhooks; below it stands each by its id.
pub(super) const WEBHOOKS: &str = "webhooks";
/// Webhooks asked for at once.
const PAGE_ROWS: u64 = 100;
/// What ours are called upstream.
const NAME: &str = "ctsync";

/// Events after which an opportunity is not what it was: itself, its state and status, its price, its lines. Left out is
/// what leaves all of it as it was: discussions, attachments, prints, exports; and what scanning of assets tells, which
/// comes by the hundred and changes no field that is mirrored.
const EVENTS: [&str; 25] = [
    "opportunity_create",
    "opportunity_update",
    "opportunity_destroy",
    "opportunity_convert_to_draft",
    "opportunity_convert_to_quotation",
    "opportunity_convert_to_order",
    "opportunity_revert_to_quotation",
    "opportunity_mark_as_provisional",
    "opportunity_mark_as_reserved",
    "opportunity_mark_as_lost",
    "opportunity_mark_as_dead",
    "opportunity_confirm",
    "opportunity_cancel",
    "opportunity_complete",
    "opportunity_finalise",
    "opportunity_reinstate",
    "opportunity_revert_status",
    "opportunity_checkout",
    "opportunity_create_item",
    "opportunity_update_item",
    "opportunity_destroy_item",
    "opportunity_set_deal_price",
    "opportunity_clear_deal_price",
    "opportunity_toggle_pricing_locked",
    "opportunity_enable_auto_costing",
];

/// Manages the webhooks of an account.
pub(super) struct Hooks {
    account: Arc<CurrentRms>,
}

impl Hooks {
    /// Manages the webhooks of `account`.
    pub(super) fn of(account: &CurrentRms) -> Self {
        let account = CurrentRms {
            base_url: account.base_url.clone(),
            headers: account.headers.clone(),
            zone: account.zone,
            scope: Scope::Webhooks,
        };
        Self {
            account: Arc::new(account),
        }
    }
}

/// Whether a change is one of webhooks.
pub(super) fn is_act(method: &Method, endpoint: &str) -> bool {
    match endpoint.split_once('/') {
        None => *method == Method::POST && endpoint == WEBHOOKS,
        Some((list, id)) => *method == Method::DELETE && list == WEBHOOKS && is_id(id),
    }
}

impl Registrar for Hooks {
    fn connector(&self) -> Arc<dyn Connector> {
        Arc::clone(&self.account) as Arc<dyn Connector>
    }

    fn events(&self) -> &'static [&'static str] {
        &EVENTS
    }

    fn listing(&self) -> Listing {
        Listing::new(WEBHOOKS, Paging::Pages { size: PAGE_ROWS })
    }

    fn read(&self, row: &Map<String, Value>) -> Option<Hook> {
        let text = |name| row.get(name).and_then(Value::as_str);
        let id = row.get("id")?.as_u64()?.to_string();
        Some(Hook {
            id,
            event: text("event")?.to_owned(),
            target_url: text("target_url")?.into(),
            is_active: row.get("active").and_then(Value::as_bool).unwrap_or(true),
        })
    }

    fn creation(&self, event: &str, target_url: &SecretString) -> Act {
        let webhook = json!({
            "name": NAME, "event": event, "target_url": target_url.expose_secret(), "active": true,
        });
        Act {
            method: Method::POST,
            endpoint: WEBHOOKS.to_owned(),
            body: Some(json!({ "webhook": webhook })),
        }
    }

    fn deletion(&self, id: &str) -> Act {
        Act {
            method: Method::DELETE,
            endpoint: format!("{WEBHOOKS}/{id}"),
            body: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_webhooks_are_changed() {
        assert!(is_act(&Method::POST, "webhooks"));
        assert!(is_act(&Method::DELETE, "webhooks/7"));
        for (method, endpoint) in [
            (Method::DELETE, "webhooks"),
            (Method::DELETE, "webhooks/"),
            (Method::DELETE, "webhooks/7/x"),
            (Method::DELETE, "opportunities/7"),
            (Method::POST, "webhooks/7"),
            (Method::POST, "opportunities"),
            (Method::PUT, "webhooks/7"),
        ] {
            assert!(!is_act(&method, endpoint), "{method} {endpoint}");
        }
    }
}
