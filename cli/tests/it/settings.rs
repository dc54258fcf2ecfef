//! Wrong or missing settings: one sentence, exit 2, nothing written.

use tests::{Backend, TestApp};

use crate::installation::{Finished, Installation, finished};

async fn with(app: &TestApp, args: &[&str], setting: (&str, &str)) -> Finished {
    let ctsync = Installation::new(app);
    let mut command = ctsync.command(args);
    command.env(setting.0, setting.1);
    finished(command.spawn().unwrap()).await
}

#[tokio::test]
async fn each_wrong_setting_is_named() {
    tests::run(Backend::Sqlite, async |app| {
        let settings = [
            ("DATABASE_URL", "mysql://localhost/x"),
            ("CTSYNC_SECRET_KEY", "c2hvcnQ="),
            ("CLIENTTETHER_API_URL", "not an address"),
        ];
        for setting in settings {
            let done = with(app, &["run", "--all"], setting).await;
            assert_eq!(done.code, Some(2), "{done:?}");
            assert!(done.stderr.contains(setting.0), "{done:?}");
            assert_eq!(done.stdout, "");
        }
    })
    .await;
}

#[tokio::test]
async fn a_connection_without_a_key_is_refused_before_anything_is_written() {
    tests::run(Backend::Sqlite, async |app| {
        let ctsync = Installation::new(app);
        ctsync
            .succeed(&["tenants", "add", "acme", "--time-zone", "UTC"])
            .await;
        let mut command =
            ctsync.command(&["connections", "add", "acme", "--credentials-file", "key"]);
        std::fs::write(ctsync.folder.path().join("key"), "web-key").unwrap();
        command.env_remove("CTSYNC_SECRET_KEY");
        let done = finished(command.spawn().unwrap()).await;
        assert_eq!(done.code, Some(2), "{done:?}");
        assert!(done.stderr.contains("ctsync secret-key"), "{done:?}");
        let connections = ctsync.json(&["connections", "list"]).await;
        assert_eq!(connections, serde_json::json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_schema_that_is_behind_says_what_to_run() {
    tests::run(Backend::Postgres, async |app| {
        let ctsync = Installation::new(app);
        ctsync.succeed(&["migrate", "down", "--yes"]).await;
        let done = ctsync.run(&["run", "--all"]).await;
        assert_eq!(done.code, Some(30), "{done:?}");
        assert!(done.stderr.contains("ctsync migrate up"), "{done:?}");
        ctsync.succeed(&["migrate", "up"]).await;
    })
    .await;
}

#[tokio::test]
async fn a_new_sqlite_file_is_ready_at_once() {
    tests::run(Backend::Sqlite, async |app| {
        let ctsync = Installation::new(app);
        let mut command = ctsync.command(&["tenants", "list"]);
        command.env_remove("DATABASE_URL");
        let done = finished(command.spawn().unwrap()).await;
        assert_eq!(done.code, Some(0), "{done:?}");
        assert!(ctsync.folder.path().join("ctsync.db").is_file());
    })
    .await;
}

#[tokio::test]
async fn processes_that_find_a_new_file_at_once_do_not_get_in_each_others_way() {
    tests::run(Backend::Sqlite, async |app| {
        let ctsync = Installation::new(app);
        let start = |_| {
            let mut command = ctsync.command(&["tenants", "list"]);
            command.env("DATABASE_URL", "sqlite://fresh.db?mode=rwc");
            command.spawn().unwrap()
        };
        let children: Vec<_> = (0..6).map(start).collect();
        for child in children {
            let done = finished(child).await;
            assert_eq!(done.code, Some(0), "{done:?}");
        }
    })
    .await;
}
