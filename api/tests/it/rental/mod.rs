//! What Current RMS has, over HTTP: numbers, lists and records.

mod dashboard;
mod expected;
mod lists;
mod pages;
mod status;
mod sync;

use ctsync_sandbox::Record;
use ctsync_sandbox::current_rms::{AccountSpec, Collection};
use serde_json::Value;
use tests::{RentalSite, TestApp};

use crate::reader::Reader;

const DASHBOARD: &str = "/api/dashboard/opportunities";
const LIST: &str = "/api/opportunities";

/// An account with so many opportunities, of which about half are odd.
async fn odd_account(app: &TestApp, opportunities: usize) -> RentalSite {
    let spec = AccountSpec {
        opportunities,
        odd: true,
        ..AccountSpec::default()
    };
    let site = app.rental_site_with(spec, &[]).await;
    // What is no time at all is in no list that is asked for by time; the upstream's real columns cannot hold it.
    site.account.edit(|truth| {
        for record in &mut truth.opportunities {
            if record.text("starts_at") == "soon" {
                record.set("starts_at", Value::Null);
            }
        }
    });
    site
}

/// A site with odd opportunities, mirrored, and somebody who reads it.
async fn odd_site(app: &TestApp) -> (RentalSite, Reader<'_>) {
    let site = odd_account(app, 120).await;
    site.sync().await;
    let reader = Reader::of_tenant(app, site.tenant).await;
    (site, reader)
}

/// Adds an opportunity upstream, changed just now, and returns its id there.
fn add(site: &RentalSite, fields: &[(&'static str, Value)]) -> String {
    let stamp = site.account.now().to_rfc3339();
    let record = Record::new()
        .with("starts_at", "2026-05-05T10:00:00.000Z")
        .with("updated_at", stamp);
    let fields = fields.iter().cloned();
    let record = fields.fold(record, |record, (name, value)| record.with(name, value));
    let added = site
        .account
        .edit(|truth| truth.add(Collection::Opportunities, record));
    added.unwrap()
}
