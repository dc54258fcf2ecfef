//! What a monitor learns from the service.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use api::{State, routes};
use poem::http::StatusCode;
use poem::{Endpoint, Request};
use tests::{TestApp, on_both_databases};

async fn status(app: &TestApp, path: &str) -> StatusCode {
    let database = app.database.connect().await;
    let state = Arc::new(State { database });
    let request = Request::builder().uri_str(path).finish();
    routes(state).get_response(request).await.status()
}

on_both_databases! {
    async fn a_service_on_a_current_schema_is_ready(app: &TestApp) {
        assert_eq!(status(app, "/readyz").await, StatusCode::OK);
    }

    async fn a_schema_that_is_behind_is_not_ready_but_alive(app: &TestApp) {
        app.engine.database.migrate_down(1).await.unwrap();
        assert_eq!(status(app, "/readyz").await, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(status(app, "/healthz").await, StatusCode::OK);
    }

    async fn the_served_document_is_the_printed_one(app: &TestApp) {
        let database = app.database.connect().await;
        let request = Request::builder().uri_str("/openapi.json").finish();
        let response = routes(Arc::new(State { database })).get_response(request).await;
        let served = response.into_body().into_string().await.unwrap();
        assert_eq!(served, api::spec());
    }
}
