//! Holds data requests off while the tables are not those that this program knows.
//!
//! The service starts all the same: `/readyz` says what is missing, and once the schema was migrated requests
//! are answered without a restart.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use engine::error::{Error, Result as EngineResult};
use poem::{Endpoint, IntoResponse, Request, Response, Result};
use tokio::sync::Mutex;

use crate::error::ApiError;
use crate::route;
use crate::state::State;

/// How long an answer of the database about its schema holds.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Whether the schema was found to be current.
#[derive(Default)]
pub(super) struct SchemaGate {
    is_current: AtomicBool,
    refused: Mutex<Option<(Instant, usize)>>,
}

/// Lets requests for data pass when the schema is current.
pub(super) async fn require_schema<E: Endpoint>(next: E, request: Request) -> Result<Response> {
    if let Some(state) = request.data::<Arc<State>>()
        && route::needs_schema(request.uri().path())
    {
        state
            .edge
            .schema
            .pass(state)
            .await
            .map_err(ApiError::from)?;
    }
    Ok(next.call(request).await?.into_response())
}

impl SchemaGate {
    async fn pass(&self, state: &State) -> EngineResult<()> {
        if self.is_current.load(Ordering::Relaxed) {
            return Ok(());
        }
        // One looks, the others wait for what it sees.
        let mut refused = self.refused.lock().await;
        if let Some((since, pending)) = *refused
            && since.elapsed() < LOOK_AGAIN
        {
            return Err(Error::SchemaBehind { pending });
        }
        let looked = state.engine.database.require_current_schema().await;
        *refused = match &looked {
            Err(Error::SchemaBehind { pending }) => Some((Instant::now(), *pending)),
            _ => None,
        };
        self.is_current.store(looked.is_ok(), Ordering::Relaxed);
        looked
    }
}
