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
    async fn nobody_needs_to_read_what_a_run_says(app: &TestApp) {
        let ctsync = Installation::new(app);
        ctsync.add_tenant("acme", 5).await;
        for (keeps_stdout, keeps_stderr) in [(false, true), (true, false), (false, false)] {
            let mut child = ctsync.start(&["run", "--all"]);
            let stdout = child.stdout.take().filter(|_| keeps_stdout);
            let stderr = child.stderr.take().filter(|_| keeps_stderr);
            assert_eq!(child.wait().await.unwrap().code(), Some(0));
            drop((stdout, stderr));
        }
        let runs = ctsync.json(&["runs", "list"]).await;
        let runs = runs.as_array().unwrap();
        assert_eq!(runs.len(), 3);
        assert!(runs.iter().all(|run| run["status"] == "success"), "{runs:?}");
    }

    async fn sigterm_stops_a_run_and_frees_its_lease(app: &TestApp) {
        interrupted_by(app, "-TERM").await;
    }

    async fn sigint_stops_a_run_and_frees_its_lease(app: &TestApp) {
        interrupted_by(app, "-INT").await;
    }
}
