//! Current RMS: lists in the order asked for, by page number and by filter; records with versions, and by their ids.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use chrono::TimeDelta;
use chrono_tz::Tz;
use ctsync_sandbox::current_rms::{Collection, Ties};
use ctsync_sandbox::{Fault, FaultKind, Order, Record};
use engine::connector::{Boundary, Slice};
use engine::credentials::Credentials;
use entity::connection::ConnectionStatus;
use entity::{ConnectionId, Source, Stream, Timestamp};
use serde_json::{Value, json};

use super::{Mirrored, MirroredRow, Place, Specimen, Subject};
use crate::{RentalSite, TestApp};

/// What the simulator calls reads of the list, and of a record.
const LIST: &str = "opportunities";
const SINGLE: &str = "opportunity";

/// Several pages in some of the windows, at so many rows a page.
const OPPORTUNITIES_COUNT: usize = 45;
const PAGE_ROWS: usize = 3;

/// A window, and what lies just outside of it.
const BEFORE_APRIL: &str = "2026-03-31T23:59:59.999Z";
const FIRST_OF_APRIL: &str = "2026-04-01T00:00:00.000Z";
const LAST_OF_APRIL: &str = "2026-04-30T23:59:59.999Z";
const AFTER_APRIL: &str = "2026-05-01T00:00:00.000Z";

/// A span of changes later than all that accounts are seeded with.
const BEFORE_CHANGES: &str = "2026-03-02T15:59:59.999Z";
const FIRST_CHANGE: &str = "2026-03-02T16:00:00.000Z";
const LAST_CHANGE: &str = "2026-03-02T17:00:00.000Z";
const AFTER_CHANGES: &str = "2026-03-02T17:00:00.001Z";

/// Numbers accounts, so that no two have the same name.
static NUMBER: AtomicUsize = AtomicUsize::new(1);

/// Current RMS.
pub struct CurrentRms;

#[async_trait]
impl Subject for CurrentRms {
    fn source(&self) -> Source {
        Source::CurrentRms
    }

    fn stream(&self) -> Stream {
        Stream::Opportunities
    }

    fn credentials(&self) -> Credentials {
        Credentials::CurrentRms {
            subdomain: "north".to_owned(),
            api_key: "secret-key".into(),
        }
    }

    fn secrets(&self) -> &'static [&'static str] {
        &["secret-key"]
    }

    fn slices(&self) -> Vec<Slice> {
        let boundaries = [
            Boundary::Whole,
            april(),
            Boundary::Undated,
            changes(),
            Boundary::Record("501".to_owned()),
        ];
        boundaries.map(slice).into()
    }

    fn specimen(&self) -> Specimen {
        Specimen {
            record: super::members(json!({
                "id": 501, "store_id": 1, "member_id": 42, "venue_id": 7, "owned_by": 9,
                "subject": "Summer Gala \u{1f389}", "number": "0000000501", "reference": "PO 7",
                "description": "Outdoors", "starts_at": "2026-06-07T10:00:00.000Z",
                "ends_at": "2026-06-08T10:00:00.000Z", "ordered_at": "2026-05-01T10:00:00.000Z",
                "state": 3, "state_name": "Order", "status": 20, "status_name": "Active",
                "charge_total": "1250.0", "tax_total": "0.0125", "member": {"id": 42, "name": "Acme"},
                "venue": {"id": 7, "name": "Town Hall"}, "owner": {"id": 9, "name": "Sam User"},
                "custom_fields": {"on-site_contact": "Ada"},
                "created_at": "2026-05-01T09:00:00.000Z", "updated_at": "2026-05-01T19:00:00.250Z",
            })),
            id: "id",
            text: ("subject", "subject"),
            money: ("charge_total", "charge_total"),
            time: ("starts_at", "starts_at"),
            word: ("state", "state"),
            unknown_word: (json!(17), Some(17_i32).into()),
        }
    }

    fn list(&self) -> &'static str {
        LIST
    }

    fn page(&self, records: &[Value], total: u64) -> String {
        let meta = json!({"total_row_count": total, "row_count": records.len(), "page": 1, "per_page": 25});
        json!({"opportunities": records, "meta": meta}).to_string()
    }

    fn errors(&self) -> &'static [&'static str] {
        &[
            r#"{"errors":["Something went wrong"]}"#,
            r#"{"error":"Something went wrong"}"#,
            r#"{"opportunities":{}}"#,
            r#"{"meta":{"total_row_count":0}}"#,
            r#"{"opportunity":{"id":501}}"#,
            "[]",
        ]
    }

    fn refusals(&self) -> &'static [&'static str] {
        &[
            r#"{"errors":["Unauthorized"]}"#,
            r#"{"errors":["API not enabled"]}"#,
        ]
    }

    fn missing_record(&self) -> Option<(&'static str, &'static str)> {
        Some(("opportunities/501", r#"{"errors":["Not found"]}"#))
    }

    fn writes(&self) -> &'static [&'static str] {
        &[
            "opportunities/checkout",
            "opportunities/501/clone",
            "opportunities/501/mark_as_lost",
            "webhooks",
            "webhooks/7",
            "stores/1",
        ]
    }

    fn sorts(&self) -> bool {
        true
    }

    async fn account(&self, app: &TestApp) -> Box<dyn Mirrored> {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let site = app.numbered_rental_site(number, OPPORTUNITIES_COUNT).await;
        site.switch(|switches| switches.opportunity_page_cap = PAGE_ROWS);
        Box::new(site)
    }
}

fn moment(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn slice(boundary: Boundary) -> Slice {
    Slice::new(Stream::Opportunities, boundary)
}

fn april() -> Boundary {
    Boundary::Dates(moment(FIRST_OF_APRIL), moment(AFTER_APRIL))
}

fn changes() -> Boundary {
    Boundary::Changes(moment(FIRST_CHANGE), moment(LAST_CHANGE))
}

fn id(record: &Record) -> String {
    record.number("id").to_string()
}

/// Adds a record as it is, of a status that lists hide unless they are asked for all.
fn add(site: &RentalSite, starts_at: Option<&'static str>, updated_at: Option<&'static str>) {
    let record = Record::new()
        .with("state", 2)
        .with("status", 60)
        .with("starts_at", starts_at)
        .with("updated_at", updated_at);
    let added = site
        .account
        .edit(|truth| truth.add(Collection::Opportunities, record));
    added.expect("the record is new");
}

#[async_trait]
impl Mirrored for RentalSite {
    fn source(&self) -> Source {
        Source::CurrentRms
    }

    fn connection(&self) -> ConnectionId {
        self.connection
    }

    fn credentials(&self) -> Credentials {
        Self::credentials(self)
    }

    fn zone(&self) -> Tz {
        Tz::UTC
    }

    fn truth(&self) -> BTreeMap<String, String> {
        let records = Self::truth(self);
        let entry = |record: &Record| (id(record), record.to_json());
        records.iter().map(entry).collect()
    }

    async fn rows(&self) -> Vec<MirroredRow> {
        let rows = Self::rows(self).await;
        rows.into_iter()
            .map(|row| MirroredRow {
                all: format!("{row:?}"),
                id: row.id,
                upstream_id: row.upstream_id,
                text: row.data,
                is_live: row.deleted_at.is_none(),
            })
            .collect()
    }

    async fn needs_credentials(&self) -> bool {
        self.connection_row().await.status == ConnectionStatus::NeedsCredentials
    }

    fn edit(&self, id: &str, text: &str) {
        self.clock().advance(TimeDelta::minutes(1));
        let edited = self.account.update_opportunity(id, "subject", text);
        edited.expect("the opportunity is there");
    }

    fn backdate(&self, id: &str, text: &str) {
        let earlier = self.account.now() - TimeDelta::days(30);
        let edited = self.account.edit(|truth| {
            truth.update(Collection::Opportunities, id, "subject", text)?;
            let earlier = earlier.to_rfc3339();
            truth.update(Collection::Opportunities, id, "updated_at", earlier)
        });
        edited.expect("the opportunity is there");
    }

    fn delete(&self, id: &str) {
        let deleted = self.account.delete_opportunity(id);
        deleted.expect("the opportunity is there");
    }

    fn restore(&self, id: &str) {
        let restored = self.account.restore_opportunity(id);
        restored.expect("the opportunity was deleted");
    }

    fn slices(&self) -> Vec<(Slice, BTreeSet<String>)> {
        for starts_at in [BEFORE_APRIL, FIRST_OF_APRIL, LAST_OF_APRIL, AFTER_APRIL] {
            add(self, Some(starts_at), Some(BEFORE_CHANGES));
        }
        for updated_at in [FIRST_CHANGE, LAST_CHANGE, AFTER_CHANGES] {
            add(self, None, Some(updated_at));
        }
        add(self, None, None);
        let records = Self::truth(self);
        let ids = |is_in: &dyn Fn(&Record) -> bool| {
            let inside = records.iter().filter(|record| is_in(record));
            inside.map(id).collect::<BTreeSet<String>>()
        };
        let april_texts = FIRST_OF_APRIL..=LAST_OF_APRIL;
        let is_undated = |record: &Record| record.value("starts_at").is_null();
        let is_changed = |record: &Record| {
            record.value("updated_at").is_null() || record.text("updated_at") >= FIRST_CHANGE
        };
        let first = id(&records[0]);
        vec![
            (slice(Boundary::Whole), ids(&|_| true)),
            (
                slice(april()),
                ids(&|record| april_texts.contains(&record.text("starts_at"))),
            ),
            (slice(Boundary::Undated), ids(&is_undated)),
            (slice(changes()), ids(&is_changed)),
            (
                slice(Boundary::Record(first.clone())),
                BTreeSet::from([first]),
            ),
        ]
    }

    fn inject(&self, place: Place, kind: FaultKind, times: u32) {
        let endpoint = match place {
            Place::List => LIST,
            Place::Record => SINGLE,
        };
        self.account
            .inject(Fault::new(kind).on(endpoint).times(times));
    }

    fn shuffle(&self) {
        self.switch(|switches| {
            switches.order = Order::Unstable;
            switches.ties = Ties::Unstable;
        });
    }

    fn list_request_count(&self) -> usize {
        let requests = self.account.requests().into_iter();
        requests.filter(|request| request.endpoint == LIST).count()
    }
}
