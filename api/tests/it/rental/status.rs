//! How fresh rental data is, also among many runs that read a single record.

use chrono::TimeDelta;
use entity::membership::Role;
use serde_json::{Value, json};
use tests::{RentalSite, on_both_databases};

use crate::support::Service;

async fn status(service: &Service<'_>, site: &RentalSite) -> Value {
    let token = service.token(site.tenant, Role::TenantViewer).await;
    service.get(&token, "/api/sync/status").await.ok()
}

on_both_databases! {
    async fn reading_single_records_hides_no_sync(app: &TestApp) {
        let site = app.rental_site(15).await;
        let loaded = site.sync_well().await;
        for nth in 0..12 {
            app.clock.advance(TimeDelta::seconds(1));
            site.sync_record(&site.id(nth)).await;
        }
        let service = Service::new(app);
        let status = status(&service, &site).await;
        assert_eq!(status["lastSync"]["id"], loaded.id.to_string());
        assert_eq!(status["recordsUpdated"], 15);
        assert_eq!(status["history"].as_array().unwrap().len(), 1);
        assert_eq!((&status["status"], &status["message"]), (&json!("success"), &json!("Data is less than a minute old")));
        let token = service.token(site.tenant, Role::TenantViewer).await;
        let runs = service.get(&token, "/api/sync/runs").await.ok();
        let kinds = runs["items"].as_array().unwrap().iter().map(|run| run["kind"].clone());
        assert_eq!(kinds.filter(|kind| *kind == "record").count(), 12);
    }

    async fn the_stream_of_a_connection_tells_when_it_was_read(app: &TestApp) {
        let site = app.rental_site(15).await;
        let loaded_at = app.engine.clock.now();
        site.sync_well().await;
        app.clock.advance(TimeDelta::hours(3));
        let service = Service::new(app);
        let stale = status(&service, &site).await;
        assert_eq!((&stale["isStale"], &stale["message"]), (&json!(true), &json!("Data is 3 hours old - sync may be delayed")));
        let read_at = app.engine.clock.now();
        site.sync_well().await;
        // One record says nothing about the freshness of the rest.
        app.clock.advance(TimeDelta::hours(1));
        site.sync_record(&site.id(3)).await;
        let status = status(&service, &site).await;
        let connection = &status["connections"][0];
        assert_eq!((&connection["source"], &connection["status"]), (&json!("current_rms"), &json!("success")));
        let moment = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
        assert_eq!(connection["streams"], json!([
            {"stream": "opportunities", "lastReadAt": moment(read_at), "oldestReadAt": moment(loaded_at)},
        ]));
        assert_eq!(connection["lastSyncAt"], moment(read_at));
    }
}
