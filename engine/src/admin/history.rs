//! Reading the trace that acts have left.

use entity::audit_entry::{Column, Entity, Model};
use entity::{AuditId, TenantId, Timestamp};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::error::{Attempt, Result};

/// Which acts are wanted.
#[derive(Debug, Clone, Copy)]
pub struct ActQuery {
    /// Only those that concern this tenant; all when absent.
    pub tenant: Option<TenantId>,
    /// Only those that come after the act of this time and id, in the order of the list.
    pub after: Option<(Timestamp, AuditId)>,
    /// At most so many.
    pub limit: u64,
}

/// Returns acts, the newest first.
pub async fn list_acts(db: &impl ConnectionTrait, query: ActQuery) -> Result<Vec<Model>> {
    let acts = match query.tenant {
        Some(tenant) => Entity::owned_by(tenant),
        None => Entity::of_all_tenants(),
    };
    let after = |(time, id): (Timestamp, AuditId)| {
        let same_time = Condition::all()
            .add(Column::CreatedAt.eq(time))
            .add(Column::Id.lt(id));
        Condition::any()
            .add(Column::CreatedAt.lt(time))
            .add(same_time)
    };
    acts.filter(query.after.map_or(Condition::all(), after))
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .limit(query.limit)
        .all(db)
        .await
        .attempt("read the audit log")
}
