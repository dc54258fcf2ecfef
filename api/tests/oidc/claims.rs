//! Tokens of the provider that are not good here and now.

use api::access::oidc::Refusal;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::clock::START;
use crate::key::Key;
use crate::site::{AUDIENCE, Site, claims, claims_with};

async fn refusal_of(name: &str, value: Value) -> Option<Refusal> {
    let key = Key::ed25519("ed");
    let site = Site::start(&[&key]).await;
    site.refusal(&key.token("EdDSA", &claims_with(name, value)))
        .await
}

#[tokio::test]
async fn a_token_expires_by_our_clock_after_the_leeway() {
    let key = Key::ed25519("ed");
    let site = Site::start(&[&key]).await;
    let token = key.token("EdDSA", &claims_with("exp", json!(START + 300)));
    assert!(site.accepts(&token).await);
    site.clock
        .advance(TimeDelta::seconds(360) - TimeDelta::microseconds(1));
    assert!(site.accepts(&token).await);
    site.clock.advance(TimeDelta::microseconds(1));
    assert_eq!(site.refusal(&token).await, Some(Refusal::Expired));
}

#[tokio::test]
async fn a_token_begins_by_our_clock_before_the_leeway() {
    let key = Key::ed25519("ed");
    let site = Site::start(&[&key]).await;
    for name in ["nbf", "iat"] {
        let token = key.token("EdDSA", &claims_with(name, json!(START + 300)));
        assert_eq!(
            site.refusal(&token).await,
            Some(Refusal::NotYetValid),
            "{name}"
        );
    }
    site.clock.advance(TimeDelta::seconds(240));
    for name in ["nbf", "iat"] {
        let token = key.token("EdDSA", &claims_with(name, json!(START + 300)));
        assert!(site.accepts(&token).await, "{name}");
    }
}

#[tokio::test]
async fn a_token_of_another_issuer_is_refused() {
    for issuer in [json!("https://id.example.com"), json!(null)] {
        assert_eq!(refusal_of("iss", issuer).await, Some(Refusal::Issuer));
    }
}

#[tokio::test]
async fn a_token_for_another_audience_is_refused() {
    for audience in [json!("other"), json!(["other"]), json!(null)] {
        assert_eq!(refusal_of("aud", audience).await, Some(Refusal::Audience));
    }
    assert_eq!(refusal_of("aud", json!(["other", AUDIENCE])).await, None);
}

#[tokio::test]
async fn a_token_without_expiry_or_subject_is_refused() {
    assert_eq!(
        refusal_of("exp", json!(null)).await,
        Some(Refusal::NoExpiry)
    );
    assert_eq!(refusal_of("sub", json!("")).await, Some(Refusal::Subject));
}

#[tokio::test]
async fn only_a_verified_email_is_passed_on() {
    let key = Key::ed25519("ed");
    let site = Site::start(&[&key]).await;
    let mut claims = claims();
    claims["email"] = json!("Ann@Example.com");
    let unverified = site.verify(&key.token("EdDSA", &claims)).await.unwrap();
    assert_eq!(unverified.verified_email, None);
    claims["email_verified"] = json!(true);
    let verified = site.verify(&key.token("EdDSA", &claims)).await.unwrap();
    assert_eq!(verified.verified_email.as_deref(), Some("ann@example.com"));
    assert!(!format!("{verified:?}").contains("ann"));
}
