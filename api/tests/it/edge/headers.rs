//! Headers of every answer: who may read it, and what browsers may make of it.

use api::{Access, EdgeSettings};
use poem::http::Method;
use tests::{Backend, TestApp};

use crate::support::Service;

const APP: &str = "https://app.example.com";

fn service(app: &TestApp) -> Service<'_> {
    let settings = [("CTSYNC_CORS_ORIGINS".to_owned(), APP.to_owned())];
    let settings = EdgeSettings::load(&settings.into_iter().collect()).unwrap();
    Service::behind(app, Access::default(), settings)
}

#[tokio::test]
async fn every_answer_is_closed_to_misuse_by_browsers() {
    tests::run(Backend::Sqlite, async |app| {
        let service = service(app);
        for path in [
            "/healthz",
            "/openapi.json",
            "/docs",
            "/api/sync/status",
            "/nothing",
            "/metrics",
        ] {
            let answered = service.call(Method::GET, path).send().await;
            assert_eq!(
                answered.header("x-content-type-options"),
                "nosniff",
                "{path}"
            );
            assert_eq!(answered.header("referrer-policy"), "no-referrer", "{path}");
            let policy = answered.header("content-security-policy");
            assert!(
                policy.contains("frame-ancestors 'none'"),
                "{path}: {policy}"
            );
            let is_kept = answered.headers.contains_key("etag");
            assert_eq!(
                answered.header("cache-control") == "no-store",
                !is_kept,
                "{path}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_preflight_of_a_known_origin_is_answered() {
    tests::run(Backend::Sqlite, async |app| {
        let service = service(app);
        let call = service
            .call(Method::OPTIONS, "/api/sync/status")
            .header("origin", APP);
        let answered = call
            .header("access-control-request-method", "GET")
            .send()
            .await;
        assert_eq!(answered.status, 204);
        assert_eq!(answered.header("access-control-allow-origin"), APP);
        let headers = answered.header("access-control-allow-headers");
        assert!(
            headers.contains("Authorization") && headers.contains("X-Tenant-Id"),
            "{headers}"
        );
        assert!(
            answered
                .header("access-control-allow-methods")
                .contains("POST")
        );
        assert_eq!(answered.header("access-control-allow-credentials"), "");
    })
    .await;
}

#[tokio::test]
async fn an_unknown_origin_gets_no_permission() {
    tests::run(Backend::Sqlite, async |app| {
        let service = service(app);
        for origin in [
            "https://evil.example.com",
            "null",
            "https://app.example.com.evil.example",
            "http://app.example.com",
        ] {
            for method in [Method::OPTIONS, Method::GET] {
                let call = service.call(method, "/healthz").header("origin", origin);
                let call = call.header("access-control-request-method", "GET");
                let answered = call.send().await;
                assert_eq!(
                    answered.header("access-control-allow-origin"),
                    "",
                    "{origin}"
                );
                assert_eq!(
                    answered.header("access-control-allow-methods"),
                    "",
                    "{origin}"
                );
            }
        }
    })
    .await;
}

#[tokio::test]
async fn refusals_can_be_read_by_frontends_too() {
    tests::run(Backend::Sqlite, async |app| {
        let service = service(app);
        let call = service
            .call(Method::GET, "/api/sync/status")
            .header("origin", APP);
        let answered = call.send().await;
        answered.assert_problem(401, "credential_missing");
        assert_eq!(answered.header("access-control-allow-origin"), APP);
        let exposed = answered.header("access-control-expose-headers");
        for name in [
            "ETag",
            "Location",
            "RateLimit",
            "RateLimit-Policy",
            "Retry-After",
            "X-Request-Id",
        ] {
            assert!(exposed.split(", ").any(|exposed| exposed == name), "{name}");
        }
        assert!(
            answered
                .headers
                .get_all("vary")
                .iter()
                .any(|value| value == "Origin")
        );
    })
    .await;
}
