//! The database goes away while the service runs.

use std::time::Duration;

use entity::membership::Role;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use tests::Backend;

use super::running::{Answer, Process, command};
use crate::support::Service;

/// Lets nobody into the database `name` and throws everybody out, as a server that goes down does.
async fn close(server: &DatabaseConnection, name: &str) {
    let deny = format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false");
    server.execute_unprepared(&deny).await.unwrap();
    let end =
        format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    server.execute_unprepared(&end).await.unwrap();
}

async fn open(server: &DatabaseConnection, name: &str) {
    let allow = format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true");
    server.execute_unprepared(&allow).await.unwrap();
}

/// Asks until the answer has this status.
async fn until(process: &Process, path: &str, token: &str, status: u16) -> Answer {
    for _ in 0..60 {
        let answer = process.get(path, Some(token)).await;
        if answer.status == status {
            return answer;
        }
        assert_eq!(answer.status, 503, "{answer:?}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("{path} is never {status}");
}

#[tokio::test]
async fn it_stays_up_says_503_and_recovers() {
    tests::run(Backend::Postgres, async |app| {
        let server = std::env::var("CTSYNC_TEST_POSTGRES_URL").unwrap();
        let server = Database::connect(server).await.unwrap();
        let url: url::Url = app.database.url().parse().unwrap();
        let name = url.path().trim_start_matches('/');
        let site = app.small_site().await;
        let token = Service::new(app)
            .token(site.tenant, Role::TenantViewer)
            .await;
        let folder = tempfile::tempdir().unwrap();
        let process = Process::start(command(app, folder.path())).await;
        until(&process, "/api/sync/status", &token, 200).await;
        for _ in 0..2 {
            close(&server, name).await;
            for path in ["/api/sync/status", "/api/sync/runs"] {
                let refused = process.get(path, Some(&token)).await;
                refused.assert_problem(503, "unavailable");
                assert!(refused.head.contains("retry-after: "), "{refused:?}");
            }
            assert_eq!(process.get("/readyz", None).await.status, 503);
            assert_eq!(process.get("/healthz", None).await.status, 200);
            open(&server, name).await;
            until(&process, "/api/sync/status", &token, 200).await;
            until(&process, "/readyz", &token, 200).await;
        }
        process.signal("-TERM").await;
        assert_eq!(process.end().await.code, Some(0));
    })
    .await;
}
