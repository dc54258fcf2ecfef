//! Resyncs by hand: started, refused, watched and cancelled.

use ctsync_sandbox::{AccountSpec, current_rms};
use entity::membership::Role;
use poem::http::Method;
use serde_json::{Value, json};
use tests::{Site, on_both_databases};

use crate::support::{Answered, Service};

struct Admin<'a> {
    service: &'a Service<'a>,
    token: String,
}

impl<'a> Admin<'a> {
    async fn of(service: &'a Service<'a>, site: &Site) -> Self {
        let token = service.token(site.tenant, Role::TenantAdmin).await;
        Self { service, token }
    }

    async fn start(&self, body: Value) -> Answered {
        let call = self
            .service
            .call(Method::POST, "/api/sync/runs")
            .token(&self.token);
        call.json(&body).send().await
    }

    async fn cancel(&self, run: &str) -> Answered {
        let path = format!("/api/sync/runs/{run}/cancel");
        self.service
            .call(Method::POST, &path)
            .token(&self.token)
            .send()
            .await
    }
}

/// Adds a connection to the tenant of `site`.
async fn add_connection(service: &Service<'_>, admin: &Admin<'_>, site: &Site, name: &str) {
    let path = format!("/api/tenants/{}/connections", site.tenant);
    let body = json!({"source": "clienttether", "name": name, "credentials": {"webKey": "k", "accessToken": "t"}, "settings": {"streams": ["leads"]}});
    service
        .call(Method::POST, &path)
        .token(&admin.token)
        .json(&body)
        .send()
        .await
        .ok();
}

on_both_databases! {
    async fn a_started_sync_is_queued_and_can_be_watched(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let admin = Admin::of(&service, &site).await;
        let started = admin.start(json!({"kind": "full", "streams": ["notes", "leads", "leads"]})).await;
        assert_eq!(started.status, 202, "{}", started.body);
        let run = &started.body["runs"][0];
        assert_eq!((&run["status"], &run["trigger"]), (&json!("queued"), &json!("api")));
        assert!(run["actor"].as_str().unwrap().starts_with("token test"), "{run}");
        let shown = service.get(&admin.token, started.header("location")).await.ok();
        assert_eq!(shown["id"], run["id"]);
        assert_eq!(service.get(&admin.token, "/api/sync/runs").await.ok()["items"][0]["status"], "queued");
        assert_eq!(service.get(&admin.token, "/api/sync/status").await.status, 200);
    }

    async fn one_sync_at_a_time(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let admin = Admin::of(&service, &site).await;
        let first = admin.start(json!({})).await;
        let id = first.body["runs"][0]["id"].as_str().unwrap();
        admin.start(json!({})).await.assert_problem(409, "conflict");
        let cancelled = admin.cancel(id).await;
        assert_eq!((cancelled.status.as_u16(), &cancelled.body["status"]), (202, &json!("cancelled")));
        admin.cancel(id).await.assert_problem(409, "conflict");
        assert_eq!(admin.start(json!({})).await.status, 202);
    }

    async fn each_active_connection_gets_a_run_of_its_own(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let admin = Admin::of(&service, &site).await;
        add_connection(&service, &admin, &site, "north").await;
        let named = admin.start(json!({"connection": "north"})).await.ok();
        assert_eq!(named["runs"][0]["connection"], "north");
        // That one has its run; the other has none yet.
        let rest = admin.start(json!({})).await.ok();
        assert_eq!(rest["runs"].as_array().unwrap().len(), 1);
        assert_eq!(rest["runs"][0]["connection"], "main");
        admin.start(json!({"source": "clienttether"})).await.assert_problem(409, "conflict");
    }

    async fn streams_start_a_run_only_where_they_are_mirrored(app: &TestApp) {
        let site = app.small_site().await;
        let account = current_rms::AccountSpec { opportunities: 3, ..Default::default() };
        let rental = app.rental_site_of(site.tenant, account, &[]).await;
        let service = Service::new(app);
        let admin = Admin::of(&service, &site).await;
        let started = admin.start(json!({"streams": ["leads"]})).await.ok();
        let runs = started["runs"].as_array().unwrap();
        assert_eq!(runs.len(), 1, "{started}");
        assert_eq!(runs[0]["connectionId"], site.connection.to_string());
        let nowhere = json!({"source": "current_rms", "streams": ["leads"]});
        admin.start(nowhere).await.assert_problem(422, "invalid");
        let named = json!({"connection": rental.connection, "streams": ["notes", "leads"]});
        admin.start(named).await.assert_problem(422, "invalid");
    }

    async fn a_sync_that_was_cancelled_is_told_but_is_not_the_state(app: &TestApp) {
        let site = app.small_site().await;
        site.sync().await;
        // The order of runs is that of their starts.
        app.clock.advance(chrono::TimeDelta::seconds(1));
        let service = Service::new(app);
        let admin = Admin::of(&service, &site).await;
        let started = admin.start(json!({})).await.ok();
        admin.cancel(started["runs"][0]["id"].as_str().unwrap()).await;
        let status = service.get(&admin.token, "/api/sync/status").await.ok();
        assert_eq!((&status["status"], &status["lastSync"]["status"]), (&json!("success"), &json!("cancelled")));
        assert_eq!(status["connections"][0]["nextAction"], Value::Null);
        app.clock.advance(chrono::TimeDelta::seconds(1));
        let dry = engine::run::SyncRequest { dry_run: true, ..tests::plain() };
        let looked = site.sync_with(&dry).await;
        let status = service.get(&admin.token, "/api/sync/status").await.ok();
        assert_eq!(status["history"][0]["id"], looked.id.to_string());
        assert_eq!(status["lastSync"]["status"], "cancelled");
    }

    async fn what_cannot_be_synced_is_refused(app: &TestApp) {
        let site = app.small_site().await;
        let foreign = app.site(AccountSpec { web_key: "foreign".to_owned(), ..AccountSpec::default() }).await;
        let service = Service::new(app);
        let admin = Admin::of(&service, &site).await;
        add_connection(&service, &admin, &site, "north").await;
        let refusals = [
            (json!({"connection": foreign.connection}), 404, "not_found"),
            (json!({"connection": "nobody"}), 404, "not_found"),
            (json!({"source": "current_rms"}), 409, "conflict"),
            (json!({"connection": "north", "streams": ["notes"]}), 422, "invalid"),
            (json!({"kind": "verify"}), 400, "malformed_request"),
            (json!({"streams": []}), 400, "malformed_request"),
            (json!({"streams": ["ledes"]}), 400, "malformed_request"),
            (json!({"kind": 5}), 400, "malformed_request"),
        ];
        for (body, status, code) in refusals {
            admin.start(body).await.assert_problem(status, code);
        }
        admin.cancel(&foreign.tenant.to_string()).await.assert_problem(404, "not_found");
        admin.cancel("nonsense").await.assert_problem(400, "invalid_parameter");
    }
}
