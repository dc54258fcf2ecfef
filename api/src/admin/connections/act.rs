//! Testing, pausing and resuming connections.

use std::sync::Arc;
use std::time::Duration;

use engine::admin::connections;
use entity::ConnectionId;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use tokio::time::timeout;
use uuid::Uuid;

use super::api::shown;
use super::view::{Connection, ConnectionTest};
use crate::Tag;
use crate::access::PathAdmin;
use crate::answer::{Answer, Outcome};
use crate::error::ApiError;
use crate::state::State;

/// Time for a test: less than a request may take, its retries included.
const TEST_TIMEOUT: Duration = Duration::from_secs(15);

pub(crate) struct ConnectionActsApi;

#[OpenApi(prefix_path = "/api/tenants", tag = "Tag::Connections")]
impl ConnectionActsApi {
    /// Test a connection
    ///
    /// Asks the upstream one cheap question, to see whether it accepts the credentials. What it says is in the
    /// answer; that it refuses is no error of the request.
    #[oai(
        path = "/:tenant/connections/:id/test",
        method = "post",
        operation_id = "test_connection"
    )]
    async fn test(
        &self,
        admin: PathAdmin,
        state: Data<&Arc<State>>,
        /// The tenant, by id or slug.
        #[oai(name = "tenant")]
        _tenant: Path<String>,
        /// The connection.
        id: Path<Uuid>,
    ) -> Answer<Outcome<ConnectionTest>> {
        let engine = &state.engine;
        let id = ConnectionId::from_uuid(id.0);
        let row = connections::show(&engine.database, admin.tenant().id, id).await?;
        state
            .edge
            .quotas
            .charge_test(row.id)
            .map_err(ApiError::from)?;
        let _one_at_a_time = state.testing.begin(row.id)?;
        let asked = timeout(TEST_TIMEOUT, Box::pin(engine.test_connection(row.id))).await;
        let test = match asked {
            Ok(asked) => ConnectionTest::new(asked)?,
            Err(_) => ConnectionTest::timed_out(),
        };
        Ok(Outcome(test).into())
    }

    /// Pause a connection
    ///
    /// It is not synced any more; what was mirrored stays readable.
    #[oai(
        path = "/:tenant/connections/:id/pause",
        method = "post",
        operation_id = "pause_connection"
    )]
    async fn pause(
        &self,
        admin: PathAdmin,
        state: Data<&Arc<State>>,
        /// The tenant, by id or slug.
        #[oai(name = "tenant")]
        _tenant: Path<String>,
        /// The connection.
        id: Path<Uuid>,
    ) -> Answer<Outcome<Connection>> {
        let (act, id) = (admin.caller().admin(&state), ConnectionId::from_uuid(id.0));
        let row = connections::pause(&act, admin.tenant().id, id).await?;
        Ok(Outcome(shown(row, &state).await?).into())
    }

    /// Resume a connection
    ///
    /// It is synced again, with the credentials it has.
    #[oai(
        path = "/:tenant/connections/:id/resume",
        method = "post",
        operation_id = "resume_connection"
    )]
    async fn resume(
        &self,
        admin: PathAdmin,
        state: Data<&Arc<State>>,
        /// The tenant, by id or slug.
        #[oai(name = "tenant")]
        _tenant: Path<String>,
        /// The connection.
        id: Path<Uuid>,
    ) -> Answer<Outcome<Connection>> {
        let (act, id) = (admin.caller().admin(&state), ConnectionId::from_uuid(id.0));
        let row = connections::resume(&act, admin.tenant().id, id).await?;
        Ok(Outcome(shown(row, &state).await?).into())
    }
}
