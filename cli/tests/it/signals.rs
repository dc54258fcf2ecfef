//! SIGINT and SIGTERM stop a run cleanly: exit 14, the lease free, nothing published.

use ctsync_sandbox::{Fault, FaultKind};
use serde_json::json;
use tests::{endpoint, on_both_databases};

use crate::installation::{Installation, finished};

/// Sends `signal` to a run that waits for the upstream, and checks what it leaves behind.
async fn interrupted_by(app: &tests::TestApp, signal: &str) {
    let ctsync = Installation::new(app);
    let account = ctsync.add_tenant("acme", 5).await;
    account.inject(Fault::new(FaultKind::Hold).on(endpoint::OPPORTUNITIES));
    let arrival = account.arrival(endpoint::OPPORTUNITIES, 1);
    let child = ctsync.start(&["run", "--all"]);
    arrival.await;
    let pid = child.id().unwrap().to_string();
    let sent = tokio::process::Command::new("kill")
        .args([signal, &pid])
        .status()
        .await;
    assert!(sent.unwrap().success());
    let done = finished(child).await;
    assert_eq!(done.code, Some(14), "{done:?}");
    let status = ctsync.json(&["status", "acme"]).await;
    assert_eq!(status["numbers"]["totalLeads"], json!(0));
    account.clear_faults();
    ctsync.succeed(&["run", "--all"]).await;
}

on_both_databases! {
    async fn sigterm_stops_a_run_and_frees_its_lease(app: &TestApp) {
        interrupted_by(app, "-TERM").await;
    }

    async fn sigint_stops_a_run_and_frees_its_lease(app: &TestApp) {
        interrupted_by(app, "-INT").await;
    }
}
