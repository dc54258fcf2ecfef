//! `ctsync worker` as a process: it does what was started by hand, and another one carries on what it leaves.

use ctsync_sandbox::{Fault, FaultKind};
use engine::jobs::{Jobs, StartSync};
use engine::run::SyncRequest;
use entity::sync_run::{self, RunStatus, RunTrigger};
use entity::{SyncRunId, connection};
use sea_orm::EntityTrait;
use serde_json::json;
use tests::{TestApp, endpoint, on_both_databases};
use tokio::process::Child;

use crate::installation::{Installation, finished};
use crate::killed::expire_leases;

/// Starts a sync of the only connection there is, as the service would.
async fn start_sync(app: &TestApp) -> SyncRunId {
    let find = connection::Entity::find().one(app.engine.database.reader());
    let connection = find.await.unwrap().unwrap();
    let start = StartSync {
        tenant: connection.tenant_id,
        connection: connection.id,
        request: SyncRequest::new(RunTrigger::Api),
    };
    Jobs::new(&app.engine).start_sync(start).await.unwrap().id
}

async fn run_row(app: &TestApp, run: SyncRunId) -> sync_run::Model {
    let find = sync_run::Entity::find_by_id(run).one(app.engine.database.writer());
    find.await.unwrap().unwrap()
}

/// Waits until the run has ended.
async fn ended(app: &TestApp, run: SyncRunId) -> sync_run::Model {
    loop {
        let row = run_row(app, run).await;
        if row.finished_at.is_some() {
            return row;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

async fn terminate(child: Child) {
    let pid = child.id().unwrap().to_string();
    let sent = tokio::process::Command::new("kill")
        .args(["-TERM", &pid])
        .status()
        .await;
    assert!(sent.unwrap().success());
    let done = finished(child).await;
    assert_eq!(done.code, Some(0), "{done:?}");
}

/// A worker that stands in the middle of the run it was given.
async fn standing(
    app: &TestApp,
    ctsync: &Installation<'_>,
) -> (Child, SyncRunId, ctsync_sandbox::Account) {
    let account = ctsync.add_tenant("acme", 250).await;
    account.inject(Fault::new(FaultKind::Hold).on(endpoint::CLIENTS));
    let arrival = account.arrival(endpoint::CLIENTS, 1);
    let child = ctsync.start(&["worker"]);
    let run = start_sync(app).await;
    arrival.await;
    (child, run, account)
}

on_both_databases! {
    async fn a_killed_workers_sync_is_finished_by_the_next(app: &TestApp) {
        let ctsync = Installation::new(app);
        let (mut child, run, account) = standing(app, &ctsync).await;
        child.kill().await.unwrap();
        assert_eq!(run_row(app, run).await.status, RunStatus::Running);
        account.clear_faults();
        expire_leases(&app.engine.database).await;
        let next = ctsync.start(&["worker", "--jobs", "1"]);
        let row = ended(app, run).await;
        assert_eq!((row.status, row.error_message), (RunStatus::Success, None));
        assert_eq!(ctsync.json(&["verify", "acme"]).await[0]["agreement"], json!("match"));
        terminate(next).await;
    }

    async fn a_terminated_worker_hands_its_sync_over(app: &TestApp) {
        let ctsync = Installation::new(app);
        let (child, run, account) = standing(app, &ctsync).await;
        terminate(child).await;
        assert_eq!(run_row(app, run).await.status, RunStatus::Queued);
        account.clear_faults();
        let next = ctsync.start(&["worker"]);
        let row = ended(app, run).await;
        assert_eq!((row.status, row.error_message), (RunStatus::Success, None));
        terminate(next).await;
    }
}
