//! Figures for Prometheus, and who may see them.

use api::{Access, EdgeSettings};
use entity::membership::Role;
use poem::http::Method;
use tests::{Backend, on_both_databases};

use crate::support::Service;

#[tokio::test]
async fn figures_are_for_the_agency_only() {
    tests::run(Backend::Sqlite, async |app| {
        let site = app.small_site().await;
        let service = Service::new(app);
        let anybody = service.call(Method::GET, "/metrics").send().await;
        anybody.assert_problem(401, "credential_missing");
        let token = service.token(site.tenant, Role::TenantAdmin).await;
        service
            .get(&token, "/metrics")
            .await
            .assert_problem(403, "forbidden");
    })
    .await;
}

#[tokio::test]
async fn figures_can_be_made_public() {
    tests::run(Backend::Sqlite, async |app| {
        let settings = [("CTSYNC_METRICS_PUBLIC".to_owned(), "true".to_owned())];
        let settings = EdgeSettings::load(&settings.into_iter().collect()).unwrap();
        let service = Service::behind(app, Access::default(), settings);
        let answered = service.call(Method::GET, "/metrics").send().await;
        assert_eq!(
            answered.header("content-type"),
            "text/plain; version=0.0.4; charset=utf-8"
        );
        assert!(
            answered
                .ok()
                .as_str()
                .unwrap()
                .contains("ctsync_database_up 1\n")
        );
    })
    .await;
}

on_both_databases! {
    async fn figures_tell_of_requests_syncs_queue_and_pools(app: &TestApp) {
        let site = app.small_site().await;
        site.sync().await;
        app.clock.advance(chrono::TimeDelta::seconds(90));
        let service = Service::new(app);
        let agency = service.person("ann@example.com", &[(None, Role::AgencyAdmin)]).await;
        let viewer = service.token(site.tenant, Role::TenantViewer).await;
        service.get(&viewer, "/api/sync/status").await.ok();
        service.get(&viewer, "/api/secret/ann@example.com").await;
        let text = service.get(&agency, "/metrics").await.ok();
        let text = text.as_str().unwrap();
        for line in [
            "ctsync_http_request_duration_seconds_count{operation=\"get_sync_status\",status=\"2xx\"} 1",
            "ctsync_http_request_duration_seconds_count{operation=\"none\",status=\"4xx\"} 1",
            "ctsync_http_requests_in_flight 1",
            "ctsync_database_up 1",
            "ctsync_queue_jobs{state=\"waiting\"} 0",
            "ctsync_database_connections{pool=",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        let age = text.lines().find(|line| line.starts_with("ctsync_sync_age_seconds{tenant="));
        let age = age.unwrap();
        assert!(age.contains("source=\"clienttether\"") && age.ends_with("} 90"), "{age}");
        assert!(!text.contains("ann@example.com"));
    }
}
