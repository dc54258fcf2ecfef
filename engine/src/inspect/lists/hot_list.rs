//! The hot list, the largest weighted fee first.

use entity::hot_list_item::{self, Column};
use entity::{Amount, HotListItemId, TenantId};
use sea_orm::ConnectionTrait;

use super::order::{Key, Order, Way};
use super::{Part, PartQuery, read};
use crate::error::Result;

const ORDER: Order<Column> = Order {
    column: Some(Column::WeightedIff),
    id: Column::Id,
    direction: Way::Down,
};

/// Returns the hot list of `tenant`, the largest weighted fee first and items without one last.
pub async fn list_hot_items(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    part: PartQuery<(Option<Amount>, HotListItemId)>,
) -> Result<Part<hot_list_item::Model>> {
    let items = hot_list_item::Entity::owned_by(tenant);
    let limit = part.limit;
    let start = part.start(|(fee, id)| Key {
        value: fee.map(Into::into),
        id: id.into(),
    });
    read(db, items, ORDER, &start, limit).await
}
