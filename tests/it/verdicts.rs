//! Only a success is a success: what a run says of itself, and what the connection remembers.

use chrono::TimeDelta;
use ctsync_sandbox::{Fault, FaultKind};
use engine::observer::Event;
use engine::run::SyncRequest;
use entity::connection::ConnectionStatus;
use entity::raw_payload;
use entity::sync_run::{RunKind, RunStatus};
use entity::{ReasonCode, Stream};
use sea_orm::PaginatorTrait;
use tests::endpoint::CLIENTS;
use tests::{Recorder, Site, assert_ended, assert_ended_well, on_both_databases, plain, thorough};

fn only(streams: &[Stream]) -> SyncRequest {
    SyncRequest {
        streams: Some(streams.to_vec()),
        ..plain()
    }
}

async fn payload_count(site: &Site) -> u64 {
    let payloads = raw_payload::Entity::owned_by(site.tenant);
    payloads.count(site.engine.database.reader()).await.unwrap()
}

on_both_databases! {
    async fn freshness_counts_from_the_last_success(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let first = site.connection_row().await;
        assert_eq!(first.last_success_at, Some(app.engine.clock.now()));
        app.clock.advance(TimeDelta::hours(1));
        site.account.inject(Fault::new(FaultKind::Status(404)).on(CLIENTS));
        site.sync().await;
        site.sync().await;
        let failing = site.connection_row().await;
        assert_eq!(failing.last_success_at, first.last_success_at);
        assert_eq!(failing.last_attempt_at, Some(app.engine.clock.now()));
        assert_eq!(failing.consecutive_failures, 2);
        site.account.clear_faults();
        site.sync_well().await;
        let mended = site.connection_row().await;
        assert_eq!(mended.last_success_at, Some(app.engine.clock.now()));
        assert_eq!(mended.consecutive_failures, 0);
    }

    async fn a_run_of_some_streams_does_not_make_data_fresh(app: &TestApp) {
        let site = app.small_site().await;
        let report = site.sync_with(&only(&[Stream::Leads])).await;
        assert_ended_well(&report);
        assert_eq!(report.streams.len(), 1);
        assert_eq!(site.connection_row().await.last_success_at, None);
        assert_eq!(site.records().await.live_ids(Stream::Leads).len(), 12);
        assert_eq!(site.records().await.live_ids(Stream::Opportunities).len(), 0);
    }

    async fn a_dry_run_writes_nothing_but_itself(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let (before, payloads) = (site.records().await, payload_count(&site).await);
        let connection = site.connection_row().await;
        site.account.update_client(&site.client(0), "compName", "Changed upstream").unwrap();
        site.account.delete_client(&site.client(1)).unwrap();
        let report = site.sync_with(&SyncRequest { dry_run: true, ..thorough() }).await;
        assert!(report.dry_run);
        let leads = tests::stream(&report, Stream::Leads);
        assert_eq!((leads.changed, leads.deleted), (1, 1));
        assert_eq!(leads.changed_ids, [site.client(0)]);
        site.assert_unchanged_since(&before).await;
        assert_eq!(payload_count(&site).await, payloads);
        let after = site.connection_row().await;
        assert_eq!(after.last_success_at, connection.last_success_at);
        assert_eq!(after.data_version, connection.data_version);
        site.sync_well().await;
    }

    async fn the_data_version_grows_only_when_data_changed(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        // Each part that changes something counts.
        let first = site.connection_row().await.data_version;
        assert_eq!(first, 3);
        site.sync_well().await;
        assert_eq!(site.connection_row().await.data_version, first);
        site.account.update_client(&site.client(0), "compName", "Changed upstream").unwrap();
        site.sync_well().await;
        assert_eq!(site.connection_row().await.data_version, first + 1);
    }

    async fn equal_answers_are_stored_once(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_with(&thorough()).await;
        let payloads = payload_count(&site).await;
        site.sync_with(&thorough()).await;
        assert_eq!(payload_count(&site).await, payloads);
    }

    async fn a_run_tells_how_much_it_reads(app: &TestApp) {
        let site = app.small_site().await;
        assert_eq!(site.sync().await.kind, RunKind::Initial);
        assert_eq!(site.sync().await.kind, RunKind::Incremental);
        assert_eq!(site.sync_with(&thorough()).await.kind, RunKind::Full);
    }

    async fn streams_are_read_and_reported_in_their_order(app: &TestApp) {
        let site = app.small_site().await;
        let recorder = Recorder::default();
        let report = site.try_sync_with(&plain(), &recorder).await.unwrap();
        let started = recorder.events().into_iter().filter_map(|event| match event {
            Event::StreamStarted(stream) => Some(stream),
            _ => None,
        });
        assert_eq!(started.collect::<Vec<_>>(), Stream::ALL);
        let reported: Vec<Stream> = report.streams.iter().map(|stream| stream.stream).collect();
        assert_eq!(reported, Stream::ALL);
    }

    async fn a_success_after_refused_credentials_makes_the_connection_active_again(app: &TestApp) {
        let site = app.small_site().await;
        let refusal = FaultKind::Unauthorized { status: 401, html: false };
        site.account.inject(Fault::new(refusal).times(1));
        assert_ended(&site.sync().await, RunStatus::Failed, ReasonCode::Auth);
        site.sync_well().await;
        let row = site.connection_row().await;
        assert_eq!((row.status, row.status_reason), (ConnectionStatus::Active, None));
    }
}
