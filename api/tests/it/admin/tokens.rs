//! Tokens.

use chrono::TimeDelta;
use engine::admin::connections::MAX_CONNECTIONS;
use engine::admin::tokens::MAX_TOKENS;
use entity::membership::Role;
use serde_json::{Value, json};
use tests::on_both_databases;

use super::Hand;
use crate::support::Service;

on_both_databases! {
    async fn a_secret_is_shown_once_and_works_at_once(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let admin = Hand::of_tenant(&service, site.tenant, Role::TenantAdmin).await;
        let created = admin.post("/api/tokens", json!({"name": "wall screen"})).await;
        assert_eq!(created.status, 201, "{}", created.body);
        let secret = created.body["secret"].as_str().unwrap();
        assert_eq!(created.body["token"]["role"], "tenant_viewer");
        assert!(secret.starts_with(created.body["token"]["prefix"].as_str().unwrap()));
        assert_eq!(service.get(secret, "/api/sync/status").await.status, 200);
        let shown = admin.get(created.header("location")).await.ok();
        let listed = admin.get("/api/tokens").await.ok();
        for body in [shown.to_string(), listed.to_string()] {
            assert!(body.contains("wall screen") && !body.contains(secret), "{body}");
        }
    }

    async fn a_revoked_token_is_refused_at_the_next_request(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let admin = Hand::of_tenant(&service, site.tenant, Role::TenantAdmin).await;
        let created = admin.post("/api/tokens", json!({"name": "wall screen"})).await;
        let secret = created.body["secret"].as_str().unwrap();
        for _ in 0..2 {
            assert_eq!(admin.delete(created.header("location")).await.status, 204);
            service.get(secret, "/api/sync/status").await.assert_problem(401, "credential_revoked");
        }
        assert_eq!(admin.get(created.header("location")).await.ok()["status"], "revoked");
    }

    async fn an_expiring_token_is_good_until_then(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let admin = Hand::of_tenant(&service, site.tenant, Role::TenantAdmin).await;
        let now = app.engine.clock.now();
        let new = |expiry: Value| admin.post("/api/tokens", json!({"name": "guest", "expiresAt": expiry}));
        let created = new(json!(now + TimeDelta::hours(1))).await;
        let secret = created.body["secret"].as_str().unwrap();
        assert_eq!(service.get(secret, "/api/sync/status").await.status, 200);
        app.clock.advance(TimeDelta::hours(1));
        service.get(secret, "/api/sync/status").await.assert_problem(401, "credential_expired");
        for wrong in [json!(now), json!("9999-12-31T23:59:59-10:00"), json!("+12000-01-01T00:00:00Z"), json!("soon"), json!(5)] {
            let answer = new(wrong.clone()).await;
            assert!([400, 422].contains(&answer.status.as_u16()), "{wrong}: {}", answer.body);
        }
    }

    async fn nobody_gives_more_than_they_have(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let agency = Hand::of_agency(&service).await;
        let admin = Hand::of_tenant(&service, site.tenant, Role::TenantAdmin).await;
        let viewer = Hand::of_tenant(&service, site.tenant, Role::TenantViewer).await;
        let boss = agency.get("/api/users").await.ok()["items"][0]["id"].clone();
        viewer.post("/api/tokens", json!({"name": "t"})).await.assert_problem(403, "forbidden");
        viewer.get("/api/tokens").await.assert_problem(403, "forbidden");
        admin.post("/api/tokens", json!({"name": "t", "role": "agency_admin"})).await.assert_problem(422, "invalid");
        admin.post("/api/tokens", json!({"name": "t", "userId": boss})).await.assert_problem(403, "forbidden");
        agency.post("/api/tokens", json!({"name": "t"})).await.assert_problem(400, "tenant_required");
        agency.post("/api/tokens", json!({"name": "t", "userId": site.tenant})).await.assert_problem(422, "invalid");
        let of_boss = agency.post("/api/tokens", json!({"name": "t", "userId": boss})).await.ok();
        assert_eq!(of_boss["token"]["user"], "boss@example.com");
        let listed = admin.get("/api/tokens").await.ok();
        assert!(!listed.to_string().contains("boss@example.com"), "{listed}");
    }

    async fn a_tenant_has_so_many_tokens_and_connections(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let (admin, agency) = (Hand::of_tenant(&service, site.tenant, Role::TenantAdmin).await, Hand::of_agency(&service).await);
        let mut last = None;
        // One is the administrator's own.
        for _ in 1..MAX_TOKENS {
            last = Some(admin.post("/api/tokens", json!({"name": "t"})).await.ok()["token"]["id"].clone());
        }
        admin.post("/api/tokens", json!({"name": "t"})).await.assert_problem(409, "conflict");
        let last = last.unwrap();
        admin.delete(&format!("/api/tokens/{}", last.as_str().unwrap())).await;
        admin.post("/api/tokens", json!({"name": "t"})).await.ok();
        let path = format!("/api/tenants/{}/connections", site.tenant);
        let new = |number: u64| {
            let credentials = json!({"webKey": "k", "accessToken": "t"});
            json!({"source": "clienttether", "name": format!("c{number}"), "credentials": credentials})
        };
        for number in 1..MAX_CONNECTIONS {
            agency.post(&path, new(number)).await.ok();
        }
        agency.post(&path, new(0)).await.assert_problem(409, "conflict");
    }

    async fn a_list_of_tokens_is_read_to_its_end(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let admin = Hand::of_tenant(&service, site.tenant, Role::TenantAdmin).await;
        for number in 0..6 {
            app.clock.advance(TimeDelta::seconds(1));
            admin.post("/api/tokens", json!({"name": format!("token {number}")})).await.ok();
        }
        let (mut names, mut path) = (vec![], "/api/tokens?limit=3".to_owned());
        loop {
            let part = admin.get(&path).await.ok();
            names.extend(part["items"].as_array().unwrap().iter().map(|item| item["name"].clone()));
            assert_eq!(part["hasMore"], part["nextCursor"].is_string());
            let Some(cursor) = part["nextCursor"].as_str() else { break };
            path = format!("/api/tokens?limit=3&cursor={cursor}");
        }
        assert_eq!(names, ["token 5", "token 4", "token 3", "token 2", "token 1", "token 0", "test"]);
        let agency = Hand::of_agency(&service).await;
        let cursor = path.split("cursor=").nth(1).unwrap();
        let other = agency.get(&format!("/api/tokens?cursor={cursor}")).await;
        other.assert_problem(400, "invalid_cursor");
    }

    async fn the_last_use_of_a_token_is_known_to_the_minute(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let admin = Hand::of_tenant(&service, site.tenant, Role::TenantAdmin).await;
        let created = admin.post("/api/tokens", json!({"name": "wall screen"})).await;
        assert_eq!(created.body["token"]["lastUsedAt"], Value::Null);
        let used_at = app.engine.clock.now();
        service.get(created.body["secret"].as_str().unwrap(), "/api/sync/status").await.ok();
        // Nobody waits for the note; it is written behind the answer.
        for _ in 0..200 {
            let seen = admin.get(created.header("location")).await.ok()["lastUsedAt"].clone();
            if seen == json!(used_at) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("the use was not noted");
    }
}
