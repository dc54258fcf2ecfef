//! What is answered to a webhook.

use ctsync_sandbox::{Fault, FaultKind};
use entity::webhook_event::WebhookStatus;
use poem::http::Method;
use serde_json::json;
use tests::{Backend, on_both_databases};

use super::{address, last_body, post};
use crate::process::running::{Process, command};
use crate::support::Service;

on_both_databases! {
    async fn a_webhook_is_stored_and_acknowledged_while_the_upstream_is_down(app: &TestApp) {
        let site = app.rental_site(3).await;
        site.open_door().await;
        let (service, key) = (Service::new(app), site.webhook_key().await);
        site.account.inject(Fault::new(FaultKind::Hang));
        site.account.update_opportunity(&site.id(1), "subject", "Renamed").unwrap();
        let answered = post(&service, &address(&key), &last_body(&site)).await;
        assert_eq!(answered.ok(), json!({"status": "received"}));
        let again = post(&service, &address(&key), &last_body(&site)).await;
        assert_eq!(again.ok(), json!({"status": "duplicate"}));
        let events = site.events().await;
        assert_eq!((events.len(), events[0].status), (1, WebhookStatus::Received));
        assert_eq!(events[0].body, last_body(&site));
        assert_eq!(site.account.requests().len(), 0);
    }

    async fn every_key_that_opens_nothing_gets_the_same_answer(app: &TestApp) {
        let site = app.rental_site(3).await;
        site.open_door().await;
        let (service, key) = (Service::new(app), site.webhook_key().await);
        site.account.update_opportunity(&site.id(1), "subject", "Renamed").unwrap();
        let path = address(&key);
        for wrong in [format!("{path}x"), path[..path.len() - 1].to_owned(), path.replace(&path[26..], "%F0%9F%94%91")] {
            for body in [last_body(&site), "{".to_owned()] {
                post(&service, &wrong, &body).await.assert_problem(404, "not_found");
            }
        }
        post(&service, "/api/webhooks/clienttether/x", "{}").await.assert_problem(404, "route_not_found");
        service.call(Method::GET, &path).send().await.assert_problem(405, "method_not_allowed");
        assert_eq!(site.events().await.len(), 0);
    }

    async fn what_is_no_webhook_is_malformed_and_what_is_too_large_is_not_read(app: &TestApp) {
        let site = app.rental_site(3).await;
        let (service, key) = (Service::new(app), site.webhook_key().await);
        for body in ["", "{\"action\":{\"id\":1,", "{}", "[]", "text"] {
            post(&service, &address(&key), body).await.assert_problem(400, "malformed_request");
        }
        let large = format!("{{\"action\":{{\"id\":1,\"name\":\"{}\"}}}}", "x".repeat(10 * 1024 * 1024));
        post(&service, &address(&key), &large).await.assert_problem(413, "body_too_large");
        assert_eq!(site.events().await.len(), 0);
    }

    async fn another_subject_is_recorded_and_any_content_type_is_taken(app: &TestApp) {
        let site = app.rental_site(3).await;
        let (service, key) = (Service::new(app), site.webhook_key().await);
        for (number, content_type) in ["text/plain", "application/x-www-form-urlencoded", "nonsense", "application/json; charset=utf-8"].into_iter().enumerate() {
            let body = json!({"Action": {"Id": number, "Subject_Type": "Member", "subject_id": 4}}).to_string();
            let call = service.call(Method::POST, &address(&key)).text(content_type, &body);
            assert_eq!(call.send().await.ok(), json!({"status": "ignored"}));
        }
        assert_eq!(site.events().await.len(), 4);
    }
}

#[tokio::test]
async fn guessing_keys_uses_up_the_quota_of_the_address_and_good_keys_do_not() {
    tests::run(Backend::Sqlite, async |app| {
        let site = app.rental_site(1).await;
        let folder = tempfile::tempdir().unwrap();
        let mut command = command(app, folder.path());
        command.env("CTSYNC_RATE_LIMIT_UNKNOWN", "2");
        let process = Process::start(command).await;
        let path = address(&site.webhook_key().await);
        let message = async |path: &str, id: u32| {
            let body = json!({"action": {"id": id}}).to_string();
            let length = format!("content-length: {}\r\n", body.len());
            process.send("POST", path, &length, &body).await
        };
        for id in 0..5 {
            let answer = message(&path, id).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            assert!(
                answer
                    .head
                    .contains("ratelimit-policy: \"webhooks\";q=3000;")
            );
        }
        for _ in 0..2 {
            let guess = message(&address(&"nobody-has-this".into()), 1).await;
            guess.assert_problem(404, "not_found");
        }
        let guess = message(&address(&"nor-this".into()), 1).await;
        guess.assert_problem(429, "rate_limited");
        assert_eq!(message(&path, 6).await.status, 200);
    })
    .await;
}
