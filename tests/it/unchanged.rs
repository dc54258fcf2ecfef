//! An unchanged upstream changes nothing.

use chrono::TimeDelta;
use engine::observer::NoObserver;
use entity::Stream;
use sea_orm::ConnectionTrait;
use tests::{assert_ended_well, on_both_databases, plain, stream};
use tokio_util::sync::CancellationToken;

on_both_databases! {
    async fn a_first_sync_mirrors_everything(app: &TestApp) {
        let site = app.small_site().await;
        let report = site.sync_well().await;
        assert_eq!(stream(&report, Stream::Leads).added, 12);
        assert_eq!(stream(&report, Stream::Notes).added, 10);
    }

    async fn the_same_data_twice_writes_no_record_row(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let before = site.records().await;
        app.clock.advance(TimeDelta::hours(1));
        let report = site.sync_well().await;
        site.assert_unchanged_since(&before).await;
        assert_eq!(report.records_updated, 0);
    }

    async fn numbers_are_computed_anew_only_when_what_they_are_made_of_has_changed(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let true_numbers = site.records().await;
        // Whoever computes them mends them.
        let database = &site.engine.database;
        for sql in [
            "UPDATE lead_metrics SET leads = leads + 1000",
            "UPDATE pipeline_stage_counts SET count = count + 1000",
            "DELETE FROM hot_list_items",
        ] {
            database.writer().execute_unprepared(sql).await.unwrap();
        }
        let falsified = site.records().await;
        assert!(falsified.hot_list.is_empty() && !true_numbers.hot_list.is_empty());
        site.account.add_note(&site.client(0), "new").unwrap();
        site.account.edit(|truth| truth.events.iter_mut().for_each(|event| event.set("title", "Changed")));
        // Until the contact's notes have their turn.
        app.clock.advance(TimeDelta::hours(20));
        let (request, cancel) = (plain(), CancellationToken::new());
        let run = site.engine.sync(site.connection, &request, &NoObserver, &cancel);
        let report = Box::pin(run).await.unwrap();
        assert_ended_well(&report);
        assert_eq!(stream(&report, Stream::Notes).added, 1);
        assert!(stream(&report, Stream::ScheduledActivities).changed > 0);
        let after = site.records().await;
        assert_eq!(after.lead_metrics, falsified.lead_metrics);
        assert_eq!(after.stage_counts, falsified.stage_counts);
        assert_eq!(after.hot_list, falsified.hot_list);
        site.account.update_client(&site.client(0), "compName", "Changed").unwrap();
        site.sync_well().await;
    }
}
