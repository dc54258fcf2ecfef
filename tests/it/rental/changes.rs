//! Increments, and records that are read by themselves.

use chrono::TimeDelta;
use ctsync_sandbox::current_rms::Collection;
use ctsync_sandbox::{Fault, FaultKind, Record};
use engine::observer::NoObserver;
use engine::verify::Agreement;
use entity::sync_run::{RunKind, RunStatus};
use entity::{ReasonCode, Stream, rental_opportunity};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};
use serde_json::json;
use tests::{assert_ended, assert_ended_well, on_both_databases, plain, stream, thorough};

use super::{LIST, SINGLE, request_count, verify, windows_asked};

on_both_databases! {
    async fn an_increment_asks_only_for_what_has_changed(app: &TestApp) {
        let site = app.rental_site(200).await;
        site.sync_well().await;
        site.clock().advance(TimeDelta::hours(1));
        site.account.reset_requests();
        let report = site.sync_well().await;
        assert_eq!(report.kind, RunKind::Incremental);
        assert!(site.account.requests().len() < 6, "{:?}", windows_asked(&site));
    }

    async fn more_than_a_page_of_changes_arrives(app: &TestApp) {
        let site = app.rental_site(120).await;
        site.sync_well().await;
        site.clock().advance(TimeDelta::minutes(30));
        for nth in 0..70 {
            // All of them at one moment: their stamps are equal across pages.
            site.account.update_opportunity(&site.id(nth), "subject", "changed").unwrap();
        }
        site.account.add_opportunity(Record::new().with("subject", "new, without dates")).unwrap();
        let report = site.sync_well().await;
        let opportunities = stream(&report, Stream::Opportunities);
        assert_eq!((opportunities.added, opportunities.changed), (1, 70));
    }

    async fn a_change_during_the_increment_is_not_lost(app: &TestApp) {
        let site = app.rental_site(120).await;
        site.sync_well().await;
        site.clock().advance(TimeDelta::minutes(30));
        for nth in 0..60 {
            site.account.update_opportunity(&site.id(nth), "subject", "changed").unwrap();
        }
        site.clock().advance(TimeDelta::minutes(30));
        let stamp = site.account.now().to_rfc3339();
        let id = site.id(3);
        site.account.before_request(LIST, 3, move |truth| {
            truth.update(Collection::Opportunities, &id, "subject", "changed again").unwrap();
            truth.update(Collection::Opportunities, &id, "updated_at", stamp).unwrap();
        });
        site.sync().await;
        site.clock().advance(TimeDelta::minutes(10));
        site.sync_well().await;
    }

    async fn a_change_that_shows_late_is_asked_for_once_more(app: &TestApp) {
        let site = app.rental_site(30).await;
        site.sync_well().await;
        let id = site.id(3);
        let stamp = site.account.now() - TimeDelta::minutes(2);
        site.account.edit(|truth| {
            truth.update(Collection::Opportunities, &id, "subject", "saved before the sync, shown after it").unwrap();
            truth.update(Collection::Opportunities, &id, "updated_at", stamp.to_rfc3339()).unwrap();
        });
        site.clock().advance(TimeDelta::minutes(15));
        site.sync_well().await;
    }

    async fn of_two_versions_that_come_in_one_run_the_newer_one_is_kept(app: &TestApp) {
        let site = app.rental_site(30).await;
        site.sync_well().await;
        site.clock().advance(TimeDelta::minutes(30));
        let id = site.id(3);
        site.account.update_opportunity(&id, "subject", "first").unwrap();
        let stamp = site.account.now() + TimeDelta::seconds(5);
        let edited = id.clone();
        // The list of what has changed is read; the third one is of what was changed since.
        site.account.before_request(LIST, 3, move |truth| {
            truth.update(Collection::Opportunities, &edited, "subject", "second").unwrap();
            truth.update(Collection::Opportunities, &edited, "updated_at", stamp.to_rfc3339()).unwrap();
        });
        site.clock().advance(TimeDelta::seconds(2));
        site.sync_well().await;
        assert_eq!(site.row(&id).await.unwrap().subject.as_deref(), Some("second"));
    }

    async fn a_row_that_was_read_later_than_a_list_stays(app: &TestApp) {
        let site = app.rental_site(30).await;
        site.sync_well().await;
        site.clock().advance(TimeDelta::minutes(30));
        let (id, other) = (site.id(3), site.id(4));
        for id in [&id, &other] {
            site.account.update_opportunity(id, "subject", "as listed").unwrap();
        }
        site.clock().advance(TimeDelta::seconds(5));
        site.account.inject(Fault::new(FaultKind::Hold).on(LIST).times(1));
        let (arrived, request) = (site.account.arrival(LIST, 1), plain());
        let write = async {
            arrived.await;
            site.clock().advance(TimeDelta::seconds(1));
            let row = site.row(&id).await.unwrap();
            let later = rental_opportunity::ActiveModel {
                subject: Set(Some("read later".to_owned())),
                synced_at: Set(site.account.now()),
                ..row.into_active_model()
            };
            later.update(site.engine.database.writer()).await.unwrap();
            site.account.clear_faults();
        };
        let (run, ()) = tokio::join!(site.try_sync_with(&request, &NoObserver), write);
        assert_ended_well(&run.unwrap());
        assert_eq!(site.row(&id).await.unwrap().subject.as_deref(), Some("read later"));
        assert_eq!(site.row(&other).await.unwrap().subject.as_deref(), Some("as listed"));
    }

    async fn a_row_of_a_clock_that_is_ahead_is_no_later_one(app: &TestApp) {
        let site = app.rental_site(30).await;
        site.sync_well().await;
        let id = site.id(3);
        let ahead = rental_opportunity::ActiveModel {
            synced_at: Set(site.account.now() + TimeDelta::hours(9)),
            ..site.row(&id).await.unwrap().into_active_model()
        };
        ahead.update(site.engine.database.writer()).await.unwrap();
        site.account.update_opportunity(&id, "subject", "changed").unwrap();
        site.sync_well().await;
    }

    async fn an_edit_after_a_stamp_yet_to_come_is_mirrored(app: &TestApp) {
        let site = app.rental_site(30).await;
        let id = site.id(3);
        site.account.edit(|truth| {
            truth.update(Collection::Opportunities, &id, "updated_at", "2031-01-01T00:00:00.000Z").unwrap();
        });
        site.sync_well().await;
        site.clock().advance(TimeDelta::minutes(15));
        site.account.update_opportunity(&id, "subject", "edited, with the right stamp").unwrap();
        site.sync_well().await;
    }

    async fn a_record_that_loses_its_stamp_is_mirrored(app: &TestApp) {
        let site = app.rental_site(30).await;
        site.sync_well().await;
        let id = site.id(3);
        for subject in ["first", "second"] {
            site.account.edit(|truth| {
                truth.update(Collection::Opportunities, &id, "updated_at", json!(null)).unwrap();
                truth.update(Collection::Opportunities, &id, "subject", subject).unwrap();
            });
            site.clock().advance(TimeDelta::minutes(15));
            site.sync_well().await;
        }
    }

    async fn a_record_that_returns_with_an_older_stamp_or_none_is_revived(app: &TestApp) {
        let site = app.rental_site(30).await;
        site.sync_well().await;
        for stamp in [json!("2020-01-01T00:00:00.000Z"), json!(null)] {
            let id = site.id(3);
            site.account.delete_opportunity(&id).unwrap();
            site.outlive_sweeps();
            site.sync_well().await;
            assert!(site.row(&id).await.unwrap().deleted_at.is_some());
            site.account.restore_opportunity(&id).unwrap();
            site.account.edit(|truth| {
                truth.update(Collection::Opportunities, &id, "updated_at", stamp.clone()).unwrap();
            });
            site.outlive_sweeps();
            site.sync_well().await;
        }
    }

    async fn records_that_went_back_in_time_are_mirrored(app: &TestApp) {
        let site = app.rental_site(60).await;
        site.sync_well().await;
        let restore = |subject: &str| {
            let ids: Vec<String> = (0..40).map(|nth| site.id(nth)).collect();
            site.account.edit(|truth| {
                for id in ids {
                    truth.update(Collection::Opportunities, &id, "updated_at", "2019-05-01T00:00:00.000Z").unwrap();
                    truth.update(Collection::Opportunities, &id, "subject", subject).unwrap();
                }
            });
        };
        // By the sweep, which asks for each of them.
        restore("from a backup");
        site.outlive_sweeps();
        site.sync_well().await;
        // By a record run.
        let id = site.id(3);
        site.account.edit(|truth| {
            truth.update(Collection::Opportunities, &id, "updated_at", "2018-05-01T00:00:00.000Z").unwrap();
            truth.update(Collection::Opportunities, &id, "subject", "once more").unwrap();
        });
        assert_ended_well(&site.sync_record(&id).await);
        site.assert_mirrors_truth().await;
    }

    async fn a_full_run_believes_lists_without_asking(app: &TestApp) {
        let site = app.rental_site(60).await;
        site.sync_well().await;
        let ids: Vec<String> = (0..40).map(|nth| site.id(nth)).collect();
        site.account.edit(|truth| {
            for id in ids {
                truth.update(Collection::Opportunities, &id, "updated_at", "2019-05-01T00:00:00.000Z").unwrap();
                truth.update(Collection::Opportunities, &id, "subject", "from a backup").unwrap();
            }
        });
        site.account.reset_requests();
        assert_ended_well(&site.sync_with(&thorough()).await);
        site.assert_mirrors_truth().await;
        assert_eq!(request_count(&site, SINGLE), 0);
        assert_eq!(verify(&site).await, Agreement::Match);
    }

    async fn doubts_beyond_what_a_run_asks_for_are_named_and_asked_for_by_the_next_one(app: &TestApp) {
        let site = app.rental_site(300).await;
        site.sync_well().await;
        let ids: Vec<String> = (0..300).map(|nth| site.id(nth)).collect();
        site.account.edit(|truth| {
            for id in ids {
                truth.update(Collection::Opportunities, &id, "updated_at", "2019-05-01T00:00:00.000Z").unwrap();
                truth.update(Collection::Opportunities, &id, "subject", "from a backup").unwrap();
            }
        });
        site.outlive_sweeps();
        site.account.reset_requests();
        let first = site.sync().await;
        assert_ended(&first, RunStatus::Partial, ReasonCode::IncompleteListing);
        assert_eq!(request_count(&site, SINGLE), 200);
        site.sync_well().await;
        assert_eq!(request_count(&site, SINGLE), 300);
    }

    async fn rows_without_a_stamp_or_with_a_future_one_are_not_lost(app: &TestApp) {
        let site = app.rental_site(40).await;
        let (first, second) = (site.id(0), site.id(1));
        site.account.edit(|truth| {
            truth.update(Collection::Opportunities, &first, "updated_at", json!(null)).unwrap();
            truth.update(Collection::Opportunities, &second, "updated_at", "2031-01-01T00:00:00.000Z").unwrap();
        });
        let first_load = site.sync_well().await;
        assert_eq!(stream(&first_load, Stream::Opportunities).untimed, 2);
        site.account.edit(|truth| {
            truth.update(Collection::Opportunities, &first, "subject", "no stamp").unwrap();
            truth.update(Collection::Opportunities, &second, "subject", "future stamp").unwrap();
        });
        site.clock().advance(TimeDelta::minutes(15));
        let increment = site.sync_well().await;
        assert_eq!(stream(&increment, Stream::Opportunities).untimed, 2);
    }

    async fn a_list_that_lags_does_not_take_a_row_back(app: &TestApp) {
        let site = app.rental_site(30).await;
        site.sync_well().await;
        let id = site.id(4);
        site.switch(|switches| switches.singles_are_current = true);
        site.account.freeze();
        site.clock().advance(TimeDelta::minutes(1));
        site.account.update_opportunity(&id, "subject", "newer").unwrap();
        site.sync_record(&id).await;
        let newer = site.row(&id).await.unwrap();
        assert_eq!(newer.subject.as_deref(), Some("newer"));
        site.outlive_sweeps();
        assert_ended_well(&site.sync().await);
        assert_eq!(site.row(&id).await.unwrap(), newer);
        site.account.thaw();
        site.sync_well().await;
    }

    async fn a_single_record_is_read_by_its_id(app: &TestApp) {
        let site = app.rental_site(30).await;
        site.sync_well().await;
        let id = site.id(4);
        let last_success_at = site.connection_row().await.last_success_at;
        site.clock().advance(TimeDelta::seconds(5));
        site.account.act(&id, "mark_as_lost").unwrap();
        let requests_before = site.account.requests().len();
        let report = site.sync_record(&id).await;
        // It is wanted soon, and the next request would have to wait for the budget.
        assert_eq!(site.account.requests().len() - requests_before, 1);
        assert_ended_well(&report);
        assert_eq!((report.kind, stream(&report, Stream::Opportunities).changed), (RunKind::Record, 1));
        site.assert_mirrors_truth().await;
        assert_eq!(site.connection_row().await.last_success_at, last_success_at);

        site.account.delete_opportunity(&id).unwrap();
        assert_ended_well(&site.sync_record(&id).await);
        assert!(site.row(&id).await.unwrap().deleted_at.is_some());
        // A second word of the same deletion, and one of a record that never was.
        assert_ended_well(&site.sync_record(&id).await);
        assert_ended_well(&site.sync_record("99999").await);
        site.assert_mirrors_truth().await;

        site.account.restore_opportunity(&id).unwrap();
        assert_ended_well(&site.sync_record(&id).await);
        site.assert_mirrors_truth().await;
    }
}
