//! An unchanged upstream changes nothing.

use chrono::TimeDelta;
use entity::Stream;
use tests::{on_both_databases, stream};

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
}
