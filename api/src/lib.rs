//! The HTTP edge: what frontends, administrators and monitors ask, and the document that describes it.
//!
//! Each resource is a module: [`sync`], and so on. A request meets the layers of [`edge`] first; a handler
//! then takes its caller from [`access`], asks one thing, and converts. [`document`] makes the OpenAPI
//! document out of the handlers.

pub mod access;
mod admin;
mod answer;
pub mod config;
mod dashboard;
mod decimal;
mod document;
mod edge;
mod error;
mod freshness;
mod health;
mod literal;
mod moment;
mod network;
mod numbers;
mod optional_body;
mod page;
mod reading;
mod records;
mod reference;
mod route;
mod seldom;
pub mod server;
mod state;
mod sync;
mod text;
mod webhooks;
mod word;

use std::sync::{Arc, LazyLock};

use poem::{Endpoint, Response, Route, get};
use poem_openapi::{OpenApiService, Tags};

pub use access::Access;
pub use edge::EdgeSettings;
pub use state::State;

use document::Document;

/// What operations are about.
#[derive(Tags)]
enum Tag {
    /// How fresh the data is, what ran when, and manual resyncs.
    Sync,
    /// Numbers, the hot list, notes and the schedule.
    Dashboards,
    /// The records behind the numbers.
    Records,
    /// What upstreams tell by themselves, and what became of it.
    Webhooks,
    /// Customers of the agency.
    Tenants,
    /// Tenants' accounts of upstream services.
    Connections,
    /// Keys of this API.
    Tokens,
    /// People and their roles.
    Users,
    /// Who did what.
    Audit,
    /// Whether the service is up.
    Health,
}

/// What is published about the service; making it needs no database.
static DOCUMENT: LazyLock<Document> = LazyLock::new(|| Document::new(&service().spec()));

/// Returns the OpenAPI document, without needing a database.
pub fn spec() -> &'static str {
    DOCUMENT.text()
}

/// Returns the whole service.
pub fn routes(state: Arc<State>) -> impl Endpoint<Output = Response> {
    let routes = Route::new()
        .at("/openapi.json", get(reference::show_document))
        .at("/docs", get(reference::show_page))
        .at("/metrics", get(edge::metrics::show_metrics))
        .nest("/", service());
    edge::around(routes, state)
}

type Api = (
    health::HealthApi,
    sync::StateApi,
    sync::RunsApi,
    sync::StartApi,
    sync::LoadApi,
    dashboard::DashboardApi,
    records::RecordsApi,
    webhooks::ReceiveApi,
    webhooks::EventsApi,
    admin::AdminApi,
);

fn service() -> OpenApiService<Api, ()> {
    let api: Api = (
        health::HealthApi,
        sync::StateApi,
        sync::RunsApi,
        sync::StartApi,
        sync::LoadApi,
        dashboard::api(),
        records::api(),
        webhooks::ReceiveApi,
        webhooks::EventsApi,
        admin::api(),
    );
    OpenApiService::new(api, "ctsync", env!("CARGO_PKG_VERSION"))
}
