//! A record that is read beside a sync of its connection: what was asked for later stays.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use ctsync_sandbox::current_rms::Collection;
use ctsync_sandbox::{Fault, FaultKind};
use engine::observer::{Event, NoObserver};
use engine::webhooks::Door;
use entity::webhook_event::WebhookStatus::Received;
use tests::{
    Gate, RentalSite, RunningWorker, TestApp, assert_ended_well, on_both_databases, plain,
};

use super::{LIST, SINGLE, assert_all_processed, statuses};

/// Far less than the client waits for an answer.
const LIMIT: Duration = Duration::from_secs(8);

/// Has what was told of `site` read by another process, while the sync stands where it is.
async fn work_off_beside(app: &TestApp, site: &RentalSite) {
    let engine = app.other_worker("worker-2").await;
    let worker = RunningWorker::start(&engine, Arc::new(NoObserver));
    let processed = async {
        while statuses(site).await.contains(&Received) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let processed = tokio::time::timeout(LIMIT, processed).await;
    processed.expect("it does not wait for the sync");
    worker.stop().await;
}

fn rename(site: &RentalSite, id: &str, subject: &str) {
    site.clock().advance(TimeDelta::seconds(5));
    site.account
        .update_opportunity(id, "subject", subject)
        .unwrap();
}

/// Takes in word of a record.
async fn tell(site: &RentalSite, door: &Door, id: &str) {
    let body = format!(r#"{{"action":{{"id":1,"subject_id":{id},"subject_type":"Opportunity"}}}}"#);
    site.take_in(door, &body).await.unwrap();
}

/// Where a part is published once a record was asked for by its id.
fn after_a_record_was_asked_for(site: &RentalSite) -> Gate {
    let (account, was_held) = (site.account.clone(), AtomicBool::new(false));
    Gate::nth(0, move |event| {
        let requests = account.requests();
        let mut asked = requests.iter().map(|request| request.endpoint.as_str());
        *event == Event::PartPublished
            && asked.any(|endpoint| endpoint == SINGLE)
            && !was_held.swap(true, Ordering::SeqCst)
    })
}

/// Deletes a record, and has it return, by `restore`, once a sync has found it gone; a webhook tells of it.
async fn deleted_and_back(app: &TestApp, restore: impl Fn(&RentalSite, &str)) {
    let site = app.rental_site(40).await;
    site.sync_well().await;
    let door = site.open_door().await;
    site.outlive_sweeps();
    let id = site.id(7);
    site.account.delete_opportunity(&id).unwrap();
    site.account.reset_requests();
    let (gate, request) = (after_a_record_was_asked_for(&site), plain());
    let returned = async {
        gate.reached().await;
        site.clock().advance(TimeDelta::seconds(5));
        restore(&site, &id);
        tell(&site, &door, &id).await;
        work_off_beside(app, &site).await;
        assert_all_processed(&site).await;
        gate.open();
    };
    let (report, ()) = tokio::join!(site.try_sync_with(&request, &gate), returned);
    assert_ended_well(&report.unwrap());
    let row = site.row(&id).await.unwrap();
    assert_eq!(row.deleted_at, None, "{row:?}");
    site.assert_mirrors_truth().await;
}

on_both_databases! {
    async fn a_list_that_was_asked_for_before_a_record_does_not_take_it_back(app: &TestApp) {
        let site = app.rental_site(30).await;
        site.sync_well().await;
        let door = site.open_door().await;
        site.clock().advance(TimeDelta::minutes(30));
        let (id, other) = (site.id(3), site.id(4));
        rename(&site, &id, "as listed");
        rename(&site, &other, "as listed");
        site.clock().advance(TimeDelta::seconds(5));
        // The last of the three lists of what has changed: none of them shows what is changed from here on.
        site.account.inject(Fault::new(FaultKind::Hold).on(LIST).skip(2).times(1));
        let (arrived, request) = (site.account.arrival(LIST, 3), plain());
        let told = async {
            arrived.await;
            rename(&site, &id, "as told");
            site.deliver_last(&door).await;
            work_off_beside(app, &site).await;
            assert_eq!(site.row(&id).await.unwrap().subject.as_deref(), Some("as told"));
            site.account.clear_faults();
        };
        let (report, ()) = tokio::join!(site.try_sync_with(&request, &NoObserver), told);
        assert_ended_well(&report.unwrap());
        let row = site.row(&id).await.unwrap();
        assert_eq!(row.subject.as_deref(), Some("as told"));
        assert_eq!(site.row(&other).await.unwrap().subject.as_deref(), Some("as listed"));
        site.assert_mirrors_truth().await;
    }

    async fn a_record_that_changed_and_was_read_after_it_was_found_gone_stays(app: &TestApp) {
        deleted_and_back(app, |site, id| {
            // Of a stamp that no list of changes asks for.
            site.account.edit(|truth| {
                truth.restore(Collection::Opportunities, id).unwrap();
                let stamp = truth.opportunities.iter().find(|record| record.number("id").to_string() == id);
                let stamp = stamp.unwrap().text("updated_at").to_owned();
                truth.update(Collection::Opportunities, id, "subject", "is back").unwrap();
                truth.update(Collection::Opportunities, id, "updated_at", stamp).unwrap();
            });
        })
        .await;
    }

    async fn a_record_that_was_read_as_it_was_after_it_was_found_gone_stays(app: &TestApp) {
        deleted_and_back(app, |site, id| {
            site.account.restore_opportunity(id).unwrap();
        })
        .await;
    }
}
