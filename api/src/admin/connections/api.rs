//! Looking at connections, adding, changing and removing them.

use std::sync::Arc;

use engine::admin::connections::{self, Owned};
use engine::credentials::Credentials;
use engine::lease;
use entity::{ConnectionId, connection};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use uuid::Uuid;

use super::body::{ConnectionChangeBody, NewConnectionBody};
use super::credentials::CredentialsBody;
use super::view::{Connection, ConnectionList};
use crate::Tag;
use crate::access::PathAdmin;
use crate::answer::{Answer, Created, Done, Fetched, Outcome};
use crate::error::{ApiError, Code};
use crate::state::State;

pub(crate) struct ConnectionsApi;

#[OpenApi(prefix_path = "/api/tenants", tag = "Tag::Connections")]
impl ConnectionsApi {
    /// List connections
    #[oai(
        path = "/:tenant/connections",
        method = "get",
        operation_id = "list_connections"
    )]
    async fn list(
        &self,
        admin: PathAdmin,
        state: Data<&Arc<State>>,
        /// The tenant, by id or slug.
        #[oai(name = "tenant")]
        _tenant: Path<String>,
    ) -> Answer<Fetched<ConnectionList>> {
        let now = state.engine.clock.now();
        let owned = connections::list(&state.engine.database, Some(admin.tenant().id)).await?;
        let shown = |owned: Owned| Connection::new(owned.connection, owned.hold.as_ref(), now);
        let items = owned.into_iter().map(shown).collect::<Result<_, _>>()?;
        Ok(Fetched(ConnectionList { items }).into())
    }

    /// Add a connection
    ///
    /// Its credentials are kept encrypted and never shown. Test it, then start a sync.
    #[oai(
        path = "/:tenant/connections",
        method = "post",
        operation_id = "create_connection"
    )]
    async fn create(
        &self,
        admin: PathAdmin,
        state: Data<&Arc<State>>,
        /// The tenant, by id or slug.
        #[oai(name = "tenant")]
        _tenant: Path<String>,
        body: Json<NewConnectionBody>,
    ) -> Answer<Created<Connection>> {
        let new = body.0.checked(admin.tenant().id, admin.caller())?;
        require_own(&new.credentials, &admin, &state).await?;
        let act = admin.caller().admin(&state);
        let row = connections::add(&act, &state.engine.keys, new).await;
        let row = row.map_err(unsealed)?;
        Ok(Created {
            location: format!("/api/tenants/{}/connections/{}", row.tenant_id, row.id),
            value: shown(row, &state).await?,
        }
        .into())
    }

    /// Show a connection
    #[oai(
        path = "/:tenant/connections/:id",
        method = "get",
        operation_id = "get_connection"
    )]
    async fn show(
        &self,
        admin: PathAdmin,
        state: Data<&Arc<State>>,
        /// The tenant, by id or slug.
        #[oai(name = "tenant")]
        _tenant: Path<String>,
        /// The connection.
        id: Path<Uuid>,
    ) -> Answer<Fetched<Connection>> {
        let id = ConnectionId::from_uuid(id.0);
        let row = connections::show(&state.engine.database, admin.tenant().id, id).await?;
        Ok(Fetched(shown(row, &state).await?).into())
    }

    /// Change a connection
    ///
    /// Where requests go and how many resources they take is for the agency to set.
    #[oai(
        path = "/:tenant/connections/:id",
        method = "patch",
        operation_id = "update_connection"
    )]
    async fn update(
        &self,
        admin: PathAdmin,
        state: Data<&Arc<State>>,
        /// The tenant, by id or slug.
        #[oai(name = "tenant")]
        _tenant: Path<String>,
        /// The connection.
        id: Path<Uuid>,
        body: Json<ConnectionChangeBody>,
    ) -> Answer<Outcome<Connection>> {
        let change = body.0.checked(admin.caller())?;
        let (act, id) = (admin.caller().admin(&state), ConnectionId::from_uuid(id.0));
        if let Some(credentials) = &change.credentials {
            require_own(credentials, &admin, &state).await?;
        }
        let keys = &state.engine.keys;
        let row = connections::set(&act, keys, admin.tenant().id, id, change).await;
        Ok(Outcome(shown(row.map_err(unsealed)?, &state).await?).into())
    }

    /// Replace a connection's credentials
    ///
    /// They must be of its upstream. A connection that waited for them is synced again.
    #[oai(
        path = "/:tenant/connections/:id/credentials",
        method = "put",
        operation_id = "set_connection_credentials"
    )]
    async fn set_credentials(
        &self,
        admin: PathAdmin,
        state: Data<&Arc<State>>,
        /// The tenant, by id or slug.
        #[oai(name = "tenant")]
        _tenant: Path<String>,
        /// The connection.
        id: Path<Uuid>,
        body: Json<CredentialsBody>,
    ) -> Answer<Outcome<Connection>> {
        let credentials = body.0.checked()?;
        require_own(&credentials, &admin, &state).await?;
        let (act, id) = (admin.caller().admin(&state), ConnectionId::from_uuid(id.0));
        let keys = &state.engine.keys;
        let row =
            connections::set_credentials(&act, keys, admin.tenant().id, id, &credentials).await;
        Ok(Outcome(shown(row.map_err(unsealed)?, &state).await?).into())
    }

    /// Remove a connection
    ///
    /// Everything that was mirrored through it is removed, too, and every answer that it alone had; answers that came in
    /// within the last minutes go with the next retention.
    #[oai(
        path = "/:tenant/connections/:id",
        method = "delete",
        operation_id = "remove_connection"
    )]
    async fn remove(
        &self,
        admin: PathAdmin,
        state: Data<&Arc<State>>,
        /// The tenant, by id or slug.
        #[oai(name = "tenant")]
        _tenant: Path<String>,
        /// The connection.
        id: Path<Uuid>,
    ) -> Answer<Done> {
        let (act, id) = (admin.caller().admin(&state), ConnectionId::from_uuid(id.0));
        connections::remove(&act, admin.tenant().id, id).await?;
        Ok(Done.into())
    }
}

/// Shows a connection as it is now.
pub(super) async fn shown(row: connection::Model, state: &State) -> Result<Connection, ApiError> {
    let reader = state.engine.database.reader();
    let hold = lease::hold_of(reader, row.tenant_id, row.id).await?;
    Connection::new(row, hold.as_ref(), state.engine.clock.now())
}

/// Refuses credentials with which somebody of the tenant could read an account that is not the tenant's: those that leave
/// half of it to the agency's token, and those that another tenant has.
async fn require_own(
    credentials: &Credentials,
    admin: &PathAdmin,
    state: &State,
) -> Result<(), ApiError> {
    if admin.caller().principal().is_agency_admin() {
        return Ok(());
    }
    if credentials.needs_shared_token() {
        let detail = "only the agency may add an account without an accessToken of its own";
        return Err(ApiError::new(Code::Forbidden, detail));
    }
    let (engine, tenant) = (&state.engine, admin.tenant().id);
    let is_taken = connections::is_taken(&engine.database, &engine.keys, tenant, credentials);
    if is_taken.await? {
        let detail = "these credentials cannot be used here; ask the agency";
        return Err(ApiError::new(Code::Conflict, detail));
    }
    Ok(())
}

/// A service without a key works in all other respects.
fn unsealed(error: engine::error::Error) -> ApiError {
    match error {
        engine::error::Error::Secret(_) => ApiError::new(
            Code::Unavailable,
            "the service has no key to keep credentials with; its operator must set CTSYNC_SECRET_KEY",
        ),
        error => error.into(),
    }
}
