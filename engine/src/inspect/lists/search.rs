//! Literal search, and lists of what it finds.
//!
//! Upper and lower case of ASCII letters are the same, other letters are themselves: both databases agree on
//! that whatever their locale. No index helps with the middle of a text, so a search reads all texts of the
//! tenant, but only once: for the total and the part of the list together.

use entity::{RecordId, TenantId, connection};
use sea_orm::sea_query::{
    CommonTableExpression, Expr, ExprTrait, LikeExpr, NullOrdering, Query, SelectStatement,
    WithClause,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, QueryFilter,
    QuerySelect, QueryTrait, Select,
};

use super::order::{Key, Order, Start};
use super::{Part, count};
use crate::error::{Attempt, Result};

const ESCAPE: char = '\\';
/// What was found: the ids and sort keys of all rows.
const HITS: &str = "hits";

/// The condition that any of `columns` contains `text`.
pub(super) fn contains<C: ColumnTrait>(
    backend: DbBackend,
    columns: impl IntoIterator<Item = C>,
    text: &str,
) -> Condition {
    let text = text.to_ascii_lowercase();
    let pattern = LikeExpr::new(pattern(&text)).escape(ESCAPE);
    let contains = |column: C| match backend {
        // The collation's lower case is that of ASCII, and finding a text is quicker than matching a pattern.
        DbBackend::Postgres => Expr::cust_with_exprs(
            "POSITION($2 IN LOWER($1 COLLATE \"C\")) > 0",
            [column.into_expr(), Expr::value(text.as_str())],
        ),
        // SQLite's LIKE is blind to the case of ASCII letters, and only of these.
        _ => column.into_expr().like(pattern.clone()),
    };
    columns
        .into_iter()
        .map(contains)
        .fold(Condition::any(), Condition::add)
}

fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for letter in text.chars() {
        if ['%', '_', ESCAPE].contains(&letter) {
            pattern.push(ESCAPE);
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

/// A row that was found, and how many were found in all.
#[derive(FromQueryResult)]
struct Hit {
    id: RecordId,
    total: i64,
}

/// Reads at most `limit` rows of `select`, which searches, and says how many there are in all.
pub(super) async fn read<E: EntityTrait>(
    db: &impl ConnectionTrait,
    (tenant, connection): (TenantId, E::Column),
    select: Select<E>,
    order: Order<E::Column>,
    start: &Start<Key>,
    limit: u64,
) -> Result<Part<E::Model>> {
    // Naming the connections makes the databases go through the rows as they are stored, not by date.
    let own = connection::Entity::owned_by(tenant)
        .select_only()
        .column(connection::Column::Id)
        .into_query();
    let searched = select.clone().filter(connection.in_subquery(own));
    // Rows are asked for by their ids in a question of its own: joined to what was found, SQLite would sort
    // that anew for each row.
    let page = page(order, start, limit).with(hits(searched, order));
    let found = Hit::find_by_statement(db.get_database_backend().build(&page))
        .all(db)
        .await
        .attempt("search")?;
    let total = match (found.first(), start) {
        (Some(hit), _) => hit.total.unsigned_abs(),
        (None, Start::Offset(0)) => 0,
        // The part lies behind the last row.
        (None, _) => count(db, &select, order.id).await?,
    };
    let found = found.into_iter().map(|hit| hit.id);
    let rows = order.sort(select.filter(order.id.is_in(found)));
    let rows = rows.all(db).await.attempt("read what was found")?;
    Ok(Part { rows, total })
}

fn hits<E: EntityTrait>(searched: Select<E>, order: Order<E::Column>) -> WithClause {
    let hits = searched
        .select_only()
        .column_as(order.id, "id")
        .column_as(order.column.unwrap_or(order.id), "key")
        .into_query();
    let hits = CommonTableExpression::new()
        .query(hits)
        .table_name(HITS)
        .materialized(true)
        .to_owned();
    WithClause::new().cte(hits).to_owned()
}

fn total() -> SelectStatement {
    let count = Expr::cust("COUNT(*)");
    Query::select().expr(count).from(HITS).to_owned()
}

/// Selects the ids of a part of what was found, each with how much was found in all.
fn page<C: ColumnTrait>(order: Order<C>, start: &Start<Key>, limit: u64) -> SelectStatement {
    let way = order.direction;
    let mut page = Query::select();
    page.column("id").from(HITS).limit(limit);
    page.expr_as(Expr::SubQuery(None, Box::new(total().into())), "total");
    if order.column.is_some() {
        page.order_by_with_nulls("key", way.direction(), NullOrdering::Last);
    }
    page.order_by("id", way.direction());
    match start {
        Start::Offset(offset) => page.offset(*offset),
        Start::After(last) => page.and_where(after(order, last)),
    };
    page
}

/// The condition that a row found comes after the one with the key `last`.
fn after<C: ColumnTrait>(order: Order<C>, last: &Key) -> Expr {
    let (id, key) = (Expr::col("id"), Expr::col("key"));
    let later_id = order.direction.after(id, Expr::value(last.id.clone()));
    match (order.column, &last.value) {
        (None, _) => later_id,
        (Some(_), None) => key.is_null().and(later_id),
        (Some(_), Some(value)) => {
            let value = Expr::value(value.clone());
            let same = key.clone().eq(value.clone()).and(later_id);
            let later = order.direction.after(key.clone(), value);
            later.or(same).or(key.is_null())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_are_taken_literally() {
        assert_eq!(pattern(r"50%_off\Ä"), r"%50\%\_off\\Ä%");
    }
}
