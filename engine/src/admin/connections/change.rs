//! Changes of a connection that is there.

use entity::connection::{self, ConnectionStatus};
use entity::{ConnectionId, TenantId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, IntoActiveModel,
    ModelTrait, QueryFilter, QuerySelect,
};
use serde_json::json;

use super::check::{act, changed_settings, checked_name, not_found};
use crate::admin::Assignment;
use crate::admin::audit::Admin;
use crate::admin::write::unique;
use crate::credentials::Credentials;
use crate::error::{Attempt, Error, Result};
use crate::lease;
use crate::prune;
use crate::secret::{Owner, SecretKeys, origin};

/// Why a connection waits for credentials whose base URL leads elsewhere.
const MOVED: &str = "base_url leads to another place than the credentials were given for";

/// What may change about a connection; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct ConnectionChange {
    /// The new name.
    pub name: Option<String>,
    /// Settings to change.
    pub settings: Vec<Assignment>,
    /// New credentials.
    pub credentials: Option<Credentials>,
}

/// Renames a connection or changes its settings.
///
/// Credentials do not follow to another place: with another host, port or scheme in `base_url` the connection waits for
/// credentials, unless they come with the change.
///
/// # Errors
/// [`Error::Invalid`] or [`Error::Settings`] for what is not acceptable, [`Error::Conflict`] for a name that
/// is taken, [`Error::Secret`] without a key to seal with.
pub async fn set(
    admin: &Admin<'_>,
    keys: &SecretKeys,
    tenant: TenantId,
    id: ConnectionId,
    change: ConnectionChange,
) -> Result<connection::Model> {
    let ConnectionChange {
        name,
        settings,
        credentials,
    } = change;
    let name = name.map(|name| checked_name(&name)).transpose()?;
    let tx = admin.begin().await?;
    let before = locked(&tx, tenant, id).await?;
    let mut row = before.clone();
    row.settings = changed_settings(&row.name, row.source, &row.settings, &settings)?;
    if let Some(credentials) = &credentials {
        put_credentials(&mut row, keys, credentials)?;
    } else if origin(&before.settings) != origin(&row.settings) {
        (row.credentials, row.credentials_key_id) = (None, None);
        row.status = ConnectionStatus::NeedsCredentials;
        row.status_reason = Some(MOVED.to_owned());
    }
    row.name = name.unwrap_or(row.name);
    row.updated_at = admin.clock.now();
    let detail = json!({
        "name": (row.name != before.name).then_some(&row.name),
        "settings": row.settings,
        "hasCredentials": row.credentials.is_some(),
    });
    let row = row.into_active_model().reset_all();
    let row = unique(row.update(&tx).await, "change the connection", || {
        "the tenant already has a connection of that name".to_owned()
    })?;
    admin.commit(tx, act("set", &row, detail)).await?;
    Ok(row)
}

/// Replaces a connection's credentials; one that waited for them is synced again.
///
/// # Errors
/// [`Error::Secret`] without a key to seal with, [`Error::Invalid`] for credentials of another upstream.
pub async fn set_credentials(
    admin: &Admin<'_>,
    keys: &SecretKeys,
    tenant: TenantId,
    id: ConnectionId,
    credentials: &Credentials,
) -> Result<connection::Model> {
    let tx = admin.begin().await?;
    let mut row = locked(&tx, tenant, id).await?;
    put_credentials(&mut row, keys, credentials)?;
    row.updated_at = admin.clock.now();
    let row = row.into_active_model().reset_all();
    let row = row.update(&tx).await.attempt("change the connection")?;
    admin
        .commit(tx, act("set_credentials", &row, json!({})))
        .await?;
    Ok(row)
}

/// Seals `credentials` into `row`; one that waited for them is synced again.
fn put_credentials(
    row: &mut connection::Model,
    keys: &SecretKeys,
    credentials: &Credentials,
) -> Result<()> {
    credentials.require(row.source)?;
    let sealed = keys.seal(&Owner::of(row), credentials)?;
    row.credentials = Some(sealed.bytes);
    row.credentials_key_id = Some(sealed.key_id);
    if row.status == ConnectionStatus::NeedsCredentials {
        row.status = ConnectionStatus::Active;
    }
    row.status_reason = None;
    Ok(())
}

/// Stops syncing a connection.
pub async fn pause(
    admin: &Admin<'_>,
    tenant: TenantId,
    id: ConnectionId,
) -> Result<connection::Model> {
    set_status(admin, tenant, id, "pause", ConnectionStatus::Paused).await
}

/// Syncs a connection again, with the credentials it has.
pub async fn resume(
    admin: &Admin<'_>,
    tenant: TenantId,
    id: ConnectionId,
) -> Result<connection::Model> {
    set_status(admin, tenant, id, "resume", ConnectionStatus::Active).await
}

/// Removes a connection with everything that was mirrored through it, and the answers that only it referred to.
///
/// # Errors
/// [`Error::Conflict`] while a worker syncs it. When the database fails after the connection is gone, its answers are left
/// to retention.
pub async fn remove(admin: &Admin<'_>, tenant: TenantId, id: ConnectionId) -> Result<()> {
    let tx = admin.begin().await?;
    let row = locked(&tx, tenant, id).await?;
    let hold = lease::hold_of(&tx, tenant, id).await?;
    if hold.is_some_and(|hold| hold.is_live(admin.clock.now())) {
        return Err(Error::Conflict(format!(
            "connection `{}` is being synced; pause it, wait for the run to end and try again",
            row.name,
        )));
    }
    let act = act(
        "remove",
        &row,
        json!({ "source": row.source, "name": row.name }),
    );
    row.delete(&tx).await.attempt("remove the connection")?;
    admin.commit(tx, act).await?;
    prune::forget_unneeded_answers(admin.database, admin.clock, tenant).await?;
    Ok(())
}

async fn set_status(
    admin: &Admin<'_>,
    tenant: TenantId,
    id: ConnectionId,
    action: &'static str,
    status: ConnectionStatus,
) -> Result<connection::Model> {
    let tx = admin.begin().await?;
    let row = locked(&tx, tenant, id).await?;
    let detail = json!({ "from": row.status, "to": status });
    let row = connection::ActiveModel {
        status: Set(status),
        status_reason: Set(None),
        updated_at: Set(admin.clock.now()),
        ..row.into_active_model()
    };
    let row = row.update(&tx).await.attempt("change the connection")?;
    admin.commit(tx, act(action, &row, detail)).await?;
    Ok(row)
}

async fn locked(
    tx: &DatabaseTransaction,
    tenant: TenantId,
    id: ConnectionId,
) -> Result<connection::Model> {
    let query = connection::Entity::owned_by(tenant).filter(connection::COLUMN.id.eq(id));
    let row = query
        .lock_exclusive()
        .one(tx)
        .await
        .attempt("find the connection")?;
    row.ok_or_else(|| not_found(&id.to_string()))
}
