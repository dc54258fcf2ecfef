//! The dashboard's numbers are those of what the upstream has, and of the rows that are listed for them.

use chrono::{DateTime, Months, NaiveDate, NaiveTime, TimeDelta, Utc};
use ctsync_sandbox::current_rms::{Collection, ListState};
use serde_json::{Value, json};
use tests::{RentalSite, on_both_databases};

use super::{DASHBOARD, LIST, add, expected, odd_account, odd_site};
use crate::reader::{Reader, each};

async fn assert_as_upstream(site: &RentalSite, reader: &Reader<'_>) {
    let told = reader.get(DASHBOARD).await;
    assert_eq!(expected::told(&told), expected::numbers(&site.truth()));
}

/// The list of the rows behind a line of the dashboard.
fn list_of(row: &Value) -> String {
    let filter = |name: &str, number: &Value| match number.as_i64() {
        Some(number) => format!("{LIST}?{name}={number}"),
        None => format!("{LIST}?{name}=none"),
    };
    for axis in ["state", "status"] {
        if let Some(number) = row.get(axis) {
            return filter(axis, number);
        }
    }
    let Some(month) = row["month"].as_str() else {
        return format!("{LIST}?hasStart=false");
    };
    let first: NaiveDate = format!("{month}-01").parse().unwrap();
    let next = first + Months::new(1);
    let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc().format("%FT%TZ");
    format!(
        "{LIST}?startsFrom={}&startsTo={}",
        midnight(first),
        midnight(next)
    )
}

/// Expects each number to be that of the rows listed for it.
async fn assert_agrees_with_lists(reader: &Reader<'_>) {
    let told = reader.get(DASHBOARD).await;
    assert_eq!(told["total"], reader.total(LIST).await);
    for list in ["byState", "byStatus", "byMonth"] {
        let rows = told[list].as_array().unwrap();
        let counts = rows.iter().map(|row| row["count"].as_i64().unwrap());
        assert_eq!(told["total"], counts.sum::<i64>(), "{list}");
        for row in rows {
            assert_eq!(row["count"], reader.total(&list_of(row)).await, "{row}");
        }
    }
}

/// What starts at `now` or later, by start, less what is called off.
fn upcoming(site: &RentalSite, now: DateTime<Utc>) -> Vec<(DateTime<Utc>, String)> {
    let truth = site.truth().into_iter();
    let truth = truth.filter(|record| ![50, 60, 70].contains(&record.number("status")));
    let starts = truth.filter_map(|record| {
        let start = expected::start(&record)?;
        Some((start, record.number("id").to_string()))
    });
    let mut upcoming: Vec<_> = starts.filter(|(start, _)| *start >= now).collect();
    upcoming.sort();
    upcoming
}

on_both_databases! {
    async fn numbers_are_those_of_the_upstream(app: &TestApp) {
        let (site, reader) = odd_site(app).await;
        assert_as_upstream(&site, &reader).await;
        assert_agrees_with_lists(&reader).await;
        let told = reader.get(DASHBOARD).await;
        for (list, name, odd) in [("byState", "state", 7), ("byStatus", "status", 99)] {
            let rows = told[list].as_array().unwrap();
            assert!(rows.iter().any(|row| row[name] == odd), "{list} keeps unknown numbers");
        }
        assert!(told["byMonth"].as_array().unwrap().last().unwrap()["month"].is_null());
    }

    async fn a_state_that_is_not_known_is_a_line_of_its_own(app: &TestApp) {
        let site = app.rental_site(0).await;
        for (state, name) in [(json!(2), "Quotation"), (json!(2), "Angebot"), (json!(2), "Angebot"), (Value::Null, "Sonstiges")] {
            add(&site, &[("state", state), ("state_name", json!(name)), ("status", Value::Null), ("charge_total", json!("1.5"))]);
        }
        site.sync().await;
        let reader = Reader::of_tenant(app, site.tenant).await;
        let told = reader.get(DASHBOARD).await;
        assert_eq!(told["byState"], json!([
            {"state": 2, "name": "Angebot", "count": 3, "value": "4.50"},
            {"state": null, "name": null, "count": 1, "value": "1.50"},
        ]));
        assert_eq!(told["byStatus"], json!([{"status": null, "name": null, "count": 4, "value": "6.00"}]));
        assert_agrees_with_lists(&reader).await;
    }

    async fn a_list_without_states_changes_no_number(app: &TestApp) {
        let site = odd_account(app, 60).await;
        site.switch(|switches| switches.list_state = ListState::Null);
        site.sync().await;
        let reader = Reader::of_tenant(app, site.tenant).await;
        let told = reader.get(DASHBOARD).await;
        let states = told["byState"].as_array().unwrap().iter();
        let known: i64 = states.filter(|row| row["state"].is_i64() && row["state"] != 7).map(|row| row["count"].as_i64().unwrap()).sum();
        let truth = site.truth();
        let expected = truth.iter().filter(|record| record.number("state") != 7).count();
        assert_eq!(known, i64::try_from(expected).unwrap());
    }

    async fn values_are_exact_however_large(app: &TestApp) {
        let site = app.rental_site(0).await;
        let most = "922337203685477.5807";
        for charge in [json!(most), json!(most), json!(most), json!("0.0001"), json!("-0.5"), json!("1e3"), json!("99999999999999999999"), Value::Null] {
            add(&site, &[("charge_total", charge), ("state", json!(3))]);
        }
        site.sync().await;
        let reader = Reader::of_tenant(app, site.tenant).await;
        let told = reader.get(DASHBOARD).await;
        assert_eq!(told["value"], "2767011611056432.2422");
        assert_eq!(told["byState"][0]["value"], told["value"]);
        assert_eq!(told["total"], 8);
        let listed = reader.all(LIST, 50).await;
        assert_eq!(listed.iter().filter(|row| row["chargeTotal"] == most).count(), 3);
    }

    async fn upcoming_ones_start_soon_and_take_place(app: &TestApp) {
        let (site, reader) = odd_site(app).await;
        let now = app.engine.clock.now();
        let expected = upcoming(&site, now);
        assert!(expected.len() > 20, "{}", expected.len());
        for limit in [1, 20, 100] {
            let told = reader.get(&format!("{DASHBOARD}?limit={limit}")).await;
            let told = told["upcoming"].as_array().unwrap();
            let starts = each(told, "startsAt").map(|start| start.parse::<DateTime<Utc>>().unwrap());
            let first = expected.iter().take(limit);
            assert!(starts.eq(first.map(|(start, _)| *start)), "{limit}");
            assert!(each(told, "upstreamId").all(|id| expected.iter().any(|(_, other)| other == id)));
        }
        app.clock.advance(TimeDelta::days(30));
        let told = reader.get(DASHBOARD).await;
        assert_eq!(told["upcoming"].as_array().unwrap().len(), 10.min(upcoming(&site, app.engine.clock.now()).len()));
        assert_ne!(told["upcoming"][0]["upstreamId"], expected[0].1);
    }

    async fn months_are_those_of_utc(app: &TestApp) {
        let site = app.rental_site(0).await;
        for start in ["2026-04-30T23:59:59.999Z", "2026-05-01T00:00:00.000Z", "2026-05-01T01:30:00.000+02:00", "2026-05-31T23:30:00.000-04:00"] {
            add(&site, &[("starts_at", json!(start))]);
        }
        add(&site, &[("starts_at", Value::Null)]);
        site.sync().await;
        let reader = Reader::of_tenant(app, site.tenant).await;
        let told = reader.get(DASHBOARD).await;
        let months = told["byMonth"].as_array().unwrap().iter();
        let months: Vec<_> = months.map(|row| (row["month"].as_str(), row["count"].as_i64().unwrap())).collect();
        assert_eq!(months, [(Some("2026-04"), 2), (Some("2026-05"), 1), (Some("2026-06"), 1), (None, 1)]);
        assert_agrees_with_lists(&reader).await;
    }

    async fn what_is_gone_upstream_is_counted_no_more(app: &TestApp) {
        let (site, reader) = odd_site(app).await;
        let before = reader.get(DASHBOARD).await["total"].as_i64().unwrap();
        let id = site.id(4);
        site.account.edit(|truth| truth.delete(Collection::Opportunities, &id)).unwrap();
        site.outlive_sweeps();
        site.sync().await;
        assert_eq!(reader.get(DASHBOARD).await["total"], before - 1);
        assert_as_upstream(&site, &reader).await;
        assert_agrees_with_lists(&reader).await;
        assert_eq!(reader.total(&format!("{LIST}?includeDeleted=true")).await, before);
    }

    async fn each_upstream_has_its_own_freshness(app: &TestApp) {
        let site = app.rental_site(5).await;
        let reader = Reader::of_tenant(app, site.tenant).await;
        let never = json!({"asOf": null, "ageSeconds": null, "isStale": true, "message": "Never synced"});
        let none = "Nothing to sync - no connection yet";
        let empty = reader.get(DASHBOARD).await;
        assert_eq!((&empty["freshness"], &empty["total"], &empty["value"]), (&never, &json!(0), &json!("0.00")));
        site.sync_well().await;
        app.clock.advance(TimeDelta::hours(3));
        for path in [DASHBOARD, LIST] {
            let message = reader.get(path).await["freshness"]["message"].clone();
            assert_eq!(message, "Data is 3 hours old - sync may be delayed", "{path}");
        }
        assert_eq!(reader.get("/api/dashboard/leads").await["freshness"]["message"], none);
        let other = app.small_site().await;
        other.sync_well().await;
        let reader = Reader::of(app, &other).await;
        assert_eq!(reader.get(DASHBOARD).await["freshness"]["message"], none);
        assert_eq!(reader.get("/api/dashboard/leads").await["freshness"]["isStale"], false);
    }

    async fn an_answer_that_is_known_already_is_not_sent_again(app: &TestApp) {
        let (site, reader) = odd_site(app).await;
        for path in [DASHBOARD, LIST] {
            let tag = reader.ask(path).await.header("etag").to_owned();
            app.clock.advance(TimeDelta::seconds(1));
            assert_eq!(reader.ask_unless(path, &tag).await.status, 304, "{path}");
            add(&site, &[("subject", json!("Another one"))]);
            app.clock.advance(TimeDelta::seconds(5));
            site.sync().await;
            assert_eq!(reader.ask_unless(path, &tag).await.status, 200, "{path}");
        }
    }

    async fn parameters_that_are_none_are_refused(app: &TestApp) {
        let site = app.rental_site(3).await;
        let reader = Reader::of_tenant(app, site.tenant).await;
        for (query, name) in [("limit=0", "`limit`"), ("limit=101", "`limit`"), ("limit=ten", "`limit`"), ("state=3", "there are limit")] {
            let answer = reader.ask(&format!("{DASHBOARD}?{query}")).await;
            answer.assert_problem(400, "invalid_parameter");
            assert!(answer.body["detail"].as_str().unwrap().contains(name), "{}", answer.body);
        }
    }
}
