//! Each exit code, from the situation that leads to it.

use std::time::Duration;

use ctsync_sandbox::{Fault, FaultKind, Malformation};
use tests::{endpoint, on_both_databases};

use crate::installation::{Installation, finished};

on_both_databases! {
    async fn refused_credentials_are_11_until_new_ones_are_set(app: &TestApp) {
        let ctsync = Installation::new(app);
        let account = ctsync.add_tenant("acme", 5).await;
        let token = account.rotate_token();
        assert_eq!(ctsync.run(&["run", "--all"]).await.code, Some(11));
        account.reset_requests();
        assert_eq!(ctsync.run(&["run", "--all"]).await.code, Some(11));
        assert!(account.requests().is_empty(), "a refused account was asked again");
        let credentials = format!("web_key=acme\naccess_token={token}\n");
        let set = ctsync.start_with(&["connections", "set-credentials", "acme"], &credentials).await;
        assert_eq!(finished(set).await.code, Some(0));
        ctsync.succeed(&["run", "--all"]).await;
    }

    async fn an_upstream_that_cannot_be_understood_is_12(app: &TestApp) {
        let ctsync = Installation::new(app);
        let account = ctsync.add_tenant("acme", 5).await;
        account.inject(Fault::new(FaultKind::EnvelopeError("CT400".to_owned())));
        assert_eq!(ctsync.run(&["run", "--all"]).await.code, Some(12));
    }

    async fn a_rejected_record_is_10(app: &TestApp) {
        let ctsync = Installation::new(app);
        let account = ctsync.add_tenant("acme", 5).await;
        let fault = Fault::new(FaultKind::MalformedRecord(Malformation::WithoutId));
        account.inject(fault.on(endpoint::CLIENTS).times(1));
        assert_eq!(ctsync.run(&["run", "--all"]).await.code, Some(10));
        let rejects = ctsync.json(&["rejects", "list", "acme"]).await;
        assert_eq!(rejects.as_array().map(Vec::len), Some(1));
    }

    async fn a_listing_that_became_empty_is_20_until_it_is_accepted(app: &TestApp) {
        let ctsync = Installation::new(app);
        let account = ctsync.add_tenant("acme", 5).await;
        ctsync.succeed(&["run", "--all"]).await;
        account.inject(Fault::new(FaultKind::EmptyList).on(endpoint::CLIENTS));
        let braked = ctsync.run(&["run", "--all"]).await;
        assert_eq!(braked.code, Some(20));
        assert!(braked.stdout.contains("--accept-deletes"), "{}", braked.stdout);
        ctsync.succeed(&["tenant", "acme", "--accept-deletes"]).await;
    }

    async fn a_second_process_ends_with_13_and_names_the_holder(app: &TestApp) {
        let ctsync = Installation::new(app);
        let account = ctsync.add_tenant("acme", 5).await;
        account.inject(Fault::new(FaultKind::Hold).on(endpoint::CLIENTS));
        let arrival = account.arrival(endpoint::CLIENTS, 1);
        let first = ctsync.start(&["run", "--all"]);
        arrival.await;
        let holder = first.id().unwrap().to_string();
        let second = ctsync.run(&["tenant", "acme"]).await;
        assert_eq!(second.code, Some(13));
        assert!(second.stdout.contains(&holder), "{}", second.stdout);
        let runs = ctsync.json(&["runs", "list", "acme"]).await;
        // For cron that is no error, and leaves nothing behind.
        let elsewhere = ctsync.run(&["run", "--all"]).await;
        assert_eq!(elsewhere.code, Some(0));
        assert!(elsewhere.stdout.contains("done elsewhere"), "{}", elsewhere.stdout);
        assert_eq!(ctsync.json(&["runs", "list", "acme"]).await, runs);
        account.clear_faults();
        assert_eq!(finished(first).await.code, Some(0));
    }

    async fn a_deadline_that_passes_is_14(app: &TestApp) {
        let ctsync = Installation::new(app);
        let account = ctsync.add_tenant("acme", 5).await;
        account.inject(Fault::new(FaultKind::Hang));
        assert_eq!(ctsync.run(&["run", "--all", "--deadline", "1s"]).await.code, Some(14));
    }

    async fn a_window_that_cannot_be_loaded_is_2(app: &TestApp) {
        let ctsync = Installation::new(app);
        ctsync.add_tenant("acme", 5).await;
        let beyond = ctsync.run(&["tenant", "acme", "--past-days", "36501"]).await;
        assert_eq!(beyond.code, Some(2));
        assert!(beyond.stderr.contains("36500"), "{}", beyond.stderr);
        let not_by_date = ctsync.run(&["tenant", "acme", "--future-days", "5"]).await;
        assert_eq!(not_by_date.code, Some(2));
        assert!(not_by_date.stderr.contains("no active connection for this"), "{}", not_by_date.stderr);
    }

    async fn a_tenant_that_fails_does_not_stop_the_others(app: &TestApp) {
        let ctsync = Installation::new(app);
        let broken = ctsync.add_tenant("broken", 5).await;
        ctsync.add_tenant("sound", 5).await;
        broken.inject(Fault::new(FaultKind::Slow(Duration::from_hours(1))));
        let done = ctsync.run(&["run", "--all", "--deadline", "5s"]).await;
        assert_eq!(done.code, Some(14));
        let sound = ctsync.json(&["status", "sound"]).await;
        assert_eq!(sound["status"], serde_json::json!("success"));
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_30() {
    tests::run(tests::Backend::Sqlite, async |app| {
        let ctsync = Installation::new(app);
        let mut command = ctsync.command(&["run", "--all"]);
        command.env("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none");
        let done = finished(command.spawn().unwrap()).await;
        assert_eq!(done.code, Some(30), "{done:?}");
    })
    .await;
}
