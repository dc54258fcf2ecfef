//! `verify` says whether mirror and upstream are the same, and changes nothing.

use ctsync_sandbox::{Fault, FaultKind};
use engine::observer::NoObserver;
use engine::verify::{Agreement, StreamComparison, VerifyReport};
use entity::Stream;
use entity::sync_run::RunTrigger;
use sea_orm::ConnectionTrait;
use tests::{Site, endpoint, on_both_databases};
use tokio_util::sync::CancellationToken;

async fn verify(site: &Site) -> VerifyReport {
    let before = site.records().await;
    let cancel = CancellationToken::new();
    let report = site
        .engine
        .verify(site.connection, RunTrigger::Cli, &NoObserver, &cancel)
        .await
        .unwrap();
    site.assert_unchanged_since(&before).await;
    report
}

fn leads(report: &VerifyReport) -> &StreamComparison {
    report
        .streams
        .iter()
        .find(|stream| stream.stream == Stream::Leads)
        .unwrap()
}

/// Changes rows behind the engine's back.
async fn tamper(site: &Site, sql: &str) {
    site.engine
        .database
        .writer()
        .execute_unprepared(sql)
        .await
        .unwrap();
}

on_both_databases! {
    async fn a_fresh_mirror_matches(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let report = verify(&site).await;
        assert_eq!(report.agreement, Agreement::Match);
        assert_eq!(leads(&report).upstream_count, 12);
    }

    async fn what_changed_upstream_is_named(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let (changed, deleted) = (site.client(1), site.client(2));
        site.account.update_client(&changed, "lastName", "Changed").unwrap();
        site.account.delete_client(&deleted).unwrap();
        let added = site.account.add_client(ctsync_sandbox::Record::new()).unwrap();
        let report = verify(&site).await;
        assert_eq!(report.agreement, Agreement::Drift);
        let leads = leads(&report);
        assert_eq!(leads.different_ids, [changed]);
        assert_eq!(leads.extra_ids, [deleted]);
        assert_eq!(leads.missing_ids, [added]);
    }

    async fn a_row_changed_by_hand_is_found_though_its_hash_is_right(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let client = site.client(3);
        tamper(&site, &format!("UPDATE ct_leads SET deal_size = 1 WHERE upstream_id = '{client}'")).await;
        let report = verify(&site).await;
        assert_eq!(report.agreement, Agreement::Drift);
        assert_eq!(leads(&report).different_ids, [client]);
    }

    async fn nothing_is_said_of_a_list_that_cannot_be_read(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        site.account.inject(Fault::new(FaultKind::Status(503)).on(endpoint::CLIENTS));
        let report = verify(&site).await;
        assert_eq!(report.agreement, Agreement::CannotTell);
        assert_eq!(leads(&report).agreement, Agreement::CannotTell);
    }
}
