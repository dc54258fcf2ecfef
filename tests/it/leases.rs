//! At most one worker syncs a connection, and one that lost its lease cannot publish.

use std::time::Duration;

use ctsync_sandbox::{Fault, FaultKind};
use engine::error::Error;
use engine::lease::{Claim, Lease, Taken};
use engine::observer::{Event, NoObserver};
use engine::run::SyncRequest;
use entity::sync_run::RunStatus;
use entity::{ReasonCode, Stream, SyncRunId, work};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};
use tests::endpoint::CLIENTS;
use tests::{
    Gate, Site, TestApp, assert_ended, assert_ended_well, on_both_databases, plain, stream,
};
use tokio_util::sync::CancellationToken;

async fn on_second_worker(app: &TestApp, site: &Site) -> Site {
    site.with_engine(app.other_worker("worker-2").await)
}

/// Holds the next answer to the client list.
fn hold(site: &Site) -> ctsync_sandbox::Arrival {
    site.account
        .inject(Fault::new(FaultKind::Hold).on(CLIENTS).times(1));
    site.account.arrival(CLIENTS, 1)
}

on_both_databases! {
    async fn a_second_worker_is_turned_away_and_told_who_holds_the_lease(app: &TestApp) {
        let site = app.small_site().await;
        let other = on_second_worker(app, &site).await;
        let arrived = hold(&site);
        let second = async {
            arrived.await;
            let report = other.sync().await;
            site.account.clear_faults();
            report
        };
        let (first, second) = tokio::join!(site.sync(), second);
        assert_ended_well(&first);
        assert_ended(&second, RunStatus::Skipped, ReasonCode::Locked);
        assert!(second.message.unwrap().contains("worker-1"));
        assert_eq!(second.streams.len(), 0);
        site.assert_mirrors_truth().await;
    }

    async fn a_worker_that_lost_its_lease_cannot_publish(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let other = on_second_worker(app, &site).await;
        let arrived = hold(&site);
        let overtake = async {
            arrived.await;
            // What the first worker is about to be told is out of date from here on.
            site.account.update_client(&site.client(0), "compName", "Newest").unwrap();
            site.outlive_leases();
            other.sync_well().await;
            let newest = other.records().await;
            site.account.clear_faults();
            newest
        };
        let request = plain();
        let (first, newest) = tokio::join!(site.try_sync_with(&request, &NoObserver), overtake);
        assert!(matches!(first, Err(Error::LeaseLost { .. })), "{first:?}");
        site.assert_unchanged_since(&newest).await;
        site.assert_mirrors_truth().await;
    }

    async fn a_lease_of_the_same_name_with_a_higher_number_is_another_lease(app: &TestApp) {
        let site = app.small_site().await;
        let gate = Gate::at(Event::StreamEnded(Stream::Opportunities));
        // The very first thing a namesake does when the lease has expired.
        let overtake = async {
            gate.reached().await;
            let row = site.lease_row().await;
            let fence = Set(row.fence + 1);
            let update = work::ActiveModel { fence, ..row.into_active_model() };
            update.update(site.engine.database.writer()).await.unwrap();
            gate.open();
        };
        let request = plain();
        let (first, ()) = tokio::join!(site.try_sync_with(&request, &gate), overtake);
        assert!(matches!(first, Err(Error::LeaseLost { .. })), "{first:?}");
        assert_eq!(site.records().await.leads.len(), 0);
        site.assert_recovers().await;
    }

    async fn a_lease_lost_just_before_publishing_is_noticed(app: &TestApp) {
        let site = app.small_site().await;
        let other = on_second_worker(app, &site).await;
        let gate = Gate::at(Event::SnapshotsStored);
        let overtake = async {
            gate.reached().await;
            site.outlive_leases();
            let report = other.sync_well().await;
            gate.open();
            report
        };
        let request = plain();
        let (first, _) = tokio::join!(site.try_sync_with(&request, &gate), overtake);
        let Err(Error::LeaseLost { run, .. }) = first else {
            panic!("{first:?}");
        };
        assert_eq!(site.run_row(run).await.status, RunStatus::Abandoned);
        site.assert_mirrors_truth().await;
    }

    async fn a_run_whose_lease_was_taken_a_moment_ago_does_not_end(app: &TestApp) {
        let site = app.small_site().await;
        let gate = Gate::at(Event::SnapshotsStored);
        let usurp = async {
            gate.reached().await;
            site.outlive_leases();
            // Whoever has it now has not noted anything of it yet.
            let claim = Claim {
                tenant: site.tenant,
                connection: site.connection,
                run: SyncRunId::from_uuid(site.engine.clock.new_id()),
                holder: "worker-2".to_owned(),
                unless_since: None,
            };
            let taken = Lease::take(&site.engine.database, &site.engine.clock, claim).await;
            assert!(matches!(taken, Ok(Taken::Lease(_))));
            gate.open();
        };
        let request = plain();
        let (first, ()) = tokio::join!(site.try_sync_with(&request, &gate), usurp);
        let Err(Error::LeaseLost { run, .. }) = first else {
            panic!("{first:?}");
        };
        assert_eq!(site.run_row(run).await.status, RunStatus::Running);
        assert_eq!(site.connection_row().await.last_success_at, None);
        assert_eq!(site.lease_row().await.holder.as_deref(), Some("worker-2"));
        site.assert_recovers().await;
    }

    async fn a_run_that_has_not_tried_for_the_lease_yet_is_not_abandoned(app: &TestApp) {
        let site = app.small_site().await;
        let other = on_second_worker(app, &site).await;
        let gate = Gate::nth(0, |event| matches!(event, Event::Recorded(_)));
        let overtake = async {
            gate.reached().await;
            other.sync_well().await;
            gate.open();
        };
        let request = plain();
        let (first, ()) = tokio::join!(site.try_sync_with(&request, &gate), overtake);
        assert_ended_well(&first.unwrap());
    }

    async fn a_run_that_is_publishing_cannot_be_overtaken(app: &TestApp) {
        let site = app.small_site().await;
        let other = on_second_worker(app, &site).await;
        let gate = Gate::at(Event::Publishing);
        let request = plain();
        let overtake = async {
            gate.reached().await;
            site.outlive_leases();
            let open = async { gate.open() };
            // The second worker comes to the lease while the first has it locked, or later.
            tokio::join!(other.sync(), open).0
        };
        let (first, second) = tokio::join!(site.try_sync_with(&request, &gate), overtake);
        assert_ended_well(&first.unwrap());
        assert_ended_well(&second);
        assert_eq!(second.records_updated, 0);
        assert_eq!(site.lease_row().await.fence, 2);
    }

    async fn an_expired_lease_that_nobody_wanted_is_still_good(app: &TestApp) {
        let site = app.small_site().await;
        let arrived = hold(&site);
        let wait = async {
            arrived.await;
            site.outlive_leases();
            site.account.clear_faults();
        };
        let (report, ()) = tokio::join!(site.sync(), wait);
        assert_ended_well(&report);
        site.assert_mirrors_truth().await;
    }

    async fn the_lease_is_free_after_every_kind_of_end(app: &TestApp) {
        let site = app.small_site().await;
        let refusal = FaultKind::Unauthorized { status: 401, html: false };
        for kind in [FaultKind::TotalText, FaultKind::Status(503), FaultKind::Status(404), refusal] {
            site.account.inject(Fault::new(kind));
            site.sync().await;
            let row = site.lease_row().await;
            assert_eq!((row.holder, row.expires_at, row.held_for), (None, None, None));
            site.account.clear_faults();
        }
    }

    async fn a_cancelled_run_publishes_nothing_and_frees_its_lease(app: &TestApp) {
        let site = app.small_site().await;
        let empty = site.records().await;
        let (cancel, request) = (CancellationToken::new(), plain());
        let arrived = hold(&site);
        let stop = async {
            arrived.await;
            cancel.cancel();
        };
        let run = site.engine.sync(site.connection, &request, &NoObserver, &cancel);
        let (report, ()) = tokio::join!(Box::pin(run), stop);
        assert_ended(&report.unwrap(), RunStatus::Cancelled, ReasonCode::Cancelled);
        site.assert_unchanged_since(&empty).await;
        assert_eq!(site.lease_row().await.holder, None);
        site.account.clear_faults();
        site.sync_well().await;
    }

    async fn a_run_whose_time_is_over_publishes_what_it_has_read(app: &TestApp) {
        let site = app.small_site().await;
        site.account.inject(Fault::new(FaultKind::Hang).on(CLIENTS));
        let deadline = Some(Duration::from_secs(1));
        let report = site.sync_with(&SyncRequest { deadline, ..plain() }).await;
        assert_ended(&report, RunStatus::Partial, ReasonCode::Deadline);
        assert_eq!(stream(&report, Stream::Leads).reason, Some(ReasonCode::Deadline));
        assert!(!site.records().await.sales_cycles.is_empty());
        site.assert_recovers().await;
    }
}
