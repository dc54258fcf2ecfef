//! A record that vanishes is tombstoned and may return; an implausible deletion waits for a person.

use chrono::TimeDelta;
use ctsync_sandbox::{AccountSpec, Fault, FaultKind, Malformation};
use engine::run::{RunReport, SyncRequest};
use entity::sync_run::RunStatus;
use entity::sync_run_stream::StreamStatus;
use entity::{ReasonCode, Stream};
use serde_json::json;
use tests::endpoint::{CLIENT_BY_ID, CLIENTS, NOTES, OPPORTUNITIES};
use tests::{
    Site, SiteSpec, TestApp, assert_ended, assert_ended_well, on_both_databases, plain, stream,
    thorough,
};

async fn site_of(app: &TestApp, leads: usize, tenant_settings: serde_json::Value) -> Site {
    let account = AccountSpec {
        leads,
        ..AccountSpec::default()
    };
    let spec = SiteSpec::new(account)
        .streams(&[Stream::Leads])
        .tenant_settings(tenant_settings);
    let site = app.site_with(spec).await;
    site.sync_well().await;
    site
}

fn delete_clients(site: &Site, count: usize) {
    for _ in 0..count {
        site.account.delete_client(&site.client(0)).unwrap();
    }
}

fn accepting() -> SyncRequest {
    SyncRequest {
        accept_deletes: true,
        ..plain()
    }
}

on_both_databases! {
    async fn a_deleted_record_is_kept_as_deleted_and_returns_as_the_same_row(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let client = site.client(3);
        let row = site.records().await.lead(&client).clone();
        app.clock.advance(TimeDelta::hours(1));
        site.account.delete_client(&client).unwrap();
        let report = site.sync_well().await;
        assert_eq!(stream(&report, Stream::Leads).deleted, 1);
        let gone = site.records().await.lead(&client).clone();
        assert_eq!(gone.deleted_at, Some(app.engine.clock.now()));
        assert_eq!((gone.id, gone.created_at, &gone.raw_json), (row.id, row.created_at, &row.raw_json));
        app.clock.advance(TimeDelta::hours(1));
        site.account.restore_client(&client).unwrap();
        let report = site.sync_well().await;
        let counts = stream(&report, Stream::Leads);
        assert_eq!((counts.added, counts.changed, counts.revived), (0, 1, 1));
        let back = site.records().await.lead(&client).clone();
        assert_eq!((back.id, back.created_at, back.deleted_at), (row.id, row.created_at, None));
    }

    async fn a_deleted_record_stays_deleted_without_being_written_again(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        site.account.delete_opportunity(&site.opportunity(2)).unwrap();
        site.sync_well().await;
        let before = site.records().await;
        app.clock.advance(TimeDelta::hours(1));
        site.sync_well().await;
        site.assert_unchanged_since(&before).await;
    }

    async fn deleting_more_than_a_fifth_is_braked_until_a_person_agrees(app: &TestApp) {
        let site = site_of(app, 50, json!({})).await;
        delete_clients(&site, 11);
        site.account.update_client(&site.client(0), "compName", "Changed upstream").unwrap();
        let report = site.sync().await;
        assert_ended(&report, RunStatus::Partial, ReasonCode::MassDeleteBrake);
        let leads = stream(&report, Stream::Leads);
        assert_eq!((leads.status, leads.changed, leads.deleted), (StreamStatus::Braked, 1, 0));
        assert!(report.message.unwrap().contains("--accept-deletes"));
        assert_eq!(site.records().await.live_ids(Stream::Leads).len(), 50);
        assert_ended(&site.sync().await, RunStatus::Partial, ReasonCode::MassDeleteBrake);
        let report = site.sync_with(&accepting()).await;
        assert_ended_well(&report);
        assert_eq!(stream(&report, Stream::Leads).deleted, 11);
        site.assert_mirrors_truth().await;
    }

    async fn agreement_holds_for_one_run_only(app: &TestApp) {
        let site = site_of(app, 60, json!({})).await;
        delete_clients(&site, 20);
        assert_ended_well(&site.sync_with(&accepting()).await);
        delete_clients(&site, 20);
        assert_ended(&site.sync().await, RunStatus::Partial, ReasonCode::MassDeleteBrake);
        site.assert_recovers().await;
    }

    async fn a_fifth_may_go(app: &TestApp) {
        let site = site_of(app, 60, json!({})).await;
        delete_clients(&site, 12);
        site.sync_well().await;
    }

    async fn ten_of_a_few_may_go(app: &TestApp) {
        let site = site_of(app, 14, json!({})).await;
        delete_clients(&site, 10);
        site.sync_well().await;
    }

    async fn the_limits_are_the_tenants_own(app: &TestApp) {
        let brake = json!({"brake": {"max_deleted_percent": 5, "max_deleted_rows": 2}});
        let site = site_of(app, 20, brake).await;
        delete_clients(&site, 2);
        site.sync_well().await;
        delete_clients(&site, 3);
        assert_ended(&site.sync().await, RunStatus::Partial, ReasonCode::MassDeleteBrake);
        site.assert_recovers().await;
    }

    async fn a_list_that_became_empty_is_braked_however_short_it_was(app: &TestApp) {
        let account = AccountSpec { opportunities: 2, leads: 1, ..AccountSpec::default() };
        let site = app.site(account).await;
        site.sync_well().await;
        site.account.inject(Fault::new(FaultKind::EmptyList).on(OPPORTUNITIES));
        assert_ended(&site.sync().await, RunStatus::Partial, ReasonCode::MassDeleteBrake);
        assert_eq!(site.records().await.live_ids(Stream::Opportunities).len(), 2);
        site.assert_recovers().await;
    }

    async fn a_list_that_really_became_empty_is_emptied_on_agreement(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        site.account.edit(|truth| truth.opportunities.clear());
        assert_ended(&site.sync().await, RunStatus::Partial, ReasonCode::MassDeleteBrake);
        assert_ended_well(&site.sync_with(&accepting()).await);
        site.assert_mirrors_truth().await;
        assert_eq!(site.records().await.hot_list.len(), 0);
        // What is empty and stays so needs no agreement.
        site.sync_well().await;
    }

    async fn contacts_that_the_brake_keeps_also_keep_their_notes(app: &TestApp) {
        let account = AccountSpec { leads: 30, notes: 30, ..AccountSpec::default() };
        let site = app.site(account).await;
        site.sync_well().await;
        delete_clients(&site, 15);
        assert_ended(&site.sync().await, RunStatus::Partial, ReasonCode::MassDeleteBrake);
        assert_eq!(site.records().await.live_ids(Stream::Notes).len(), 30);
        assert_ended_well(&site.sync_with(&accepting()).await);
        site.assert_mirrors_truth().await;
    }

    async fn deletions_that_add_up_within_a_day_are_braked(app: &TestApp) {
        let site = site_of(app, 100, json!({})).await;
        for count in [15, 14] {
            delete_clients(&site, count);
            site.sync_well().await;
            app.clock.advance(TimeDelta::hours(1));
        }
        delete_clients(&site, 14);
        assert_ended(&site.sync().await, RunStatus::Partial, ReasonCode::MassDeleteBrake);
        assert_eq!(site.records().await.live_ids(Stream::Leads).len(), 71);
        app.clock.advance(TimeDelta::days(1));
        site.sync_well().await;
    }

    async fn the_limits_of_a_day_are_the_tenants_own(app: &TestApp) {
        let brake = json!({"brake": {"max_deleted_percent_per_day": 90, "max_deleted_rows_per_day": 90}});
        let site = site_of(app, 100, brake).await;
        for count in [15, 14, 14, 11] {
            delete_clients(&site, count);
            site.sync_well().await;
        }
    }

    async fn notes_do_not_erode_below_the_brake(app: &TestApp) {
        let account = AccountSpec { leads: 50, notes: 200, ..AccountSpec::default() };
        let site = app.site(account).await;
        site.sync_well().await;
        site.account.inject(Fault::new(FaultKind::EmptyList).on(NOTES));
        let mut reports = vec![];
        for _ in 0..14 {
            app.clock.advance(TimeDelta::hours(1));
            reports.push(site.sync().await);
        }
        let live = site.records().await.live_ids(Stream::Notes).len();
        assert!(live >= 140, "{live}");
        // Once notes are held back, every run says so.
        let is_braked = |report: &RunReport| report.reason == Some(ReasonCode::MassDeleteBrake);
        let first = reports.iter().position(is_braked).unwrap();
        assert!(reports[first..].iter().all(is_braked));
        site.account.clear_faults();
        assert_ended_well(&site.sync_with(&thorough()).await);
        site.assert_mirrors_truth().await;
    }

    async fn a_row_that_a_list_lacks_stays_while_its_record_can_be_read(app: &TestApp) {
        let site = site_of(app, 50, json!({})).await;
        site.account.inject(Fault::new(FaultKind::ShrinkBy(4)).on(CLIENTS));
        assert_ended_well(&site.sync().await);
        assert_eq!(site.records().await.live_ids(Stream::Leads).len(), 50);
        // Neither is one gone of which nothing is heard.
        delete_clients(&site, 4);
        site.account.inject(Fault::new(FaultKind::EnvelopeError("CT400".to_owned())).on(CLIENT_BY_ID));
        assert_eq!(site.sync().await.status, RunStatus::Partial);
        assert_eq!(site.records().await.live_ids(Stream::Leads).len(), 50);
        site.account.clear_faults();
        site.sync_well().await;
    }

    async fn a_reject_keeps_only_the_rows_that_it_may_be(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let (leads, opportunities) = (site.records().await.leads.len(), site.records().await.opportunities.len());
        let damage = || FaultKind::MalformedRecord(Malformation::WithoutId);
        site.account.delete_client(&site.client(5)).unwrap();
        site.account.delete_opportunity(&site.opportunity(5)).unwrap();
        for endpoint in [CLIENTS, OPPORTUNITIES] {
            site.account.inject(Fault::new(damage()).on(endpoint));
        }
        let report = site.sync().await;
        assert_ended(&report, RunStatus::Partial, ReasonCode::RejectedRecords);
        assert!(report.message.unwrap().contains("2 rows are missing from lists and were kept"));
        let records = site.records().await;
        // Contacts can be asked for by their ids, opportunities cannot.
        assert_eq!(records.live_ids(Stream::Leads).len(), leads - 1);
        assert_eq!(records.live_ids(Stream::Opportunities).len(), opportunities);
        site.account.clear_faults();
        site.sync_well().await;
    }
}
