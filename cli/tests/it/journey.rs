//! The way of an operator, from nothing to a mirror that is looked at.

use serde_json::json;
use tests::on_both_databases;

use crate::installation::Installation;

on_both_databases! {
    async fn a_tenant_is_added_synced_and_looked_at(app: &TestApp) {
        let ctsync = Installation::new(app);
        ctsync.add_tenant("acme", 12).await;
        let runs = ctsync.json(&["run", "--all"]).await;
        assert_eq!(runs[0]["status"], json!("success"));
        let status = ctsync.json(&["status", "acme"]).await;
        assert_eq!((&status["status"], &status["isStale"]), (&json!("success"), &json!(false)));
        assert_eq!(ctsync.json(&["verify", "acme"]).await[0]["agreement"], json!("match"));
        ctsync.succeed(&["doctor"]).await;
        ctsync.succeed(&["runs", "list"]).await;
    }

    async fn a_second_run_changes_nothing(app: &TestApp) {
        let ctsync = Installation::new(app);
        ctsync.add_tenant("acme", 12).await;
        ctsync.succeed(&["tenant", "acme"]).await;
        let runs = ctsync.json(&["tenant", "acme"]).await;
        assert_eq!((&runs[0]["status"], &runs[0]["recordsUpdated"]), (&json!("success"), &json!(0)));
    }

    async fn a_dry_run_shows_what_would_change_and_changes_nothing(app: &TestApp) {
        let ctsync = Installation::new(app);
        ctsync.add_tenant("acme", 12).await;
        let runs = ctsync.json(&["tenant", "acme", "--dry-run"]).await;
        assert_eq!(runs[0]["streams"][1]["added"], json!(12));
        let status = ctsync.json(&["status", "acme"]).await;
        assert_eq!((&status["status"], &status["numbers"]["totalLeads"]), (&json!("never"), &json!(0)));
    }

    async fn an_account_of_current_rms_is_added_synced_and_looked_at(app: &TestApp) {
        let ctsync = Installation::new(app);
        let account = ctsync.add_rental_tenant("north", 30).await;
        ctsync.succeed(&["connections", "test", "north"]).await;
        let runs = ctsync.json(&["tenant", "north"]).await;
        assert_eq!((&runs[0]["status"], &runs[0]["recordsUpdated"]), (&json!("success"), &json!(30)));
        let id = account.opportunities(&[])[3].number("id").to_string();
        account.delete_opportunity(&id).unwrap();
        let record = format!("opportunities/{id}");
        let runs = ctsync.json(&["tenant", "north", "--record", &record]).await;
        assert_eq!((&runs[0]["kind"], &runs[0]["recordsUpdated"]), (&json!("record"), &json!(1)));
        let explained = ctsync.json(&["explain", "opportunities", &id]).await;
        let changes: Vec<_> = explained[0]["history"].as_array().unwrap().iter().map(|entry| &entry["change"]).collect();
        assert_eq!(changes, [&json!("appeared"), &json!("vanished")]);
        assert_eq!(ctsync.json(&["verify", "north"]).await[0]["agreement"], json!("match"));
        let wrong = ctsync.run(&["tenant", "north", "--record", "opportunities/checkout"]).await;
        assert_eq!(wrong.code, Some(2), "{wrong:?}");
    }

    async fn a_row_is_explained_and_rebuilt(app: &TestApp) {
        let ctsync = Installation::new(app);
        ctsync.add_tenant("acme", 12).await;
        ctsync.succeed(&["tenant", "acme"]).await;
        let explained = ctsync.json(&["explain", "leads", "7000001"]).await;
        assert_eq!(explained[0]["writtenFrom"]["endpoint"], json!("read_client_list"));
        let replayed = ctsync.json(&["replay", "acme"]).await;
        assert_eq!(replayed[0]["status"], json!("success"));
    }
}
