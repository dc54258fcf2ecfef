//! Tokens that the provider did not make.

use api::access::oidc::Refusal;
use serde_json::json;

use crate::key::{Key, encode, message};
use crate::provider::Provider;
use crate::site::{Site, claims, claims_with};

#[tokio::test]
async fn a_token_signed_with_another_key_is_refused() {
    for (ours, theirs, algorithm) in [
        (Key::rsa("a"), Key::rsa("a"), "RS256"),
        (Key::p256("a"), Key::p256("a"), "ES256"),
        (Key::ed25519("a"), Key::ed25519("a"), "EdDSA"),
    ] {
        let site = Site::start(&[&ours]).await;
        let token = theirs.token(algorithm, &claims());
        assert_eq!(
            site.refusal(&token).await,
            Some(Refusal::Signature),
            "{algorithm}"
        );
    }
}

#[tokio::test]
async fn a_token_under_the_name_of_another_key_is_refused() {
    let (one, other) = (Key::ed25519("one"), Key::ed25519("other"));
    let site = Site::start(&[&one, &other]).await;
    let token = one.token_with(&json!({ "alg": "EdDSA", "kid": "other" }), &claims());
    assert_eq!(site.refusal(&token).await, Some(Refusal::Signature));
}

#[tokio::test]
async fn a_changed_token_is_refused() {
    let key = Key::ed25519("ed");
    let site = Site::start(&[&key]).await;
    let token = key.token("EdDSA", &claims());
    let signature = token.rsplit('.').next().unwrap();
    let header = json!({ "alg": "EdDSA", "kid": "ed", "typ": "JWT" });
    let changed = message(&header, &claims_with("sub", json!("root")));
    for forged in [format!("{changed}.{signature}"), format!("{changed}.")] {
        assert_eq!(site.refusal(&forged).await, Some(Refusal::Signature));
    }
}

#[tokio::test]
async fn keys_that_a_token_brings_along_are_ignored() {
    let (ours, theirs) = (Key::rsa("ours"), Key::rsa("theirs"));
    let attacker = Provider::start(&[&theirs]).await;
    let site = Site::start(&[&ours]).await;
    for (kid, refusal) in [
        ("ours", Refusal::Signature),
        ("theirs", Refusal::UnknownKey),
    ] {
        let header = json!({
            "alg": "RS256", "kid": kid, "jwk": theirs.public(), "jku": attacker.jwks_url,
            "x5u": attacker.jwks_url,
        });
        let token = theirs.token_with(&header, &claims());
        assert_eq!(site.refusal(&token).await, Some(refusal));
    }
    let header = json!({ "alg": "RS256", "kid": "ours", "jku": attacker.jwks_url });
    assert!(site.accepts(&ours.token_with(&header, &claims())).await);
    assert_eq!(attacker.request_count(), 0);
}

#[tokio::test]
async fn garbage_is_refused_without_asking_the_provider() {
    let site = Site::start(&[&Key::ed25519("ed")]).await;
    for garbage in [
        "",
        "..",
        "a.b.c",
        "not a token",
        "eyJhbGciOiJFZERTQSJ9",
        "\0.\0.\0",
        "🙂.🙂.🙂",
        "ctsync_0123456789abcdef",
    ] {
        assert_eq!(
            site.refusal(garbage).await,
            Some(Refusal::Malformed),
            "{garbage:?}"
        );
    }
    let large = "a".repeat(1024 * 1024);
    assert_eq!(site.refusal(&large).await, Some(Refusal::TooLarge));
    assert_eq!(site.provider.request_count(), 0);
}

#[tokio::test]
async fn signed_garbage_is_malformed() {
    let key = Key::ed25519("ed");
    let site = Site::start(&[&key]).await;
    for claims in [
        json!([]),
        json!("ann"),
        json!(null),
        json!({ "exp": "soon" }),
    ] {
        let token = key.token("EdDSA", &claims);
        assert_eq!(
            site.refusal(&token).await,
            Some(Refusal::Malformed),
            "{claims}"
        );
    }
}

#[tokio::test]
async fn a_refusal_tells_nothing_of_the_token() {
    let key = Key::ed25519("ed");
    let site = Site::start(&[&key]).await;
    let claims = claims_with("aud", json!("ann@example.com"));
    let token = key.token("EdDSA", &claims);
    let error = site.verify(&token).await.unwrap_err();
    assert_eq!(error.to_string(), "the token is for another audience");
    let header = encode(json!({ "alg": "EdDSA", "kid": "ed", "typ": "JWT" }).to_string());
    assert!(!format!("{error:?}").contains(&header));
}
