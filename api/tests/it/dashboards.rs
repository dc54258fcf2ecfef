//! The dashboards say what the mirror holds, and how old that is.

use chrono::TimeDelta;
use ctsync_sandbox::{AccountSpec, Fault, FaultKind, Record};
use engine::observer::Event;
use serde_json::{Value, json};
use tests::endpoint::CLIENTS;
use tests::{Gate, Site, on_both_databases, plain};

use crate::expected;
use crate::reader::{Reader, each};

const DATA: [&str; 7] = [
    "/api/dashboard/leads",
    "/api/dashboard/pipeline",
    "/api/dashboard/hot-list",
    "/api/dashboard/notes",
    "/api/dashboard/schedule",
    "/api/leads",
    "/api/pipeline/opportunities",
];

fn account() -> AccountSpec {
    AccountSpec {
        leads: 40,
        opportunities: 60,
        notes: 12,
        activities: 30,
        odd: true,
        ..AccountSpec::default()
    }
}

/// Expects the same freshness in every answer, and returns it.
async fn freshness(reader: &Reader<'_>) -> Value {
    let first = reader.get(DATA[0]).await["freshness"].clone();
    for path in DATA {
        assert_eq!(reader.get(path).await["freshness"], first, "{path}");
    }
    first
}

async fn message(reader: &Reader<'_>) -> Value {
    freshness(reader).await["message"].clone()
}

/// Fails one stream of the next runs, or all of them.
fn break_upstream(site: &Site, is_whole: bool) {
    let fault = Fault::new(FaultKind::Status(404));
    site.account
        .inject(if is_whole { fault } else { fault.on(CLIENTS) });
}

on_both_databases! {
    async fn numbers_are_those_of_the_records(app: &TestApp) {
        let site = app.site(account()).await;
        let types = json!({"mapping": {"prospect_contact_types": ["1", "4"]}});
        site.change_tenant_settings(types).await;
        site.sync_well().await;
        let reader = Reader::of(app, &site).await;
        let (records, mapping) = (site.records().await, site.mapping().await);
        let leads = reader.get("/api/dashboard/leads").await;
        assert_eq!(expected::told_leads(&leads), expected::leads(&records, &mapping));
        let pipeline = reader.get("/api/dashboard/pipeline").await;
        assert_eq!(expected::told_pipeline(&pipeline), expected::pipeline(&records, &mapping));
    }

    async fn rows_of_a_dashboard_have_an_order(app: &TestApp) {
        let site = app.site(account()).await;
        site.sync_well().await;
        let reader = Reader::of(app, &site).await;
        let leads = reader.get("/api/dashboard/leads").await;
        let key = |row: &Value| (-row["leads"].as_i64().unwrap(), row["source"].to_string());
        assert!(leads["bySource"].as_array().unwrap().is_sorted_by_key(key));
        let place = |row: &Value| (row["position"].is_null(), row["position"].as_i64());
        assert!(leads["byStatus"].as_array().unwrap().is_sorted_by_key(place));
        let pipeline = reader.get("/api/dashboard/pipeline").await;
        assert!(pipeline["stages"].as_array().unwrap().is_sorted_by_key(place));
    }

    async fn an_average_is_of_those_with_a_value_and_exact(app: &TestApp) {
        let site = app.site(AccountSpec::default()).await;
        for size in ["100", "0.01", "0.015", "0", "", "-50"] {
            let fields = Record::new().with("contact_type", "1").with("contact_sales_cycle", "Elsewhere");
            site.account.add_opportunity(fields.with("deal_size", size)).unwrap();
        }
        site.sync_well().await;
        let reader = Reader::of(app, &site).await;
        let pipeline = reader.get("/api/dashboard/pipeline").await;
        assert_eq!(pipeline["totalValue"], "50.025");
        assert_eq!(pipeline["opportunityCount"], 3);
        assert_eq!(pipeline["averageDealSize"], "33.34");
        let stages = pipeline["stages"].as_array().unwrap();
        let stage = stages.iter().find(|row| row["stage"] == "Elsewhere").unwrap();
        assert_eq!(stage["count"], 6);
        assert_eq!(stage["position"], Value::Null);
    }

    async fn the_hot_list_is_ordered_by_weighted_fee(app: &TestApp) {
        let site = app.site(account()).await;
        site.change_tenant_settings(json!({"mapping": {"hot_list_min_likelihood": "0"}})).await;
        site.sync_well().await;
        let reader = Reader::of(app, &site).await;
        let items = reader.all("/api/dashboard/hot-list", 200).await;
        let stored = site.records().await.hot_list;
        assert_eq!(items.len(), stored.len());
        assert!(items.len() > 10);
        let fee = |row: &Value| row["weightedIff"].as_str().map(|fee| fee.parse::<entity::Amount>().unwrap());
        let fees: Vec<_> = items.iter().map(fee).collect();
        assert!(fees.is_sorted_by(|left, right| left >= right));
        assert!(fees.contains(&None), "an item without a fee comes last");
        for item in &items {
            let path = format!("/api/pipeline/opportunities/{}", item["opportunityId"].as_str().unwrap());
            assert_eq!(reader.get(&path).await["isHot"], true);
        }
    }

    async fn the_schedule_begins_now_unless_asked_otherwise(app: &TestApp) {
        let site = app.site(account()).await;
        site.sync_well().await;
        let reader = Reader::of(app, &site).await;
        let now = app.engine.clock.now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        let stored = site.records().await.activities;
        let is_future = |row: &&entity::scheduled_activity::Model| row.scheduled_at.is_some_and(|at| at >= app.engine.clock.now());
        let future = stored.iter().filter(is_future).count();
        let items = reader.all("/api/dashboard/schedule", 500).await;
        assert_eq!(items.len(), future);
        assert!(0 < future && future < stored.len());
        assert!(each(&items, "scheduledAt").is_sorted());
        assert_eq!(reader.total("/api/dashboard/schedule?includePast=true").await, stored.len());
        let from = format!("/api/dashboard/schedule?from={now}");
        assert_eq!(reader.total(&from).await, future);
        let before = format!("/api/dashboard/schedule?includePast=true&to={now}");
        let dated = stored.iter().filter(|row| row.scheduled_at.is_some()).count();
        assert_eq!(reader.total(&before).await, dated - future);
        let all = "/api/dashboard/schedule?from=0000-01-01T00:00:00Z&to=9999-12-31T23:59:59Z";
        assert_eq!(reader.total(all).await, dated);
        let backwards = "/api/dashboard/schedule?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z";
        reader.ask(backwards).await.assert_problem(400, "invalid_parameter");
    }

    async fn the_calendar_shows_the_schedule(app: &TestApp) {
        let site = app.site(account()).await;
        site.sync_well().await;
        let reader = Reader::of(app, &site).await;
        let answer = reader.ask("/api/dashboard/schedule.ics").await;
        assert_eq!(answer.header("content-type"), "text/calendar; charset=utf-8");
        let text = answer.body.as_str().unwrap();
        assert!(text.split("\r\n").all(|line| line.len() <= 75 && !line.contains('\n')));
        let items = reader.all("/api/dashboard/schedule", 500).await;
        assert_eq!(text.matches("BEGIN:VEVENT").count(), items.len());
        for id in each(&items, "id") {
            assert!(text.contains(&format!("UID:{id}@ctsync\r\n")), "{id}");
        }
        let again = reader.ask("/api/dashboard/schedule.ics").await;
        assert_eq!(again.header("etag"), answer.header("etag"));
        assert_eq!(again.body, answer.body);
    }

    async fn before_the_first_sync_everything_is_empty_and_says_so(app: &TestApp) {
        let site = app.site(account()).await;
        let reader = Reader::of(app, &site).await;
        let freshness = freshness(&reader).await;
        let never = json!({"asOf": null, "ageSeconds": null, "isStale": true, "message": "Never synced"});
        assert_eq!(freshness, never);
        let pipeline = reader.get("/api/dashboard/pipeline").await;
        assert_eq!(pipeline["totalValue"], "0.00");
        assert_eq!(pipeline["averageDealSize"], Value::Null);
        assert_eq!(reader.get("/api/leads").await["items"], json!([]));
    }

    async fn data_tells_its_age_and_when_it_is_stale(app: &TestApp) {
        let site = app.site(account()).await;
        site.sync_well().await;
        let reader = Reader::of(app, &site).await;
        app.clock.advance(TimeDelta::minutes(5));
        let fresh = freshness(&reader).await;
        assert_eq!(fresh["message"], "Data is 5 minutes old");
        assert_eq!((&fresh["isStale"], &fresh["ageSeconds"]), (&json!(false), &json!(300)));
        app.clock.advance(TimeDelta::hours(3));
        let stale = freshness(&reader).await;
        assert_eq!(stale["message"], "Data is 3 hours old - sync may be delayed");
        assert_eq!(stale["isStale"], true);
        assert_eq!(stale["asOf"], fresh["asOf"]);
    }

    async fn a_failed_and_an_incomplete_sync_show(app: &TestApp) {
        let site = app.site(account()).await;
        site.sync_well().await;
        let reader = Reader::of(app, &site).await;
        app.clock.advance(TimeDelta::minutes(30));
        break_upstream(&site, false);
        site.sync().await;
        assert_eq!(message(&reader).await, "Last sync was incomplete - complete data is 30 minutes old");
        app.clock.advance(TimeDelta::minutes(30));
        break_upstream(&site, true);
        site.sync().await;
        assert_eq!(message(&reader).await, "Last sync failed - data is 1 hour old");
    }

    async fn a_running_sync_shows(app: &TestApp) {
        let site = app.site(account()).await;
        let reader = Reader::of(app, &site).await;
        assert_eq!(message(&reader).await, "Never synced");
        let (gate, request) = (Gate::at(Event::Publishing), plain());
        let look = async {
            gate.reached().await;
            // The writer is at work meanwhile; readers do not wait for it.
            let message = message(&reader).await;
            gate.open();
            message
        };
        let (_, message) = tokio::join!(site.try_sync_with(&request, &gate), look);
        assert_eq!(message, "The first sync is running");
    }

    async fn an_entity_tag_changes_with_the_data_and_not_with_its_age(app: &TestApp) {
        let site = app.site(account()).await;
        site.sync_well().await;
        let reader = Reader::of(app, &site).await;
        for path in DATA {
            let tag = reader.ask(path).await.header("etag").to_owned();
            app.clock.advance(TimeDelta::seconds(1));
            assert_eq!(reader.ask(path).await.header("etag"), tag, "{path}");
        }
        let before = reader.ask("/api/leads").await.header("etag").to_owned();
        site.account.update_client(&site.client(0), "compName", "Changed upstream").unwrap();
        site.sync_well().await;
        assert_ne!(reader.ask("/api/leads").await.header("etag"), before);
    }
}
