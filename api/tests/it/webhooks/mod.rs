//! Webhooks over HTTP: the address they come in at, and the list of what came in.

mod list;
mod receive;
mod visible;

use poem::http::Method;
use secrecy::{ExposeSecret, SecretString};
use tests::RentalSite;

use crate::support::{Answered, Service};

/// Where webhooks with this key come in.
fn address(key: &SecretString) -> String {
    format!("/api/webhooks/current-rms/{}", key.expose_secret())
}

/// What the account has said last.
fn last_body(site: &RentalSite) -> String {
    site.account.deliveries().last().unwrap().body.clone()
}

async fn post(service: &Service<'_>, path: &str, body: &str) -> Answered {
    let call = service.call(Method::POST, path);
    call.text("application/json", body).send().await
}
