//! Webhooks of Current RMS: taken in, worked off, whatever comes between.

mod beside;
mod claims;
mod fair;
mod intake;
mod keys;
mod orders;
mod processing;
mod registration;
mod replaying;
mod waiting;

use std::sync::Arc;

use engine::observer::NoObserver;
use entity::sync_run;
use entity::webhook_event::WebhookStatus::{self, Processed};
use tests::{RentalSite, RunningWorker, TestApp, queue_is_hurried};

/// What the simulator calls reads of a record.
const SINGLE: &str = "opportunity";
/// What it calls reads of a list.
const LIST: &str = "opportunities";

/// Works off everything that waits.
async fn work_off(app: &TestApp) {
    let worker = RunningWorker::start(&app.engine, Arc::new(NoObserver));
    queue_is_hurried(&app.engine).await;
    worker.stop().await;
}

async fn statuses(site: &RentalSite) -> Vec<WebhookStatus> {
    let events = site.events().await;
    events.iter().map(|event| event.status).collect()
}

async fn assert_all_processed(site: &RentalSite) {
    let statuses = statuses(site).await;
    assert!(
        statuses.iter().all(|status| *status == Processed),
        "{statuses:?}"
    );
}

async fn runs(site: &RentalSite) -> Vec<sync_run::Model> {
    let find = sync_run::Entity::owned_by(site.tenant);
    find.all(site.engine.database.writer()).await.unwrap()
}

/// How often a record was read.
fn read_count(site: &RentalSite) -> usize {
    let requests = site.account.requests();
    let reads = requests.iter().filter(|request| request.endpoint == SINGLE);
    reads.count()
}
