//! `ctsync rejects retry`: what has rejects is read once more from what is stored, and nothing else.

use ctsync_sandbox::{Fault, FaultKind, Malformation};
use serde_json::json;
use tests::{endpoint, on_both_databases};

use crate::installation::Installation;

on_both_databases! {
    async fn a_retry_reads_what_has_rejects_and_nothing_else(app: &TestApp) {
        let ctsync = Installation::new(app);
        let account = ctsync.add_tenant("acme", 5).await;
        ctsync.add_tenant("other", 5).await;
        let fault = Fault::new(FaultKind::MalformedRecord(Malformation::WithoutId));
        account.inject(fault.on(endpoint::CLIENTS).times(1));
        assert_eq!(ctsync.run(&["run", "--all"]).await.code, Some(10));
        account.reset_requests();
        let retried = ctsync.json(&["rejects", "retry", "acme"]).await;
        let runs = retried.as_array().unwrap();
        assert_eq!(runs.len(), 1, "{retried}");
        let streams: Vec<_> = runs[0]["streams"].as_array().unwrap().iter().map(|stream| &stream["stream"]).collect();
        assert_eq!(streams, [&json!("leads")]);
        assert_eq!(account.requests().len(), 0);
        // The bytes are as they were, and so is the reject.
        assert_eq!(ctsync.run(&["rejects", "retry", "acme"]).await.code, Some(10));
        let rejects = ctsync.json(&["rejects", "list", "acme"]).await;
        assert_eq!(rejects.as_array().map(Vec::len), Some(1));
    }

    async fn where_no_record_is_rejected_a_retry_does_nothing(app: &TestApp) {
        let ctsync = Installation::new(app);
        ctsync.add_tenant("acme", 5).await;
        ctsync.succeed(&["run", "--all"]).await;
        let runs = ctsync.json(&["runs", "list", "acme"]).await;
        let retried = ctsync.succeed(&["rejects", "retry", "acme"]).await;
        assert!(retried.stdout.contains("No record is rejected."), "{}", retried.stdout);
        assert_eq!(ctsync.json(&["runs", "list", "acme"]).await, runs);
    }
}
