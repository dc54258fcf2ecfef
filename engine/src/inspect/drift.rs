//! Fields of upstream records that are not what they were.

use entity::schema_drift::{self, DriftKind};
use entity::{ConnectionId, DriftId, Stream, SyncRunId, TenantId, Timestamp};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::Serialize;

use crate::clock::Clock;
use crate::database::Database;
use crate::error::{Attempt, Result};

/// A field that is not what it was.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DriftEntry {
    /// The drift.
    pub id: DriftId,
    /// The connection.
    pub connection_id: ConnectionId,
    /// The stream.
    pub stream: Stream,
    /// The field.
    pub field: String,
    /// How it changed.
    pub kind: DriftKind,
    /// Types before and after, where they changed.
    pub detail: Option<String>,
    /// The run that noticed it.
    pub first_run_id: SyncRunId,
    /// When it was noticed.
    pub created_at: Timestamp,
    /// When somebody said that it is known.
    pub acknowledged_at: Option<Timestamp>,
}

/// Returns the drift of `tenant`, the newest first; what is acknowledged only on request.
pub async fn list_drift(
    database: &Database,
    tenant: TenantId,
    includes_acknowledged: bool,
) -> Result<Vec<DriftEntry>> {
    let mut drift = schema_drift::Entity::owned_by(tenant);
    if !includes_acknowledged {
        drift = drift.filter(schema_drift::Column::AcknowledgedAt.is_null());
    }
    let rows = drift
        .order_by_desc(schema_drift::Column::CreatedAt)
        .order_by_asc(schema_drift::Column::Stream)
        .order_by_asc(schema_drift::Column::Field)
        .all(database.reader())
        .await
        .attempt("read the drift")?;
    Ok(rows.into_iter().map(DriftEntry::from).collect())
}

/// Acknowledges one drift of `tenant`, or all; returns how many there were.
pub async fn acknowledge_drift(
    database: &Database,
    clock: &Clock,
    tenant: TenantId,
    id: Option<DriftId>,
) -> Result<u64> {
    let mut update = schema_drift::Entity::update_many()
        .col_expr(
            schema_drift::Column::AcknowledgedAt,
            Expr::value(clock.now()),
        )
        .filter(schema_drift::COLUMN.tenant_id.eq(tenant))
        .filter(schema_drift::Column::AcknowledgedAt.is_null());
    if let Some(id) = id {
        update = update.filter(schema_drift::COLUMN.id.eq(id));
    }
    let result = update
        .exec(database.writer())
        .await
        .attempt("acknowledge the drift")?;
    Ok(result.rows_affected)
}

impl From<schema_drift::Model> for DriftEntry {
    fn from(row: schema_drift::Model) -> Self {
        Self {
            id: row.id,
            connection_id: row.connection_id,
            stream: row.stream,
            field: row.field,
            kind: row.kind,
            detail: row.detail,
            first_run_id: row.first_run_id,
            created_at: row.created_at,
            acknowledged_at: row.acknowledged_at,
        }
    }
}
