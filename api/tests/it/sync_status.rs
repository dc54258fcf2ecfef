//! How fresh the data is, in every state there is.

use chrono::TimeDelta;
use entity::membership::Role;
use serde_json::{Value, json};
use tests::{Site, on_both_databases};

use crate::support::Service;

async fn status(service: &Service<'_>, site: &Site) -> Value {
    let token = service.token(site.tenant, Role::TenantViewer).await;
    service.get(&token, "/api/sync/status").await.ok()
}

on_both_databases! {
    async fn a_tenant_that_was_never_synced_says_so(app: &TestApp) {
        let site = app.small_site().await;
        let status = status(&Service::new(app), &site).await;
        assert_eq!(status["status"], "never");
        assert_eq!(status["lastSyncAt"], Value::Null);
        assert_eq!(status["lastSync"], Value::Null);
        assert_eq!(status["isStale"], true);
        assert_eq!(status["message"], "Never synced");
        assert_eq!(status["history"], json!([]));
    }

    async fn data_grows_stale_two_hours_after_a_success(app: &TestApp) {
        let site = app.small_site().await;
        site.sync().await;
        let service = Service::new(app);
        let fresh = status(&service, &site).await;
        assert_eq!(fresh["status"], "success");
        assert_eq!(fresh["isStale"], false);
        assert_eq!(fresh["lastSync"]["status"], "success");
        assert_eq!(fresh["connections"][0]["streams"].as_array().unwrap().len(), 5);
        app.clock.advance(TimeDelta::hours(2));
        assert_eq!(status(&service, &site).await["isStale"], false);
        app.clock.advance(TimeDelta::seconds(1));
        let stale = status(&service, &site).await;
        assert_eq!(stale["isStale"], true);
        assert_eq!(stale["message"], "Data is 2 hours old - sync may be delayed");
        assert_eq!(stale["lastSyncAt"], fresh["lastSyncAt"]);
    }
}
