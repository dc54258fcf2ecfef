//! Liveness and readiness, for process managers and load balancers.

use std::sync::Arc;

use engine::error::chain;
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use tracing::warn;

use crate::Tag;
use crate::state::State;

/// The state of the service in one word.
#[derive(Object)]
struct Health {
    /// `ok`, or what is missing.
    status: String,
}

#[derive(ApiResponse)]
enum Alive {
    /// The process answers.
    #[oai(status = 200)]
    Ok(Json<Health>),
}

#[derive(ApiResponse)]
enum Ready {
    /// The database answers and its schema is the one this program knows.
    #[oai(status = 200)]
    Ok(Json<Health>),
    /// The database is away, or its schema is behind or ahead.
    #[oai(status = 503)]
    Unavailable(Json<Health>),
}

pub(crate) struct HealthApi;

#[expect(clippy::unused_async, reason = "the macro asks for async handlers")]
#[OpenApi]
impl HealthApi {
    /// Tell whether the process is alive
    #[oai(
        path = "/healthz",
        method = "get",
        operation_id = "get_liveness",
        tag = "Tag::Health"
    )]
    async fn alive(&self) -> Alive {
        Alive::Ok(health("ok"))
    }

    /// Tell whether requests can be served
    ///
    /// Looks at the database and its schema.
    #[oai(
        path = "/readyz",
        method = "get",
        operation_id = "get_readiness",
        tag = "Tag::Health"
    )]
    async fn ready(&self, state: Data<&Arc<State>>) -> Ready {
        match state.engine.database.require_current_schema().await {
            Ok(()) => Ready::Ok(health("ok")),
            Err(error) => {
                // The database's own words stay in the log.
                warn!(error = %chain(&error), "not ready");
                Ready::Unavailable(health(&error.to_string()))
            }
        }
    }
}

fn health(status: &str) -> Json<Health> {
    Json(Health {
        status: status.to_owned(),
    })
}
