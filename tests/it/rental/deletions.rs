//! Deletions: found by the sweep, believed only when the record itself is said to be gone.

use chrono::TimeDelta;
use ctsync_sandbox::current_rms::Collection;
use ctsync_sandbox::{Fault, FaultKind, Malformation};
use engine::admin::Assignment;
use engine::admin::tenants::{self, TenantChange};
use engine::run::SyncRequest;
use entity::sync_run::RunStatus;
use entity::{ReasonCode, Stream};
use tests::{
    RentalSite, assert_ended, assert_ended_well, on_both_databases, operator, plain, stream,
    thorough,
};

use super::{LIST, SINGLE, request_count};

/// Changes settings of the tenant.
async fn set(site: &RentalSite, settings: &[(&str, &str)]) {
    let settings = settings
        .iter()
        .map(|(name, value)| Assignment::new(*name, *value));
    let change = TenantChange {
        settings: settings.collect(),
        ..TenantChange::default()
    };
    tenants::set(&site.admin(&operator()), site.tenant, change)
        .await
        .unwrap();
}

fn not_found(body: &str) -> FaultKind {
    FaultKind::StatusJson {
        status: 404,
        body: body.to_owned(),
    }
}

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

    async fn what_was_held_back_is_held_back_until_a_person_lets_it_through(app: &TestApp) {
        let site = app.rental_site(60).await;
        site.sync_well().await;
        for _ in 0..30 {
            site.account.delete_opportunity(&site.id(0)).unwrap();
        }
        site.outlive_sweeps();
        assert_ended(&site.sync().await, RunStatus::Partial, ReasonCode::MassDeleteBrake);
        let rows = site.rows().await;
        for _ in 0..3 {
            site.clock().advance(TimeDelta::minutes(5));
            assert_ended(&site.sync().await, RunStatus::Partial, ReasonCode::MassDeleteBrake);
            assert_eq!(site.rows().await, rows);
        }
        let accepts = SyncRequest { accept_deletes: true, ..plain() };
        assert_ended_well(&site.sync_with(&accepts).await);
        site.assert_mirrors_truth().await;
    }

    async fn what_a_full_run_held_back_is_held_back_by_every_later_one(app: &TestApp) {
        let site = app.rental_site(60).await;
        site.sync_well().await;
        for _ in 0..30 {
            site.account.delete_opportunity(&site.id(0)).unwrap();
        }
        let full = SyncRequest { full: true, ..plain() };
        assert_ended(&site.sync_with(&full).await, RunStatus::Partial, ReasonCode::MassDeleteBrake);
        for _ in 0..3 {
            site.clock().advance(TimeDelta::minutes(5));
            assert_ended(&site.sync().await, RunStatus::Partial, ReasonCode::MassDeleteBrake);
        }
        let accepts = SyncRequest { accept_deletes: true, ..plain() };
        assert_ended_well(&site.sync_with(&accepts).await);
        site.assert_mirrors_truth().await;
    }

    async fn records_held_back_that_return_end_the_waiting(app: &TestApp) {
        let site = app.rental_site(60).await;
        site.sync_well().await;
        let gone: Vec<String> = (0..30).map(|nth| site.id(nth)).collect();
        for id in &gone {
            site.account.delete_opportunity(id).unwrap();
        }
        site.outlive_sweeps();
        assert_ended(&site.sync().await, RunStatus::Partial, ReasonCode::MassDeleteBrake);
        for id in &gone {
            site.account.restore_opportunity(id).unwrap();
        }
        site.clock().advance(TimeDelta::minutes(5));
        site.sync_well().await;
        // From then on few deletions are believed again.
        site.account.delete_opportunity(&gone[0]).unwrap();
        site.outlive_sweeps();
        site.sync_well().await;
    }

    async fn where_no_deletion_is_believed_that_of_a_single_record_is_not(app: &TestApp) {
        let site = app.rental_site(20).await;
        site.sync_well().await;
        set(&site, &[("brake.max_deleted_percent", "0"), ("brake.max_deleted_rows", "0")]).await;
        let id = site.id(3);
        site.account.delete_opportunity(&id).unwrap();
        assert_ended(&site.sync_record(&id).await, RunStatus::Partial, ReasonCode::MassDeleteBrake);
        assert!(site.row(&id).await.unwrap().deleted_at.is_none());
        // One of twenty is no more than a twentieth.
        set(&site, &[("brake.max_deleted_percent", "5")]).await;
        assert_ended_well(&site.sync_record(&id).await);
        site.assert_mirrors_truth().await;
    }

    async fn a_record_that_comes_without_its_id_is_not_gone(app: &TestApp) {
        let site = app.rental_site(30).await;
        site.sync_well().await;
        let (id, rows) = (site.id(3), site.rows().await);
        let damage = FaultKind::MalformedRecord(Malformation::IdEmpty);
        site.account.inject(Fault::new(damage.clone()).on(SINGLE));
        let report = site.sync_record(&id).await;
        assert_eq!(report.reason, Some(ReasonCode::RejectedRecords));
        assert_eq!(site.rows().await, rows);
        // Neither when a list lacks it, too.
        site.account.inject(Fault::new(FaultKind::EmptyList).on(LIST).times(500));
        site.outlive_sweeps();
        site.sync().await;
        assert_eq!(site.rows().await, rows);
        site.mend();
        site.outlive_sweeps();
        site.sync_well().await;
    }

    async fn what_a_gateway_says_of_a_record_deletes_nothing(app: &TestApp) {
        let site = app.rental_site(30).await;
        site.sync_well().await;
        let (id, rows) = (site.id(3), site.rows().await);
        for body in [
            r#"{"message":"no Route matched with those values"}"#,
            r#"{"timestamp":"2026-11-20T09:00:00.000+00:00","status":404,"error":"Not Found","path":"/"}"#,
        ] {
            site.account.inject(Fault::new(FaultKind::EmptyList).on(LIST).times(500));
            site.account.inject(Fault::new(not_found(body)).on(SINGLE));
            assert_ne!(site.sync_record(&id).await.status, RunStatus::Success, "{body}");
            site.outlive_sweeps();
            assert_ne!(site.sync().await.status, RunStatus::Success, "{body}");
            assert_eq!(site.rows().await, rows, "{body}");
            site.mend();
        }
        site.outlive_sweeps();
        site.sync_well().await;
    }

    async fn a_record_is_gone_when_also_the_list_does_not_name_it(app: &TestApp) {
        let site = app.rental_site(30).await;
        site.sync_well().await;
        let (id, rows) = (site.id(3), site.rows().await);
        // In the upstream's own words, also without optional parameters, and yet the record is there.
        site.account.inject(Fault::new(not_found(r#"{"errors":["Not found"]}"#)).on(SINGLE).times(2));
        assert_ended_well(&site.sync_record(&id).await);
        assert_eq!(site.rows().await, rows);
        // What cannot be confirmed is not believed.
        site.account.delete_opportunity(&id).unwrap();
        site.account.inject(Fault::new(FaultKind::StatusJson { status: 503, body: String::new() }).on(LIST).times(4));
        assert_ne!(site.sync_record(&id).await.status, RunStatus::Success);
        assert_eq!(site.rows().await, rows);
        site.mend();
        assert_ended_well(&site.sync_record(&id).await);
        site.assert_mirrors_truth().await;
    }

    async fn a_filter_that_has_no_effect_proves_no_deletion(app: &TestApp) {
        let site = app.rental_site(30).await;
        site.sync_well().await;
        let (id, rows) = (site.id(3), site.rows().await);
        let ignoring = r#"{"opportunities":[{"id":1}],"meta":{"total_row_count":1}}"#;
        site.account.inject(Fault::new(FaultKind::StatusJson { status: 200, body: ignoring.to_owned() }).on(LIST).times(8));
        site.account.inject(Fault::new(not_found(r#"{"errors":["Not found"]}"#)).on(SINGLE).times(8));
        assert_ne!(site.sync_record(&id).await.status, RunStatus::Success);
        assert_eq!(site.rows().await, rows);
    }

    async fn a_record_that_alone_is_forbidden_does_not_stop_the_connection(app: &TestApp) {
        let site = app.rental_site(30).await;
        site.sync_well().await;
        for status in [401, 403] {
            site.account.inject(Fault::new(FaultKind::Status(status)).on(SINGLE).times(8));
            let report = site.sync_record(&site.id(3)).await;
            assert_ended(&report, RunStatus::Failed, ReasonCode::Upstream);
            site.mend();
            site.sync_well().await;
        }
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
