//! Tenants: customers of the agency.

use std::collections::{BTreeSet, HashMap};

use entity::TenantId;
use entity::tenant::{self, TenantStatus};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction,
    EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::audit::{Act, Admin};
use super::write::{plain_name, unique};
use super::{Assignment, assignment};
use crate::database::Database;
use crate::error::{Attempt, Error, Result};
use crate::settings;

/// Longest slug: what fits into a DNS label.
const MAX_SLUG_BYTES: usize = 63;

/// A tenant to be.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// Short name for command lines and URLs: lower-case letters, digits and hyphens.
    pub slug: String,
    /// Name for people.
    pub name: String,
    /// IANA name of the zone the tenant's people think in.
    pub time_zone: String,
    /// Settings that differ from the defaults.
    pub settings: Vec<Assignment>,
}

/// What may change about a tenant; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct TenantChange {
    /// Name for people.
    pub name: Option<String>,
    /// IANA name of the zone the tenant's people think in.
    pub time_zone: Option<String>,
    /// Settings to change.
    pub settings: Vec<Assignment>,
}

/// Adds a tenant.
///
/// # Errors
/// [`Error::Invalid`] or [`Error::Settings`] for what is not acceptable, [`Error::Conflict`] for a slug
/// that is taken.
pub async fn add(admin: &Admin<'_>, new: NewTenant) -> Result<tenant::Model> {
    let slug = checked_slug(&new.slug)?;
    let now = admin.clock.now();
    let row = tenant::Model {
        id: TenantId::from_uuid(admin.clock.new_id()),
        name: plain_name("tenant's name", &new.name)?,
        time_zone: checked_zone(&new.time_zone)?,
        status: TenantStatus::Active,
        settings: changed_settings(&slug, &json!({}), &new.settings)?,
        slug,
        created_at: now,
        updated_at: now,
    };
    let tx = admin.begin().await?;
    let insert = tenant::Entity::insert(row.clone().into_active_model().reset_all());
    unique(
        insert.exec_without_returning(&tx).await,
        "add the tenant",
        || format!("there is already a tenant `{}`", row.slug),
    )?;
    let detail = json!({ "slug": row.slug, "name": row.name, "timeZone": row.time_zone });
    admin.commit(tx, act("add", row.id, detail)).await?;
    Ok(row)
}

/// Returns all tenants, by slug.
pub async fn list(database: &Database) -> Result<Vec<tenant::Model>> {
    let query = tenant::Entity::find().order_by_asc(tenant::COLUMN.slug);
    query
        .all(database.reader())
        .await
        .attempt("list the tenants")
}

/// Returns the slugs of those of the tenants that exist.
pub async fn slugs(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = TenantId>,
) -> Result<HashMap<TenantId, String>> {
    let ids: BTreeSet<_> = ids.into_iter().collect();
    let query = tenant::Entity::find().filter(tenant::Column::Id.is_in(ids));
    let rows = query.all(db).await.attempt("read the tenants")?;
    Ok(rows.into_iter().map(|row| (row.id, row.slug)).collect())
}

/// Returns the tenant with this id or slug.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn find(database: &Database, id_or_slug: &str) -> Result<tenant::Model> {
    let query = match id_or_slug.parse::<TenantId>() {
        Ok(id) => tenant::Entity::find_by_id(id),
        // PostgreSQL refuses some texts altogether; none of them is a slug.
        Err(_) if checked_slug(id_or_slug).is_err() => return Err(not_found(id_or_slug)),
        Err(_) => tenant::Entity::find().filter(tenant::COLUMN.slug.eq(id_or_slug)),
    };
    let row = query
        .one(database.reader())
        .await
        .attempt("find the tenant")?;
    row.ok_or_else(|| not_found(id_or_slug))
}

/// Changes a tenant.
///
/// # Errors
/// [`Error::Invalid`] or [`Error::Settings`] for what is not acceptable.
pub async fn set(admin: &Admin<'_>, id: TenantId, change: TenantChange) -> Result<tenant::Model> {
    let tx = admin.begin().await?;
    let row = locked(&tx, id).await?;
    let settings = changed_settings(&row.slug, &row.settings, &change.settings)?;
    let TenantChange {
        name, time_zone, ..
    } = change;
    let name = name
        .map(|name| plain_name("tenant's name", &name))
        .transpose()?;
    let time_zone = time_zone.map(|zone| checked_zone(&zone)).transpose()?;
    let detail = json!({ "name": name, "timeZone": time_zone, "settings": settings });
    let row = tenant::ActiveModel {
        name: Set(name.unwrap_or_else(|| row.name.clone())),
        time_zone: Set(time_zone.unwrap_or_else(|| row.time_zone.clone())),
        settings: Set(settings),
        updated_at: Set(admin.clock.now()),
        ..row.into_active_model()
    };
    let row = row.update(&tx).await.attempt("change the tenant")?;
    admin.commit(tx, act("set", id, detail)).await?;
    Ok(row)
}

/// Stops syncing a tenant; what is there stays readable.
pub async fn pause(admin: &Admin<'_>, id: TenantId) -> Result<tenant::Model> {
    set_status(admin, id, "pause", TenantStatus::Paused).await
}

/// Syncs a paused or archived tenant again.
pub async fn resume(admin: &Admin<'_>, id: TenantId) -> Result<tenant::Model> {
    set_status(admin, id, "resume", TenantStatus::Active).await
}

/// Stops syncing and showing a tenant; what is there is kept.
pub async fn archive(admin: &Admin<'_>, id: TenantId) -> Result<tenant::Model> {
    set_status(admin, id, "archive", TenantStatus::Archived).await
}

async fn set_status(
    admin: &Admin<'_>,
    id: TenantId,
    action: &'static str,
    status: TenantStatus,
) -> Result<tenant::Model> {
    let tx = admin.begin().await?;
    let row = locked(&tx, id).await?;
    let detail = json!({ "from": row.status, "to": status });
    let row = tenant::ActiveModel {
        status: Set(status),
        updated_at: Set(admin.clock.now()),
        ..row.into_active_model()
    };
    let row = row.update(&tx).await.attempt("change the tenant")?;
    admin.commit(tx, act(action, id, detail)).await?;
    Ok(row)
}

async fn locked(tx: &DatabaseTransaction, id: TenantId) -> Result<tenant::Model> {
    let query = tenant::Entity::find_by_id(id).lock_exclusive();
    let row = query.one(tx).await.attempt("find the tenant")?;
    row.ok_or_else(|| not_found(&id.to_string()))
}

fn not_found(name: &str) -> Error {
    Error::NotFound {
        what: "tenant",
        name: name.to_owned(),
    }
}

fn act(action: &'static str, id: TenantId, detail: Value) -> Act {
    Act {
        tenant: Some(id),
        action,
        object_type: "tenant",
        object_id: id.to_string(),
        detail,
    }
}

fn changed_settings(slug: &str, settings: &Value, changes: &[Assignment]) -> Result<Value> {
    let owner = format!("tenant {slug}");
    assignment::apply(settings, changes, |json| {
        settings::tenant_settings(&owner, json).map(drop)
    })
}

fn checked_slug(slug: &str) -> Result<String> {
    let is_allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    let is_slug = (1..=MAX_SLUG_BYTES).contains(&slug.len())
        && slug.bytes().all(is_allowed)
        && !slug.starts_with('-')
        && !slug.ends_with('-');
    // Where a tenant is named, an id and a slug must not be mistaken for each other.
    if is_slug && Uuid::try_parse(slug).is_err() {
        return Ok(slug.to_owned());
    }
    Err(Error::Invalid(format!(
        "`{slug}` is no slug: use 1 to {MAX_SLUG_BYTES} lower-case letters, digits and inner hyphens, \
         for example acme-rentals"
    )))
}

fn checked_zone(zone: &str) -> Result<String> {
    match zone.parse::<chrono_tz::Tz>() {
        Ok(zone) => Ok(zone.name().to_owned()),
        Err(_) => Err(Error::Invalid(format!(
            "`{zone}` is no IANA time zone; use a name like America/New_York or UTC"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_has_lower_case_letters_digits_and_inner_hyphens() {
        assert!(checked_slug("acme-rentals-2").is_ok());
        for wrong in [
            "",
            "Acme",
            "acme rentals",
            "-acme",
            "acme-",
            "acme_x",
            "äcme",
        ] {
            assert!(checked_slug(wrong).is_err(), "{wrong}");
        }
        assert!(checked_slug(&"a".repeat(64)).is_err());
    }

    #[test]
    fn a_slug_cannot_be_mistaken_for_an_id() {
        assert!(checked_slug("019aa2f0-0000-7000-8000-000000000000").is_err());
        assert!(checked_slug("019aa2f0000070008000000000000000").is_err());
    }

    #[test]
    fn an_unknown_time_zone_is_refused_with_an_example() {
        assert_eq!(checked_zone("Europe/Berlin").unwrap(), "Europe/Berlin");
        let error = checked_zone("Berlin").unwrap_err().to_string();
        assert!(error.contains("America/New_York"), "{error}");
    }
}
