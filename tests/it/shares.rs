//! What one tenant has done, or what takes long, leaves workers to others.

use std::sync::Arc;
use std::time::Duration;

use ctsync_sandbox::current_rms::AccountSpec;
use ctsync_sandbox::{Fault, FaultKind};
use engine::jobs::{Jobs, StartSync};
use engine::observer::NoObserver;
use engine::run::SyncRequest;
use entity::sync_run::{self, RunStatus, RunTrigger};
use entity::{ConnectionId, SyncRunId, TenantId};
use sea_orm::ActiveValue::Set;
use tests::{RentalSite, RunningWorker, Site, TestApp, on_both_databases, queue_is_empty};

/// As long as anything takes that waits for nobody.
const LIMIT: Duration = Duration::from_secs(20);
/// What the simulator calls reads of the list.
const LIST: &str = "opportunities";

async fn start(app: &TestApp, tenant: TenantId, connection: ConnectionId) -> SyncRunId {
    let start = StartSync {
        tenant,
        connection,
        request: SyncRequest::new(RunTrigger::Api),
    };
    Jobs::new(&app.engine).start_sync(start).await.unwrap().id
}

/// Starts a sync of each of `sites`, whose upstreams do not answer before they are mended.
async fn start_held(app: &TestApp, sites: &[RentalSite]) {
    for site in sites {
        site.account.inject(Fault::new(FaultKind::Hold).on(LIST));
        start(app, site.tenant, site.connection).await;
    }
}

async fn running_count(app: &TestApp) -> usize {
    let runs = sync_run::Entity::of_all_tenants().all(app.engine.database.writer());
    let runs = runs.await.unwrap().into_iter();
    runs.filter(|run| run.status == RunStatus::Running).count()
}

async fn until_running(app: &TestApp, count: usize) {
    let wait = async {
        while running_count(app).await < count {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(LIMIT, wait).await.expect("they begin");
}

/// Expects that a sync of `site` is done while the others are held.
async fn assert_does_not_wait(app: &TestApp, site: &Site, held: usize) {
    let run = start(app, site.tenant, site.connection).await;
    let wait = async {
        while site.run_row(run).await.finished_at.is_none() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let ended = tokio::time::timeout(LIMIT, wait).await;
    ended.expect("it waits for nobody");
    assert_eq!(site.run_row(run).await.status, RunStatus::Success);
    assert_eq!(running_count(app).await, held);
}

async fn finish(app: &TestApp, sites: &[RentalSite], worker: RunningWorker) {
    for site in sites {
        site.mend();
    }
    queue_is_empty(&app.engine).await;
    worker.stop().await;
    for site in sites {
        site.assert_mirrors_truth().await;
    }
}

on_both_databases! {
    async fn syncs_of_one_tenant_leave_slots_to_others(app: &TestApp) {
        let first = app.numbered_rental_site(0, 3).await;
        let mut busy = vec![first.clone()];
        for number in 1..4 {
            busy[number - 1].change_connection(|row| row.name = Set(format!("number {number}"))).await;
            let subdomain = format!("rental-{number}");
            let spec = AccountSpec { subdomain, opportunities: 3, ..AccountSpec::default() };
            busy.push(app.rental_site_of(first.tenant, spec, &[]).await);
        }
        for site in &busy {
            site.sync().await;
            site.outlive_sweeps();
        }
        let site = app.small_site().await;
        start_held(app, &busy).await;
        let worker = RunningWorker::start(&app.engine, Arc::new(NoObserver));
        until_running(app, 2).await;
        // The worker has four slots.
        assert_does_not_wait(app, &site, 2).await;
        for site in &busy {
            site.mend();
        }
        queue_is_empty(&app.engine).await;
        worker.stop().await;
    }

    async fn first_loads_leave_a_slot_to_what_is_short(app: &TestApp) {
        let mut loads = vec![];
        for number in 0..4 {
            loads.push(app.numbered_rental_site(number, 3).await);
        }
        let site = app.small_site().await;
        site.sync_well().await;
        start_held(app, &loads).await;
        let worker = RunningWorker::start(&app.engine, Arc::new(NoObserver));
        until_running(app, 3).await;
        assert_does_not_wait(app, &site, 3).await;
        finish(app, &loads, worker).await;
    }
}
