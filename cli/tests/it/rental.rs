//! Current RMS at the command line: what an operator is told, and whose time zone counts.

use ctsync_sandbox::current_rms::{Account, ApiAccess, Switches};
use entity::rental_opportunity::{Column, Entity, Model};
use entity::{Timestamp, coverage};
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::json;
use tests::{TestApp, on_both_databases};

use crate::installation::{Finished, Installation, finished};

/// What a row says that times and zones have to do with.
type Moments = (String, [Option<Timestamp>; 4], Option<i64>);

fn moments(row: Model) -> Moments {
    let times = [
        row.starts_at,
        row.ends_at,
        row.upstream_created_at,
        row.upstream_updated_at,
    ];
    let charge = row.charge_total.map(entity::Amount::scaled);
    (row.upstream_id, times, charge)
}

/// Runs a command as on a server in this time zone.
async fn run_in(ctsync: &Installation<'_>, zone: &str, args: &[&str]) -> Finished {
    let child = ctsync.command(args).env("TZ", zone).spawn().unwrap();
    let done = finished(child).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    done
}

/// Everything that the only tenant's rows and coverage say of times.
async fn mirrored(app: &TestApp) -> (Vec<Moments>, Vec<String>) {
    let db = app.engine.database.reader();
    let rows = Entity::find()
        .order_by_asc(Column::UpstreamId)
        .all(db)
        .await;
    let slices = coverage::Entity::find().order_by_asc(coverage::Column::Slice);
    let slices = slices.all(db).await.unwrap().into_iter();
    (
        rows.unwrap().into_iter().map(moments).collect(),
        slices
            .map(|row| row.slice)
            .filter(|slice| !slice.starts_with("changes:"))
            .collect(),
    )
}

/// The same, by what the account serves.
fn served(account: &Account) -> Vec<Moments> {
    let records = account.opportunities(&[]);
    let time = |text: &str| text.parse::<Timestamp>().ok();
    let row = |record: &ctsync_sandbox::Record| {
        let times = ["starts_at", "ends_at", "created_at", "updated_at"];
        let charge = record.text("charge_total").parse::<entity::Amount>().ok();
        (
            record.number("id").to_string(),
            times.map(|name| time(record.text(name))),
            charge.map(entity::Amount::scaled),
        )
    };
    records.iter().map(row).collect()
}

on_both_databases! {
    async fn the_time_zone_of_the_server_means_nothing(app: &TestApp) {
        let ctsync = Installation::new(app);
        let account = ctsync.add_rental_tenant("north", 40).await;
        run_in(&ctsync, "America/New_York", &["tenant", "north"]).await;
        let (rows, windows) = mirrored(app).await;
        assert_eq!(rows, served(&account));
        assert!(windows.iter().filter(|slice| slice.starts_with("dates:")).all(|slice| slice.ends_with("-01T00:00:00Z")));
        // An increment, and a reading of everything by another server in another zone, find nothing else.
        let id = account.opportunities(&[])[3].number("id").to_string();
        account.update_opportunity(&id, "subject", "edited").unwrap();
        run_in(&ctsync, "America/New_York", &["tenant", "north"]).await;
        assert_eq!(mirrored(app).await.0, served(&account));
        for zone in ["UTC", "Asia/Kathmandu"] {
            let runs = run_in(&ctsync, zone, &["tenant", "north", "--full", "--format", "json"]).await;
            let runs: serde_json::Value = serde_json::from_str(&runs.stdout).unwrap();
            assert_eq!(runs[0]["recordsUpdated"], json!(0), "{zone}");
            assert_eq!(mirrored(app).await.1, windows, "{zone}");
        }
    }

    async fn a_stream_that_no_connection_mirrors_is_a_usage_error_and_no_run(app: &TestApp) {
        let ctsync = Installation::new(app);
        ctsync.add_rental_tenant("north", 5).await;
        let refused = ctsync.run(&["tenant", "north", "--stream", "leads"]).await;
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains("no connection of tenant north mirrors leads"), "{refused:?}");
        assert_eq!(ctsync.json(&["runs", "list", "north"]).await, json!([]));
        ctsync.succeed(&["tenant", "north", "--stream", "opportunities"]).await;
    }

    async fn the_zone_of_the_server_is_not_shown(app: &TestApp) {
        let ctsync = Installation::new(app);
        ctsync.add_rental_tenant("north", 5).await;
        ctsync.succeed(&["tenant", "north"]).await;
        let mut shown = vec![];
        for zone in ["UTC", "America/New_York"] {
            shown.push(run_in(&ctsync, zone, &["runs", "list", "north"]).await.stdout);
        }
        assert_eq!(shown[0], shown[1]);
    }

    async fn api_access_that_is_switched_off_is_11_and_said_in_one_sentence(app: &TestApp) {
        let ctsync = Installation::new(app);
        let account = ctsync.add_rental_tenant("north", 5).await;
        ctsync.succeed(&["tenant", "north"]).await;
        let enabled = account.switches();
        account.set_switches(Switches { api_access: ApiAccess::Disabled, ..enabled.clone() });
        let refused = ctsync.run(&["tenant", "north"]).await;
        assert_eq!(refused.code, Some(11), "{refused:?}");
        let sentence = "the account may not use the upstream's API, which is switched on there";
        assert_eq!(refused.stdout.matches(sentence).count(), 1, "{refused:?}");
        let status = ctsync.json(&["status", "north"]).await;
        let connection = &status["connections"][0];
        let why = format!("opportunities: stores: {sentence} (HTTP 403)");
        assert_eq!(connection["reasonMessage"], json!(why));
        let next = "switch API access on there, then ctsync connections resume north/main";
        assert_eq!(connection["nextAction"], json!(next));
        // Nobody asks again until somebody says so.
        account.reset_requests();
        let left_alone = ctsync.run(&["run", "--all"]).await;
        assert_eq!(left_alone.code, Some(11));
        assert_eq!(left_alone.stdout.matches(next).count(), 1, "{left_alone:?}");
        assert!(account.requests().is_empty());
        account.set_switches(enabled);
        ctsync.succeed(&["connections", "resume", "north"]).await;
        ctsync.succeed(&["tenant", "north"]).await;
    }
}
