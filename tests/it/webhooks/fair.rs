//! Many messages of one tenant, and records that cannot be read, hold up nobody else.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use ctsync_sandbox::{Fault, FaultKind};
use engine::observer::{Event, NoObserver, Observer};
use engine::webhooks::Door;
use entity::sync_run::{RunKind, RunStatus, RunTrigger};
use entity::webhook_event::WebhookStatus::{Processed, Received};
use tests::{
    Gate, RentalSite, RunningWorker, hurry, on_both_databases, plain, queue_figures,
    queue_is_hurried,
};
use tokio_util::sync::CancellationToken;

use super::{LIST, SINGLE, assert_all_processed, runs, statuses, work_off};

/// Takes in a message about a record, `number` tells it from others.
async fn tell(site: &RentalSite, door: &Door, number: usize, id: &str) {
    let body =
        format!(r#"{{"action":{{"id":{number},"subject_id":{id},"subject_type":"Opportunity"}}}}"#);
    site.take_in(door, &body).await.unwrap();
}

async fn verify(site: &RentalSite, observer: &dyn Observer) -> RunStatus {
    let cancel = CancellationToken::new();
    let verified = site
        .engine
        .verify(site.connection, RunTrigger::Cli, observer, &cancel);
    verified.await.unwrap().run.status
}

fn rename(site: &RentalSite, nth: usize) {
    site.clock().advance(TimeDelta::seconds(5));
    site.account
        .update_opportunity(&site.id(nth), "subject", "Renamed")
        .unwrap();
}

on_both_databases! {
    async fn thousands_of_messages_of_a_busy_tenant_do_not_hold_up_anothers(app: &TestApp) {
        let (busy, other) = (app.numbered_rental_site(1, 3).await, app.numbered_rental_site(2, 3).await);
        busy.sync_well().await;
        other.sync_well().await;
        let (door, others_door) = (busy.open_door().await, other.open_door().await);
        for number in 0..2_700 {
            // About nothing that exists: each is a record of its own.
            tell(&busy, &door, number, &(1_000_000 + number).to_string()).await;
        }
        assert_eq!(queue_figures(&app.engine).await.waiting, 2_700);
        let worker = RunningWorker::start(&app.engine, Arc::new(NoObserver));
        other.account.update_opportunity(&other.id(1), "subject", "Renamed").unwrap();
        let told = Instant::now();
        other.deliver_last(&others_door).await;
        while statuses(&other).await != [Processed] {
            assert!(told.elapsed() < Duration::from_secs(1), "it waits for another tenant's");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(statuses(&busy).await.contains(&Received));
        worker.kill().await;
    }

    async fn a_record_that_cannot_be_read_does_not_stand_before_one_that_can(app: &TestApp) {
        let site = app.rental_site(12).await;
        site.sync_well().await;
        let door = site.open_door().await;
        site.account.inject(Fault::new(FaultKind::Status(503)).on(SINGLE));
        for nth in 0..5 {
            tell(&site, &door, nth, &site.id(nth)).await;
        }
        let worker = RunningWorker::start(&app.engine, Arc::new(NoObserver));
        while site.events().await.iter().any(|event| event.attempts == 0) {
            hurry(&app.engine).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        worker.stop().await;
        // Of an outage one run is kept for each record, however often it was tried.
        site.clock().advance(TimeDelta::hours(1));
        tell(&site, &door, 99, &site.id(9)).await;
        hurry(&app.engine).await;
        site.mend();
        site.account.reset_requests();
        work_off(app).await;
        assert_all_processed(&site).await;
        let requests = site.account.requests();
        let first = requests.iter().find(|request| request.endpoint == SINGLE).unwrap();
        assert_eq!(first.path_id.as_deref(), Some(site.id(9).as_str()));
    }

    async fn a_sync_and_a_record_do_not_wait_for_each_other(app: &TestApp) {
        let site = app.rental_site(3).await;
        site.sync_well().await;
        let door = site.open_door().await;
        site.account.update_opportunity(&site.id(1), "subject", "Renamed").unwrap();
        site.deliver_last(&door).await;
        let gate = Arc::new(Gate::at(Event::LeaseTaken));
        let observer = Arc::clone(&gate) as Arc<dyn Observer>;
        let worker = RunningWorker::start(&app.other_worker("worker-2").await, observer);
        gate.reached().await;
        let report = site.try_sync_with(&plain(), &NoObserver).await.unwrap();
        assert_eq!(report.status, RunStatus::Success);
        gate.open();
        queue_is_hurried(&app.engine).await;
        worker.stop().await;
        assert_all_processed(&site).await;
        let runs = runs(&site).await;
        assert!(runs.iter().all(|run| run.status == RunStatus::Success), "{runs:?}");
        site.assert_mirrors_truth().await;
    }

    async fn a_message_is_seen_within_a_second_while_everything_is_loaded(app: &TestApp) {
        let site = app.rental_site(40).await;
        let door = site.open_door().await;
        // The first window of the load does not come; nothing of it is published.
        site.account.inject(Fault::new(FaultKind::Hold).on(LIST));
        let arrived = site.account.arrival(LIST, 1);
        let request = plain();
        let loading = site.try_sync_with(&request, &NoObserver);
        let told = async {
            arrived.await;
            let worker = RunningWorker::start(&app.other_worker("worker-2").await, Arc::new(NoObserver));
            let told = Instant::now();
            site.account.update_opportunity(&site.id(1), "subject", "Renamed").unwrap();
            site.deliver_last(&door).await;
            while site.row(&site.id(1)).await.is_none() {
                assert!(told.elapsed() < Duration::from_secs(1), "it waits for the load");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            let running = runs(&site).await.into_iter().any(|run| run.finished_at.is_none());
            assert!(running, "the load has ended");
            site.mend();
            worker
        };
        let (loaded, worker) = tokio::join!(loading, told);
        assert_eq!(loaded.unwrap().status, RunStatus::Success);
        worker.stop().await;
        assert_all_processed(&site).await;
        site.assert_mirrors_truth().await;
    }

    async fn a_comparison_is_alone_with_the_records(app: &TestApp) {
        let site = app.rental_site(3).await;
        site.sync_well().await;
        let door = site.open_door().await;
        rename(&site, 1);
        site.deliver_last(&door).await;
        let gate = Arc::new(Gate::at(Event::LeaseTaken));
        let observer = Arc::clone(&gate) as Arc<dyn Observer>;
        let worker = RunningWorker::start(&app.other_worker("worker-2").await, observer);
        gate.reached().await;
        // A record is being read: the comparison waits for it.
        let verified = verify(&site, &NoObserver);
        let read = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let runs = runs(&site).await;
            let verification = runs.iter().find(|run| run.kind == RunKind::Verify).unwrap();
            assert_eq!(verification.status, RunStatus::Running);
            gate.open();
        };
        let (verified, ()) = tokio::join!(verified, read);
        assert_eq!(verified, RunStatus::Success);
        // And records wait for a comparison.
        let gate_of_comparison = Gate::at(Event::LeaseTaken);
        let verified = verify(&site, &gate_of_comparison);
        let told = async {
            gate_of_comparison.reached().await;
            rename(&site, 2);
            site.deliver_last(&door).await;
            let before = runs(&site).await.len();
            for _ in 0..20 {
                hurry(&app.engine).await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            assert_eq!(runs(&site).await.len(), before);
            gate_of_comparison.open();
        };
        let (verified, ()) = tokio::join!(verified, told);
        assert_eq!(verified, RunStatus::Partial, "the change is drift");
        gate.open();
        queue_is_hurried(&app.engine).await;
        worker.stop().await;
        assert_all_processed(&site).await;
        site.assert_mirrors_truth().await;
    }
}
