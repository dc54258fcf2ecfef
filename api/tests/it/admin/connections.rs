//! Connections.

use ctsync_sandbox::current_rms::ApiAccess;
use entity::membership::Role;
use serde_json::{Value, json};
use tests::{Site, on_both_databases};

use super::Hand;
use crate::support::Service;

fn path(site: &Site) -> String {
    format!("/api/tenants/{}/connections", site.tenant)
}

fn new(name: &str) -> Value {
    json!({"source": "clienttether", "name": name, "credentials": {"webKey": "web-key-2", "accessToken": "access-token-2"}})
}

on_both_databases! {
    async fn a_new_connection_is_where_its_answer_says(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let admin = Hand::of_tenant(&service, site.tenant, Role::TenantAdmin).await;
        let created = admin.post(&path(&site), new("north")).await;
        assert_eq!(created.status, 201, "{}", created.body);
        let shown = admin.get(created.header("location")).await.ok();
        assert_eq!(shown, created.body);
        assert_eq!(shown["hasCredentials"], true);
        assert_eq!(shown["settings"], json!({}));
        assert_eq!(shown["effectiveSettings"]["concurrency"], 4);
        admin.post(&path(&site), new("north")).await.assert_problem(409, "conflict");
        let list = admin.get(&path(&site)).await.ok();
        assert_eq!(list["items"][0]["name"], "main");
        assert_eq!(list["items"][1], shown);
    }

    async fn an_account_of_the_rental_upstream_is_added_tested_and_loaded(app: &TestApp) {
        let (site, rental) = (app.small_site().await, app.rental_site(4).await);
        let service = Service::new(app);
        let admin = Hand::of_tenant(&service, site.tenant, Role::TenantAdmin).await;
        // As people copy it from the address bar.
        let address = format!("https://{}.current-rms.com/", rental.account.subdomain());
        let credentials = json!({"subdomain": address, "apiKey": rental.account.api_key()});
        let settings = json!({"pastDays": 400, "futureDays": 600, "sweepHours": 12, "incrementalOverlapMinutes": 10});
        let rents = json!({"source": "current_rms", "name": "rents", "credentials": credentials, "settings": settings});
        let created = admin.post(&path(&site), rents).await;
        assert_eq!(created.status, 201, "{}", created.body);
        assert_eq!(created.body["settings"], settings);
        let effective = &created.body["effectiveSettings"];
        assert_eq!((&effective["concurrency"], &effective["pastDays"]), (&json!(1), &json!(400)));
        assert_eq!(effective.get("notesSweepHours"), None);
        let one = created.header("location");
        assert_eq!(admin.act(&format!("{one}/test")).await.ok()["ok"], true);
        let switches = rental.account.switches();
        rental.switch(|switches| switches.api_access = ApiAccess::Disabled);
        let refused = admin.act(&format!("{one}/test")).await.ok();
        assert_eq!((&refused["ok"], &refused["reason"]), (&json!(false), &json!("auth")));
        assert!(refused["message"].as_str().unwrap().contains("API"), "{refused}");
        rental.account.set_switches(switches);
        let wrong = json!({"subdomain": rental.account.subdomain(), "apiKey": "wrong"});
        assert_eq!(admin.put(&format!("{one}/credentials"), wrong).await.ok()["hasCredentials"], true);
        assert_eq!(admin.act(&format!("{one}/test")).await.ok()["reason"], "auth");
    }

    async fn each_upstream_takes_its_own_credentials_and_settings(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let agency = Hand::of_agency(&service).await;
        let one = format!("{}/{}", path(&site), site.connection);
        let (keys, others) = (json!({"webKey": "k"}), json!({"subdomain": "north", "apiKey": "k"}));
        let rents = |credentials: &Value, settings: Value| {
            json!({"source": "current_rms", "name": "rents", "credentials": credentials, "settings": settings})
        };
        let wrong = [
            (rents(&keys, json!({})), 422, "current_rms"),
            (json!({"source": "clienttether", "name": "x", "credentials": others}), 422, "clienttether"),
            (rents(&json!({"subdomain": "north.example.com", "apiKey": "k"}), json!({})), 422, "subdomain"),
            (rents(&json!({"subdomain": "north"}), json!({})), 400, "apiKey"),
            (rents(&json!({}), json!({})), 400, "subdomain and apiKey"),
            (rents(&others, json!({"eventTypes": ["appt"]})), 422, "event_types"),
            (rents(&others, json!({"streams": ["notes"]})), 422, "streams"),
            (rents(&others, json!({"pastDays": 40_000})), 400, "pastDays"),
            (rents(&others, json!({"sweepHours": 0})), 400, "sweepHours"),
        ];
        for (body, status, named) in wrong {
            let answer = agency.post(&path(&site), body.clone()).await;
            assert_eq!(answer.status, status, "{body}: {}", answer.body);
            assert!(answer.body["detail"].as_str().unwrap().contains(named), "{body}: {}", answer.body);
        }
        let foreign = agency.put(&format!("{one}/credentials"), others).await;
        foreign.assert_problem(422, "invalid");
        agency.patch(&one, json!({"settings": {"pastDays": 5}})).await.assert_problem(422, "invalid");
    }

    async fn connections_are_not_for_viewers(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let viewer = Hand::of_tenant(&service, site.tenant, Role::TenantViewer).await;
        viewer.get(&path(&site)).await.assert_problem(403, "forbidden");
        viewer.post(&path(&site), new("north")).await.assert_problem(403, "forbidden");
    }

    async fn where_requests_go_and_what_they_cost_is_the_agencys_to_set(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let agency = Hand::of_agency(&service).await;
        let admin = Hand::of_tenant(&service, site.tenant, Role::TenantAdmin).await;
        let one = format!("{}/{}", path(&site), site.connection);
        let reserved = [
            json!({"baseUrl": "http://127.0.0.1:9/"}), json!({"baseUrl": null}), json!({"requestsPerSecond": 0}),
            json!({"concurrency": 9}), json!({"requestTimeoutMs": 9}), json!({"deadlineSeconds": 9}),
            json!({"maxBodyBytes": 9}), json!({"maxPages": 9}),
        ];
        for settings in reserved {
            let refused = admin.patch(&one, json!({ "settings": settings })).await;
            refused.assert_problem(403, "forbidden");
            let name = settings.as_object().unwrap().keys().next().unwrap();
            assert!(refused.body["detail"].as_str().unwrap().contains(name), "{}", refused.body);
            let mut with_settings = new("north");
            with_settings["settings"] = settings.clone();
            admin.post(&path(&site), with_settings).await.assert_problem(403, "forbidden");
            agency.patch(&one, json!({ "settings": settings })).await.ok();
        }
        let own = json!({"streams": ["leads"], "timeZone": "UTC", "notesSweepHours": 5});
        assert_eq!(admin.patch(&one, json!({ "settings": own })).await.ok()["settings"]["streams"], json!(["leads"]));
    }

    async fn a_setting_that_makes_no_sense_is_refused(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let agency = Hand::of_agency(&service).await;
        let one = format!("{}/{}", path(&site), site.connection);
        let wrong = [
            json!({"baseUrl": "ftp://example.com"}), json!({"baseUrl": "nonsense"}), json!({"baseUrl": "http://example.com/"}),
            json!({"baseUrl": "https://169.254.169.254/"}), json!({"baseUrl": "https://user:word@example.com/"}), json!({"timeZone": "Mars"}),
            json!({"streams": []}), json!({"streams": ["ledes"]}), json!({"activitiesPastDays": 4_000_000_000_u32}),
            json!({"concurrency": 0}), json!({"eventTypes": ["a\u{0}b"]}), json!({"concurrency": "4"}), json!({"credentials": "x"}),
        ];
        for settings in wrong {
            let answer = agency.patch(&one, json!({ "settings": settings })).await;
            assert!([400, 422].contains(&answer.status.as_u16()), "{settings}: {}", answer.body);
        }
    }

    async fn a_test_tells_what_the_upstream_says(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let admin = Hand::of_tenant(&service, site.tenant, Role::TenantAdmin).await;
        let one = format!("{}/{}", path(&site), site.connection);
        let good = admin.act(&format!("{one}/test")).await.ok();
        assert_eq!((&good["ok"], &good["reason"]), (&json!(true), &Value::Null));
        let wrong = json!({"webKey": "wrong", "accessToken": "wrong"});
        admin.put(&format!("{one}/credentials"), wrong).await.ok();
        let refused = admin.act(&format!("{one}/test")).await.ok();
        assert_eq!((&refused["ok"], &refused["reason"]), (&json!(false), &json!("auth")), "{refused}");
    }

    async fn a_connection_is_paused_resumed_and_removed(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let admin = Hand::of_tenant(&service, site.tenant, Role::TenantAdmin).await;
        let one = format!("{}/{}", path(&site), site.connection);
        assert_eq!(admin.act(&format!("{one}/pause")).await.ok()["status"], "paused");
        admin.post("/api/sync/runs", json!({})).await.assert_problem(409, "conflict");
        admin.post("/api/sync/runs", json!({"connection": "main"})).await.assert_problem(409, "conflict");
        assert_eq!(admin.act(&format!("{one}/resume")).await.ok()["status"], "active");
        assert_eq!(admin.delete(&one).await.status, 204);
        admin.get(&one).await.assert_problem(404, "not_found");
        admin.delete(&one).await.assert_problem(404, "not_found");
    }
}
