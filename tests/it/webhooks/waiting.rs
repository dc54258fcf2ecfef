//! Messages whose record cannot be read at once, or not as it was told.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use ctsync_sandbox::{Fault, FaultKind, Record};
use engine::admin::connections;
use engine::observer::NoObserver;
use entity::connection::ConnectionStatus;
use entity::webhook_event::Model;
use entity::webhook_event::WebhookStatus::{Failed, Processed, Received};
use sea_orm::ActiveValue::Set;
use tests::{PATIENCE, RentalSite, RunningWorker, TestApp, hurry, on_both_databases, operator};

use super::{assert_all_processed, read_count, statuses, work_off};

/// Has all that waits tried at once, again and again, until the messages are as expected.
async fn until(app: &TestApp, site: &RentalSite, is_so: impl Fn(&[Model]) -> bool) {
    let wait = async {
        while !is_so(&site.events().await) {
            hurry(&app.engine).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, wait).await;
    let events = site.events().await;
    assert!(
        waited.is_ok(),
        "the messages do not come there: {events:#?}"
    );
}

fn all(status: entity::webhook_event::WebhookStatus) -> impl Fn(&[Model]) -> bool {
    move |events| events.iter().all(|event| event.status == status)
}

fn rename(site: &RentalSite, nth: usize) {
    site.clock().advance(TimeDelta::seconds(5));
    site.account
        .update_opportunity(&site.id(nth), "subject", "Renamed")
        .unwrap();
}

on_both_databases! {
    async fn nothing_is_lost_while_the_upstream_is_down(app: &TestApp) {
        let site = app.rental_site(8).await;
        site.sync_well().await;
        let door = site.open_door().await;
        site.account.inject(Fault::new(FaultKind::Status(503)));
        for nth in 0..4 {
            rename(&site, nth);
            site.deliver_last(&door).await;
        }
        let worker = RunningWorker::start(&app.engine, Arc::new(NoObserver));
        let is_tried = |events: &[Model]| events.iter().all(|event| event.attempts > 0);
        until(app, &site, is_tried).await;
        let events = site.events().await;
        assert!(events.iter().all(|event| event.status == Received && event.not_before.is_some()), "{events:?}");
        assert!(events[0].reason.as_ref().unwrap().contains("unavailable"), "{events:?}");
        rename(&site, 5);
        site.deliver_last(&door).await;
        until(app, &site, is_tried).await;
        worker.stop().await;
        site.account.clear_faults();
        site.clock().advance(TimeDelta::minutes(11));
        work_off(app).await;
        assert_all_processed(&site).await;
        site.assert_mirrors_truth().await;
    }

    async fn a_record_that_cannot_be_read_for_two_days_is_given_up(app: &TestApp) {
        let site = app.rental_site(3).await;
        site.sync_well().await;
        let door = site.open_door().await;
        site.account.inject(Fault::new(FaultKind::Status(503)));
        rename(&site, 1);
        site.deliver_last(&door).await;
        let worker = RunningWorker::start(&app.engine, Arc::new(NoObserver));
        until(app, &site, |events| events[0].attempts > 0).await;
        assert_eq!(statuses(&site).await, [Received]);
        site.clock().advance(TimeDelta::hours(49));
        until(app, &site, all(Failed)).await;
        let event = &site.events().await[0];
        assert!(event.attempts >= 2 && event.processed_at.is_some() && event.reason.is_some(), "{event:?}");
        worker.stop().await;
    }

    async fn a_record_is_read_again_until_it_shows_what_was_told(app: &TestApp) {
        let site = app.rental_site(3).await;
        site.sync_well().await;
        let door = site.open_door().await;
        site.account.freeze();
        rename(&site, 1);
        site.deliver_last(&door).await;
        site.account.reset_requests();
        let worker = RunningWorker::start(&app.engine, Arc::new(NoObserver));
        until(app, &site, |events| events[0].look_count == 1).await;
        assert_eq!((statuses(&site).await, read_count(&site)), (vec![Received], 1));
        site.account.thaw();
        site.clock().advance(TimeDelta::seconds(5));
        until(app, &site, all(Processed)).await;
        worker.stop().await;
        assert_eq!(read_count(&site), 2);
        site.assert_mirrors_truth().await;
    }

    async fn a_new_or_deleted_record_is_read_again_until_it_shows(app: &TestApp) {
        let site = app.rental_site(4).await;
        site.sync_well().await;
        let door = site.open_door().await;
        site.account.freeze();
        site.account.add_opportunity(Record::new().with("subject", "New")).unwrap();
        site.deliver_last(&door).await;
        site.account.delete_opportunity(&site.id(1)).unwrap();
        site.deliver_last(&door).await;
        let worker = RunningWorker::start(&app.engine, Arc::new(NoObserver));
        until(app, &site, |events| events.iter().all(|event| event.look_count == 1)).await;
        assert_eq!(statuses(&site).await, [Received, Received]);
        site.account.thaw();
        site.clock().advance(TimeDelta::seconds(5));
        until(app, &site, all(Processed)).await;
        worker.stop().await;
        site.assert_mirrors_truth().await;
    }

    async fn what_never_shows_is_believed_after_three_readings(app: &TestApp) {
        let site = app.rental_site(3).await;
        site.sync_well().await;
        let door = site.open_door().await;
        site.account.freeze();
        for _ in 0..4 {
            rename(&site, 1);
            site.deliver_last(&door).await;
        }
        site.account.reset_requests();
        let worker = RunningWorker::start(&app.engine, Arc::new(NoObserver));
        for looks in 1..=3 {
            until(app, &site, |events| events.iter().all(|event| event.look_count >= looks)).await;
            site.clock().advance(TimeDelta::seconds(5));
        }
        until(app, &site, all(Processed)).await;
        worker.stop().await;
        // All four messages had the record read together each time, but for one that may begin while another one ends.
        assert!((3..=6).contains(&read_count(&site)), "{}", read_count(&site));
        site.account.thaw();
        site.sync_well().await;
    }

    async fn a_connection_that_is_not_synced_has_its_messages_wait(app: &TestApp) {
        let site = app.rental_site(3).await;
        site.sync_well().await;
        let door = site.open_door().await;
        rename(&site, 1);
        site.deliver_last(&door).await;
        for status in [ConnectionStatus::Paused, ConnectionStatus::NeedsCredentials] {
            site.change_connection(|row| row.status = Set(status)).await;
            let worker = RunningWorker::start(&app.engine, Arc::new(NoObserver));
            for _ in 0..10 {
                hurry(&app.engine).await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            worker.stop().await;
            assert_eq!((statuses(&site).await, site.events().await[0].attempts), (vec![Received], 0));
        }
        connections::resume(&site.admin(&operator()), site.tenant, site.connection).await.unwrap();
        work_off(app).await;
        assert_all_processed(&site).await;
        site.assert_mirrors_truth().await;
    }

    async fn a_connection_that_waits_for_credentials_gets_the_word_once_it_has_them(app: &TestApp) {
        let site = app.rental_site(3).await;
        site.sync_well().await;
        let door = site.open_door().await;
        rename(&site, 1);
        site.deliver_last(&door).await;
        site.account.inject(Fault::new(FaultKind::Unauthorized { status: 401, html: false }).times(2));
        let worker = RunningWorker::start(&app.engine, Arc::new(NoObserver));
        until(app, &site, |events| events[0].attempts == 1).await;
        assert_eq!(site.connection_row().await.status, ConnectionStatus::NeedsCredentials);
        connections::resume(&site.admin(&operator()), site.tenant, site.connection).await.unwrap();
        site.clock().advance(TimeDelta::seconds(60));
        until(app, &site, all(Processed)).await;
        worker.stop().await;
        site.assert_mirrors_truth().await;
    }

    async fn a_connection_that_is_removed_takes_its_messages_along(app: &TestApp) {
        let site = app.rental_site(3).await;
        let door = site.open_door().await;
        rename(&site, 1);
        site.deliver_last(&door).await;
        connections::remove(&site.admin(&operator()), site.tenant, site.connection).await.unwrap();
        work_off(app).await;
        assert_eq!(site.events().await.len(), 0);
        assert!(site.take_in(&door, &site.account.deliveries()[0].body.clone()).await.is_err());
    }
}
