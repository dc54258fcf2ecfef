//! Loads and increments that are waited for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use chrono::TimeDelta;
use ctsync_sandbox::current_rms::Collection;
use ctsync_sandbox::{Fault, FaultKind};
use engine::observer::Event;
use entity::membership::Role;
use poem::http::Method;
use serde_json::{Value, json};
use tests::{Gate, RentalSite, TestApp, on_both_databases};

use super::add;
use crate::background::Background;
use crate::support::{Answered, Service};

const INITIAL: &str = "/api/sync/initial";
const INCREMENTAL: &str = "/api/sync/incremental";

struct Admin<'a> {
    service: Service<'a>,
    token: String,
}

impl<'a> Admin<'a> {
    async fn of(app: &'a TestApp, site: &RentalSite) -> Self {
        let service = Service::new(app);
        let token = service.token(site.tenant, Role::TenantAdmin).await;
        Self { service, token }
    }

    async fn post(&self, path: &str) -> Answered {
        let call = self.service.call(Method::POST, path);
        call.token(&self.token).send().await
    }

    async fn post_with(&self, path: &str, body: Value) -> Answered {
        let call = self.service.call(Method::POST, path);
        call.token(&self.token).json(&body).send().await
    }

    async fn get(&self, path: &str) -> Value {
        self.service.get(&self.token, path).await.ok()
    }
}

/// What a sync brought, without what differs from run to run.
fn result(answer: &Answered) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let body = &answer.body;
    assert_eq!(body["syncId"], body["runs"][0]["id"]);
    assert!(body["duration"].as_i64().unwrap() >= 0);
    json!([
        body["success"],
        body["recordsSynced"],
        body["recordsFailed"],
        body["message"],
        body["runs"][0]["kind"]
    ])
}

/// The same, of a site that mirrors what is a month back to a year ahead.
async fn usual_site(app: &TestApp) -> RentalSite {
    let spec = ctsync_sandbox::current_rms::AccountSpec::default();
    app.rental_site_with(spec, &[("past_days", "30"), ("future_days", "365")])
        .await
}

on_both_databases! {
    async fn a_load_is_waited_for(app: &TestApp) {
        let site = app.rental_site(40).await;
        let (admin, _worker) = (Admin::of(app, &site).await, Background::start(app));
        let loaded = admin.post(INITIAL).await;
        assert_eq!(result(&loaded), json!([true, 40, 0, "40 records were synced", "initial"]));
        site.assert_mirrors_truth().await;
        let run = admin.get(&format!("/api/sync/runs/{}", loaded.body["syncId"].as_str().unwrap())).await;
        assert_eq!(run, loaded.body["runs"][0]);
        assert_eq!((&run["trigger"], &run["status"]), (&json!("api"), &json!("success")));
        let again = admin.post_with(INITIAL, json!({})).await;
        assert_eq!(result(&again), json!([true, 0, 0, "nothing has changed", "initial"]));
    }

    async fn an_increment_brings_what_has_changed(app: &TestApp) {
        let site = app.rental_site(20).await;
        let (admin, _worker) = (Admin::of(app, &site).await, Background::start(app));
        assert_eq!(result(&admin.post(INCREMENTAL).await), json!([true, 20, 0, "20 records were synced", "initial"]));
        add(&site, &[("subject", json!("Added upstream"))]);
        app.clock.advance(TimeDelta::seconds(5));
        let brought = admin.post_with(INCREMENTAL, json!({"connection": "main"})).await;
        assert_eq!(result(&brought), json!([true, 1, 0, "1 record was synced", "incremental"]));
        site.assert_mirrors_truth().await;
    }

    async fn a_wider_window_is_loaded_once_and_kept(app: &TestApp) {
        let site = usual_site(app).await;
        let (admin, _worker) = (Admin::of(app, &site).await, Background::start(app));
        let old = json!("2025-12-24T10:00:00.000Z");
        let stamp = json!("2025-12-01T10:00:00.000Z");
        let far = add(&site, &[("starts_at", old.clone()), ("updated_at", stamp.clone())]);
        add(&site, &[("updated_at", stamp)]);
        assert_eq!(result(&admin.post(INITIAL).await)[1], 1);
        assert_eq!(site.row(&far).await, None);
        let wider = admin.post_with(INITIAL, json!({"pastDays": 90, "futureDays": 1})).await;
        assert_eq!(result(&wider), json!([true, 1, 0, "1 record was synced", "initial"]));
        site.assert_mirrors_truth().await;
        let asked = site.account.requests().len();
        assert_eq!(result(&admin.post_with(INITIAL, json!({"pastDays": 90})).await)[1], 0);
        assert!(site.account.requests().len() - asked < 10, "what is loaded is not loaded again");
        site.account.edit(|truth| truth.delete(Collection::Opportunities, &far)).unwrap();
        site.outlive_sweeps();
        assert_eq!(result(&admin.post(INCREMENTAL).await)[1], 1);
        assert!(site.row(&far).await.unwrap().deleted_at.is_some());
    }

    async fn a_load_that_takes_longer_goes_on(app: &TestApp) {
        let site = app.rental_site(20).await;
        let is_first = AtomicBool::new(true);
        let gate = Gate::nth(0, move |event| *event == Event::PartPublished && is_first.swap(false, Ordering::Relaxed));
        let gate = Arc::new(gate);
        let (admin, _worker) = (Admin::of(app, &site).await, Background::watched(app, Arc::<Gate>::clone(&gate)));
        let begun = Instant::now();
        let started = admin.post(&format!("{INITIAL}?wait=1")).await;
        assert_eq!(started.status, 202, "{}", started.body);
        assert!(begun.elapsed().as_millis() >= 1_000);
        let run = &started.body["runs"][0];
        assert_eq!(started.header("location"), format!("/api/sync/runs/{}", run["id"].as_str().unwrap()));
        assert_eq!(admin.get(started.header("location")).await["status"], "running");
        for path in [INITIAL, INCREMENTAL] {
            admin.post(path).await.assert_problem(409, "conflict");
        }
        gate.open();
        let ended = async {
            while admin.get(started.header("location")).await["finishedAt"].is_null() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_mins(1), ended).await.unwrap();
        site.assert_mirrors_truth().await;
    }

    async fn nothing_is_waited_for_on_request(app: &TestApp) {
        let site = app.rental_site(2).await;
        let admin = Admin::of(app, &site).await;
        let started = admin.post(&format!("{INCREMENTAL}?wait=0")).await;
        assert_eq!((started.status.as_u16(), &started.body["runs"][0]["status"]), (202, &json!("queued")));
        admin.post(&format!("{INCREMENTAL}?wait=0")).await.assert_problem(409, "conflict");
    }

    async fn a_failure_is_no_success_and_says_why(app: &TestApp) {
        let site = app.rental_site(5).await;
        site.account.inject(Fault::new(FaultKind::Status(404)));
        let (admin, _worker) = (Admin::of(app, &site).await, Background::start(app));
        let failed = admin.post(INITIAL).await;
        assert_eq!(result(&failed)[0], false);
        assert_eq!(failed.body["message"], failed.body["runs"][0]["message"]);
        assert!(!failed.body["message"].as_str().unwrap().is_empty());
    }

    async fn all_connections_are_synced_or_the_one_that_is_named(app: &TestApp) {
        let site = app.rental_site(6).await;
        let other = app.numbered_rental_site(2, 3).await;
        let (admin, _worker) = (Admin::of(app, &site).await, Background::start(app));
        let connections = format!("/api/tenants/{}/connections", site.tenant);
        let credentials = json!({"subdomain": other.account.subdomain(), "apiKey": other.account.api_key()});
        let north = json!({"source": "current_rms", "name": "north", "credentials": credentials, "settings": {"pastDays": 400, "futureDays": 600}});
        admin.post_with(&connections, north).await.ok();
        let one = admin.post_with(INITIAL, json!({"connection": "north"})).await;
        assert_eq!(result(&one)[1], 3);
        assert_eq!(one.body["runs"].as_array().unwrap().len(), 1);
        let all = admin.post(INCREMENTAL).await;
        assert_eq!(result(&all)[1], 6);
        assert_eq!(all.body["runs"].as_array().unwrap().len(), 2);
    }

    async fn what_cannot_be_loaded_is_refused(app: &TestApp) {
        let site = app.rental_site(2).await;
        let foreign = app.small_site().await;
        let admin = Admin::of(app, &site).await;
        let refusals = [
            (json!({"connection": "nobody"}), 404, "not_found", "connection"),
            (json!({"connection": foreign.connection}), 404, "not_found", "connection"),
            (json!({"pastDays": 36_501}), 400, "malformed_request", "pastDays"),
            (json!({"futureDays": -1}), 400, "malformed_request", ""),
            (json!({"pastDays": "90"}), 400, "malformed_request", ""),
            (json!({"days": 90}), 400, "malformed_request", "days"),
            (json!([]), 400, "malformed_request", ""),
            (json!(null), 400, "malformed_request", ""),
        ];
        for (body, status, code, named) in refusals {
            let answer = admin.post_with(INITIAL, body.clone()).await;
            answer.assert_problem(status, code);
            assert!(answer.body["detail"].as_str().unwrap().contains(named), "{body}: {}", answer.body);
        }
        admin.post_with(INCREMENTAL, json!({"pastDays": 90})).await.assert_problem(400, "malformed_request");
        for query in ["wait=51", "wait=-1", "wait=ten", "wait=1.5"] {
            admin.post(&format!("{INITIAL}?{query}")).await.assert_problem(400, "invalid_parameter");
        }
        let text = admin.service.call(Method::POST, INITIAL).token(&admin.token).text("text/plain", "{}");
        text.send().await.assert_problem(415, "unsupported_media_type");
        let viewer = admin.service.token(site.tenant, Role::TenantViewer).await;
        admin.service.call(Method::POST, INITIAL).token(&viewer).send().await.assert_problem(403, "forbidden");
        // A tenant without an account of this upstream.
        let other = admin.service.token(foreign.tenant, Role::TenantAdmin).await;
        let none = admin.service.call(Method::POST, INITIAL).token(&other).send().await;
        none.assert_problem(409, "conflict");
        assert_eq!(none.body["detail"], "the tenant has no active connection of current_rms to sync");
    }
}
