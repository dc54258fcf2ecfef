//! A run is watched while it goes on.

use std::time::Duration;

use chrono::TimeDelta;
use ctsync_sandbox::AccountSpec;
use engine::observer::Event;
use entity::Stream;
use entity::membership::Role;
use serde_json::{Value, json};
use tests::{Gate, PATIENCE, Site, on_both_databases, plain};

use crate::support::Service;

struct Watcher<'a> {
    service: &'a Service<'a>,
    token: String,
}

impl<'a> Watcher<'a> {
    async fn of(service: &'a Service<'a>, site: &Site) -> Self {
        let token = service.token(site.tenant, Role::TenantViewer).await;
        Self { service, token }
    }

    /// Shows the latest run.
    async fn run(&self) -> Value {
        let path = "/api/sync/runs?limit=1";
        let list = self.service.get(&self.token, path).await.ok();
        let path = format!(
            "/api/sync/runs/{}",
            list["items"][0]["id"].as_str().unwrap()
        );
        self.service.get(&self.token, &path).await.ok()
    }

    /// Waits until the latest run is so.
    async fn becomes(&self, is_so: impl Fn(&Value) -> bool) -> Value {
        let wait = async {
            loop {
                let run = self.run().await;
                if is_so(&run) {
                    return run;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let run = tokio::time::timeout(PATIENCE, wait).await;
        run.unwrap()
    }
}

fn many_leads() -> AccountSpec {
    AccountSpec {
        leads: 250,
        opportunities: 3,
        notes: 0,
        activities: 0,
        ..AccountSpec::default()
    }
}

on_both_databases! {
    async fn a_run_shows_how_far_it_is_while_it_goes_on(app: &TestApp) {
        let site = app.site(many_leads()).await;
        let service = Service::new(app);
        let watcher = Watcher::of(&service, &site).await;
        let first_page = Event::PageRead { stream: Stream::Leads, read: 100, expected: Some(250) };
        let (gate, request) = (Gate::at(first_page), plain());
        let watch = async {
            gate.reached().await;
            let running = watcher.becomes(|run| run["progress"] != json!([])).await;
            app.clock.advance(TimeDelta::minutes(6));
            // As soon as the lease is extended.
            let stalled = watcher.becomes(|run| run["isStalled"] == true).await;
            let status = service.get(&watcher.token, "/api/sync/status").await.ok();
            gate.open();
            (running, stalled, status)
        };
        let (ended, (running, stalled, status)) = tokio::join!(site.try_sync_with(&request, &gate), watch);
        assert!(ended.is_ok());
        assert_eq!((&running["status"], &running["isStalled"]), (&json!("running"), &json!(false)));
        assert_eq!(running["progress"][1], json!({"stream": "leads", "done": 100, "total": 250}));
        assert_eq!((&stalled["status"], &stalled["progress"]), (&running["status"], &running["progress"]));
        assert_eq!((&status["connections"][0]["isStalled"], &status["status"]), (&json!(true), &json!("running")));
        let ended = watcher.run().await;
        assert_eq!((&ended["progress"], &ended["isStalled"]), (&json!([]), &json!(false)));
        assert_eq!(ended["streams"].as_array().unwrap().len(), 5);
    }

    async fn what_is_published_shows_before_the_run_has_ended(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let watcher = Watcher::of(&service, &site).await;
        let (gate, request) = (Gate::at(Event::StreamStarted(Stream::Notes)), plain());
        let watch = async {
            gate.reached().await;
            let running = watcher.run().await;
            gate.open();
            running
        };
        let (ended, running) = tokio::join!(site.try_sync_with(&request, &gate), watch);
        assert!(ended.is_ok());
        assert_eq!(running["status"], "running");
        let streams: Vec<_> = running["streams"].as_array().unwrap().iter().map(|stream| stream["stream"].clone()).collect();
        assert!(streams.contains(&json!("leads")) && !streams.contains(&json!("notes")), "{streams:?}");
    }
}
