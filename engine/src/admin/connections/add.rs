//! Adding a connection.

use entity::connection::{self, ConnectionStatus};
use entity::{ConnectionId, Source, TenantId};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait};
use serde_json::json;

use super::check::{act, changed_settings, checked_name};
use crate::admin::Assignment;
use crate::admin::audit::Admin;
use crate::admin::write::unique;
use crate::credentials::Credentials;
use crate::error::{Attempt, Error, Result};
use crate::secret::{Owner, SecretKeys, origin};
use crate::work;

/// Name of a connection that is its tenant's only one of its source.
pub const DEFAULT_NAME: &str = "main";

/// Connections that a tenant may have.
pub const MAX_CONNECTIONS: u64 = 50;

/// A connection to be.
#[derive(Debug, Clone)]
pub struct NewConnection {
    /// Whose it is.
    pub tenant: TenantId,
    /// Which upstream it is of.
    pub source: Source,
    /// Tells several accounts of one upstream apart; usually [`DEFAULT_NAME`].
    pub name: String,
    /// Settings that differ from the defaults.
    pub settings: Vec<Assignment>,
    /// What it signs in with.
    pub credentials: Credentials,
}

/// Adds a connection and seals its credentials.
///
/// # Errors
/// `Error::Secret` without a key to seal with, `Error::Invalid` or `Error::Settings` for what is not
/// acceptable, `Error::Conflict` for a name that is taken, and for one connection more than [`MAX_CONNECTIONS`].
pub async fn add(
    admin: &Admin<'_>,
    keys: &SecretKeys,
    new: NewConnection,
) -> Result<connection::Model> {
    let row = new_row(admin, keys, new)?;
    let tx = admin.begin().await?;
    let there = connection::Entity::owned_by(row.tenant_id).count(&tx).await;
    if there.attempt("count the connections")? >= MAX_CONNECTIONS {
        return Err(Error::Conflict(format!(
            "the tenant has {MAX_CONNECTIONS} connections, and may not have more"
        )));
    }
    let insert = connection::Entity::insert(row.clone().into_active_model().reset_all());
    unique(
        insert.exec_without_returning(&tx).await,
        "add the connection",
        || {
            let connection::Model { source, name, .. } = &row;
            format!(
                "the tenant already has a {source} connection `{name}`; give this one another name"
            )
        },
    )?;
    work::make_slot(&tx, row.tenant_id, row.id).await?;
    let detail = json!({ "source": row.source, "name": row.name, "settings": row.settings });
    admin.commit(tx, act("add", &row, detail)).await?;
    Ok(row)
}

fn new_row(admin: &Admin<'_>, keys: &SecretKeys, new: NewConnection) -> Result<connection::Model> {
    let NewConnection {
        tenant,
        source,
        name,
        settings,
        credentials,
    } = new;
    credentials.require(source)?;
    let id = ConnectionId::from_uuid(admin.clock.new_id());
    let name = checked_name(&name)?;
    let settings = changed_settings(&name, source, &json!({}), &settings)?;
    let owner = Owner {
        tenant,
        connection: id,
        origin: origin(&settings),
    };
    let sealed = keys.seal(&owner, &credentials)?;
    let now = admin.clock.now();
    Ok(connection::Model {
        id,
        tenant_id: tenant,
        source,
        name,
        credentials: Some(sealed.bytes),
        credentials_key_id: Some(sealed.key_id),
        settings,
        status: ConnectionStatus::Active,
        status_reason: None,
        data_version: 0,
        mapping_hash: None,
        last_success_at: None,
        last_attempt_at: None,
        consecutive_failures: 0,
        created_at: now,
        updated_at: now,
    })
}
