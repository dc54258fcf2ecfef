//! How keys come and go.

use std::sync::Arc;

use api::access::oidc::Refusal;
use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::json;

use crate::key::Key;
use crate::site::{Site, claims};

#[tokio::test]
async fn a_new_key_is_asked_for_when_it_is_first_used() {
    let (old, new) = (Key::ed25519("old"), Key::ed25519("new"));
    let site = Site::start(&[&old]).await;
    assert!(site.accepts(&old.token("EdDSA", &claims())).await);
    site.provider.publish(&[&old, &new]);
    site.clock.advance(TimeDelta::minutes(2));
    assert!(site.accepts(&new.token("EdDSA", &claims())).await);
    assert!(site.accepts(&old.token("EdDSA", &claims())).await);
    assert_eq!(site.provider.request_count(), 2);
}

#[tokio::test]
async fn a_withdrawn_key_is_refused_when_the_keys_are_next_read() {
    let (old, new) = (Key::ed25519("old"), Key::ed25519("new"));
    let site = Site::start(&[&old]).await;
    let token = old.token("EdDSA", &claims());
    assert!(site.accepts(&token).await);
    site.provider.publish(&[&new]);
    site.clock.advance(TimeDelta::minutes(59));
    assert!(site.accepts(&token).await);
    assert_eq!(site.provider.request_count(), 1);
    site.clock.advance(TimeDelta::minutes(1));
    assert_eq!(site.refusal(&token).await, Some(Refusal::UnknownKey));
}

#[tokio::test]
async fn when_all_keys_are_withdrawn_no_token_is_good() {
    let key = Key::ed25519("ed");
    let token = key.token("EdDSA", &claims());
    let site = Site::start(&[&key]).await;
    assert!(site.accepts(&token).await);
    site.provider.publish(&[]);
    site.clock.advance(TimeDelta::hours(2));
    assert!(!site.accepts(&token).await);
    site.provider.publish(&[&key]);
    site.clock.advance(TimeDelta::hours(2));
    assert!(site.accepts(&token).await);
}

#[tokio::test]
async fn unknown_keys_do_not_hammer_the_provider() {
    let (known, made_up) = (Key::ed25519("known"), Key::ed25519("made up"));
    let site = Site::start(&[&known]).await;
    let token = made_up.token("EdDSA", &claims());
    for _ in 0..100 {
        assert_eq!(site.refusal(&token).await, Some(Refusal::UnknownKey));
    }
    assert_eq!(site.provider.request_count(), 1);
    site.clock.advance(TimeDelta::seconds(59));
    assert_eq!(site.refusal(&token).await, Some(Refusal::UnknownKey));
    assert_eq!(site.provider.request_count(), 1);
    site.clock.advance(TimeDelta::seconds(1));
    for _ in 0..100 {
        assert_eq!(site.refusal(&token).await, Some(Refusal::UnknownKey));
    }
    assert_eq!(site.provider.request_count(), 2);
}

#[tokio::test]
async fn requests_at_the_same_time_share_one_question() {
    let key = Key::ed25519("ed");
    let site = Arc::new(Site::start(&[]).await);
    site.provider.hold(&[&key]);
    let token = key.token("EdDSA", &claims());
    let requests = (0..50).map(|_| {
        let (site, token) = (Arc::clone(&site), token.clone());
        tokio::spawn(async move { site.accepts(&token).await })
    });
    let requests: Vec<_> = requests.collect();
    site.provider.asked().await;
    site.provider.release();
    for accepted in join_all(requests).await {
        assert!(accepted.unwrap());
    }
    assert_eq!(site.provider.request_count(), 1);
}

#[tokio::test]
async fn who_hangs_up_does_not_spoil_the_question() {
    let key = Key::ed25519("ed");
    let site = Arc::new(Site::start(&[]).await);
    site.provider.hold(&[&key]);
    let token = key.token("EdDSA", &claims());
    let request = tokio::spawn({
        let (site, token) = (Arc::clone(&site), token.clone());
        async move { site.accepts(&token).await }
    });
    site.provider.asked().await;
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());
    site.provider.release();
    assert!(site.accepts(&token).await);
    assert_eq!(site.provider.request_count(), 1);
}

#[tokio::test]
async fn a_token_may_leave_out_the_name_of_the_only_key() {
    let (one, other) = (Key::ed25519("one"), Key::ed25519("other"));
    let site = Site::start(&[&one]).await;
    let token = one.token_with(&json!({ "alg": "EdDSA" }), &claims());
    assert!(site.accepts(&token).await);
    site.provider.publish(&[&one, &other]);
    site.clock.advance(TimeDelta::hours(1));
    assert_eq!(site.refusal(&token).await, Some(Refusal::UnknownKey));
}
