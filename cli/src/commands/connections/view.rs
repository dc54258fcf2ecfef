//! A connection as it is shown: everything but its credentials.

use engine::admin::connections::Owned;
use entity::connection::{self, ConnectionStatus};
use entity::{ConnectionId, Source, TenantId, Timestamp};
use serde::Serialize;
use serde_json::Value;

use crate::display::ago_or_never;
use crate::table::{Table, number, state, text};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectionView {
    id: ConnectionId,
    tenant_id: TenantId,
    tenant: String,
    source: Source,
    name: String,
    status: ConnectionStatus,
    status_reason: Option<String>,
    /// Whether credentials were set, whatever they are worth.
    has_credentials: bool,
    /// Only what was set; defaults are left out.
    settings: Value,
    lease_holder: Option<String>,
    lease_expires_at: Option<Timestamp>,
    last_success_at: Option<Timestamp>,
    last_attempt_at: Option<Timestamp>,
    consecutive_failures: i32,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<Owned> for ConnectionView {
    fn from(owned: Owned) -> Self {
        let (holder, until) = owned.hold.map(|hold| (hold.holder, hold.until)).unzip();
        Self {
            lease_holder: holder,
            lease_expires_at: until,
            ..Self::new(owned.tenant.slug, owned.connection)
        }
    }
}

impl ConnectionView {
    /// Shows `row`, whose tenant has the slug `tenant`.
    pub(crate) fn new(tenant: String, row: connection::Model) -> Self {
        let connection::Model {
            id,
            tenant_id,
            source,
            name,
            credentials,
            credentials_key_id: _,
            settings,
            status,
            status_reason,
            data_version: _,
            mapping_hash: _,
            last_success_at,
            last_attempt_at,
            consecutive_failures,
            created_at,
            updated_at,
        } = row;
        Self {
            id,
            tenant_id,
            tenant,
            source,
            name,
            status,
            status_reason,
            has_credentials: credentials.is_some(),
            settings,
            lease_holder: None,
            lease_expires_at: None,
            last_success_at,
            last_attempt_at,
            consecutive_failures,
            created_at,
            updated_at,
        }
    }
}

/// Returns connections as a table.
pub(crate) fn table(rows: &[Owned], now: Timestamp) -> Table {
    let mut table = Table::new([
        "connection",
        "source",
        "status",
        "last success",
        "failures",
        "id",
    ]);
    for owned in rows {
        let row = &owned.connection;
        table.row([
            text(owned.reference()),
            text(row.source),
            state(row.status.as_str()),
            text(ago_or_never(now, row.last_success_at)),
            number(row.consecutive_failures.into()),
            text(row.id),
        ]);
    }
    table
}
