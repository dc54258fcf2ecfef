//! A tenant as it is shown.

use entity::tenant::{self, TenantStatus};
use entity::{TenantId, Timestamp};
use serde::Serialize;
use serde_json::Value;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TenantView {
    id: TenantId,
    slug: String,
    name: String,
    time_zone: String,
    status: TenantStatus,
    /// Only what was set; defaults are left out.
    settings: Value,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<tenant::Model> for TenantView {
    fn from(row: tenant::Model) -> Self {
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
        Self {
            id,
            slug,
            name,
            time_zone,
            status,
            settings,
            created_at,
            updated_at,
        }
    }
}
