//! Limits of how often and how much.

use api::{Access, EdgeSettings};
use entity::membership::Role;
use poem::http::Method;
use tests::{Backend, TestApp};

use crate::support::Service;

fn service<'a>(app: &'a TestApp, settings: &[(&str, &str)]) -> Service<'a> {
    let settings = settings
        .iter()
        .map(|&(name, value)| (name.to_owned(), value.to_owned()));
    let settings = EdgeSettings::load(&settings.collect()).unwrap();
    Service::behind(app, Access::default(), settings)
}

#[tokio::test]
async fn a_caller_is_told_the_quota_and_stopped_when_it_is_used_up() {
    tests::run(Backend::Sqlite, async |app| {
        let site = app.small_site().await;
        let limits = [("CTSYNC_RATE_LIMIT", "6"), ("CTSYNC_RATE_LIMIT_BURST", "2")];
        let service = service(app, &limits);
        let token = service.token(site.tenant, Role::TenantViewer).await;
        for remaining in [1, 0] {
            let answered = service.get(&token, "/api/sync/status").await;
            assert_eq!(answered.status, 200);
            assert_eq!(answered.header("ratelimit-policy"), "\"caller\";q=2;w=20");
            let limit = answered.header("ratelimit");
            assert!(
                limit.starts_with(&format!("\"caller\";r={remaining};t=")),
                "{limit}"
            );
        }
        let refused = service.get(&token, "/api/sync/status").await;
        refused.assert_problem(429, "rate_limited");
        assert_eq!(refused.header("ratelimit"), "\"caller\";r=0;t=20");
        let wait: u64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=10).contains(&wait), "{wait}");
        let other = service.token(site.tenant, Role::TenantViewer).await;
        assert_eq!(service.get(&other, "/api/sync/status").await.status, 200);
        let health = service.call(Method::GET, "/healthz").send().await;
        assert_eq!(health.header("ratelimit"), "");
    })
    .await;
}

#[tokio::test]
async fn a_body_has_a_largest_size_announced_or_not() {
    tests::run(Backend::Sqlite, async |app| {
        let site = app.small_site().await;
        let service = service(app, &[("CTSYNC_MAX_BODY_BYTES", "1024")]);
        let token = service.token(site.tenant, Role::TenantAdmin).await;
        let large = "x".repeat(1025);
        let call = || service.call(Method::POST, "/api/sync/runs").token(&token);
        let chunked = call().text("application/json", &large).send().await;
        chunked.assert_problem(413, "body_too_large");
        let announced = call().header("content-length", "1025").send().await;
        announced.assert_problem(413, "body_too_large");
        let fits = call().text("application/json", &large[1..]).send().await;
        fits.assert_problem(400, "malformed_request");
    })
    .await;
}
