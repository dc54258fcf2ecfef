//! The trace of administration.

use chrono::TimeDelta;
use entity::membership::Role;
use serde_json::{Value, json};
use tests::on_both_databases;

use super::Hand;
use crate::support::Service;

/// Returns who did what to which kind of thing, in order.
fn told(page: &Value) -> Vec<String> {
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let line = |entry: &Value| {
        format!(
            "{} {} {}",
            text(entry, "via"),
            text(entry, "action"),
            text(entry, "objectType")
        )
    };
    page["items"].as_array().unwrap().iter().map(line).collect()
}

on_both_databases! {
    async fn acts_are_told_with_their_actors_the_newest_first(app: &TestApp) {
        let service = Service::new(app);
        let agency = Hand::of_agency(&service).await;
        let acts = ["/api/tenants/acme/pause", "/api/tenants/acme/resume", "/api/tenants/acme/archive"];
        app.clock.advance(TimeDelta::seconds(1));
        agency.post("/api/tenants", json!({"slug": "acme", "timeZone": "UTC"})).await.ok();
        for act in acts {
            app.clock.advance(TimeDelta::seconds(1));
            agency.act(act).await.ok();
        }
        let page = agency.get("/api/audit?limit=4").await.ok();
        assert_eq!(told(&page), ["api archive tenant", "api resume tenant", "api pause tenant", "api add tenant"]);
        let actor = page["items"][0]["actor"].as_str().unwrap();
        assert!(actor.starts_with("token test (ctsync_") && !actor.contains(&agency.token), "{actor}");
        assert_eq!(page["items"][0]["detail"], json!({"from": "active", "to": "archived"}));
        let cursor = page["nextCursor"].as_str().unwrap();
        let rest = agency.get(&format!("/api/audit?cursor={cursor}")).await.ok();
        assert!(told(&rest).iter().all(|line| line.starts_with("cli")), "{rest}");
        assert_eq!(rest["hasMore"], false);
    }

    async fn a_tenants_administrators_read_about_their_tenant_only(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let agency = Hand::of_agency(&service).await;
        let admin = Hand::of_tenant(&service, site.tenant, Role::TenantAdmin).await;
        let viewer = Hand::of_tenant(&service, site.tenant, Role::TenantViewer).await;
        agency.post("/api/tenants", json!({"slug": "foreign", "timeZone": "UTC"})).await.ok();
        app.clock.advance(TimeDelta::seconds(1));
        agency.patch(&format!("/api/tenants/{}", site.tenant), json!({"name": "Own"})).await.ok();
        let page = admin.get("/api/audit").await.ok();
        assert_eq!(told(&page)[0], "api set tenant");
        assert!(!page.to_string().contains("foreign"), "{page}");
        let tenants = page["items"].as_array().unwrap().iter().map(|item| item["tenantId"].clone());
        assert!(tenants.into_iter().all(|tenant| tenant == json!(site.tenant)));
        viewer.get("/api/audit").await.assert_problem(403, "forbidden");
    }
}
