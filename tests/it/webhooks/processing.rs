//! What becomes of messages that were taken in.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use ctsync_sandbox::current_rms::AccountSpec;
use ctsync_sandbox::{Fault, FaultKind, Malformation, Record};
use engine::observer::{Event, NoObserver, Observer};
use entity::connection::ConnectionStatus;
use entity::sync_run::{RunKind, RunStatus, RunTrigger};
use entity::webhook_event::WebhookStatus::{Processed, Received};
use sea_orm::ActiveValue::Set;
use serde_json::json;
use tests::{
    Gate, PATIENCE, RentalSite, RunningWorker, TestApp, assert_ended_well, hurry,
    on_both_databases, queue_is_hurried,
};

use super::{SINGLE, assert_all_processed, read_count, runs, statuses, work_off};

fn rename(site: &RentalSite, id: &str, subject: &str) {
    site.clock().advance(TimeDelta::seconds(1));
    site.account
        .update_opportunity(id, "subject", subject)
        .unwrap();
}

/// Works off what is looked at several times, since the record does not show what was told.
async fn look_until_believed(app: &TestApp, site: &RentalSite) {
    let worker = RunningWorker::start(&app.engine, Arc::new(NoObserver));
    let look = async {
        while statuses(site).await.contains(&Received) {
            hurry(&app.engine).await;
            site.clock().advance(TimeDelta::seconds(1));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let looked = tokio::time::timeout(PATIENCE, look).await;
    looked.expect("what was told is believed in the end");
    worker.stop().await;
}

on_both_databases! {
    async fn an_edit_is_read_by_a_run_of_its_own(app: &TestApp) {
        let site = app.rental_site(5).await;
        site.sync_well().await;
        let door = site.open_door().await;
        let id = site.id(1);
        rename(&site, &id, "Renamed");
        site.deliver_last(&door).await;
        let last_success_at = site.connection_row().await.last_success_at;
        work_off(app).await;
        site.assert_mirrors_truth().await;
        let events = site.events().await;
        let runs = runs(&site).await;
        let run = runs.iter().find(|run| Some(run.id) == events[0].run_id).unwrap();
        assert_eq!((events[0].status, events[0].attempts, events[0].reason.as_deref()), (Processed, 0, None));
        assert_eq!((run.trigger, run.kind, run.status), (RunTrigger::Webhook, RunKind::Record, RunStatus::Success));
        let row = site.row(&id).await.unwrap();
        assert_eq!(row.last_webhook_at, Some(events[0].received_at));
        assert_eq!(row.subject.as_deref(), Some("Renamed"));
        // Fresh is what was read whole.
        assert_eq!(site.connection_row().await.last_success_at, last_success_at);
    }

    async fn a_record_that_is_new_or_gone_or_back_follows(app: &TestApp) {
        let site = app.rental_site(5).await;
        site.sync_well().await;
        let door = site.open_door().await;
        let id = site.account.add_opportunity(Record::new().with("subject", "New")).unwrap();
        site.deliver_last(&door).await;
        work_off(app).await;
        assert!(site.row(&id).await.is_some());
        site.assert_mirrors_truth().await;
        site.account.delete_opportunity(&id).unwrap();
        site.deliver_last(&door).await;
        site.account.reset_requests();
        work_off(app).await;
        assert!(site.row(&id).await.unwrap().deleted_at.is_some());
        // What is not found is asked for once more, without what it is to carry along.
        assert_eq!(read_count(&site), 2);
        assert_all_processed(&site).await;
        site.assert_mirrors_truth().await;
    }

    async fn records_of_the_same_number_in_two_accounts_of_a_tenant_are_two(app: &TestApp) {
        let first = app.rental_site(5).await;
        let spec = AccountSpec { subdomain: "second".to_owned(), opportunities: 5, ..AccountSpec::default() };
        first.change_connection(|row| row.name = Set("first".to_owned())).await;
        let second = app.rental_site_of(first.tenant, spec, &[]).await;
        for site in [&first, &second] {
            assert_ended_well(&site.sync().await);
            let door = site.open_door().await;
            rename(site, &site.id(2), "Renamed");
            site.deliver_last(&door).await;
        }
        assert_eq!(first.id(2), second.id(2));
        second.change_connection(|row| row.status = Set(ConnectionStatus::Paused)).await;
        let worker = RunningWorker::start(&app.engine, Arc::new(NoObserver));
        let read = async {
            while statuses(&first).await[0] == Received {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, read).await.expect("the record is read");
        worker.stop().await;
        assert_eq!(statuses(&first).await, [Processed, Received]);
        let rows = first.rows().await.into_iter();
        let renamed: Vec<_> = rows.filter(|row| row.subject.as_deref() == Some("Renamed")).collect();
        assert_eq!((renamed.len(), renamed[0].connection_id), (1, first.connection));
    }

    async fn ten_messages_about_one_record_are_one_reading(app: &TestApp) {
        let site = app.rental_site(5).await;
        site.sync_well().await;
        let door = site.open_door().await;
        let id = site.id(2);
        for nth in 0..10 {
            rename(&site, &id, &format!("Name {nth}"));
            site.deliver_last(&door).await;
        }
        site.account.reset_requests();
        work_off(app).await;
        // A job that begins just as another one ends may read once more.
        assert!(read_count(&site) < 4, "{}", read_count(&site));
        assert_all_processed(&site).await;
        site.assert_mirrors_truth().await;
    }

    async fn a_message_that_comes_during_the_reading_has_the_record_read_again(app: &TestApp) {
        let site = app.rental_site(5).await;
        site.sync_well().await;
        let door = site.open_door().await;
        let id = site.id(2);
        rename(&site, &id, "First");
        site.deliver_last(&door).await;
        let gate = Arc::new(Gate::at(Event::PartPublished));
        let worker = RunningWorker::start(&app.engine, Arc::clone(&gate) as Arc<dyn Observer>);
        gate.reached().await;
        assert_eq!(site.row(&id).await.unwrap().subject.as_deref(), Some("First"));
        rename(&site, &id, "Second");
        site.deliver_last(&door).await;
        gate.open();
        let hurried = async {
            loop {
                hurry(&app.engine).await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            () = gate.reached() => {}
            () = hurried => {}
        }
        // The second reading may begin before the first one's message is marked.
        let marked = async {
            while statuses(&site).await[0] == Received {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, marked).await.expect("the first message is done");
        assert_eq!(statuses(&site).await, [Processed, Received]);
        gate.open();
        queue_is_hurried(&app.engine).await;
        worker.stop().await;
        assert_all_processed(&site).await;
        site.assert_mirrors_truth().await;
    }

    async fn a_worker_killed_after_the_reading_leaves_nothing_undone(app: &TestApp) {
        let site = app.rental_site(5).await;
        site.sync_well().await;
        let door = site.open_door().await;
        rename(&site, &site.id(2), "Renamed");
        site.deliver_last(&door).await;
        let gate = Arc::new(Gate::at(Event::Ended));
        let doomed = RunningWorker::start(&app.other_worker("doomed").await, Arc::clone(&gate) as Arc<dyn Observer>);
        gate.reached().await;
        doomed.kill().await;
        assert_eq!(statuses(&site).await, [Received]);
        site.outlive_leases();
        work_off(app).await;
        assert_all_processed(&site).await;
        site.assert_mirrors_truth().await;
    }

    async fn a_worker_killed_during_the_reading_leaves_nothing_undone(app: &TestApp) {
        let site = app.rental_site(5).await;
        site.sync_well().await;
        let door = site.open_door().await;
        rename(&site, &site.id(2), "Renamed");
        site.deliver_last(&door).await;
        site.account.inject(Fault::new(FaultKind::Hold).on(SINGLE));
        let arrived = site.account.arrival(SINGLE, 1);
        let doomed = RunningWorker::start(&app.other_worker("doomed").await, Arc::new(NoObserver));
        arrived.await;
        doomed.kill().await;
        site.mend();
        site.outlive_leases();
        work_off(app).await;
        assert_all_processed(&site).await;
        site.assert_mirrors_truth().await;
    }

    async fn a_worker_that_stops_during_the_reading_counts_no_failure(app: &TestApp) {
        let site = app.rental_site(5).await;
        site.sync_well().await;
        let door = site.open_door().await;
        rename(&site, &site.id(2), "Renamed");
        site.deliver_last(&door).await;
        site.account.inject(Fault::new(FaultKind::Hold).on(SINGLE));
        let arrived = site.account.arrival(SINGLE, 1);
        let first = RunningWorker::start(&app.other_worker("first").await, Arc::new(NoObserver));
        arrived.await;
        first.stop().await;
        site.mend();
        work_off(app).await;
        let events = site.events().await;
        assert_eq!((events[0].status, events[0].attempts), (Processed, 0));
        site.assert_mirrors_truth().await;
    }

    async fn a_forged_message_causes_a_reading_and_nothing_else(app: &TestApp) {
        let site = app.rental_site(5).await;
        site.sync_well().await;
        let door = site.open_door().await;
        let (before, id) = (site.rows().await, site.id(2));
        let forge = |number: u32, action: &str, subject: &str| {
            json!({"action": {
                "id": number, "action_type": action, "subject_id": subject, "subject_type": "Opportunity",
                "created_at": "2031-01-01T00:00:00Z", "subject": {"id": subject, "subject": "FORGED", "charge_total": "1.0"},
                "name": "FORGED", "member": {"name": "FORGED"},
            }})
        };
        for (number, action, subject) in [(1, "update", id.as_str()), (2, "destroy", &id), (3, "create", "99999")] {
            site.take_in(&door, &forge(number, action, subject).to_string()).await.unwrap();
        }
        look_until_believed(app, &site).await;
        let mut after = site.rows().await;
        for row in &mut after {
            row.last_webhook_at = None;
        }
        assert_eq!(after, before);
        // Each message has its record looked at three times, since what was told does not show; the missing one twice
        // each time.
        assert!(read_count(&site) <= 6 + 6, "{}", read_count(&site));
    }

    async fn a_record_that_cannot_be_understood_is_a_reject_and_the_message_is_done(app: &TestApp) {
        let site = app.rental_site(5).await;
        site.sync_well().await;
        let door = site.open_door().await;
        rename(&site, &site.id(2), "Renamed");
        site.deliver_last(&door).await;
        let damage = Malformation::IdEmpty;
        site.account.inject(Fault::new(FaultKind::MalformedRecord(damage)).on(SINGLE));
        let rows = site.rows().await;
        look_until_believed(app, &site).await;
        let events = site.events().await;
        assert_eq!((events[0].status, events[0].attempts), (Processed, 0));
        // What is known of it stays.
        let mut after = site.rows().await;
        for row in &mut after {
            row.last_webhook_at = None;
        }
        assert_eq!(after, rows);
    }
}
