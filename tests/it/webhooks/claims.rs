//! Work whose worker stood still for too long is another one's, and the first one changes nothing of it.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use ctsync_sandbox::{Fault, FaultKind};
use engine::observer::{Event, NoObserver, Observer};
use entity::webhook_event::WebhookStatus::Received;
use entity::work;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tests::{
    Gate, PATIENCE, RentalSite, RunningWorker, TestApp, on_both_databases, queue_is_empty,
    queue_is_hurried,
};

use super::{SINGLE, assert_all_processed, read_count, statuses};

/// A worker that stands still at `event`.
async fn held_worker(app: &TestApp, name: &str, event: Event) -> (Arc<Gate>, RunningWorker) {
    let gate = Arc::new(Gate::at(event));
    let observer = Arc::clone(&gate) as Arc<dyn Observer>;
    let worker = RunningWorker::start(&app.other_worker(name).await, observer);
    (gate, worker)
}

/// A site of which a record was renamed, and told about.
async fn told_site(app: &TestApp) -> RentalSite {
    let site = app.rental_site(3).await;
    site.sync_well().await;
    let door = site.open_door().await;
    site.clock().advance(TimeDelta::seconds(5));
    let id = site.id(1);
    site.account
        .update_opportunity(&id, "subject", "Renamed")
        .unwrap();
    site.deliver_last(&door).await;
    site
}

/// Has so much time pass that the worker's claim is over; it takes on nothing else.
fn stand_still(site: &RentalSite, worker: &RunningWorker) {
    worker.shutdown.cancel();
    site.outlive_leases();
}

/// The piece of work about the record.
async fn claim(app: &TestApp) -> work::Model {
    let rows = work::Entity::find().filter(work::Column::Kind.eq("webhook"));
    let rows = rows.all(app.engine.database.writer()).await.unwrap();
    let [row] = <[work::Model; 1]>::try_from(rows).unwrap();
    row
}

on_both_databases! {
    async fn work_of_a_worker_that_stood_still_is_another_ones_until_it_is_done(app: &TestApp) {
        let site = told_site(app).await;
        // The record is read and not marked.
        let (first_gate, first) = held_worker(app, "first", Event::Ended).await;
        first_gate.reached().await;
        let before = claim(app).await;
        assert_eq!((before.holder.as_deref(), before.fence, before.attempts), (Some("first"), 1, 1));
        stand_still(&site, &first);
        let (second_gate, second) = held_worker(app, "second", Event::LeaseTaken).await;
        second_gate.reached().await;
        let taken = claim(app).await;
        assert_eq!((taken.holder.as_deref(), taken.fence), (Some("second"), 2));
        // The first one goes on, and has it done as far as it knows.
        first_gate.open();
        first.stop().await;
        assert_eq!(claim(app).await, taken);
        second_gate.open();
        queue_is_hurried(&app.engine).await;
        second.stop().await;
        assert_all_processed(&site).await;
        site.assert_mirrors_truth().await;
    }

    async fn a_failure_of_a_worker_that_stood_still_does_not_delay_the_other_one(app: &TestApp) {
        let site = told_site(app).await;
        let (first_gate, first) = held_worker(app, "first", Event::LeaseTaken).await;
        first_gate.reached().await;
        stand_still(&site, &first);
        let (second_gate, second) = held_worker(app, "second", Event::LeaseTaken).await;
        second_gate.reached().await;
        let taken = claim(app).await;
        assert_eq!((taken.holder.as_deref(), taken.fence), (Some("second"), 2));
        // The first one reads the record, and may not publish it any more.
        first_gate.open();
        first.stop().await;
        assert_eq!(claim(app).await, taken);
        assert_eq!(statuses(&site).await, [Received]);
        assert_eq!(site.row(&site.id(1)).await.unwrap().last_webhook_at, None);
        // That says nothing of the record.
        let events = site.events().await;
        assert_eq!((events[0].attempts, events[0].not_before), (0, None));
        second_gate.open();
        queue_is_hurried(&app.engine).await;
        second.stop().await;
        assert_all_processed(&site).await;
        site.assert_mirrors_truth().await;
    }

    async fn records_of_a_connection_are_read_one_at_a_time(app: &TestApp) {
        let site = app.rental_site(6).await;
        site.sync_well().await;
        let door = site.open_door().await;
        for nth in 0..4 {
            site.clock().advance(TimeDelta::seconds(5));
            site.account.update_opportunity(&site.id(nth), "subject", "Renamed").unwrap();
            site.deliver_last(&door).await;
        }
        site.account.reset_requests();
        site.account.inject(Fault::new(FaultKind::Hold).on(SINGLE));
        let arrived = site.account.arrival(SINGLE, 1);
        let observer = || Arc::new(NoObserver);
        let first = RunningWorker::start(&app.other_worker("first").await, observer());
        let second = RunningWorker::start(&app.other_worker("second").await, observer());
        arrived.await;
        // Both have looked for work many times by then.
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(read_count(&site), 1);
        site.account.clear_faults();
        queue_is_hurried(&app.engine).await;
        first.stop().await;
        second.stop().await;
        assert_all_processed(&site).await;
        site.assert_mirrors_truth().await;
    }

    async fn a_message_that_comes_during_a_reading_that_fails_does_not_wait_for_its_turn(app: &TestApp) {
        let site = told_site(app).await;
        let door = site.door(&site.webhook_key().await).await.unwrap();
        // As often as one reading tries it.
        site.account.inject(Fault::new(FaultKind::Status(503)).on(SINGLE).times(4));
        let (gate, worker) = held_worker(app, "worker-2", Event::LeaseTaken).await;
        gate.reached().await;
        let body = format!(r#"{{"action":{{"id":99,"subject_id":{},"subject_type":"Opportunity"}}}}"#, site.id(1));
        site.take_in(&door, &body).await.unwrap();
        gate.open();
        // The clock stands still: nothing becomes due by itself.
        let again = tokio::time::timeout(PATIENCE, gate.reached()).await;
        again.expect("it is read at once");
        // Of one message: the other one came too late for that reading.
        let attempts = site.events().await.into_iter().map(|event| event.attempts);
        assert_eq!(attempts.sum::<i32>(), 1);
        gate.open();
        queue_is_empty(&app.engine).await;
        worker.stop().await;
        assert_all_processed(&site).await;
        site.assert_mirrors_truth().await;
    }
}
