//! Syncs that were started by hand: durable, done once, carried on by whoever is there.

use std::sync::Arc;
use std::time::Duration;

use ctsync_sandbox::{AccountSpec, Fault, FaultKind};
use engine::error::{Error, Result};
use engine::jobs::{Jobs, StartSync};
use engine::observer::{Event, NoObserver, Observer};
use engine::run::SyncRequest;
use engine::work::QueueFigures;
use entity::sync_run::{self, RunKind, RunStatus, RunTrigger};
use entity::{ReasonCode, Stream, SyncRunId};
use tests::endpoint::CLIENTS;
use tests::{
    Gate, PATIENCE, RunningWorker, Site, TestApp, on_both_databases, plain, queue_figures,
    queue_is_empty,
};
use tokio_util::sync::CancellationToken;

fn request() -> SyncRequest {
    SyncRequest::new(RunTrigger::Api)
}

async fn start(site: &Site, request: SyncRequest) -> Result<sync_run::Model> {
    let start = StartSync {
        tenant: site.tenant,
        connection: site.connection,
        request,
    };
    Jobs::new(&site.engine).start_sync(start).await
}

async fn started(site: &Site) -> SyncRunId {
    start(site, request()).await.unwrap().id
}

/// Waits until the run is as expected.
async fn becomes(
    site: &Site,
    run: SyncRunId,
    is_so: impl Fn(&sync_run::Model) -> bool,
) -> sync_run::Model {
    let wait = async {
        loop {
            let row = site.run_row(run).await;
            if is_so(&row) {
                return row;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait)
        .await
        .expect("the run comes there")
}

async fn ended(site: &Site, run: SyncRunId) -> sync_run::Model {
    becomes(site, run, |row| row.finished_at.is_some()).await
}

async fn ends_well(site: &Site, run: SyncRunId) -> sync_run::Model {
    let row = ended(site, run).await;
    assert_eq!(
        (row.status, row.error_message.as_deref()),
        (RunStatus::Success, None)
    );
    site.assert_mirrors_truth().await;
    row
}

async fn second_site(app: &TestApp) -> Site {
    let account = AccountSpec {
        web_key: "web-key-2".to_owned(),
        leads: 3,
        ..AccountSpec::default()
    };
    app.site(account).await
}

/// At the first page of the leads.
fn in_the_middle() -> Arc<Gate> {
    Arc::new(Gate::at(Event::StreamStarted(Stream::Leads)))
}

fn is_conflict<T>(result: &Result<T>) -> bool {
    matches!(result, Err(Error::Conflict(_)))
}

on_both_databases! {
    async fn a_started_sync_is_queued_then_done_by_a_worker(app: &TestApp) {
        let site = app.small_site().await;
        let run = start(&site, SyncRequest { actor: Some("ann".to_owned()), ..request() }).await.unwrap();
        assert_eq!((run.status, run.trigger, run.kind), (RunStatus::Queued, RunTrigger::Api, RunKind::Initial));
        assert_eq!(queue_figures(&app.engine).await, QueueFigures { waiting: 1, ..queue_figures(&app.engine).await });
        let worker = RunningWorker::start(&app.engine, Arc::new(NoObserver));
        let row = ends_well(&site, run.id).await;
        assert_eq!((row.actor.as_deref(), row.trigger), (Some("ann"), RunTrigger::Api));
        assert!(row.records_updated > 0);
        queue_is_empty(&app.engine).await;
        worker.stop().await;
    }

    async fn a_job_outlives_the_process_that_enqueued_it(app: &TestApp) {
        let site = app.small_site().await;
        let front = site.with_engine(app.other_worker("front").await);
        let run = started(&front).await;
        front.engine.database.clone().close().await.unwrap();
        let worker = RunningWorker::start(&app.engine, Arc::new(NoObserver));
        assert_eq!(ends_well(&site, run).await.worker, "worker-1");
        worker.stop().await;
    }

    async fn streams_that_were_asked_for_are_the_ones_that_are_read(app: &TestApp) {
        let site = app.small_site().await;
        let streams = Some(vec![Stream::SalesCycles]);
        let run = start(&site, SyncRequest { streams, ..request() }).await.unwrap().id;
        let worker = RunningWorker::start(&app.engine, Arc::new(NoObserver));
        assert_eq!(ended(&site, run).await.status, RunStatus::Success);
        let records = site.records().await;
        assert!(!records.sales_cycles.is_empty() && records.leads.is_empty());
        worker.stop().await;
    }

    async fn a_killed_workers_run_is_carried_on_by_another(app: &TestApp) {
        let site = app.small_site().await;
        let gate = in_the_middle();
        let doomed = RunningWorker::start(&app.other_worker("doomed").await, Arc::clone(&gate) as Arc<dyn Observer>);
        let run = started(&site).await;
        gate.reached().await;
        doomed.kill().await;
        let before = site.run_row(run).await;
        assert_eq!((before.status, before.worker.as_str()), (RunStatus::Running, "doomed"));
        site.outlive_leases();
        let worker = RunningWorker::start(&app.engine, Arc::new(NoObserver));
        let row = ends_well(&site, run).await;
        assert_eq!(row.worker, "worker-1");
        assert!(row.fence > before.fence);
        assert_eq!(row.started_at, before.started_at);
        queue_is_empty(&app.engine).await;
        worker.stop().await;
        // Only the readings of the second worker count.
        let (request, cancel) = (plain(), CancellationToken::new());
        let report = site.engine.replay(site.connection, &request, &NoObserver, &cancel);
        assert_eq!(Box::pin(report).await.unwrap().records_updated, 0);
    }

    async fn a_killed_workers_run_that_cron_found_first_is_done(app: &TestApp) {
        let site = app.small_site().await;
        let gate = in_the_middle();
        let doomed = RunningWorker::start(&app.other_worker("doomed").await, Arc::clone(&gate) as Arc<dyn Observer>);
        let run = started(&site).await;
        gate.reached().await;
        doomed.kill().await;
        site.outlive_leases();
        site.sync_well().await;
        let worker = RunningWorker::start(&app.engine, Arc::new(NoObserver));
        queue_is_empty(&app.engine).await;
        assert_eq!(site.run_row(run).await.status, RunStatus::Abandoned);
        assert_eq!(site.run_rows().await.len(), 2);
        worker.stop().await;
    }

    async fn a_worker_that_stops_hands_its_run_to_the_next(app: &TestApp) {
        let site = app.small_site().await;
        let gate = in_the_middle();
        let first = RunningWorker::start(&app.other_worker("first").await, Arc::clone(&gate) as Arc<dyn Observer>);
        let run = started(&site).await;
        gate.reached().await;
        first.shutdown.cancel();
        gate.open();
        first.stop().await;
        let row = site.run_row(run).await;
        assert_eq!((row.status, row.finished_at), (RunStatus::Queued, None));
        assert_eq!(site.lease_row().await.holder, None);
        assert_eq!(site.records().await.sales_cycles.len(), 0);
        let QueueFigures { waiting, running, .. } = queue_figures(&app.engine).await;
        assert_eq!((waiting, running), (1, 0));
        // No lease has to expire and no worker to be missed.
        let second = RunningWorker::start(&app.engine, Arc::new(NoObserver));
        assert_eq!(ends_well(&site, run).await.worker, "worker-1");
        second.stop().await;
    }

    async fn a_connection_has_one_queued_or_running_sync(app: &TestApp) {
        let site = app.small_site().await;
        let run = started(&site).await;
        assert!(is_conflict(&start(&site, request()).await));
        let gate = in_the_middle();
        let worker = RunningWorker::start(&app.engine, Arc::clone(&gate) as Arc<dyn Observer>);
        gate.reached().await;
        assert!(is_conflict(&start(&site, request()).await));
        gate.open();
        ends_well(&site, run).await;
        // Whether or not the worker has acknowledged the job by now.
        let again = started(&site).await;
        gate.open();
        ends_well(&site, again).await;
        worker.stop().await;
        assert_eq!(site.run_rows().await.len(), 2);
    }

    async fn a_sync_of_cron_keeps_others_from_being_started(app: &TestApp) {
        let site = app.small_site().await;
        let gate = in_the_middle();
        let wanted = async {
            gate.reached().await;
            let result = start(&site, request()).await;
            gate.open();
            result
        };
        let request = plain();
        let (cron, wanted) = tokio::join!(site.try_sync_with(&request, gate.as_ref()), wanted);
        assert!(is_conflict(&wanted));
        assert_eq!(cron.unwrap().status, RunStatus::Success);
        assert_eq!(site.run_rows().await.len(), 1);
    }

    async fn of_many_starts_at_once_one_succeeds(app: &TestApp) {
        let site = app.small_site().await;
        let other = site.with_engine(app.other_worker("worker-2").await);
        for round in 0..5 {
            let starts = (0..8).map(|place| start(if place % 2 == 0 { &site } else { &other }, request()));
            let results = futures::future::join_all(starts).await;
            let (won, lost): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
            assert_eq!((round, won.len()), (round, 1));
            assert!(lost.iter().all(is_conflict), "{lost:?}");
            for run in won {
                Jobs::new(&app.engine).cancel(site.tenant, run.unwrap().id).await.unwrap();
            }
        }
        assert_eq!(site.run_rows().await.len(), 5);
    }

    async fn another_tenants_connection_is_not_found(app: &TestApp) {
        let (site, other) = (app.small_site().await, second_site(app).await);
        let run = started(&site).await;
        let jobs = Jobs::new(&app.engine);
        let foreign = StartSync { tenant: other.tenant, connection: site.connection, request: request() };
        assert!(matches!(jobs.start_sync(foreign).await, Err(Error::NotFound { .. })));
        assert!(matches!(jobs.cancel(other.tenant, run).await, Err(Error::NotFound { .. })));
        assert_eq!(site.run_row(run).await.status, RunStatus::Queued);
    }

    async fn a_queued_run_is_cancelled_at_once(app: &TestApp) {
        let site = app.small_site().await;
        let run = started(&site).await;
        let jobs = Jobs::new(&app.engine);
        let row = jobs.cancel(site.tenant, run).await.unwrap();
        assert_eq!((row.status, row.reason), (RunStatus::Cancelled, Some(ReasonCode::Cancelled)));
        assert!(row.finished_at.is_some());
        assert!(is_conflict(&jobs.cancel(site.tenant, run).await));
        assert_eq!(queue_figures(&app.engine).await, QueueFigures::default());
        let next = started(&site).await;
        let worker = RunningWorker::start(&app.engine, Arc::new(NoObserver));
        ends_well(&site, next).await;
        assert_eq!(site.run_row(run).await.status, RunStatus::Cancelled);
        worker.stop().await;
    }

    async fn a_running_run_is_cancelled_soon(app: &TestApp) {
        let site = app.small_site().await;
        site.account.inject(Fault::new(FaultKind::Hold).on(CLIENTS));
        let arrived = site.account.arrival(CLIENTS, 1);
        let worker = RunningWorker::start(&app.other_worker("worker-2").await, Arc::new(NoObserver));
        let run = started(&site).await;
        arrived.await;
        let asked_at = std::time::Instant::now();
        let row = Jobs::new(&app.engine).cancel(site.tenant, run).await.unwrap();
        assert_eq!(row.status, RunStatus::Running);
        let row = ended(&site, run).await;
        assert!(asked_at.elapsed() < Duration::from_secs(8), "{:?}", asked_at.elapsed());
        assert_eq!((row.status, row.reason), (RunStatus::Cancelled, Some(ReasonCode::Cancelled)));
        assert_eq!(site.records().await.sales_cycles.len(), 0);
        queue_is_empty(&app.engine).await;
        site.account.clear_faults();
        worker.stop().await;
    }

    async fn a_run_cancelled_while_its_worker_was_dead_ends_cancelled(app: &TestApp) {
        let site = app.small_site().await;
        let gate = in_the_middle();
        let doomed = RunningWorker::start(&app.other_worker("doomed").await, Arc::clone(&gate) as Arc<dyn Observer>);
        let run = started(&site).await;
        gate.reached().await;
        doomed.kill().await;
        Jobs::new(&app.engine).cancel(site.tenant, run).await.unwrap();
        site.outlive_leases();
        site.account.inject(Fault::new(FaultKind::Hold));
        let worker = RunningWorker::start(&app.engine, Arc::new(NoObserver));
        assert_eq!(ended(&site, run).await.status, RunStatus::Cancelled);
        site.account.clear_faults();
        worker.stop().await;
    }

    async fn a_queued_run_waits_for_the_lease_of_cron(app: &TestApp) {
        let site = app.small_site().await;
        let run = started(&site).await;
        let (gate, request) = (in_the_middle(), plain());
        let waited = async {
            gate.reached().await;
            let worker = RunningWorker::start(&app.other_worker("worker-2").await, Arc::new(NoObserver));
            // The worker does something else meanwhile.
            let other = second_site(app).await;
            let others = started(&other).await;
            ends_well(&other, others).await;
            assert_eq!(site.run_row(run).await.status, RunStatus::Queued);
            gate.open();
            worker
        };
        let (cron, worker) = tokio::join!(site.try_sync_with(&request, gate.as_ref()), waited);
        assert_eq!(cron.unwrap().status, RunStatus::Success);
        ends_well(&site, run).await;
        worker.stop().await;
    }

    async fn an_upstream_that_is_down_ends_the_run_and_the_job(app: &TestApp) {
        let site = app.small_site().await;
        site.account.inject(Fault::new(FaultKind::Status(503)));
        let run = started(&site).await;
        let worker = RunningWorker::start(&app.engine, Arc::new(NoObserver));
        let row = ended(&site, run).await;
        assert_eq!((row.status, row.reason), (RunStatus::Failed, Some(ReasonCode::Upstream)));
        queue_is_empty(&app.engine).await;
        worker.stop().await;
        assert_eq!(site.run_rows().await.len(), 1);
    }

    async fn a_run_that_never_comes_to_its_end_is_given_up(app: &TestApp) {
        let site = app.small_site().await;
        let run = started(&site).await;
        for _ in 0..5 {
            let gate = in_the_middle();
            let doomed = RunningWorker::start(&app.other_worker("doomed").await, Arc::clone(&gate) as Arc<dyn Observer>);
            gate.reached().await;
            doomed.kill().await;
            site.outlive_leases();
        }
        let worker = RunningWorker::start(&app.engine, Arc::new(NoObserver));
        let row = ended(&site, run).await;
        assert_eq!((row.status, row.reason), (RunStatus::Failed, Some(ReasonCode::Internal)));
        assert!(row.error_message.unwrap().contains("tried 5 times"));
        queue_is_empty(&app.engine).await;
        worker.stop().await;
        site.sync_well().await;
    }

    async fn two_workers_share_the_queue_and_do_nothing_twice(app: &TestApp) {
        let mut sites = vec![];
        for place in 0..6 {
            let account = AccountSpec { web_key: format!("web-key-{place}"), leads: 4, ..AccountSpec::default() };
            sites.push(app.site(account).await);
        }
        let workers = [
            RunningWorker::start(&app.engine, Arc::new(NoObserver)),
            RunningWorker::start(&app.other_worker("worker-2").await, Arc::new(NoObserver)),
        ];
        for site in &sites {
            started(site).await;
        }
        for site in &sites {
            let run = site.run_rows().await[0].id;
            // A run that two workers were at would have a higher number.
            assert_eq!(ends_well(site, run).await.fence, 1);
        }
        queue_is_empty(&app.engine).await;
        for worker in workers {
            worker.stop().await;
        }
    }
}
