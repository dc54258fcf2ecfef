//! Tenants.

use entity::membership::Role;
use serde_json::{Value, json};
use tests::on_both_databases;

use super::Hand;
use crate::support::Service;

on_both_databases! {
    async fn a_new_tenant_is_where_its_answer_says(app: &TestApp) {
        let service = Service::new(app);
        let agency = Hand::of_agency(&service).await;
        let body = json!({"slug": "acme", "timeZone": "Europe/Berlin", "settings": {"brake": {"maxDeletedRows": 5}}});
        let created = agency.post("/api/tenants", body.clone()).await;
        assert_eq!(created.status, 201, "{}", created.body);
        let shown = agency.get(created.header("location")).await.ok();
        assert_eq!(shown, created.body);
        assert_eq!(shown["name"], "acme");
        assert_eq!(shown["settings"], json!({"brake": {"maxDeletedRows": 5}}));
        let brake = json!({"maxDeletedRows": 5, "maxDeletedPercent": 20, "maxDeletedRowsPerDay": 30, "maxDeletedPercentPerDay": 30});
        assert_eq!(shown["effectiveSettings"]["brake"], brake);
        assert_eq!(agency.get("/api/tenants/acme").await.ok(), shown);
        agency.post("/api/tenants", body).await.assert_problem(409, "conflict");
    }

    async fn settings_are_merged_and_null_goes_back_to_the_default(app: &TestApp) {
        let service = Service::new(app);
        let agency = Hand::of_agency(&service).await;
        agency.post("/api/tenants", json!({"slug": "acme", "timeZone": "UTC"})).await.ok();
        let change = |settings: Value| agency.patch("/api/tenants/acme", json!({ "settings": settings }));
        change(json!({"freshnessThresholdMinutes": 5, "mapping": {"unitsField": "units", "marketField": "city"}})).await.ok();
        let changed = change(json!({"freshnessThresholdMinutes": null, "mapping": {"unitsField": null}})).await.ok();
        assert_eq!(changed["settings"], json!({"mapping": {"marketField": "city"}}));
        assert_eq!(changed["effectiveSettings"]["freshnessThresholdMinutes"], 120);
        change(json!({"brakes": {}})).await.assert_problem(400, "malformed_request");
        change(json!({})).await.assert_problem(422, "invalid");
        agency.patch("/api/tenants/acme", json!({"timeZone": "Mars"})).await.assert_problem(422, "invalid");
        agency.patch("/api/tenants/nobody", json!({"name": "x"})).await.assert_problem(404, "not_found");
    }

    async fn callers_see_their_tenants_and_their_role_in_each(app: &TestApp) {
        let service = Service::new(app);
        let agency = Hand::of_agency(&service).await;
        for slug in ["one", "three", "two"] {
            agency.post("/api/tenants", json!({"slug": slug, "timeZone": "UTC"})).await.ok();
        }
        let database = &app.engine.database;
        let id = async |slug| Some(engine::admin::tenants::find(database, slug).await.unwrap().id);
        let roles = [(id("one").await, Role::TenantAdmin), (id("two").await, Role::TenantViewer)];
        let token = service.person("ann@example.com", &roles).await;
        let seen = async |token: &str, path: &str| {
            let list = service.get(token, path).await.ok();
            let entry = |item: &Value| format!("{} {}", item["slug"].as_str().unwrap(), item["role"].as_str().unwrap());
            list["items"].as_array().unwrap().iter().map(entry).collect::<Vec<_>>()
        };
        assert_eq!(seen(&token, "/api/tenants").await, ["one tenant_admin", "two tenant_viewer"]);
        agency.act("/api/tenants/one/archive").await.ok();
        assert_eq!(seen(&token, "/api/tenants?includeArchived=true").await, ["two tenant_viewer"]);
        assert_eq!(seen(&agency.token, "/api/tenants").await, ["three agency_admin", "two agency_admin"]);
        assert_eq!(seen(&agency.token, "/api/tenants?includeArchived=true").await.len(), 3);
    }

    async fn an_archived_tenant_is_closed_to_all_but_the_agency_and_a_paused_one_is_readable(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let agency = Hand::of_agency(&service).await;
        let admin = Hand::of_tenant(&service, site.tenant, Role::TenantAdmin).await;
        let path = format!("/api/tenants/{}", site.tenant);
        assert_eq!(agency.act(&format!("{path}/pause")).await.ok()["status"], "paused");
        assert_eq!(admin.get("/api/sync/status").await.status, 200);
        assert_eq!(admin.get(&path).await.status, 200);
        agency.act(&format!("{path}/archive")).await.ok();
        admin.get("/api/sync/status").await.assert_problem(403, "forbidden");
        for closed in [path.clone(), format!("{path}/connections")] {
            admin.get(&closed).await.assert_problem(403, "forbidden");
            assert_eq!(agency.get(&closed).await.status, 200);
        }
        agency.act(&format!("{path}/resume")).await.ok();
        assert_eq!(admin.get("/api/sync/status").await.status, 200);
    }

    async fn tenants_are_the_agencys_to_change(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let admin = Hand::of_tenant(&service, site.tenant, Role::TenantAdmin).await;
        let path = format!("/api/tenants/{}", site.tenant);
        admin.patch(&path, json!({"name": "Mine"})).await.assert_problem(403, "forbidden");
        admin.act(&format!("{path}/pause")).await.assert_problem(403, "forbidden");
        admin.post("/api/tenants", json!({"slug": "mine", "timeZone": "UTC"})).await.assert_problem(403, "forbidden");
    }

    async fn names_that_are_no_id_and_no_slug_name_nothing(app: &TestApp) {
        let service = Service::new(app);
        let agency = Hand::of_agency(&service).await;
        for name in ["a%00b", "%F0%9F%A6%8A", "ACME", "a.b", "-", &"x".repeat(500)] {
            agency.get(&format!("/api/tenants/{name}")).await.assert_problem(403, "forbidden");
            agency.act(&format!("/api/tenants/{name}/pause")).await.assert_problem(404, "not_found");
        }
    }
}
