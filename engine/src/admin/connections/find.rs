//! Finding connections.

use entity::{ConnectionId, Stream, TenantId, connection, tenant};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};

use super::check::not_found;
use crate::admin::tenants;
use crate::connector::streams_of;
use crate::database::Database;
use crate::error::{Attempt, Error, Result};
use crate::lease::{self, Hold};
use crate::settings;

/// A connection with its tenant.
#[derive(Debug, Clone)]
pub struct Owned {
    /// Whose it is.
    pub tenant: tenant::Model,
    /// The connection; its credentials are sealed.
    pub connection: connection::Model,
    /// Its lease, where somebody has it.
    pub hold: Option<Hold>,
}

/// Returns the connections of `tenant`, or of all tenants, by tenant, source and name.
pub async fn list(database: &Database, tenant: Option<TenantId>) -> Result<Vec<Owned>> {
    let query = match tenant {
        Some(tenant) => connection::Entity::owned_by(tenant),
        None => connection::Entity::of_all_tenants(),
    };
    let query = query
        .order_by_asc(connection::COLUMN.source)
        .order_by_asc(connection::COLUMN.name);
    let rows = query
        .all(database.reader())
        .await
        .attempt("list the connections")?;
    let tenants = tenants::list(database).await?;
    let owners: Vec<_> = rows.iter().map(|row| row.tenant_id).collect();
    let holds = lease::holds(database.reader(), &owners).await?;
    let owned_by = |tenant: &tenant::Model| {
        let mine = rows.iter().filter(|row| row.tenant_id == tenant.id);
        let owned = mine.map(|row| Owned {
            tenant: tenant.clone(),
            hold: holds.get(&row.id).cloned(),
            connection: row.clone(),
        });
        owned.collect::<Vec<_>>()
    };
    Ok(tenants.iter().flat_map(owned_by).collect())
}

/// Returns the streams that a connection mirrors, in the order in which they are read.
///
/// # Errors
/// When its settings cannot be read.
pub fn mirrored_streams(row: &connection::Model) -> Result<Vec<Stream>> {
    let owner = format!("connection {}", row.name);
    let chosen = settings::connection_settings(&owner, row.source, &row.settings)?.streams;
    let streams = streams_of(row.source).iter().map(|(stream, _)| *stream);
    let is_chosen = |stream: &Stream| chosen.as_ref().is_none_or(|all| all.contains(stream));
    Ok(streams.filter(is_chosen).collect())
}

/// Returns a connection of `tenant`.
///
/// # Errors
/// [`Error::NotFound`] when the tenant has no such connection.
pub async fn show(
    database: &Database,
    tenant: TenantId,
    id: ConnectionId,
) -> Result<connection::Model> {
    let query = connection::Entity::owned_by(tenant).filter(connection::COLUMN.id.eq(id));
    let row = query.one(database.reader()).await;
    let row = row.attempt("find the connection")?;
    row.ok_or_else(|| not_found(&id.to_string()))
}

/// Returns the connection that `reference` names, of whichever tenant: its id, `<tenant>/<name>`, or just
/// the tenant (id or slug) where that has one connection only.
///
/// For operators; requests that act for a tenant start from [`list`] with that tenant.
///
/// # Errors
/// [`Error::NotFound`] when there is none, [`Error::Conflict`] when there are several.
pub async fn locate(database: &Database, reference: &str) -> Result<Owned> {
    if let Some(found) = by_id(database, reference).await? {
        return Ok(found);
    }
    let (tenant, name) = match reference.split_once('/') {
        Some((tenant, name)) => (tenant, Some(name)),
        None => (reference, None),
    };
    let tenant = tenants::find(database, tenant)
        .await
        .map_err(|error| match error {
            Error::NotFound { .. } if name.is_none() => not_found(reference),
            error => error,
        })?;
    let mut found = list(database, Some(tenant.id)).await?;
    found.retain(|owned| name.is_none_or(|name| owned.connection.name == name));
    the_only_one(found, reference)
}

async fn by_id(database: &Database, reference: &str) -> Result<Option<Owned>> {
    let Ok(id) = reference.parse::<ConnectionId>() else {
        return Ok(None);
    };
    let query = connection::Entity::of_all_tenants().filter(connection::COLUMN.id.eq(id));
    let row = query
        .one(database.reader())
        .await
        .attempt("find the connection")?;
    let Some(connection) = row else {
        return Ok(None);
    };
    let tenant = tenants::find(database, &connection.tenant_id.to_string()).await?;
    let hold = lease::hold_of(database.reader(), tenant.id, connection.id).await?;
    Ok(Some(Owned {
        tenant,
        connection,
        hold,
    }))
}

fn the_only_one(mut found: Vec<Owned>, reference: &str) -> Result<Owned> {
    if found.len() > 1 {
        let names = found.iter().map(Owned::reference).collect::<Vec<_>>();
        return Err(Error::Conflict(format!(
            "`{reference}` has several connections; name one: {}",
            names.join(", ")
        )));
    }
    found.pop().ok_or_else(|| not_found(reference))
}

impl Owned {
    /// What [`locate`] finds the connection by, for people.
    pub fn reference(&self) -> String {
        format!("{}/{}", self.tenant.slug, self.connection.name)
    }
}
