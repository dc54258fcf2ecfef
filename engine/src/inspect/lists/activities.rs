//! Scheduled activities, the soonest first.

use entity::scheduled_activity::{self, Column};
use entity::{RecordId, TenantId, Timestamp};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, QueryFilter};

use super::order::{Key, Order, Way};
use super::{Part, PartQuery, read};
use crate::error::Result;

const ORDER: Order<Column> = Order {
    column: Some(Column::ScheduledAt),
    id: Column::Id,
    direction: Way::Up,
};

/// Which activities are wanted; one without a time only where neither bound is set.
#[derive(Debug, Clone, Copy, Default)]
pub struct ActivityFilter {
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
}

/// Returns activities of `tenant`, the soonest first and those without a time last.
pub async fn list_activities(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: ActivityFilter,
    part: PartQuery<(Option<Timestamp>, RecordId)>,
) -> Result<Part<scheduled_activity::Model>> {
    let from = filter.from.map(|from| Column::ScheduledAt.gte(from));
    let to = filter.to.map(|to| Column::ScheduledAt.lt(to));
    let within = Condition::all().add_option(from).add_option(to);
    let activities = scheduled_activity::Entity::live(tenant).filter(within);
    let limit = part.limit;
    let start = part.start(|(time, id)| Key {
        value: time.map(Into::into),
        id: id.into(),
    });
    read(db, activities, ORDER, &start, limit).await
}
