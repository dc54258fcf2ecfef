//! What a monitor learns from the service.

use poem::http::Method;
use tests::{TestApp, on_both_databases};

use crate::support::Service;

async fn status(app: &TestApp, path: &str) -> u16 {
    let service = Service::new(app);
    service.call(Method::GET, path).send().await.status.as_u16()
}

on_both_databases! {
    async fn a_service_on_a_current_schema_is_ready(app: &TestApp) {
        assert_eq!(status(app, "/readyz").await, 200);
    }

    async fn a_schema_that_is_behind_is_not_ready_but_alive(app: &TestApp) {
        app.engine.database.migrate_down(1).await.unwrap();
        assert_eq!(status(app, "/readyz").await, 503);
        assert_eq!(status(app, "/healthz").await, 200);
    }

    async fn the_served_document_is_the_printed_one(app: &TestApp) {
        let service = Service::new(app);
        let served = service.call(Method::GET, "/openapi.json").send().await.ok();
        let printed: serde_json::Value = serde_json::from_str(api::spec()).unwrap();
        assert_eq!(served, printed);
    }
}
