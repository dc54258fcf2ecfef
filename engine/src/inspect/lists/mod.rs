//! Lists of records, in parts: those behind the numbers, notes, the schedule, the hot list.
//!
//! Each starts from one tenant's rows, has a total order, and goes on from the sort key of a row: rows that
//! come and go neither repeat nor hide others. Totals count everything that the filters let through.

mod activities;
mod hot_list;
mod leads;
mod notes;
mod opportunities;
mod order;
mod rental_opportunities;
mod search;

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QuerySelect, Select};

pub use activities::{ActivityFilter, list_activities};
pub use hot_list::list_hot_items;
pub use leads::{LeadFilter, find_lead, list_leads};
pub use notes::list_notes;
pub use opportunities::{OpportunityFilter, find_opportunity, list_opportunities};
pub use order::Start;
pub(super) use rental_opportunities::upcoming_rental_opportunities;
pub use rental_opportunities::{
    RentalOpportunityFilter, find_rental_opportunity, list_rental_opportunities,
};

use self::order::{Key, Order};
use crate::error::{Attempt, Result};

/// A part of a list.
#[derive(Debug)]
pub struct Part<R> {
    /// The rows, in order.
    pub rows: Vec<R>,
    /// Rows of the whole list.
    pub total: u64,
}

/// Which part of a list is wanted.
#[derive(Debug, Clone, Copy)]
pub struct PartQuery<K> {
    /// Where it begins.
    pub start: Start<K>,
    /// At most so many rows.
    pub limit: u64,
}

impl<K> PartQuery<K> {
    fn start(self, key: impl FnOnce(K) -> Key) -> Start<Key> {
        match self.start {
            Start::Offset(offset) => Start::Offset(offset),
            Start::After(last) => Start::After(key(last)),
        }
    }
}

/// Reads a part of `select`, and how much there is in all.
async fn read<E: EntityTrait>(
    db: &impl ConnectionTrait,
    select: Select<E>,
    order: Order<E::Column>,
    start: &Start<Key>,
    limit: u64,
) -> Result<Part<E::Model>> {
    let total = count(db, &select, order.id).await?;
    let rows = order.read(db, &select, start, limit).await?;
    Ok(Part { rows, total })
}

async fn count<E: EntityTrait>(
    db: &impl ConnectionTrait,
    select: &Select<E>,
    id: E::Column,
) -> Result<u64> {
    let count: Option<i64> = select
        .clone()
        .select_only()
        .column_as(id.count(), "total")
        .into_tuple()
        .one(db)
        .await
        .attempt("count a list")?;
    Ok(count.unwrap_or_default().unsigned_abs())
}
