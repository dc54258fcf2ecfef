//! Connections: upstream accounts of tenants. Their secrets go in and never come out.

mod change;

pub use change::{pause, remove, resume, set, set_credentials};

use entity::connection::{self, ConnectionStatus};
use entity::{ConnectionId, Source, TenantId, tenant};
use sea_orm::{
    ActiveModelTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};
use serde_json::{Value, json};

use super::audit::{Act, Admin};
use super::write::{plain_name, unique};
use super::{Assignment, assignment, tenants};
use crate::database::Database;
use crate::error::{Attempt, Error, Result};
use crate::secret::{Credentials, SecretKeys};
use crate::settings;

/// Name of a connection that is its tenant's only one of its source.
pub const DEFAULT_NAME: &str = "main";

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

/// What may change about a connection; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct ConnectionChange {
    /// The new name.
    pub name: Option<String>,
    /// Settings to change.
    pub settings: Vec<Assignment>,
}

/// A connection with its tenant.
#[derive(Debug, Clone)]
pub struct Owned {
    /// Whose it is.
    pub tenant: tenant::Model,
    /// The connection; its credentials are sealed.
    pub connection: connection::Model,
}

/// Adds a connection and seals its credentials.
///
/// # Errors
/// [`Error::Secret`] without a key to seal with, [`Error::Invalid`] or [`Error::Settings`] for what is not
/// acceptable, [`Error::Conflict`] for a name that is taken.
pub async fn add(
    admin: &Admin<'_>,
    keys: &SecretKeys,
    new: NewConnection,
) -> Result<connection::Model> {
    let row = new_row(admin, keys, new)?;
    let tx = admin.begin().await?;
    let insert = connection::Entity::insert(row.clone().into_active_model().reset_all());
    unique(insert.exec_without_returning(&tx).await, "add the connection", || {
        let connection::Model { source, name, .. } = &row;
        format!("the tenant already has a {source} connection `{name}`; give this one another name")
    })?;
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
    require_supported(source)?;
    let id = ConnectionId::from_uuid(admin.clock.new_id());
    let name = checked_name(&name)?;
    let settings = changed_settings(&name, &json!({}), &settings)?;
    let sealed = keys.seal(id, &credentials)?;
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
        lease_holder: None,
        lease_expires_at: None,
        lease_run_id: None,
        fence: 0,
        data_version: 0,
        last_success_at: None,
        last_attempt_at: None,
        consecutive_failures: 0,
        created_at: now,
        updated_at: now,
    })
}

/// Returns the connections of `tenant`, or of all tenants, by tenant, source and name.
pub async fn list(database: &Database, tenant: Option<TenantId>) -> Result<Vec<Owned>> {
    let query = match tenant {
        Some(tenant) => connection::Entity::owned_by(tenant),
        None => connection::Entity::find(),
    };
    let query = query
        .order_by_asc(connection::COLUMN.source)
        .order_by_asc(connection::COLUMN.name);
    let rows = query.all(database.reader()).await.attempt("list the connections")?;
    let tenants = tenants::list(database).await?;
    let owned_by = |tenant: &tenant::Model| {
        let mine = rows.iter().filter(|row| row.tenant_id == tenant.id);
        let owned = mine.map(|row| Owned {
            tenant: tenant.clone(),
            connection: row.clone(),
        });
        owned.collect::<Vec<_>>()
    };
    Ok(tenants.iter().flat_map(owned_by).collect())
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
    let tenant = tenants::find(database, tenant).await.map_err(|error| match error {
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
    let query = connection::Entity::find_by_id(id);
    let row = query.one(database.reader()).await.attempt("find the connection")?;
    let Some(connection) = row else {
        return Ok(None);
    };
    let tenant = tenants::find(database, &connection.tenant_id.to_string()).await?;
    Ok(Some(Owned { tenant, connection }))
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

fn not_found(reference: &str) -> Error {
    Error::NotFound {
        what: "connection",
        name: reference.to_owned(),
    }
}

fn act(action: &'static str, row: &connection::Model, detail: Value) -> Act {
    Act {
        tenant: Some(row.tenant_id),
        action,
        object_type: "connection",
        object_id: row.id.to_string(),
        detail,
    }
}

fn require_supported(source: Source) -> Result<()> {
    match source {
        Source::ClientTether => Ok(()),
        Source::CurrentRms => Err(Error::Invalid(
            "connections of current_rms cannot be added: this version reads clienttether".to_owned(),
        )),
    }
}

fn checked_name(name: &str) -> Result<String> {
    let name = plain_name("connection's name", name)?;
    if name.contains('/') {
        // `<tenant>/<name>` names a connection.
        return Err(Error::Invalid("the connection's name cannot have a slash".to_owned()));
    }
    Ok(name)
}

fn changed_settings(name: &str, settings: &Value, changes: &[Assignment]) -> Result<Value> {
    let owner = format!("connection {name}");
    assignment::apply(settings, changes, |json| {
        settings::connection_settings(&owner, json).map(drop)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_would_read_as_a_reference_is_refused() {
        assert!(checked_name("north/main").is_err());
        assert_eq!(checked_name("north").unwrap(), "north");
    }

    #[test]
    fn an_upstream_that_cannot_be_read_is_refused() {
        assert!(require_supported(Source::CurrentRms).is_err());
    }
}
