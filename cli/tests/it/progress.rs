//! `ctsync runs` while a run goes on.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use ctsync_sandbox::{Fault, FaultKind};
use entity::sync_run;
use sea_orm::EntityTrait;
use sea_orm::sea_query::Expr;
use serde_json::{Value, json};
use tests::{PATIENCE, TestApp, endpoint, on_both_databases};

use crate::installation::{Installation, finished};

/// Waits until the run has noted how far it is.
async fn noted(ctsync: &Installation<'_>) -> Value {
    let wait = async {
        loop {
            let runs = ctsync.json(&["runs", "list", "acme"]).await;
            if runs[0]["progress"].get(1).is_some() {
                return runs[0].clone();
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let noted = tokio::time::timeout(PATIENCE, wait).await;
    noted.unwrap()
}

/// Makes it long ago that the run came on.
async fn let_time_pass(app: &TestApp) {
    #[expect(
        clippy::disallowed_methods,
        reason = "the program has the system's clock"
    )]
    let long_ago = Utc::now() - TimeDelta::minutes(10);
    sync_run::Entity::update_many()
        .col_expr(sync_run::Column::HeartbeatAt, Expr::value(long_ago))
        .exec(app.engine.database.writer())
        .await
        .unwrap();
}

on_both_databases! {
    async fn a_running_run_tells_how_far_it_is(app: &TestApp) {
        let ctsync = Installation::new(app);
        let account = ctsync.add_tenant("acme", 250).await;
        account.inject(Fault::new(FaultKind::Hold).on(endpoint::CLIENTS).skip(1));
        let arrival = account.arrival(endpoint::CLIENTS, 2);
        let child = ctsync.start(&["run", "--all"]);
        arrival.await;
        let run = noted(&ctsync).await;
        assert_eq!(run["progress"][1], json!({"stream": "leads", "done": 100, "total": 250}));
        // Nobody watches it on a terminal.
        assert_eq!((&run["trigger"], &run["isStalled"]), (&json!("cron"), &json!(false)));
        let list = ctsync.succeed(&["runs", "list"]).await.stdout;
        assert!(list.contains("running") && list.contains("leads 100/250"), "{list}");
        let_time_pass(app).await;
        let list = ctsync.succeed(&["runs", "list"]).await.stdout;
        assert!(list.contains("stalled") && !list.contains("running"), "{list}");
        let show = ctsync.succeed(&["runs", "show", run["id"].as_str().unwrap()]).await.stdout;
        assert!(show.contains("stalled") && show.contains("sales cycles") && show.contains("leads 100/250"), "{show}");
        let status = ctsync.succeed(&["status"]).await.stdout;
        assert!(status.contains("stalled") && status.contains("The first sync makes no progress"), "{status}");
        account.clear_faults();
        assert_eq!(finished(child).await.code, Some(0));
        let list = ctsync.succeed(&["runs", "list"]).await.stdout;
        assert!(list.contains("success") && !list.contains("leads"), "{list}");
    }
}
