//! The list of webhooks that came in.

use entity::membership::Role;
use poem::http::Method;
use tests::on_both_databases;

use super::{address, last_body, post};
use crate::support::Service;

on_both_databases! {
    async fn webhooks_are_listed_in_parts_without_their_bodies(app: &TestApp) {
        let site = app.rental_site(5).await;
        site.open_door().await;
        let (service, key) = (Service::new(app), site.webhook_key().await);
        for nth in 0..5 {
            site.clock().advance(chrono::TimeDelta::seconds(1));
            site.account.update_opportunity(&site.id(nth), "subject", "Renamed").unwrap();
            post(&service, &address(&key), &last_body(&site)).await.ok();
        }
        site.clock().advance(chrono::TimeDelta::seconds(1));
        let ignored = r#"{"action":{"id":99,"subject_type":"Member","subject_id":1}}"#;
        post(&service, &address(&key), ignored).await.ok();
        let token = service.token(site.tenant, Role::TenantAdmin).await;
        let (mut seen, mut path) = (vec![], "/api/webhooks/events?status=received&limit=2".to_owned());
        loop {
            let page = service.get(&token, &path).await.ok();
            let items = page["items"].as_array().unwrap().clone();
            seen.extend(items);
            let Some(cursor) = page["nextCursor"].as_str() else { break };
            path = format!("/api/webhooks/events?status=received&limit=2&cursor={cursor}");
        }
        let ids: Vec<String> = seen.iter().map(|item| item["upstreamId"].as_str().unwrap().to_owned()).collect();
        let expected: Vec<String> = (0..5).rev().map(|nth| site.id(nth)).collect();
        assert_eq!(ids, expected);
        assert!(seen.iter().all(|item| item.get("body").is_none() && item["status"] == "received"));
        let all = service.get(&token, "/api/webhooks/events").await.ok();
        assert_eq!(all["items"][0]["status"], "ignored");
    }

    async fn a_viewer_may_not_look_at_webhooks(app: &TestApp) {
        let site = app.rental_site(1).await;
        let service = Service::new(app);
        let token = service.token(site.tenant, Role::TenantViewer).await;
        let call = service.call(Method::GET, "/api/webhooks/events").token(&token);
        call.send().await.assert_problem(403, "forbidden");
    }
}
