//! Answers that somebody has already, and answers that are packed.

use entity::membership::Role;
use poem::http::Method;
use serde_json::Value;
use tests::{Backend, on_both_databases};

use crate::support::Service;

const STATUS: &str = "/api/sync/status";

on_both_databases! {
    async fn whoever_has_the_answer_gets_none(app: &TestApp) {
        let site = app.small_site().await;
        site.sync().await;
        let service = Service::new(app);
        let token = service.token(site.tenant, Role::TenantViewer).await;
        let first = service.get(&token, STATUS).await;
        let tag = first.header("etag");
        for named in [tag, "*", &format!("\"other\", {tag}"), tag.strip_prefix("W/").unwrap()] {
            for method in [Method::GET, Method::HEAD] {
                let call = service.call(method, STATUS).token(&token);
                let again = call.header("if-none-match", named).send().await;
                assert_eq!(again.status, 304, "{named}");
                assert_eq!(again.header("etag"), tag);
                assert_eq!(again.header("content-type"), "");
                assert_eq!(again.body, Value::String(String::new()));
            }
        }
        site.sync().await;
        let call = service.call(Method::GET, STATUS).token(&token);
        let changed = call.header("if-none-match", tag).send().await;
        assert_eq!(changed.status, 200);
        assert_ne!(changed.header("etag"), tag);
    }
}

#[tokio::test]
async fn a_refusal_is_never_not_modified() {
    tests::run(Backend::Sqlite, async |app| {
        let service = Service::new(app);
        let call = service
            .call(Method::GET, STATUS)
            .header("if-none-match", "*");
        call.send().await.assert_problem(401, "credential_missing");
    })
    .await;
}

#[tokio::test]
async fn large_answers_are_packed_for_those_who_can_unpack_them() {
    tests::run(Backend::Sqlite, async |app| {
        let service = Service::new(app);
        let plain = service.call(Method::GET, "/openapi.json").send().await;
        assert_eq!(plain.header("content-encoding"), "");
        for coding in ["gzip", "br"] {
            let call = service.call(Method::GET, "/openapi.json");
            let packed = call.header("accept-encoding", coding).send().await;
            assert_eq!(packed.header("content-encoding"), coding);
            assert_eq!(packed.header("etag"), plain.header("etag"));
            assert!(
                packed
                    .headers
                    .get_all("vary")
                    .iter()
                    .any(|value| value == "Accept-Encoding")
            );
            let call = service.call(Method::GET, "/healthz");
            let small = call.header("accept-encoding", coding).send().await;
            assert_eq!(small.header("content-encoding"), "");
        }
    })
    .await;
}
