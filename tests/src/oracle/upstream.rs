//! What an upstream has, as far as a site mirrors it; or what a mirror claims that it has.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveTime};
use ctsync_sandbox::Record;
use engine::settings::Mapping;
use entity::{Stream, Timestamp, scheduled_activity};

use super::values::{text, to_utc};
use crate::{Records, Row, Site};

/// The records of an account by stream, the window of its scheduled activities, and what its numbers mean.
pub(super) struct Upstream {
    records: BTreeMap<Stream, Vec<Record>>,
    pub(super) mapping: Mapping,
    window: Option<(Timestamp, Timestamp)>,
}

impl Upstream {
    /// What the account of `site` serves now, of the streams that are mirrored.
    pub(super) async fn of_account(site: &Site) -> Self {
        let truth = site.account.truth();
        let settings = site.settings().await;
        let today = site
            .engine
            .clock
            .now()
            .with_timezone(&site.zone)
            .date_naive();
        let first = today - Days::new(settings.activities_past_days.into());
        let last = today + Days::new(settings.activities_future_days.into());
        let bounds = [first, last].map(|day| format!("{day} 00:00:00"));
        let is_listed = |event: &Record| {
            let is_kind = settings
                .event_types
                .iter()
                .any(|kind| kind == event.text("event_type"));
            let start = event.text("start_date");
            is_kind && bounds[0].as_str() <= start && start <= bounds[1].as_str()
        };
        let clients: BTreeSet<&str> = truth
            .clients
            .iter()
            .map(|client| client.text("client_id"))
            .collect();
        let notes = truth
            .notes
            .iter()
            .filter(|note| clients.contains(note.text("client_id")));
        let mut records = BTreeMap::from([
            (Stream::Notes, notes.cloned().collect()),
            (Stream::SalesCycles, truth.sales_cycles.clone()),
            (Stream::Leads, truth.clients.clone()),
            (Stream::Opportunities, truth.opportunities.clone()),
            (
                Stream::ScheduledActivities,
                truth
                    .events
                    .iter()
                    .filter(|event| is_listed(event))
                    .cloned()
                    .collect(),
            ),
        ]);
        records.retain(|stream, _| site.streams.contains(stream));
        let midnight = |day: chrono::NaiveDate| to_utc(day.and_time(NaiveTime::MIN), site.zone);
        Self {
            records,
            mapping: site.mapping().await,
            window: Some((midnight(first), midnight(last))),
        }
    }

    /// What the live rows of a mirror were made from.
    pub(super) fn of_mirror(mapping: Mapping, mirror: &Records) -> Self {
        let mut records: BTreeMap<Stream, Vec<Record>> = BTreeMap::new();
        for row in mirror
            .rows()
            .into_iter()
            .filter(|row| row.deleted_at.is_none())
        {
            let record = serde_json::from_str(&row.raw_json)
                .expect("a row keeps the record it was made from");
            records.entry(row.stream).or_default().push(record);
        }
        Self {
            records,
            mapping,
            window: None,
        }
    }

    /// Tells whether a contact, opportunity or stage is one of prospects.
    pub(super) fn is_prospect(&self, record: &Record) -> bool {
        let contact_type = text(record, "contact_type").unwrap_or_default();
        self.mapping.prospect_contact_types.contains(&contact_type)
    }

    pub(super) fn records(&self, stream: Stream) -> &[Record] {
        self.records.get(&stream).map_or(&[], Vec::as_slice)
    }

    /// Returns the exact text of every record of `stream` by the upstream id that its row must have.
    pub(super) fn by_id(&self, stream: Stream) -> BTreeMap<String, String> {
        let entry = |record: &Record| (upstream_id(stream, record), record.to_json());
        self.records(stream).iter().map(entry).collect()
    }

    /// Returns the same of the live rows that must equal them.
    pub(super) fn live_rows(&self, stream: Stream, mirror: &Records) -> BTreeMap<String, String> {
        let outside: BTreeSet<&str> = mirror
            .activities
            .iter()
            .filter(|row| self.is_outside(row))
            .map(|row| row.upstream_id.as_str())
            .collect();
        let rows = mirror.rows().into_iter();
        let live = rows.filter(|row| row.stream == stream && row.deleted_at.is_none());
        let meant = live.filter(|row| {
            stream != Stream::ScheduledActivities || !outside.contains(row.upstream_id.as_str())
        });
        meant.map(|row| (known_id(&row), row.raw_json)).collect()
    }

    /// Activities that are over for long stay as they were last seen.
    fn is_outside(&self, row: &scheduled_activity::Model) -> bool {
        match (self.window, row.scheduled_at) {
            (Some((from, to)), Some(time)) => time < from || to < time,
            _ => false,
        }
    }
}

/// The upstream id that a record's row must have.
pub(super) fn upstream_id(stream: Stream, record: &Record) -> String {
    match stream {
        Stream::SalesCycles => record.text("sales_cycle_id").to_owned(),
        Stream::Leads => record.text("client_id").to_owned(),
        Stream::Opportunities => record.text("opportunity_id").to_owned(),
        Stream::ScheduledActivities => record.text("event_id").to_owned(),
        Stream::Notes => match record.text("note_id") {
            // How a note without an id is told apart is the engine's own affair: here by what it says.
            "" => format!("{}/{}", record.text("client_id"), record.to_json()),
            id => format!("{}/{id}", record.text("client_id")),
        },
    }
}

fn known_id(row: &Row) -> String {
    match row.upstream_id.split_once("/sha256:") {
        Some((contact, _)) => format!("{contact}/{}", row.raw_json),
        None => row.upstream_id.clone(),
    }
}
