//! Columns of the record tables that numbers and filters depend on.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use ctsync_sandbox::Record;
use entity::{Amount, Stream};

use super::upstream::{Upstream, upstream_id};
use super::values::{amount, assigned_user, stage, text, time};
use crate::Records;

/// Checks the columns of all live rows against the records.
pub(super) fn check(zone: Tz, truth: &Upstream, mirror: &Records) {
    check_leads(zone, &by_id(truth, Stream::Leads), mirror);
    check_opportunities(zone, &by_id(truth, Stream::Opportunities), mirror);
    check_notes(zone, &by_id(truth, Stream::Notes), mirror);
    check_activities(zone, &by_id(truth, Stream::ScheduledActivities), mirror);
}

fn by_id(truth: &Upstream, stream: Stream) -> BTreeMap<String, &Record> {
    let records = truth.records(stream).iter();
    records
        .map(|record| (upstream_id(stream, record), record))
        .collect()
}

fn check_leads(zone: Tz, truth: &BTreeMap<String, &Record>, mirror: &Records) {
    for row in mirror.leads.iter().filter(|row| row.deleted_at.is_none()) {
        let Some(record) = truth.get(&row.upstream_id) else {
            continue;
        };
        let texts = [
            &row.first_name,
            &row.company,
            &row.lead_source,
            &row.contact_type,
        ];
        let fields = [
            "firstName",
            "compName",
            "clients_lead_source",
            "contact_type",
        ];
        assert_eq!(
            texts.map(Clone::clone),
            fields.map(|field| text(record, field))
        );
        assert_eq!(row.stage, stage(record, "clients_sales_cycle"));
        assert_eq!(
            row.deal_size.map(Amount::scaled),
            amount(record, "deal_size"),
            "{record:?}"
        );
        assert_eq!(row.assigned_user, assigned_user(record));
        assert_eq!(
            row.source_created_at,
            time(record, "created", zone),
            "{record:?}"
        );
        assert_eq!(
            row.source_modified_at,
            time(record, "last_modified_date", zone),
            "{record:?}"
        );
    }
}

fn check_opportunities(zone: Tz, truth: &BTreeMap<String, &Record>, mirror: &Records) {
    for row in mirror
        .opportunities
        .iter()
        .filter(|row| row.deleted_at.is_none())
    {
        let Some(record) = truth.get(&row.upstream_id) else {
            continue;
        };
        let texts = [
            &row.contact_id,
            &row.last_name,
            &row.lead_source,
            &row.contact_type,
        ];
        let fields = [
            "client_id",
            "lastName",
            "contact_lead_source",
            "contact_type",
        ];
        assert_eq!(
            texts.map(Clone::clone),
            fields.map(|field| text(record, field))
        );
        assert_eq!(row.stage, stage(record, "contact_sales_cycle"));
        assert_eq!(
            row.deal_size.map(Amount::scaled),
            amount(record, "deal_size"),
            "{record:?}"
        );
        assert_eq!(row.assigned_user, assigned_user(record));
        assert_eq!(
            row.source_created_at,
            time(record, "created", zone),
            "{record:?}"
        );
    }
}

fn check_notes(zone: Tz, truth: &BTreeMap<String, &Record>, mirror: &Records) {
    for row in mirror.notes.iter().filter(|row| row.deleted_at.is_none()) {
        let Some(record) = truth.get(&row.upstream_id) else {
            continue;
        };
        assert_eq!(row.contact_id, record.text("client_id"));
        assert_eq!(row.author, text(record, "created_by"));
        assert_eq!(row.note_date, time(record, "note_date", zone), "{record:?}");
    }
}

fn check_activities(zone: Tz, truth: &BTreeMap<String, &Record>, mirror: &Records) {
    for row in mirror
        .activities
        .iter()
        .filter(|row| row.deleted_at.is_none())
    {
        let Some(record) = truth.get(&row.upstream_id) else {
            continue;
        };
        let texts = [
            &row.activity_type,
            &row.contact_id,
            &row.contact_name,
            &row.status,
        ];
        let fields = ["event_type", "client_id", "client_name", "status"];
        assert_eq!(
            texts.map(Clone::clone),
            fields.map(|field| text(record, field))
        );
        assert_eq!(
            row.scheduled_at,
            time(record, "start_date", zone),
            "{record:?}"
        );
    }
}
