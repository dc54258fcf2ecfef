//! Comparing with the upstream, and rebuilding rows without it.

use chrono::TimeDelta;
use ctsync_sandbox::current_rms::Collection;
use engine::run::SyncRequest;
use engine::verify::Agreement;
use entity::Stream;
use sea_orm::ConnectionTrait;
use tests::{on_both_databases, plain, stream};

use super::{replay, verify};

on_both_databases! {
    async fn a_comparison_finds_every_difference(app: &TestApp) {
        let site = app.rental_site(60).await;
        site.sync_well().await;
        assert_eq!(verify(&site).await, Agreement::Match);
        site.account.edit(|truth| {
            let id = truth.opportunities[3].number("id").to_string();
            truth.update(Collection::Opportunities, &id, "subject", "unnoticed").unwrap();
        });
        assert_eq!(verify(&site).await, Agreement::Drift);
        site.outlive_sweeps();
        site.sync_well().await;
        assert_eq!(verify(&site).await, Agreement::Match);
        site.account.delete_opportunity(&site.id(1)).unwrap();
        assert_eq!(verify(&site).await, Agreement::Drift);
    }

    async fn a_replay_rebuilds_what_is_there(app: &TestApp) {
        let site = app.rental_site(60).await;
        site.sync_well().await;
        site.clock().advance(TimeDelta::minutes(20));
        for nth in 0..30 {
            site.account.update_opportunity(&site.id(nth), "subject", "changed").unwrap();
        }
        site.sync_well().await;
        site.clock().advance(TimeDelta::minutes(20));
        let (gone, changed) = (site.id(8), site.id(9));
        site.account.delete_opportunity(&gone).unwrap();
        site.account.update_opportunity(&changed, "subject", "by itself").unwrap();
        site.sync_record(&gone).await;
        site.sync_record(&changed).await;
        site.sync_well().await;
        let rows = site.rows().await;
        replay(&site).await;
        assert_eq!(site.rows().await, rows);
    }

    async fn a_replay_mends_rows_that_somebody_wrote(app: &TestApp) {
        let site = app.rental_site(30).await;
        site.sync_well().await;
        let rows = site.rows().await;
        let sql = "UPDATE opportunities SET subject = 'forged', upstream_updated_at = '2040-01-01T00:00:00+00:00', state = 3 WHERE upstream_id LIKE '%1'";
        app.engine.database.writer().execute_unprepared(sql).await.unwrap();
        assert_eq!(verify(&site).await, Agreement::Drift);
        replay(&site).await;
        site.assert_mirrors_truth().await;
        for (before, after) in rows.iter().zip(site.rows().await) {
            assert_eq!((&before.id, &before.created_at, &before.data), (&after.id, &after.created_at, &after.data));
        }
    }

    async fn a_dry_run_writes_nothing(app: &TestApp) {
        let site = app.rental_site(30).await;
        let dry = SyncRequest { dry_run: true, ..plain() };
        let report = site.sync_with(&dry).await;
        assert_eq!(stream(&report, Stream::Opportunities).added, 30);
        assert_eq!((site.rows().await.len(), site.covered().await.len()), (0, 0));
        site.sync_well().await;
    }
}
