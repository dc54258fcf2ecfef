//! What is logged, even when everything is.

use entity::membership::Role;
use secrecy::ExposeSecret;
use tests::{Backend, on_both_databases};

use super::running::{Process, command};
use crate::support::Service;

const EVERYTHING: &str = "api=trace,ctsync_api=trace,engine=trace,poem=trace,poem_openapi=trace,hyper=trace,hyper_util=trace,\
                      sqlx=trace,sqlx_core=trace,sea_orm=trace,tokio=trace,trace";
const PASSWORD: &str = "hunter2";

on_both_databases! {
    async fn a_log_at_trace_level_holds_no_secret_and_no_personal_data(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let person = service.person("ann@example.com", &[(Some(site.tenant), Role::TenantAdmin)]).await;
        let token = service.token(site.tenant, Role::TenantViewer).await;
        let folder = tempfile::tempdir().unwrap();
        let mut command = command(app, folder.path());
        // The test server trusts everybody, with any password.
        let url = app.database.url().replace("postgres@", &format!("postgres:{PASSWORD}@"));
        command.env("CTSYNC_LOG", EVERYTHING).env("DATABASE_URL", url);
        let process = Process::start(command).await;
        for token in [&person, &token] {
            assert_eq!(process.get("/api/sync/status", Some(token)).await.status, 200);
        }
        process.get("/api/sync/runs?cursor=bob@example.com", Some(&person)).await;
        process.get("/api/carl@example.com", Some("ctsync_wrong")).await;
        process.get("/api/sync/status", Some("ctsync_wrong")).await;
        process.send("POST", "/api/sync/runs", "content-length: 17\r\n", "{\"dora@example\":1").await;
        let rental = app.rental_site(2).await;
        let key = rental.webhook_key().await;
        let key = key.expose_secret();
        for (key, status) in [(key, 200), ("wrong-webhook-key", 404)] {
            let body = r#"{"action":{"id":1,"subject_type":"Member","name":"eve@example.com"}}"#;
            let (path, length) = (format!("/api/webhooks/current-rms/{key}"), format!("content-length: {}\r\n", body.len()));
            assert_eq!(process.send("POST", &path, &length, body).await.status, status);
        }
        process.signal("-TERM").await;
        let log = process.end().await.stderr;
        let words = [&person[..], &token[..], "ctsync_wrong", "@example", PASSWORD, key, "wrong-webhook-key"];
        for word in words {
            let line = log.lines().find(|line| line.contains(word));
            assert_eq!(line, None, "{word}");
        }
        assert!(log.contains("\"level\":\"TRACE\""), "nothing was logged at trace level");
        assert!(log.contains("\"operation\":\"get_sync_status\""), "no line for the request");
    }
}

#[tokio::test]
async fn a_request_is_logged_with_its_operation_tenant_and_id() {
    tests::run(Backend::Sqlite, async |app| {
        let site = app.small_site().await;
        let token = Service::new(app)
            .token(site.tenant, Role::TenantViewer)
            .await;
        let folder = tempfile::tempdir().unwrap();
        let process = Process::start(command(app, folder.path())).await;
        process.get("/api/sync/runs?limit=7", Some(&token)).await;
        process.get("/healthz", None).await;
        process.signal("-TERM").await;
        let log = process.end().await.stderr;
        let lines = log.lines().filter(|line| line.contains("\"answered\""));
        let lines: Vec<serde_json::Value> = lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 1, "{log}");
        assert_eq!(lines[0]["operation"], "list_sync_runs");
        assert_eq!(lines[0]["status"], 200);
        assert_eq!(lines[0]["caller"], "token");
        assert_eq!(lines[0]["tenant.id"], site.tenant.to_string());
        assert!(lines[0]["duration_ms"].is_u64());
        assert_eq!(lines[0]["span"]["request.id"].as_str().unwrap().len(), 36);
    })
    .await;
}
