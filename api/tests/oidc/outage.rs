//! A provider that is away, or answers nonsense.

use std::sync::Arc;
use std::time::Duration;

use api::access::oidc::{OidcError, Refusal};
use chrono::TimeDelta;
use tokio::time::timeout;

use crate::key::Key;
use crate::provider::{Provider, SHORT_PATIENCE};
use crate::site::{Site, claims};

async fn is_unavailable(site: &Site, token: &str) -> bool {
    let verified = site.verify(token).await;
    matches!(verified, Err(OidcError::Unavailable { .. }))
}

#[tokio::test]
async fn without_any_keys_tokens_cannot_be_judged() {
    let key = Key::ed25519("ed");
    let token = key.token("EdDSA", &claims());
    let site = Site::start(&[&key]).await;
    site.provider.fail();
    for _ in 0..20 {
        assert!(is_unavailable(&site, &token).await);
    }
    assert_eq!(site.provider.request_count(), 1);
    site.provider.publish(&[&key]);
    site.clock.advance(TimeDelta::seconds(5));
    assert!(site.accepts(&token).await);
}

#[tokio::test]
async fn nobody_listening_is_the_same_as_no_keys() {
    let key = Key::ed25519("ed");
    let site = Site::start(&[&key]).await;
    let Site { provider, oidc, .. } = site;
    drop(provider);
    // The server's task ends at its next turn.
    tokio::task::yield_now().await;
    let verified = oidc.verify(&key.token("EdDSA", &claims())).await;
    assert!(matches!(verified, Err(OidcError::Unavailable { .. })));
}

#[tokio::test]
async fn known_keys_outlast_an_outage_of_a_day() {
    let key = Key::ed25519("ed");
    let token = key.token("EdDSA", &claims());
    let site = Site::start(&[&key]).await;
    assert!(site.accepts(&token).await);
    site.provider.fail();
    site.clock.advance(TimeDelta::hours(23));
    for _ in 0..20 {
        assert!(site.accepts(&token).await);
    }
    assert_eq!(site.provider.request_count(), 2);
    let unknown = Key::ed25519("new").token("EdDSA", &claims());
    assert_eq!(site.refusal(&unknown).await, Some(Refusal::UnknownKey));
    site.clock.advance(TimeDelta::hours(1));
    assert!(is_unavailable(&site, &token).await);
}

#[tokio::test]
async fn known_keys_are_used_while_one_request_asks() {
    let key = Key::ed25519("ed");
    let token = key.token("EdDSA", &claims());
    let site = Arc::new(Site::start(&[&key]).await);
    assert!(site.accepts(&token).await);
    site.provider.asked().await;
    site.clock.advance(TimeDelta::hours(2));
    site.provider.hold(&[&key]);
    let asking = tokio::spawn({
        let (site, token) = (Arc::clone(&site), token.clone());
        async move { site.accepts(&token).await }
    });
    site.provider.asked().await;
    let meanwhile = site.accepts(&token);
    assert!(timeout(SHORT_PATIENCE, meanwhile).await.unwrap());
    site.provider.release();
    assert!(asking.await.unwrap());
}

#[tokio::test]
async fn a_provider_that_hangs_is_given_up() {
    let key = Key::ed25519("ed");
    let token = key.token("EdDSA", &claims());
    let site = Arc::new(Site::start(&[]).await);
    site.provider.hold(&[&key]);
    let request = tokio::spawn({
        let site = Arc::clone(&site);
        async move { is_unavailable(&site, &token).await }
    });
    site.provider.asked().await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(6)).await;
    // From here on time must not pass by itself, or any limit would do.
    tokio::time::resume();
    assert!(timeout(SHORT_PATIENCE, request).await.unwrap().unwrap());
}

#[tokio::test]
async fn nonsense_does_not_replace_known_keys() {
    let key = Key::ed25519("ed");
    let token = key.token("EdDSA", &claims());
    let site = Site::start(&[&key]).await;
    assert!(site.accepts(&token).await);
    let huge = format!(
        "{{\"keys\":[],\"padding\":\"{}\"}}",
        "x".repeat(1024 * 1024)
    );
    for nonsense in ["", "<html>", "[]", "{}", r#"{"keys":[{}]}"#, &huge] {
        site.provider.answer_with(nonsense);
        site.clock.advance(TimeDelta::hours(2));
        assert!(site.accepts(&token).await, "{nonsense:.20}");
    }
    assert_eq!(site.provider.request_count(), 7);
}

#[tokio::test]
async fn a_document_that_is_too_large_is_not_read() {
    let key = Key::ed25519("ed");
    let site = Site::start(&[]).await;
    let keys = serde_json::json!({ "padding": "x".repeat(1024 * 1024), "keys": [key.public()] });
    site.provider.answer_with(keys.to_string());
    assert!(is_unavailable(&site, &key.token("EdDSA", &claims())).await);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let key = Key::ed25519("ed");
    let other = Provider::start(&[&key]).await;
    let site = Site::start(&[&key]).await;
    site.provider.redirect_to(&other.jwks_url);
    assert!(is_unavailable(&site, &key.token("EdDSA", &claims())).await);
    assert_eq!(other.request_count(), 0);
}
