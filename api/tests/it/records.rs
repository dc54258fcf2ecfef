//! The lists behind the numbers, whatever the account and the settings are.

use ctsync_sandbox::AccountSpec;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};
use tests::{Backend, Site, SiteSpec, TestApp, on_both_databases, property};

use crate::reader::{Reader, encoded};

const TYPES: [&str; 4] = ["1", "4", "5", ""];
const STAGES: [&str; 5] = [
    "New Lead",
    "QR Sent",
    "FDD Sent",
    "Bad Lead",
    "No such stage",
];

/// Settings that decide what counts.
fn mapping() -> impl Strategy<Value = Value> {
    let stages = || option::of(vec(select(STAGES.to_vec()), 0..3));
    let percent = || select(vec!["0", "25", "50", "90"]);
    (
        subsequence(TYPES.to_vec(), 0..=3),
        percent(),
        stages(),
        percent(),
        stages(),
    )
        .prop_map(|(types, qualified, qualified_stages, hot, hot_stages)| {
            json!({
                "prospect_contact_types": types,
                "qualified_min_likelihood": qualified,
                "qualified_stages": qualified_stages,
                "hot_list_min_likelihood": hot,
                "hot_list_stages": hot_stages,
            })
        })
}

/// An account, the settings it is synced with, and those that are set afterwards.
fn cases() -> impl Strategy<Value = (u64, usize, bool, Value, Value)> {
    (
        any::<u64>(),
        0..60_usize,
        any::<bool>(),
        mapping(),
        mapping(),
    )
}

async fn tiles_equal_their_lists(
    app: &TestApp,
    nth: usize,
    (seed, count, odd, first, second): (u64, usize, bool, Value, Value),
) {
    let account = AccountSpec {
        web_key: format!("web-key-{nth}"),
        seed,
        leads: count,
        opportunities: count,
        odd,
        ..AccountSpec::default()
    };
    let spec = SiteSpec::new(account).tenant_settings(json!({"mapping": first}));
    let site = app.site_with(spec).await;
    let reader = Reader::of(app, &site).await;
    site.sync_well().await;
    assert_agree(&reader).await;
    site.change_tenant_settings(json!({"mapping": second}))
        .await;
    assert_agree(&reader).await;
    site.sync_well().await;
    assert_agree(&reader).await;
}

/// Expects each number of the dashboards to be that of the rows listed for it.
async fn assert_agree(reader: &Reader<'_>) {
    let leads = reader.get("/api/dashboard/leads").await;
    let total = |path: String| async move { reader.total(&path).await };
    assert_eq!(
        leads["totalLeads"],
        reader.all("/api/leads", 40).await.len()
    );
    assert_eq!(leads["totalLeads"], total("/api/leads".to_owned()).await);
    assert_eq!(
        leads["qualifiedLeads"],
        total("/api/leads?isQualified=true".to_owned()).await
    );
    for row in leads["bySource"].as_array().unwrap() {
        let path = format!(
            "/api/leads?source={}",
            encoded(row["source"].as_str().unwrap())
        );
        assert_eq!(row["leads"], total(path.clone()).await, "{row}");
        assert_eq!(
            row["qualifiedLeads"],
            total(path + "&isQualified=true").await,
            "{row}"
        );
    }
    for row in leads["byStatus"].as_array().unwrap() {
        let path = format!(
            "/api/leads?stage={}",
            encoded(row["status"].as_str().unwrap())
        );
        assert_eq!(row["leads"], total(path).await, "{row}");
    }
    let pipeline = reader.get("/api/dashboard/pipeline").await;
    let list = "/api/pipeline/opportunities";
    let stages = pipeline["stages"].as_array().unwrap();
    let count: u64 = stages
        .iter()
        .map(|row| row["count"].as_u64().unwrap())
        .sum();
    assert_eq!(json!(count), reader.all(list, 40).await.len());
    assert_eq!(json!(count), total(list.to_owned()).await);
    assert_eq!(
        pipeline["opportunityCount"],
        total(format!("{list}?hasValue=true")).await
    );
    for row in stages {
        let path = format!("{list}?stage={}", encoded(row["stage"].as_str().unwrap()));
        assert_eq!(row["count"], total(path.clone()).await, "{row}");
        assert_eq!(
            row["opportunityCount"],
            total(path + "&hasValue=true").await,
            "{row}"
        );
    }
    let hot = total("/api/dashboard/hot-list".to_owned()).await;
    assert_eq!(hot, total(format!("{list}?isHot=true")).await);
}

#[test]
fn tiles_equal_their_lists_on_sqlite() {
    property(Backend::Sqlite, &cases(), &tiles_equal_their_lists);
}

#[test]
fn tiles_equal_their_lists_on_postgres() {
    property(Backend::Postgres, &cases(), &tiles_equal_their_lists);
}

async fn synced(app: &TestApp) -> Site {
    let account = AccountSpec {
        leads: 30,
        opportunities: 30,
        odd: true,
        ..AccountSpec::default()
    };
    let site = app.site(account).await;
    site.sync_well().await;
    site
}

/// Expects that both values of a filter together give what no filter gives.
async fn assert_splits(reader: &Reader<'_>, path: &str, filter: &str) {
    let mut count = 0;
    for value in [true, false] {
        let rows = reader.all(&format!("{path}&{filter}={value}"), 50).await;
        if filter != "hasValue" {
            assert!(
                rows.iter().all(|row| row[filter] == value),
                "{filter}={value}"
            );
        }
        count += rows.len();
    }
    assert_eq!(reader.total(path).await, count, "{filter}");
}

on_both_databases! {
    async fn a_record_is_shown_with_all_that_the_upstream_says(app: &TestApp) {
        let site = synced(app).await;
        let reader = Reader::of(app, &site).await;
        let row = site.records().await.lead(&site.client(0)).clone();
        let told = reader.get(&format!("/api/leads/{}", row.id)).await;
        assert_eq!(told["id"], row.id.to_string());
        assert_eq!(told["upstreamId"], row.upstream_id);
        assert_eq!(told["email"], json!(row.email));
        assert_eq!(told["dealSize"], json!(row.deal_size.map(|size| size.to_decimal_string(2))));
        assert_eq!(told["raw"], serde_json::from_str::<Value>(&row.raw_json).unwrap());
        assert_eq!(told["freshness"]["isStale"], false);
        let row = site.records().await.opportunities[0].clone();
        let told = reader.get(&format!("/api/pipeline/opportunities/{}", row.id)).await;
        assert_eq!(told["upstreamId"], row.upstream_id);
        assert_eq!(told["raw"], serde_json::from_str::<Value>(&row.raw_json).unwrap());
    }

    async fn another_tenants_record_is_not_found(app: &TestApp) {
        let site = synced(app).await;
        let other = AccountSpec { web_key: "other".to_owned(), leads: 2, opportunities: 2, ..AccountSpec::default() };
        let other = app.site(other).await;
        other.sync_well().await;
        let (reader, records) = (Reader::of(app, &site).await, other.records().await);
        let ids = [
            format!("/api/leads/{}", records.leads[0].id),
            format!("/api/pipeline/opportunities/{}", records.opportunities[0].id),
            format!("/api/leads/{}", uuid::Uuid::nil()),
            // A record of one kind is no record of the other.
            format!("/api/leads/{}", site.records().await.opportunities[0].id),
        ];
        for path in ids {
            reader.ask(&path).await.assert_problem(404, "not_found");
        }
        reader.ask("/api/leads/7").await.assert_problem(400, "invalid_parameter");
    }

    async fn a_deleted_record_is_listed_on_request_only(app: &TestApp) {
        let site = synced(app).await;
        let reader = Reader::of(app, &site).await;
        let id = site.records().await.lead(&site.client(0)).id.to_string();
        let all = "/api/leads?includeNonProspects=true";
        let before = reader.all(all, 50).await;
        site.account.delete_client(&site.client(0)).unwrap();
        site.sync_well().await;
        let is_listed = |rows: &[Value]| rows.iter().any(|row| row["id"] == *id);
        assert!(is_listed(&before));
        assert!(!is_listed(&reader.all(all, 50).await));
        let with_deleted = reader.all(&format!("{all}&includeDeleted=true"), 50).await;
        assert!(is_listed(&with_deleted));
        assert_eq!(with_deleted.len(), before.len());
        assert!(reader.get(&format!("/api/leads/{id}")).await["deletedAt"].is_string());
    }

    async fn filters_divide_the_list(app: &TestApp) {
        let site = synced(app).await;
        let reader = Reader::of(app, &site).await;
        assert_splits(&reader, "/api/leads?includeNonProspects=true", "isQualified").await;
        let opportunities = "/api/pipeline/opportunities?includeNonProspects=true&includeInactiveStages=true";
        assert_eq!(reader.total(opportunities).await, 30);
        assert_splits(&reader, opportunities, "isHot").await;
        assert_splits(&reader, opportunities, "hasValue").await;
    }

    async fn only_what_changed_since_is_listed_on_request(app: &TestApp) {
        let site = synced(app).await;
        let reader = Reader::of(app, &site).await;
        app.clock.advance(chrono::TimeDelta::minutes(1));
        let since = app.engine.clock.now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        let path = format!("/api/leads?includeNonProspects=true&updatedSince={since}");
        assert_eq!(reader.total(&path).await, 0);
        site.account.update_client(&site.client(3), "compName", "Changed upstream").unwrap();
        site.sync_well().await;
        let changed = reader.all(&path, 50).await;
        assert_eq!(changed.len(), 1);
        assert_eq!(changed[0]["upstreamId"], site.client(3));
    }
}
