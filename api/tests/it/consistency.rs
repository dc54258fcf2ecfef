//! A reader of the service sees one whole version of the data in each answer, also while syncs publish.

use std::cell::Cell;

use chrono::TimeDelta;
use ctsync_sandbox::AccountSpec;
use engine::observer::Event;
use entity::Stream;
use serde_json::Value;
use tests::{Gate, Site, SiteSpec, assert_ended_well, on_both_databases, plain};

use crate::reader::{Reader, each};

const FIRST_COUNT: u64 = 30;
const VERSIONS: u64 = 5;

/// Every version has other names and fewer records.
fn make_version(site: &Site, version: u64) {
    site.account.edit(|truth| {
        truth
            .clients
            .truncate(usize::try_from(count(version)).unwrap());
        truth
            .opportunities
            .truncate(usize::try_from(count(version)).unwrap());
        for record in truth.clients.iter_mut().chain(&mut truth.opportunities) {
            record.set("compName", name(version));
            record.set("contact_type", "1");
            record.set("contact_sales_cycle", "Elsewhere");
        }
    });
}

fn count(version: u64) -> u64 {
    FIRST_COUNT - 2 * version
}

fn name(version: u64) -> String {
    format!("version {version}")
}

/// Returns the last version whose run had ended, by an answer's freshness: each was published an hour later.
fn ended_version(answer: &Value, versions: &[String]) -> u64 {
    let as_of = answer["freshness"]["asOf"].as_str();
    let place = versions.iter().position(|at| Some(at.as_str()) == as_of);
    place.map_or(0, |place| place as u64 + 1)
}

/// Returns which version an answer with so many records is of: that of the last run that had ended, or the next one, whose
/// records are there before its run ends.
fn version_of(answer: &Value, records: u64, versions: &[String]) -> u64 {
    let ended = ended_version(answer, versions);
    let found = (ended..=ended + 1).find(|version| record_count(*version) == records);
    found.unwrap_or_else(|| panic!("{records} records are of no version from {ended} on"))
}

fn record_count(version: u64) -> u64 {
    if version == 0 { 0 } else { count(version) }
}

fn sum<'a>(rows: impl Iterator<Item = &'a Value>, field: &str) -> u64 {
    rows.map(|row| row[field].as_u64().unwrap()).sum()
}

/// Expects every answer to be of one whole version.
async fn look(reader: &Reader<'_>, versions: &[String]) {
    for path in [
        "/api/leads?limit=200",
        "/api/pipeline/opportunities?limit=200",
        "/api/leads?limit=200&search=version",
    ] {
        let answer = reader.get(path).await;
        let items = answer["items"].as_array().unwrap();
        let records = items.len() as u64;
        let version = version_of(&answer, records, versions);
        assert_eq!(answer["total"].as_u64(), Some(records), "{path}");
        assert!(
            each(items, "company").all(|company| company == name(version)),
            "{path}"
        );
    }
    let leads = reader.get("/api/dashboard/leads").await;
    let total = leads["totalLeads"].as_u64().unwrap();
    version_of(&leads, total, versions);
    for list in ["bySource", "byStatus"] {
        assert_eq!(
            sum(leads[list].as_array().unwrap().iter(), "leads"),
            total,
            "{list}"
        );
    }
    let pipeline = reader.get("/api/dashboard/pipeline").await;
    let staged = sum(pipeline["stages"].as_array().unwrap().iter(), "count");
    version_of(&pipeline, staged, versions);
}

/// Publishes all versions one after the other; each waits before its commit until somebody has looked.
async fn publish_versions(site: &Site, looks: &Cell<u64>) {
    for version in 1..=VERSIONS {
        make_version(site, version);
        let (gate, request) = (Gate::at(Event::PublishingPart), plain());
        let wait_for_look = async {
            gate.reached().await;
            let seen = looks.get();
            while looks.get() < seen + 2 {
                tokio::task::yield_now().await;
            }
            gate.open();
        };
        let (report, ()) = tokio::join!(site.try_sync_with(&request, &gate), wait_for_look);
        assert_ended_well(&report.unwrap());
        site.clock().advance(TimeDelta::hours(1));
    }
}

on_both_databases! {
    async fn every_answer_is_of_one_whole_version(app: &TestApp) {
        let records = usize::try_from(FIRST_COUNT).unwrap();
        let account = AccountSpec { leads: records, opportunities: records, ..AccountSpec::default() };
        let streams = [Stream::SalesCycles, Stream::Leads, Stream::Opportunities];
        let site = app.site_with(SiteSpec::new(account).streams(&streams)).await;
        let reader = Reader::of(app, &site).await;
        let begin = app.engine.clock.now();
        let versions: Vec<_> = (0..i64::try_from(VERSIONS).unwrap())
            .map(|hour| (begin + TimeDelta::hours(hour)).to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
            .collect();
        let (looks, is_over) = (Cell::new(0), Cell::new(false));
        let reading = async {
            while !is_over.get() {
                look(&reader, &versions).await;
                looks.set(looks.get() + 1);
            }
        };
        let writing = async {
            publish_versions(&site, &looks).await;
            is_over.set(true);
        };
        tokio::join!(reading, writing);
        look(&reader, &versions).await;
        let leads = reader.get("/api/dashboard/leads").await;
        assert_eq!(leads["totalLeads"], count(VERSIONS));
    }
}
