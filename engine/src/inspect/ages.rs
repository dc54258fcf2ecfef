//! How old everybody's data is, for those who watch the whole installation.

use entity::connection;
use entity::tenant::{self, TenantStatus};
use entity::{Source, Timestamp};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder, QuerySelect,
    RelationDef,
};

use crate::database::Database;
use crate::error::{Attempt, Result};

/// How old the data of a connection is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncAge {
    /// Slug of the tenant.
    pub tenant: String,
    /// Name of the connection.
    pub connection: String,
    /// Its upstream.
    pub source: Source,
    /// Seconds since the last success, none when there was none.
    pub age_seconds: Option<i64>,
    /// Runs in a row that were no success.
    pub consecutive_failures: i32,
}

#[derive(FromQueryResult)]
struct Row {
    tenant: String,
    connection: String,
    source: Source,
    last_success_at: Option<Timestamp>,
    consecutive_failures: i32,
}

/// Returns how old the data of every connection is, the oldest first and at most `limit`; those of archived
/// tenants are left out.
pub async fn sync_ages(database: &Database, now: Timestamp, limit: u64) -> Result<Vec<SyncAge>> {
    use connection::Column;
    let rows = connection::Entity::of_all_tenants()
        .select_only()
        .column_as(tenant::Column::Slug, "tenant")
        .column_as(Column::Name, "connection")
        .columns([
            Column::Source,
            Column::LastSuccessAt,
            Column::ConsecutiveFailures,
        ])
        .join(JoinType::InnerJoin, owner())
        .filter(tenant::Column::Status.ne(TenantStatus::Archived))
        // The databases do not agree on where null comes.
        .order_by_asc(Column::LastSuccessAt.is_not_null())
        .order_by_asc(Column::LastSuccessAt)
        .order_by_asc(Column::Id)
        .limit(limit)
        .into_model::<Row>()
        .all(database.reader())
        .await
        .attempt("read how old the data is")?;
    Ok(rows.into_iter().map(|row| row.at(now)).collect())
}

fn owner() -> RelationDef {
    connection::Entity::belongs_to(tenant::Entity)
        .from(connection::Column::TenantId)
        .to(tenant::Column::Id)
        .into()
}

impl Row {
    fn at(self, now: Timestamp) -> SyncAge {
        let Self {
            tenant,
            connection,
            source,
            last_success_at,
            consecutive_failures,
        } = self;
        SyncAge {
            tenant,
            connection,
            source,
            age_seconds: last_success_at.map(|at| (now - at).num_seconds().max(0)),
            consecutive_failures,
        }
    }
}
