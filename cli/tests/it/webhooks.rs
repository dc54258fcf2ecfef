//! `ctsync webhooks`, from registering to looking at what came in.

use engine::webhooks::{Door, find_door, take_in};
use entity::Source;
use serde_json::json;
use tests::on_both_databases;

use crate::installation::Installation;

const URL: &str = "https://sync.example.com";
const EVERYTHING: &str = "ctsync=trace,engine=trace,reqwest=trace,hyper=trace,hyper_util=trace,sqlx=trace,sea_orm=trace,trace";

async fn door(app: &tests::TestApp, key: &str) -> Door {
    let (database, now) = (&app.engine.database, engine::clock::Clock::system().now());
    let door = find_door(database, now, Source::CurrentRms, &key.into()).await;
    door.unwrap().unwrap()
}

on_both_databases! {
    async fn webhooks_are_registered_listed_received_replayed_and_removed(app: &TestApp) {
        let ctsync = Installation::new(app);
        let account = ctsync.add_rental_tenant("north", 3).await;
        ctsync.succeed(&["tenant", "north"]).await;
        assert_eq!(ctsync.run(&["webhooks", "register", "north"]).await.code, Some(2));
        assert_eq!(ctsync.run(&["webhooks", "register", "north", "--url", "http://sync.example.com"]).await.code, Some(2));
        let told = ctsync.json(&["webhooks", "register", "north", "--url", URL, "--dry-run"]).await;
        assert_eq!((&told["isDryRun"], account.truth().webhooks.len()), (&json!(true), 0));
        let mut command = ctsync.command(&["webhooks", "register", "north", "--format", "json"]);
        command.env("CTSYNC_PUBLIC_URL", URL).env("CTSYNC_LOG", EVERYTHING);
        let done = crate::installation::finished(command.spawn().unwrap()).await;
        assert_eq!(done.code, Some(0), "{done:?}");
        let target = account.truth().webhooks[0].text("target_url").to_owned();
        let key = target.rsplit('/').next().unwrap();
        assert!(done.stderr.contains("\"level\":\"TRACE\""));
        assert!(!done.stdout.contains(key) && !done.stderr.contains(key));

        let listed = ctsync.json(&["webhooks", "list", "north"]).await;
        assert_eq!((&listed[0]["isOurs"], &listed[0]["target"]), (&json!(true), &json!(format!("{URL}/api/webhooks/current-rms/…"))));
        let id = account.opportunities(&[])[0].number("id");
        let body = json!({"action": {"id": 1, "subject_id": id, "subject_type": "Opportunity", "action_type": "update"}});
        take_in(&app.engine.database, &app.engine.clock, &door(app, key).await, &body.to_string()).await.unwrap();
        let events = ctsync.json(&["webhooks", "events", "north", "--status", "received"]).await;
        assert_eq!((&events[0]["event"], &events[0]["upstreamId"]), (&json!("update"), &json!(id.to_string())));
        let status = ctsync.json(&["status", "north"]).await;
        assert_eq!(status["connections"][0]["webhooks"]["waiting"], json!(1));
        ctsync.succeed(&["status", "north"]).await;
        let replayed = ctsync.json(&["webhooks", "replay", "north", "--from", "2020-01-01T00:00:00Z"]).await;
        assert_eq!(replayed["webhooks"], json!(1));
        for args in [["webhooks", "events", "north"], ["webhooks", "list", "north"]] {
            assert!(!ctsync.succeed(&args).await.stdout.contains(key));
        }
        ctsync.succeed(&["webhooks", "unregister", "north"]).await;
        assert_eq!(account.truth().webhooks.len(), 0);
        ctsync.succeed(&["prune"]).await;
    }
}
