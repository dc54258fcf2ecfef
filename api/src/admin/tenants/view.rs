//! A tenant as it is shown.

use engine::error::Error;
use engine::settings::tenant_settings;
use entity::tenant;
use poem_openapi::Object;
use uuid::Uuid;

use crate::admin::settings::{Settings, TenantSettings};
use crate::error::ApiError;
use crate::moment::Moment;
use crate::word::{Role, TenantStatus};

/// A tenant that the caller may use.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
pub(super) struct TenantEntry {
    /// The tenant.
    id: Uuid,
    /// Its short name.
    slug: String,
    /// Its name.
    name: String,
    /// IANA name of the zone its people think in.
    time_zone: String,
    /// Whether it is synced and can be read.
    status: TenantStatus,
    /// What the caller may do there.
    role: Role,
}

/// The tenants that the caller may use, by slug.
#[derive(Debug, Clone, Object)]
pub(super) struct TenantList {
    /// The tenants.
    pub(super) items: Vec<TenantEntry>,
}

/// A tenant.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
pub(super) struct Tenant {
    /// The tenant.
    id: Uuid,
    /// Its short name.
    slug: String,
    /// Its name.
    name: String,
    /// IANA name of the zone its people think in.
    time_zone: String,
    /// Whether it is synced and can be read.
    status: TenantStatus,
    /// The settings that were set.
    settings: Settings<TenantSettings>,
    /// The settings that count: those that were set, and the defaults of the others.
    effective_settings: Settings<TenantSettings>,
    /// When it was added.
    created_at: Moment,
    /// When it was last changed.
    updated_at: Moment,
}

impl TenantEntry {
    /// Shows `row` to somebody with `role` there.
    pub(super) fn new(row: tenant::Model, role: Role) -> Self {
        let tenant::Model {
            id,
            slug,
            name,
            time_zone,
            status,
            settings: _,
            created_at: _,
            updated_at: _,
        } = row;
        Self {
            id: id.as_uuid(),
            slug,
            name,
            time_zone,
            status: status.into(),
            role,
        }
    }
}

impl TryFrom<tenant::Model> for Tenant {
    type Error = ApiError;

    fn try_from(row: tenant::Model) -> Result<Self, ApiError> {
        let tenant::Model {
            id,
            slug,
            name,
            time_zone,
            status,
            settings,
            created_at,
            updated_at,
        } = row;
        let effective = tenant_settings(&format!("tenant {slug}"), &settings);
        Ok(Self {
            id: id.as_uuid(),
            slug,
            name,
            time_zone,
            status: status.into(),
            settings: Settings::of(&settings),
            effective_settings: Settings::of(&effective.map_err(Error::from)?),
            created_at: Moment(created_at),
            updated_at: Moment(updated_at),
        })
    }
}
