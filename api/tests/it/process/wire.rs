//! What only a real connection shows.

use entity::membership::Role;
use tests::{Backend, TestApp};

use super::running::{Process, command};
use crate::support::Service;

#[tokio::test]
async fn head_tells_the_headers_and_no_body() {
    tests::run(Backend::Sqlite, async |app| {
        let site = app.small_site().await;
        let token = Service::new(app)
            .token(site.tenant, Role::TenantViewer)
            .await;
        let folder = tempfile::tempdir().unwrap();
        let process = Process::start(command(app, folder.path())).await;
        let credential = format!("authorization: Bearer {token}\r\n");
        for path in [
            "/healthz",
            "/api/sync/status",
            "/openapi.json",
            "/docs",
            "/nothing",
        ] {
            let get = process.send("GET", path, &credential, "").await;
            let head = process.send("HEAD", path, &credential, "").await;
            assert_eq!(
                (head.status, head.body.as_str()),
                (get.status, ""),
                "{path}"
            );
            let kind = |answer: &str| {
                answer
                    .lines()
                    .find(|line| line.starts_with("content-type"))
                    .map(str::to_owned)
            };
            assert_eq!(kind(&head.head), kind(&get.head), "{path}");
        }
    })
    .await;
}

/// A service with these settings, and the head of a request that takes a body from somebody who may send it.
async fn receiving(app: &TestApp, settings: &[(&str, &str)]) -> (Process, String) {
    let (process, token) = Process::with_admin(app, settings).await;
    let headers = format!("authorization: Bearer {token}\r\ncontent-type: application/json\r\n");
    (process, headers)
}

#[tokio::test]
async fn a_chunked_body_has_a_largest_size_too() {
    tests::run(Backend::Sqlite, async |app| {
        let (process, headers) = receiving(app, &[("CTSYNC_MAX_BODY_BYTES", "1024")]).await;
        let headers = format!("{headers}transfer-encoding: chunked\r\n");
        let chunk = format!("400\r\n{}\r\n", "x".repeat(0x400));
        let body = format!("{chunk}{chunk}0\r\n\r\n");
        let answer = process
            .send("POST", "/api/sync/runs", &headers, &body)
            .await;
        answer.assert_problem(413, "body_too_large");
    })
    .await;
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    tests::run(Backend::Sqlite, async |app| {
        let settings = [("CTSYNC_REQUEST_TIMEOUT_SECONDS", "1")];
        let (process, headers) = receiving(app, &settings).await;
        let headers = format!("{headers}content-length: 9\r\n");
        let answer = process.send("POST", "/api/sync/runs", &headers, "{").await;
        answer.assert_problem(408, "request_timeout");
    })
    .await;
}

#[tokio::test]
async fn a_proxy_that_nobody_trusts_is_told_in_the_log_once() {
    tests::run(Backend::Sqlite, async |app| {
        let folder = tempfile::tempdir().unwrap();
        let process = Process::start(command(app, folder.path())).await;
        for _ in 0..3 {
            let forwarded = "x-forwarded-for: 192.0.2.7\r\n";
            let answer = process.send("GET", "/healthz", forwarded, "").await;
            assert_eq!(answer.status, 200);
        }
        process.signal("-TERM").await;
        let log = process.end().await.stderr;
        assert_eq!(log.matches("CTSYNC_TRUSTED_PROXIES").count(), 1, "{log}");
    })
    .await;
}

#[tokio::test]
async fn guessing_from_one_address_ends_soon_but_a_known_credential_goes_on() {
    tests::run(Backend::Sqlite, async |app| {
        let site = app.small_site().await;
        let token = Service::new(app)
            .token(site.tenant, Role::TenantViewer)
            .await;
        let folder = tempfile::tempdir().unwrap();
        let mut command = command(app, folder.path());
        command.env("CTSYNC_RATE_LIMIT_UNKNOWN", "3");
        let process = Process::start(command).await;
        assert_eq!(
            process.get("/api/sync/status", Some(&token)).await.status,
            200
        );
        process
            .get("/api/sync/status", Some("ctsync_a"))
            .await
            .assert_problem(401, "credential_invalid");
        process
            .get("/api/sync/status", None)
            .await
            .assert_problem(401, "credential_missing");
        let unknown = process.get("/nothing", None).await;
        unknown.assert_problem(404, "route_not_found");
        for guess in [Some("ctsync_b"), None] {
            let refused = process.get("/api/sync/status", guess).await;
            refused.assert_problem(429, "rate_limited");
            assert!(
                refused.head.contains("ratelimit: \"address\";r=0;t=60"),
                "{refused:?}"
            );
        }
        assert_eq!(
            process.get("/api/sync/status", Some(&token)).await.status,
            200
        );
        assert_eq!(process.get("/healthz", None).await.status, 200);
    })
    .await;
}
