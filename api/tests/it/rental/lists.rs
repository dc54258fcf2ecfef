//! What the list of opportunities shows under its filters, and a record as a whole.

use chrono::{DateTime, TimeDelta, Utc};
use ctsync_sandbox::Record;
use ctsync_sandbox::current_rms::Collection;
use serde_json::{Value, json};
use tests::{RentalSite, on_both_databases};

use super::{LIST, add, expected, odd_site};
use crate::reader::{Reader, each, encoded};

/// Expects the list under `query` to be the records that `is_meant`.
async fn assert_lists(
    site: &RentalSite,
    reader: &Reader<'_>,
    query: &str,
    is_meant: impl Fn(&Record) -> bool,
) {
    let rows = reader.all(&format!("{LIST}?{query}"), 50).await;
    let mut told: Vec<_> = each(&rows, "upstreamId").map(str::to_owned).collect();
    told.sort();
    let truth = site.truth();
    let meant = truth.iter().filter(|record| is_meant(record));
    let mut meant: Vec<_> = meant
        .map(|record| record.number("id").to_string())
        .collect();
    meant.sort();
    assert_eq!(told, meant, "{query}");
    assert!(!meant.is_empty() && meant.len() < truth.len(), "{query}");
}

fn contains(record: &Record, field: &str, text: &str) -> bool {
    let value = match field.split_once('.') {
        Some((object, field)) => record[object][field].clone(),
        None => record[field].clone(),
    };
    let value = value.as_str().unwrap_or_default().to_ascii_lowercase();
    value.contains(&text.to_ascii_lowercase())
}

on_both_databases! {
    async fn filters_narrow_the_list(app: &TestApp) {
        let (site, reader) = odd_site(app).await;
        let (site, reader) = (&site, &reader);
        let number = |record: &Record, axis: &str| record[axis].as_i64();
        assert_lists(site, reader, "state=3", |record| number(record, "state") == Some(3)).await;
        assert_lists(site, reader, "state=7,0", |record| [Some(7), Some(0)].contains(&number(record, "state"))).await;
        assert_lists(site, reader, "status=99", |record| number(record, "status") == Some(99)).await;
        let both = |record: &Record| number(record, "state") == Some(2) && [Some(60), Some(70)].contains(&number(record, "status"));
        assert_lists(site, reader, "state=2&status=60,70", both).await;
        let (from, to) = ("2026-03-15T00:00:00Z", "2026-06-15T12:00:00Z");
        let moment = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let starts = |record: &Record, is_so: &dyn Fn(DateTime<Utc>) -> bool| expected::start(record).is_some_and(is_so);
        assert_lists(site, reader, &format!("startsFrom={from}"), |record| starts(record, &|start| start >= moment(from))).await;
        assert_lists(site, reader, &format!("startsTo={to}"), |record| starts(record, &|start| start < moment(to))).await;
        let span = format!("startsFrom={from}&startsTo={to}");
        assert_lists(site, reader, &span, |record| starts(record, &|start| moment(from) <= start && start < moment(to))).await;
        assert_lists(site, reader, "hasStart=false", |record| expected::start(record).is_none()).await;
        assert_lists(site, reader, "hasStart=true", |record| expected::start(record).is_some()).await;
    }

    async fn an_organisation_is_named_by_id_or_name(app: &TestApp) {
        let (site, reader) = odd_site(app).await;
        let truth = site.truth();
        let (id, name) = (truth[0]["member_id"].clone(), truth[0]["member"]["name"].clone());
        let by_id = format!("organisation={id}");
        assert_lists(&site, &reader, &by_id, |record| record["member_id"] == id).await;
        let by_name = format!("organisation={}", encoded(name.as_str().unwrap()));
        assert_lists(&site, &reader, &by_name, |record| record["member"]["name"] == name).await;
    }

    async fn a_search_looks_at_subject_number_customer_and_venue(app: &TestApp) {
        let (site, reader) = odd_site(app).await;
        let fields = ["subject", "number", "member.name", "venue.name"];
        for text in ["gala", "00051", "MüLLER", "château", "<b>", "'; DROP TABLE", "🎪", "זפ", "שלום", "حفل", "学園祭", "&amp;"] {
            let is_found = |record: &Record| fields.iter().any(|field| contains(record, field, text));
            if site.truth().iter().any(is_found) {
                assert_lists(&site, &reader, &format!("search={}", encoded(text)), is_found).await;
            } else {
                assert_eq!(reader.total(&format!("{LIST}?search={}", encoded(text))).await, 0, "{text}");
            }
        }
        assert_eq!(reader.total(&format!("{LIST}?search=%25")).await, 0);
    }

    async fn only_what_changed_since_is_listed_on_request(app: &TestApp) {
        let (site, reader) = odd_site(app).await;
        app.clock.advance(TimeDelta::minutes(1));
        let since = app.engine.clock.now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        let path = format!("{LIST}?updatedSince={since}");
        assert_eq!(reader.total(&path).await, 0);
        let id = add(&site, &[("subject", json!("Added upstream"))]);
        app.clock.advance(TimeDelta::seconds(5));
        site.sync().await;
        let changed = reader.all(&path, 50).await;
        assert_eq!(each(&changed, "upstreamId").collect::<Vec<_>>(), [id]);
    }

    async fn a_record_is_shown_with_all_that_the_upstream_says(app: &TestApp) {
        let (site, reader) = odd_site(app).await;
        for (record, row) in site.truth().iter().zip(site.rows().await) {
            let told = reader.get(&format!("{LIST}/{}", row.id)).await;
            assert_eq!(told["raw"], record.to_value());
            assert_eq!(told["upstreamId"], record.number("id").to_string());
            assert_eq!(told["state"], record["state"]);
            assert_eq!(told["statusName"], record["status_name"]);
            assert_eq!(told["subject"], record["subject"]);
            assert_eq!(told["memberName"], record["member"]["name"]);
            assert_eq!(told["venueName"], record["venue"]["name"]);
            assert_eq!(told["startsAt"].is_null(), expected::start(record).is_none());
            assert_eq!((&told["lastWebhookAt"], &told["deletedAt"]), (&Value::Null, &Value::Null));
            assert_eq!(told["freshness"]["isStale"], false);
        }
    }

    async fn another_tenants_record_is_not_found(app: &TestApp) {
        let (site, reader) = odd_site(app).await;
        let other = app.numbered_rental_site(2, 3).await;
        other.sync_well().await;
        let (theirs, mine) = (other.rows().await[0].id, site.rows().await[0].id);
        for path in [format!("{LIST}/{theirs}"), format!("/api/pipeline/opportunities/{mine}"), format!("/api/leads/{mine}")] {
            reader.ask(&path).await.assert_problem(404, "not_found");
        }
        reader.ask(&format!("{LIST}/501")).await.assert_problem(400, "invalid_parameter");
        assert_eq!(reader.get(&format!("{LIST}/{mine}")).await["id"], mine.to_string());
    }

    async fn a_deleted_record_is_listed_on_request_only(app: &TestApp) {
        let (site, reader) = odd_site(app).await;
        let row = site.rows().await[7].clone();
        site.account.edit(|truth| truth.delete(Collection::Opportunities, &row.upstream_id)).unwrap();
        site.sync_record(&row.upstream_id).await;
        let is_listed = |rows: &[Value]| each(rows, "id").any(|id| id == row.id.to_string());
        assert!(!is_listed(&reader.all(LIST, 50).await));
        assert!(is_listed(&reader.all(&format!("{LIST}?includeDeleted=true"), 50).await));
        assert!(reader.get(&format!("{LIST}/{}", row.id)).await["deletedAt"].is_string());
    }
}
