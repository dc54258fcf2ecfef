//! `replay` rebuilds the record tables from stored snapshots, without the upstream.

use engine::observer::NoObserver;
use engine::run::RunReport;
use entity::sync_run::RunKind;
use entity::{Stream, connection};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ConnectionTrait, IntoActiveModel};
use tests::{Site, assert_ended_well, on_both_databases, plain, stream};
use tokio_util::sync::CancellationToken;

async fn replay(site: &Site) -> RunReport {
    let cancel = CancellationToken::new();
    site.engine
        .replay(site.connection, &plain(), &NoObserver, &cancel)
        .await
        .unwrap()
}

async fn execute(site: &Site, sql: &str) {
    site.engine
        .database
        .writer()
        .execute_unprepared(sql)
        .await
        .unwrap();
}

on_both_databases! {
    async fn an_intact_mirror_is_left_alone(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let before = site.records().await;
        let report = replay(&site).await;
        assert_ended_well(&report);
        assert_eq!(report.kind, RunKind::Replay);
        assert_eq!(report.records_updated, 0);
        site.assert_unchanged_since(&before).await;
    }

    async fn damaged_and_lost_rows_come_back(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let (damaged, lost) = (site.client(0), site.client(1));
        execute(&site, &format!("UPDATE ct_leads SET stage = 'Nonsense', deleted_at = NULL WHERE upstream_id = '{damaged}'")).await;
        execute(&site, "UPDATE ct_notes SET content = NULL").await;
        execute(&site, &format!("UPDATE ct_leads SET deleted_at = created_at WHERE upstream_id = '{lost}'")).await;
        app.sandbox.refuse(true);
        let report = replay(&site).await;
        assert_ended_well(&report);
        assert_eq!(stream(&report, Stream::Leads).changed, 2);
        assert_eq!(stream(&report, Stream::Notes).changed, 10);
        site.assert_mirrors_truth().await;
    }

    async fn it_needs_no_credentials_and_makes_nothing_fresher(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let row = site.connection_row().await;
        let without = connection::ActiveModel { credentials: Set(None), ..row.clone().into_active_model() };
        without.update(site.engine.database.writer()).await.unwrap();
        app.clock.advance(chrono::TimeDelta::hours(5));
        assert_ended_well(&replay(&site).await);
        assert_eq!(site.connection_row().await.last_success_at, row.last_success_at);
    }

    async fn it_can_be_repeated(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        replay(&site).await;
        assert_ended_well(&replay(&site).await);
        site.assert_mirrors_truth().await;
    }

    async fn the_notes_of_a_deleted_contact_do_not_come_back(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let contact = site.account.truth().notes[0].text("client_id").to_owned();
        site.account.delete_client(&contact).unwrap();
        site.sync_well().await;
        let before = site.records().await;
        assert_ended_well(&replay(&site).await);
        site.assert_unchanged_since(&before).await;
    }

    async fn without_snapshots_it_does_not_claim_success(app: &TestApp) {
        let site = app.small_site().await;
        let report = replay(&site).await;
        assert_eq!(report.status, entity::sync_run::RunStatus::Failed);
    }
}
