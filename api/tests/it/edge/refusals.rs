//! Whatever is wrong with a request, the answer is a problem document that says what.

use entity::membership::Role;
use poem::http::Method;
use tests::{Backend, TestApp};

use crate::support::{Answered, Service};

/// Lists runs with each of `queries`, with a good token.
async fn list_runs(app: &TestApp, queries: &[&str]) -> Vec<Answered> {
    let site = app.small_site().await;
    let service = Service::new(app);
    let token = service.token(site.tenant, Role::TenantViewer).await;
    let mut answers = vec![];
    for query in queries {
        answers.push(
            service
                .get(&token, &format!("/api/sync/runs?{query}"))
                .await,
        );
    }
    answers
}

fn detail(answered: &Answered) -> &str {
    answered.body["detail"].as_str().unwrap()
}

#[tokio::test]
async fn an_unknown_path_is_told() {
    tests::run(Backend::Sqlite, async |app| {
        let service = Service::new(app);
        for path in [
            "/",
            "/api",
            "/api/sync/nothing",
            "/api/sync/status/",
            "/API/sync/status",
            "/api//sync/status",
        ] {
            let answered = service.call(Method::GET, path).send().await;
            answered.assert_problem(404, "route_not_found");
        }
    })
    .await;
}

#[tokio::test]
async fn another_method_is_refused_with_those_there_are() {
    tests::run(Backend::Sqlite, async |app| {
        let service = Service::new(app);
        for (path, allowed) in [("/api/sync/status", "GET, HEAD"), ("/docs", "GET, HEAD")] {
            for method in [Method::DELETE, Method::OPTIONS, Method::TRACE, Method::PUT] {
                let answered = service.call(method, path).send().await;
                answered.assert_problem(405, "method_not_allowed");
                assert_eq!(answered.header("allow"), allowed);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_parameter_that_does_not_exist_is_refused_with_those_that_do() {
    tests::run(Backend::Sqlite, async |app| {
        let answers = list_runs(app, &["limits=1"]).await;
        answers[0].assert_problem(400, "invalid_parameter");
        let detail = detail(&answers[0]);
        assert!(
            detail.contains("`limits`") && detail.contains("limit, cursor"),
            "{detail}"
        );
    })
    .await;
}

#[tokio::test]
async fn parameters_are_given_once_and_have_no_nul() {
    tests::run(Backend::Sqlite, async |app| {
        let queries = ["limit=1&limit=2", "cursor=%00", "limit=%00", "=1", "%00=1"];
        for answered in list_runs(app, &queries).await {
            answered.assert_problem(400, "invalid_parameter");
        }
    })
    .await;
}

#[tokio::test]
async fn a_limit_out_of_range_is_refused() {
    tests::run(Backend::Sqlite, async |app| {
        let queries = [
            "limit=-1",
            "limit=0",
            "limit=1000000000",
            "limit=99999999999999999999",
            "limit=x",
            "limit=1.5",
            "limit=",
        ];
        for answered in list_runs(app, &queries).await {
            answered.assert_problem(400, "invalid_parameter");
            assert!(
                detail(&answered).starts_with("`limit`"),
                "{}",
                answered.body
            );
        }
    })
    .await;
}

#[tokio::test]
async fn two_credentials_are_none() {
    tests::run(Backend::Sqlite, async |app| {
        let site = app.small_site().await;
        let service = Service::new(app);
        let token = service.token(site.tenant, Role::TenantViewer).await;
        let call = service.call(Method::GET, "/api/sync/status");
        let answered = call.token(&token).token(&token).send().await;
        answered.assert_problem(400, "malformed_request");
    })
    .await;
}

#[tokio::test]
async fn what_is_no_bearer_token_is_no_credential() {
    tests::run(Backend::Sqlite, async |app| {
        let service = Service::new(app);
        for value in ["", "Bearer", "Basic dXNlcjpwYXNz", "Bearer  ", "bearer\tx"] {
            let call = service.call(Method::GET, "/api/sync/status");
            let answered = call.header("authorization", value).send().await;
            assert_eq!(answered.status, 401, "{value}: {}", answered.body);
            assert_eq!(answered.header("www-authenticate"), "Bearer");
        }
    })
    .await;
}

#[tokio::test]
async fn an_address_or_headers_without_end_are_refused() {
    tests::run(Backend::Sqlite, async |app| {
        let service = Service::new(app);
        let long = format!("/api/sync/runs?cursor={}", "a".repeat(9000));
        let answered = service.call(Method::GET, &long).send().await;
        answered.assert_problem(414, "uri_too_long");
        let call = service.call(Method::GET, "/healthz");
        let answered = call.header("x-long", &"a".repeat(33_000)).send().await;
        answered.assert_problem(431, "headers_too_large");
    })
    .await;
}

#[tokio::test]
async fn a_request_id_is_taken_over_where_it_is_a_plain_word() {
    tests::run(Backend::Sqlite, async |app| {
        let service = Service::new(app);
        let named = async |id: &str| {
            let call = service.call(Method::GET, "/healthz");
            let answered = call.header("x-request-id", id).send().await;
            answered.header("x-request-id").to_owned()
        };
        assert_eq!(named("abc-1.2_3").await, "abc-1.2_3");
        for odd in ["", "a b", "a\"b", "<script>", &"a".repeat(65)] {
            let id = named(odd).await;
            assert!(id != odd && id.len() == 36, "{id}");
        }
    })
    .await;
}
