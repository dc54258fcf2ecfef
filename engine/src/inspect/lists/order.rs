//! The order of a list, and reading on from any place in it.

use sea_orm::sea_query::{Expr, ExprTrait, JoinType, NullOrdering, SelectStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, Order as Direction, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select, Value,
};

use super::count;
use crate::error::{Attempt, Result};

/// The ids of a part of a list, within the statement that reads its rows.
pub(super) const PAGE: &str = "page";

/// Where a part of a list begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start<K> {
    /// At the first row, or so many rows later.
    Offset(u64),
    /// Behind the row with this sort key.
    After(K),
}

/// The sort key of a row: its value, where rows have one, and its id.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) value: Option<Value>,
    pub(super) id: Value,
}

/// A total order: by a column, rows without a value last, ties by id; or by id only.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order<C> {
    pub(super) column: Option<C>,
    pub(super) id: C,
    pub(super) direction: Way,
}

/// Which end of an order comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Up,
    Down,
}

impl Way {
    pub(super) fn direction(self) -> Direction {
        match self {
            Self::Up => Direction::Asc,
            Self::Down => Direction::Desc,
        }
    }

    /// The condition that `left` comes after `right`.
    pub(super) fn after(self, left: Expr, right: Expr) -> Expr {
        match self {
            Self::Up => left.gt(right),
            Self::Down => left.lt(right),
        }
    }
}

impl<C: ColumnTrait> Order<C> {
    /// Reads at most `limit` rows of `select`.
    ///
    /// Rows with and without a value are asked for one after the other: so each question follows an index from
    /// where the part begins, on both databases.
    pub(super) async fn read<E: EntityTrait<Column = C>>(
        &self,
        db: &impl ConnectionTrait,
        select: &Select<E>,
        start: &Start<Key>,
        limit: u64,
    ) -> Result<Vec<E::Model>> {
        let Some(column) = self.column else {
            let page = self.by_id(select.clone(), start).limit(limit);
            return self.rows(db, select, page).await;
        };
        let valued = select.clone().filter(column.is_not_null());
        let mut found = match self.by_value(valued.clone(), column, start) {
            Some(page) => self.rows(db, select, page.limit(limit)).await?,
            None => vec![],
        };
        let missing = limit.saturating_sub(found.len() as u64);
        if missing > 0 {
            let start = self.behind(db, &valued, start).await?;
            let rest = select.clone().filter(column.is_null());
            let page = self.by_id(rest, &start).limit(missing);
            found.extend(self.rows(db, select, page).await?);
        }
        Ok(found)
    }

    /// Returns where a part of the rows without a value begins, when those with one, `valued`, are over.
    async fn behind<E: EntityTrait<Column = C>>(
        &self,
        db: &impl ConnectionTrait,
        valued: &Select<E>,
        start: &Start<Key>,
    ) -> Result<Start<Key>> {
        Ok(match start {
            Start::After(key) if key.value.is_none() => start.clone(),
            Start::After(_) | Start::Offset(0) => Start::Offset(0),
            Start::Offset(offset) => {
                let before = count(db, valued, self.id).await?;
                Start::Offset(offset.saturating_sub(before))
            }
        })
    }

    async fn rows<E: EntityTrait<Column = C>>(
        &self,
        db: &impl ConnectionTrait,
        select: &Select<E>,
        page: Select<E>,
    ) -> Result<Vec<E::Model>> {
        let ids = page.select_only().column_as(self.id, "id").into_query();
        self.only(select, ids).all(db).await.attempt("read a list")
    }

    /// Narrows `select` to rows whose ids `page` selects, in order.
    ///
    /// The ids alone come from an index that holds all a list is filtered by. Asked for whole rows at once,
    /// databases take another index, and pass over other tenants' rows.
    fn only<E: EntityTrait<Column = C>>(
        &self,
        select: &Select<E>,
        page: SelectStatement,
    ) -> Select<E> {
        let mut rows = self.sort(select.clone());
        let is_on_page = self.id.into_expr().eq(Expr::col((PAGE, "id")));
        QueryTrait::query(&mut rows).join_subquery(JoinType::InnerJoin, page, PAGE, is_on_page);
        rows
    }

    pub(super) fn sort<E: EntityTrait<Column = C>>(&self, select: Select<E>) -> Select<E> {
        let way = self.direction.direction();
        let select = match self.column {
            Some(column) => select.order_by_with_nulls(column, way.clone(), NullOrdering::Last),
            None => select,
        };
        select.order_by(self.id, way)
    }

    fn by_id<E: EntityTrait<Column = C>>(
        &self,
        select: Select<E>,
        start: &Start<Key>,
    ) -> Select<E> {
        let select = select.order_by(self.id, self.direction.direction());
        match start {
            Start::Offset(offset) => skip(select, *offset),
            Start::After(key) => {
                let own = self.id.into_expr();
                select.filter(self.direction.after(own, Expr::value(key.id.clone())))
            }
        }
    }

    /// None where all rows with a value lie before the start.
    fn by_value<E: EntityTrait<Column = C>>(
        &self,
        select: Select<E>,
        column: C,
        start: &Start<Key>,
    ) -> Option<Select<E>> {
        let way = self.direction.direction();
        let select = select.order_by(column, way.clone()).order_by(self.id, way);
        match start {
            Start::Offset(offset) => Some(skip(select, *offset)),
            Start::After(key) => {
                let own = Expr::tuple([column.into_expr(), self.id.into_expr()]);
                let last = [key.value.clone()?, key.id.clone()].map(Expr::value);
                Some(select.filter(self.direction.after(own, Expr::tuple(last))))
            }
        }
    }
}

// An offset of 0 would still be a statement of its own, to be prepared.
fn skip<E: EntityTrait>(select: Select<E>, offset: u64) -> Select<E> {
    if offset == 0 {
        select
    } else {
        select.offset(offset)
    }
}
