//! Wrong settings: one sentence, and nothing is served.

use tests::{Backend, TestApp};

use super::running::{Finished, Process, command, finished};

async fn with(app: &TestApp, name: &str, value: &str) -> Finished {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(app, folder.path());
    command.env(name, value);
    finished(command).await
}

#[tokio::test]
async fn each_wrong_setting_is_named() {
    tests::run(Backend::Sqlite, async |app| {
        for (name, value) in [
            ("DATABASE_URL", "mysql://localhost/x"),
            ("CTSYNC_SECRET_KEY", "c2hvcnQ="),
            ("CTSYNC_BIND", "localhost"),
            ("CTSYNC_BIND", "203.0.113.1:1"),
            ("CTSYNC_CORS_ORIGINS", "*"),
            ("CTSYNC_OIDC_ISSUER", "https://id.example.com"),
            ("CTSYNC_RATE_LIMIT", "much"),
            ("CTSYNC_LOG", "loud=very"),
        ] {
            let done = with(app, name, value).await;
            assert_eq!(done.code, Some(2), "{done:?}");
            assert!(done.stderr.starts_with("error: "), "{done:?}");
            assert!(
                done.stderr.contains(name) && done.stderr.lines().count() == 1,
                "{done:?}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_database_that_is_away_at_the_start_is_30() {
    tests::run(Backend::Sqlite, async |app| {
        let done = with(app, "DATABASE_URL", "postgres://u:hunter2@127.0.0.1:1/x").await;
        assert_eq!(done.code, Some(30), "{done:?}");
        assert!(!done.stderr.contains("hunter2"), "{done:?}");
    })
    .await;
}

#[tokio::test]
async fn settings_come_from_the_file_too() {
    tests::run(Backend::Sqlite, async |app| {
        let folder = tempfile::tempdir().unwrap();
        let settings = "CTSYNC_METRICS_PUBLIC=true\nCTSYNC_BIND=127.0.0.1:0\n";
        std::fs::write(folder.path().join(".env"), settings).unwrap();
        let mut command = command(app, folder.path());
        command.env_remove("CTSYNC_BIND");
        let process = Process::start(command).await;
        assert_eq!(process.get("/metrics", None).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn the_document_is_printed_without_any_setting() {
    tests::run(Backend::Sqlite, async |app| {
        let folder = tempfile::tempdir().unwrap();
        let mut command = command(app, folder.path());
        command.env("DATABASE_URL", "nonsense").arg("openapi");
        let output = command.output().await.unwrap();
        assert!(output.status.success());
        assert_eq!(
            String::from_utf8(output.stdout).unwrap().trim_end(),
            api::spec().trim_end()
        );
    })
    .await;
}
