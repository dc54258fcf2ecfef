//! People and their roles.

use entity::membership::Role;
use poem::http::Method;
use serde_json::{Value, json};
use tests::on_both_databases;

use super::Hand;
use crate::support::Service;

on_both_databases! {
    async fn a_new_person_may_do_nothing_yet(app: &TestApp) {
        let service = Service::new(app);
        let agency = Hand::of_agency(&service).await;
        let created = agency.post("/api/users", json!({"email": " Ann@Example.com", "name": "Ann"})).await;
        created.assert_problem(400, "malformed_request");
        let created = agency.post("/api/users", json!({"email": "Ann@Example.com", "name": "Ann"})).await;
        assert_eq!(created.status, 201, "{}", created.body);
        assert_eq!(agency.get(created.header("location")).await.ok(), created.body);
        assert_eq!(created.body["email"], "ann@example.com");
        assert_eq!(created.body["memberships"], json!([]));
        agency.post("/api/users", json!({"email": "ann@example.com"})).await.assert_problem(409, "conflict");
        let token = agency.post("/api/tokens", json!({"name": "t", "userId": created.body["id"]})).await.ok();
        let token = token["secret"].as_str().unwrap();
        assert_eq!(service.get(token, "/api/tenants").await.ok()["items"], json!([]));
        service.get(token, "/api/sync/status").await.assert_problem(403, "forbidden");
    }

    async fn a_role_counts_from_the_next_request_on(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let agency = Hand::of_agency(&service).await;
        let token = service.person("ann@example.com", &[]).await;
        let users = agency.get("/api/users").await.ok();
        assert_eq!(users["items"][0]["email"], "ann@example.com");
        let path = format!("/api/users/{}/memberships", users["items"][0]["id"].as_str().unwrap());
        let grant = |role: &str, tenant: Value| agency.put(&path, json!({"role": role, "tenant": tenant}));
        grant("tenant_viewer", json!(site.tenant)).await.ok();
        assert_eq!(service.get(&token, "/api/sync/status").await.status, 200);
        service.get(&token, "/api/tokens").await.assert_problem(403, "forbidden");
        let granted = grant("tenant_admin", json!(site.tenant)).await.ok();
        assert_eq!(granted["memberships"].as_array().unwrap().len(), 1);
        assert_eq!(service.get(&token, "/api/tokens").await.status, 200);
        let membership = granted["memberships"][0]["id"].as_str().unwrap();
        assert_eq!(agency.delete(&format!("{path}/{membership}")).await.status, 204);
        service.get(&token, "/api/sync/status").await.assert_problem(403, "forbidden");
        let named = service.call(Method::GET, "/api/sync/status").token(&token);
        named.header("x-tenant-id", &site.tenant.to_string()).send().await.assert_problem(403, "forbidden");
        agency.delete(&format!("{path}/{membership}")).await.assert_problem(404, "not_found");
    }

    async fn a_role_must_fit_its_place(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let agency = Hand::of_agency(&service).await;
        let boss = agency.get("/api/users").await.ok()["items"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("/api/users/{boss}/memberships");
        for wrong in [
            json!({"role": "agency_admin", "tenant": site.tenant}), json!({"role": "tenant_admin"}),
            json!({"role": "tenant_admin", "tenant": "nobody"}), json!({"role": "tenant_admin", "tenant": "A B"}),
        ] {
            agency.put(&path, wrong).await.assert_problem(422, "invalid");
        }
        agency.put(&path, json!({"role": "emperor"})).await.assert_problem(400, "malformed_request");
        let nobody = format!("/api/users/{}/memberships", site.tenant);
        agency.put(&nobody, json!({"role": "agency_admin"})).await.assert_problem(404, "not_found");
    }

    async fn people_are_the_agencys_to_see(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let admin = Hand::of_tenant(&service, site.tenant, Role::TenantAdmin).await;
        admin.get("/api/users").await.assert_problem(403, "forbidden");
        admin.post("/api/users", json!({"email": "me@example.com"})).await.assert_problem(403, "forbidden");
    }

    async fn a_list_of_people_is_read_to_its_end(app: &TestApp) {
        let service = Service::new(app);
        let agency = Hand::of_agency(&service).await;
        for name in ["ann", "cem", "dan", "eve"] {
            agency.post("/api/users", json!({"email": format!("{name}@example.com")})).await.ok();
        }
        let first = agency.get("/api/users?limit=3").await.ok();
        let cursor = first["nextCursor"].as_str().unwrap();
        let second = agency.get(&format!("/api/users?limit=3&cursor={cursor}")).await.ok();
        let emails = |part: &Value| part["items"].as_array().unwrap().iter().map(|item| item["email"].clone()).collect::<Vec<_>>();
        assert_eq!(emails(&first), ["ann@example.com", "boss@example.com", "cem@example.com"]);
        assert_eq!(emails(&second), ["dan@example.com", "eve@example.com"]);
        assert_eq!(second["hasMore"], false);
    }
}
