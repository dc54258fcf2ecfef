//! `ctsync run --all`: everybody gets a turn, once, whoever else runs it.

use ctsync_sandbox::{Fault, FaultKind};
use serde_json::{Value, json};
use tests::{endpoint, on_both_databases};

use crate::installation::Installation;

fn states(outcomes: &Value) -> Vec<(String, String)> {
    let text = |outcome: &Value, name: &str| outcome[name].as_str().unwrap().to_owned();
    let outcomes = outcomes.as_array().unwrap().iter();
    let mut states: Vec<_> = outcomes
        .map(|outcome| (text(outcome, "tenant"), text(outcome, "status")))
        .collect();
    states.sort();
    states
}

on_both_databases! {
    async fn who_has_waited_longest_comes_first_and_no_time_left_is_no_failure(app: &TestApp) {
        let ctsync = Installation::new(app);
        for name in ["a", "b", "c"] {
            let account = ctsync.add_tenant(name, 5).await;
            account.inject(Fault::new(FaultKind::Hang).on(endpoint::CLIENTS));
        }
        // There is time for one each time; whoever was cut off comes last next time.
        let mut tried = vec![];
        for _ in 0..3 {
            let done = ctsync.run(&["run", "--all", "--jobs", "1", "--deadline", "2s", "--format", "json"]).await;
            assert_eq!(done.code, Some(14), "{done:?}");
            let outcomes: Value = serde_json::from_str(&done.stdout).unwrap();
            let begun = states(&outcomes).into_iter().filter(|(_, status)| status != "skipped");
            tried.extend(begun.map(|(tenant, _)| tenant));
        }
        tried.sort();
        assert_eq!(tried, ["a", "b", "c"]);
        for name in ["a", "b", "c"] {
            let runs = ctsync.json(&["runs", "list", name]).await;
            assert_eq!(runs.as_array().unwrap().len(), 1, "{runs}");
        }
    }

    async fn of_many_commands_at_one_minute_each_connection_is_synced_once(app: &TestApp) {
        let ctsync = Installation::new(app);
        let names = ["a", "b", "c", "d"];
        for name in names {
            ctsync.add_tenant(name, 5).await;
        }
        let commands = (0..5).map(|_| ctsync.run(&["run", "--all", "--every", "10m"]));
        for done in futures::future::join_all(commands).await {
            assert_eq!(done.code, Some(0), "{done:?}");
        }
        for name in names {
            let runs = ctsync.json(&["runs", "list", name]).await;
            let states: Vec<_> = runs.as_array().unwrap().iter().map(|run| run["status"].clone()).collect();
            assert_eq!(states, [json!("success")]);
        }
    }
}
