//! What may sign a token, and what may not.

use api::access::oidc::Refusal;
use aws_lc_rs::hmac;
use serde_json::json;

use crate::key::{Key, encode, message};
use crate::site::{Site, claims};

#[tokio::test]
async fn every_accepted_algorithm_verifies() {
    let (rsa, p256, p384, ed) = (
        Key::rsa("rsa"),
        Key::p256("p256"),
        Key::p384("p384"),
        Key::ed25519("ed"),
    );
    let site = Site::start(&[&rsa, &p256, &p384, &ed]).await;
    for (key, algorithm) in [
        (&rsa, "RS256"),
        (&rsa, "RS384"),
        (&rsa, "RS512"),
        (&rsa, "PS256"),
        (&rsa, "PS384"),
        (&rsa, "PS512"),
        (&p256, "ES256"),
        (&p384, "ES384"),
        (&ed, "EdDSA"),
    ] {
        let identity = site.verify(&key.token(algorithm, &claims())).await;
        assert_eq!(identity.unwrap().subject, "ann", "{algorithm}");
    }
    assert_eq!(site.provider.request_count(), 1);
}

#[tokio::test]
async fn a_token_that_nobody_signed_is_refused() {
    let key = Key::rsa("rsa");
    let site = Site::start(&[&key]).await;
    for name in ["none", "None", "NoNe", "NONE"] {
        for header in [json!({ "alg": name }), json!({ "alg": name, "kid": "rsa" })] {
            let token = format!("{}.", message(&header, &claims()));
            assert_eq!(
                site.refusal(&token).await,
                Some(Refusal::Algorithm),
                "{header}"
            );
        }
    }
}

#[tokio::test]
async fn the_public_key_is_no_shared_secret() {
    let key = Key::rsa("rsa");
    let site = Site::start(&[&key]).await;
    assert!(site.accepts(&key.token("RS256", &claims())).await);
    let public = key.public();
    for secret in [public.to_string(), public["n"].as_str().unwrap().to_owned()] {
        for (name, algorithm) in [("HS256", hmac::HMAC_SHA256), ("HS512", hmac::HMAC_SHA512)] {
            let message = message(&json!({ "alg": name, "kid": "rsa" }), &claims());
            let secret = hmac::Key::new(algorithm, secret.as_bytes());
            let tag = hmac::sign(&secret, message.as_bytes());
            let token = format!("{message}.{}", encode(tag));
            assert_eq!(
                site.refusal(&token).await,
                Some(Refusal::Algorithm),
                "{name}"
            );
        }
    }
}

#[tokio::test]
async fn a_published_shared_secret_verifies_nothing() {
    let key = Key::ed25519("ed");
    let site = Site::start(&[]).await;
    let secret = json!({ "kty": "oct", "kid": "shared", "alg": "HS256", "k": encode("secret") });
    let document = json!({ "keys": [secret, key.public()] });
    site.provider.answer_with(document.to_string());
    let message = message(&json!({ "alg": "HS256", "kid": "shared" }), &claims());
    let secret = hmac::Key::new(hmac::HMAC_SHA256, b"secret");
    let token = format!(
        "{message}.{}",
        encode(hmac::sign(&secret, message.as_bytes()))
    );
    assert_eq!(site.refusal(&token).await, Some(Refusal::Algorithm));
    assert!(site.accepts(&key.token("EdDSA", &claims())).await);
}

#[tokio::test]
async fn an_algorithm_of_another_kind_of_key_is_refused() {
    let (rsa, ec) = (Key::rsa("rsa"), Key::p256("ec"));
    let site = Site::start(&[&rsa, &ec]).await;
    let swapped = ec.token_with(&json!({ "alg": "ES256", "kid": "rsa" }), &claims());
    assert_eq!(site.refusal(&swapped).await, Some(Refusal::Algorithm));
    let swapped = rsa.token_with(&json!({ "alg": "RS256", "kid": "ec" }), &claims());
    assert_eq!(site.refusal(&swapped).await, Some(Refusal::Algorithm));
    let curve = ec.token_with(&json!({ "alg": "ES384", "kid": "ec" }), &claims());
    assert_eq!(site.refusal(&curve).await, Some(Refusal::Algorithm));
}

#[tokio::test]
async fn a_key_that_declares_an_algorithm_verifies_no_other() {
    let key = Key::rsa("rsa");
    let site = Site::start(&[]).await;
    let mut public = key.public();
    public["alg"] = json!("PS256");
    site.provider
        .answer_with(json!({ "keys": [public] }).to_string());
    assert!(site.accepts(&key.token("PS256", &claims())).await);
    let other = key.token("RS256", &claims());
    assert_eq!(site.refusal(&other).await, Some(Refusal::Algorithm));
}

#[tokio::test]
async fn a_key_for_encryption_verifies_nothing() {
    let (key, other) = (Key::rsa("rsa"), Key::ed25519("ed"));
    let site = Site::start(&[]).await;
    let mut public = key.public();
    public["use"] = json!("enc");
    let document = json!({ "keys": [public, other.public()] });
    site.provider.answer_with(document.to_string());
    let token = key.token("RS256", &claims());
    assert_eq!(site.refusal(&token).await, Some(Refusal::UnknownKey));
}
