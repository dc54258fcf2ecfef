//! SIGKILL at any instant leaves a legal state, from which the next run carries on.

use ctsync_sandbox::{Fault, FaultKind};
use engine::database::Database;
use entity::work;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;
use tests::{TestApp, endpoint, on_both_databases};

use crate::installation::Installation;

/// Ends all leases, as time would.
pub(crate) async fn expire_leases(database: &Database) {
    work::Entity::update_many()
        .col_expr(
            work::Column::ExpiresAt,
            Expr::value(chrono::DateTime::UNIX_EPOCH),
        )
        .filter(work::Column::Holder.is_not_null())
        .exec(database.writer())
        .await
        .unwrap();
}

/// Kills a first sync when the `nth` request to `endpoint` has arrived, and lets the next one carry on.
async fn killed_at(app: &TestApp, endpoint: &str, nth: u64) {
    let ctsync = Installation::new(app);
    let account = ctsync.add_tenant("acme", 250).await;
    account.inject(
        Fault::new(FaultKind::Hold)
            .on(endpoint)
            .skip(u32::try_from(nth - 1).unwrap()),
    );
    let arrival = account.arrival(endpoint, nth);
    let mut child = ctsync.start(&["run", "--all"]);
    arrival.await;
    child.kill().await.unwrap();
    let leads = entity::lead::Entity::find()
        .count(app.engine.database.reader())
        .await
        .unwrap();
    assert_eq!(leads, 0, "a killed run has published");
    account.clear_faults();
    let held = ctsync.json(&["run", "--all"]).await;
    assert_eq!(
        held[0]["status"], "skipped",
        "the lease must hold until it expires"
    );
    expire_leases(&app.engine.database).await;
    ctsync.succeed(&["run", "--all"]).await;
    assert_eq!(
        ctsync.json(&["verify", "acme"]).await[0]["agreement"],
        json!("match")
    );
    let runs = ctsync.json(&["runs", "list", "acme"]).await;
    let states: Vec<_> = runs
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["status"].clone())
        .collect();
    assert_eq!(
        states,
        [json!("success"), json!("success"), json!("abandoned")]
    );
}

on_both_databases! {
    async fn killed_before_its_first_answer(app: &TestApp) {
        killed_at(app, endpoint::STAGES, 1).await;
    }

    async fn killed_in_the_middle_of_a_list(app: &TestApp) {
        killed_at(app, endpoint::CLIENTS, 2).await;
    }

    async fn killed_at_the_last_page(app: &TestApp) {
        killed_at(app, endpoint::OPPORTUNITIES, 4).await;
    }

    async fn killed_again_and_again_it_still_converges(app: &TestApp) {
        let ctsync = Installation::new(app);
        let account = ctsync.add_tenant("acme", 250).await;
        // The upstream answers at once: the kill races with the rest of the run, after the last
        // request with its publication.
        let points = [endpoint::STAGES, endpoint::CLIENTS, endpoint::OPPORTUNITIES, endpoint::EVENTS];
        for (round, point) in points.into_iter().chain([endpoint::EVENTS; 4]).enumerate() {
            let arrival = account.arrival(point, 1);
            let mut child = ctsync.start(&["run", "--all"]);
            arrival.await;
            child.kill().await.unwrap();
            let leads = entity::lead::Entity::find().count(app.engine.database.reader()).await.unwrap();
            assert!(leads == 0 || leads == 250, "{leads} leads are visible");
            expire_leases(&app.engine.database).await;
            account.update_client("7000001", "deal_size", round.to_string()).unwrap();
        }
        ctsync.succeed(&["run", "--all"]).await;
        assert_eq!(ctsync.json(&["verify", "acme"]).await[0]["agreement"], json!("match"));
    }
}
