//! The document and the page to read it with.

use poem::http::Method;
use tests::Backend;

use crate::support::Service;

#[tokio::test]
async fn the_document_is_served_as_it_is_printed() {
    tests::run(Backend::Sqlite, async |app| {
        let service = Service::new(app);
        let answered = service.call(Method::GET, "/openapi.json").send().await;
        assert_eq!(answered.header("content-type"), "application/json");
        let printed: serde_json::Value = serde_json::from_str(api::spec()).unwrap();
        assert_eq!(answered.ok(), printed);
    })
    .await;
}

#[tokio::test]
async fn the_page_needs_nothing_from_elsewhere() {
    tests::run(Backend::Sqlite, async |app| {
        let service = Service::new(app);
        let answered = service.call(Method::GET, "/docs").send().await;
        assert_eq!(answered.header("content-type"), "text/html; charset=utf-8");
        let policy = answered.header("content-security-policy").to_owned();
        assert!(policy.contains("default-src 'none'"), "{policy}");
        assert_eq!(policy.matches("'sha256-").count(), 2, "{policy}");
        assert!(
            !policy.contains("http") && !policy.contains("unsafe-eval"),
            "{policy}"
        );
        let html = answered.ok();
        assert!(html.as_str().unwrap().contains("get_sync_status"));
    })
    .await;
}
