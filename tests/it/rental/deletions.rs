//! Deletions: found by the sweep, believed only when the record itself is said to be gone.

use chrono::TimeDelta;
use ctsync_sandbox::current_rms::Collection;
use ctsync_sandbox::{Fault, FaultKind};
use entity::sync_run::RunStatus;
use entity::{ReasonCode, Stream};
use tests::{assert_ended, assert_ended_well, on_both_databases, stream, thorough};

use super::{LIST, SINGLE, request_count};

on_both_databases! {
    async fn a_deletion_is_found_by_the_sweep(app: &TestApp) {
        let site = app.rental_site(60).await;
        site.sync_well().await;
        let gone = site.id(7);
        site.account.delete_opportunity(&gone).unwrap();
        site.clock().advance(TimeDelta::hours(1));
        site.sync().await;
        assert!(site.row(&gone).await.unwrap().deleted_at.is_none());
        site.outlive_sweeps();
        let report = site.sync_well().await;
        assert_eq!(stream(&report, Stream::Opportunities).deleted, 1);
        assert!(site.row(&gone).await.unwrap().deleted_at.is_some());
        site.account.restore_opportunity(&gone).unwrap();
        site.outlive_sweeps();
        let report = site.sync_well().await;
        assert_eq!(stream(&report, Stream::Opportunities).revived, 1);
    }

    async fn a_row_that_a_list_lacks_is_asked_for_before_it_is_believed_gone(app: &TestApp) {
        let site = app.rental_site(60).await;
        site.sync_well().await;
        let rows = site.rows().await;
        site.outlive_sweeps();
        site.account.inject(Fault::new(FaultKind::EmptyList).on(LIST).times(500));
        site.account.reset_requests();
        assert_ended_well(&site.sync().await);
        assert_eq!(site.rows().await, rows);
        assert!(request_count(&site, SINGLE) >= 60);
    }

    async fn a_mass_deletion_is_not_believed(app: &TestApp) {
        let site = app.rental_site(60).await;
        site.sync_well().await;
        for _ in 0..20 {
            site.account.delete_opportunity(&site.id(0)).unwrap();
        }
        site.outlive_sweeps();
        let report = site.sync().await;
        assert_ended(&report, RunStatus::Partial, ReasonCode::MassDeleteBrake);
        let live = site.rows().await.into_iter().filter(|row| row.deleted_at.is_none()).count();
        assert!(live >= 48, "{live}");
        site.sync_with(&thorough()).await;
        site.assert_mirrors_truth().await;
    }

    async fn a_record_that_moves_to_another_window_stays(app: &TestApp) {
        let site = app.rental_site(40).await;
        site.sync_well().await;
        let id = site.id(5);
        let created_at = site.row(&id).await.unwrap().created_at;
        // Without a new stamp, so that no increment tells of it.
        site.account.edit(|truth| {
            truth.update(Collection::Opportunities, &id, "starts_at", "2026-08-15T10:00:00.000Z").unwrap();
        });
        site.outlive_sweeps();
        site.sync_well().await;
        assert_eq!(site.row(&id).await.unwrap().created_at, created_at);
        // Beyond all windows: from then on it is asked for by its id.
        site.account.edit(|truth| {
            truth.update(Collection::Opportunities, &id, "starts_at", "2035-08-15T10:00:00.000Z").unwrap();
        });
        site.outlive_sweeps();
        site.sync_well().await;
        site.account.delete_opportunity(&id).unwrap();
        site.outlive_sweeps();
        site.sync_well().await;
    }
}
