//! Opening the credentials of all connections: to seal them anew, and to find out whose they are.

use entity::{TenantId, connection};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, IntoActiveModel, QueryFilter, QuerySelect,
};
use serde_json::json;

use super::check::act;
use crate::admin::audit::Admin;
use crate::credentials::Credentials;
use crate::database::Database;
use crate::error::{Attempt, Result};
use crate::secret::{Owner, Sealed, SecretKeys};

/// What became of the credentials of all connections.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Connections whose credentials were sealed anew.
    pub done: u64,
    /// Connections whose credentials were sealed with the first key already.
    pub current: u64,
    /// Connections whose credentials cannot be opened.
    pub failed: Vec<connection::Model>,
}

/// Seals the credentials of all connections anew that were sealed with another key than the first one, or by an earlier
/// version. Each is done for itself: whatever it is stopped at, the next time goes on.
///
/// # Errors
/// When there is no key, or the database fails.
pub async fn reseal(admin: &Admin<'_>, keys: &SecretKeys) -> Result<Resealed> {
    let mut resealed = Resealed::default();
    for row in with_credentials(admin.database).await? {
        let Some(sealed) = sealed(&row) else {
            continue;
        };
        if keys.is_current(&Owner::of(&row), &sealed) {
            resealed.current += 1;
        } else if keys.open(&Owner::of(&row), &sealed).is_ok() {
            resealed.done += u64::from(reseal_one(admin, keys, &row).await?);
        } else {
            resealed.failed.push(row);
        }
    }
    Ok(resealed)
}

/// Whether another tenant than `tenant` has a connection with the same account of ClientTether. Credentials that cannot be
/// opened are passed over.
///
/// # Errors
/// When the database fails.
pub async fn is_taken(
    database: &Database,
    keys: &SecretKeys,
    tenant: TenantId,
    credentials: &Credentials,
) -> Result<bool> {
    let rows = with_credentials(database).await?;
    let mut others = rows.iter().filter(|row| row.tenant_id != tenant);
    Ok(others.any(|row| {
        let opened = sealed(row).and_then(|sealed| keys.open(&Owner::of(row), &sealed).ok());
        opened.is_some_and(|other| other.has_web_key_of(credentials))
    }))
}

/// How many connections have credentials that are not sealed with the first key, or were sealed by an earlier version.
///
/// # Errors
/// When the database fails.
pub async fn count_outdated(database: &Database, keys: &SecretKeys) -> Result<usize> {
    let rows = with_credentials(database).await?;
    let is_outdated = |row: &&connection::Model| {
        sealed(row).is_some_and(|sealed| !keys.is_current(&Owner::of(row), &sealed))
    };
    Ok(rows.iter().filter(is_outdated).count())
}

async fn with_credentials(database: &Database) -> Result<Vec<connection::Model>> {
    let rows = connection::Entity::of_all_tenants()
        .filter(connection::COLUMN.credentials.is_not_null())
        .all(database.reader())
        .await;
    rows.attempt("read the connections")
}

async fn reseal_one(
    admin: &Admin<'_>,
    keys: &SecretKeys,
    found: &connection::Model,
) -> Result<bool> {
    let tx = admin.begin().await?;
    let row = connection::Entity::owned_by(found.tenant_id)
        .filter(connection::COLUMN.id.eq(found.id))
        .lock_exclusive()
        .one(&tx)
        .await
        .attempt("find the connection")?;
    // It may be gone or changed by now.
    let sealed = row.as_ref().and_then(sealed);
    let (Some(row), Some(sealed)) = (row, sealed) else {
        return Ok(false);
    };
    let owner = Owner::of(&row);
    let credentials = keys.open(&owner, &sealed)?;
    let sealed = keys.seal(&owner, &credentials)?;
    let act = act("reseal_credentials", &row, json!({ "key": sealed.key_id }));
    let row = connection::ActiveModel {
        credentials: Set(Some(sealed.bytes)),
        credentials_key_id: Set(Some(sealed.key_id)),
        ..row.into_active_model()
    };
    row.update(&tx).await.attempt("change the connection")?;
    admin.commit(tx, act).await?;
    Ok(true)
}

fn sealed(row: &connection::Model) -> Option<Sealed> {
    Some(Sealed {
        bytes: row.credentials.clone()?,
        key_id: row.credentials_key_id.clone()?,
    })
}
