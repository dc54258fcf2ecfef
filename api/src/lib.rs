//! The HTTP edge: what a monitor asks, and the document of what there is.
//!
//! The endpoints for tenants' data join here; each resource is a module of its own.

mod health;
mod state;

use std::sync::Arc;

use poem::{Endpoint, EndpointExt, Route};
use poem_openapi::OpenApiService;

pub use state::State;

/// Returns the OpenAPI document, without needing a database.
pub fn spec() -> String {
    service().spec()
}

/// Returns all routes of the service.
pub fn routes(state: Arc<State>) -> impl Endpoint {
    let service = service();
    let document = service.spec_endpoint();
    Route::new()
        .nest("/openapi.json", document)
        .nest("/", service)
        .data(state)
}

fn service() -> OpenApiService<health::HealthApi, ()> {
    OpenApiService::new(health::HealthApi, "ctsync", env!("CARGO_PKG_VERSION"))
}
