//! Many messages of one tenant, and records that cannot be read, hold up nobody else.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ctsync_sandbox::{Fault, FaultKind};
use engine::observer::{Event, NoObserver};
use engine::webhooks::Door;
use entity::sync_run::RunStatus;
use entity::webhook_event::WebhookStatus::{Processed, Received};
use tests::{Gate, RentalSite, RunningWorker, hurry, on_both_databases, plain, queue_figures};

use super::{SINGLE, assert_all_processed, statuses, work_off};

/// Takes in a message about a record, `number` tells it from others.
async fn tell(site: &RentalSite, door: &Door, number: usize, id: &str) {
    let body =
        format!(r#"{{"action":{{"id":{number},"subject_id":{id},"subject_type":"Opportunity"}}}}"#);
    site.take_in(door, &body).await.unwrap();
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
            assert!(told.elapsed() < Duration::from_secs(5), "it waits for another tenant's");
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
        site.clock().advance(chrono::TimeDelta::hours(1));
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

    async fn a_sync_waits_for_a_record_that_is_being_read(app: &TestApp) {
        let site = app.rental_site(3).await;
        site.sync_well().await;
        let door = site.open_door().await;
        site.account.update_opportunity(&site.id(1), "subject", "Renamed").unwrap();
        site.deliver_last(&door).await;
        let gate = Arc::new(Gate::at(Event::LeaseTaken));
        let observer = Arc::clone(&gate) as Arc<dyn engine::observer::Observer>;
        let worker = RunningWorker::start(&app.other_worker("worker-2").await, observer);
        gate.reached().await;
        let open = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            gate.open();
        };
        let request = plain();
        let (synced, ()) = tokio::join!(site.try_sync_with(&request, &NoObserver), open);
        assert_eq!(synced.unwrap().status, RunStatus::Success);
        worker.stop().await;
        assert_all_processed(&site).await;
    }
}
