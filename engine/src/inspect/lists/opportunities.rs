//! Opportunities: the rows behind the numbers of the pipeline.

use entity::opportunity::{self, Column, Entity};
use entity::{Amount, RecordId, TenantId, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, QueryFilter};
use serde::Serialize;

use super::order::{Key, Order, Way};
use super::{Part, PartQuery, read, search};
use crate::error::{Attempt, Error, Result};
use crate::publish::{Columns, Rules};

/// By id, which never changes: what was first seen last comes first.
const ORDER: Order<Column> = Order {
    column: None,
    id: Column::Id,
    direction: Way::Down,
};

const COLUMNS: Columns<Column> = Columns {
    connection: Column::ConnectionId,
    contact_type: Column::ContactType,
    stage: Column::Stage,
};

const SEARCHED: [Column; 3] = [Column::FirstName, Column::LastName, Column::Company];

/// Which opportunities are wanted; without any of these, those that the dashboards count.
#[derive(Debug, Clone, Default, Serialize)]
pub struct OpportunityFilter {
    /// In this stage.
    pub stage: Option<String>,
    /// With a value above zero, or the others.
    pub has_value: Option<bool>,
    /// On the hot list, or the others.
    pub is_hot: Option<bool>,
    /// That contain this in name or company.
    pub search: Option<String>,
    /// That changed here at this time or later.
    pub updated_since: Option<Timestamp>,
    /// Other contact types, too.
    pub include_non_prospects: bool,
    /// Stages that are no part of the pipeline, too.
    pub include_inactive_stages: bool,
    /// Those that are gone upstream, too.
    pub include_deleted: bool,
}

/// Returns opportunities of `tenant`.
pub async fn list_opportunities(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    rules: &Rules,
    filter: &OpportunityFilter,
    part: PartQuery<RecordId>,
) -> Result<Part<opportunity::Model>> {
    let opportunities = Entity::owned_by(tenant).filter(condition(rules, filter));
    let limit = part.limit;
    let start = part.start(|id| Key {
        value: None,
        id: id.into(),
    });
    let Some(text) = &filter.search else {
        return read(db, opportunities, ORDER, &start, limit).await;
    };
    let found = search::contains(db.get_database_backend(), SEARCHED, text);
    let owner = (tenant, Column::ConnectionId);
    search::read(db, owner, opportunities.filter(found), ORDER, &start, limit).await
}

/// Returns one opportunity of `tenant`, also when it is gone upstream.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn find_opportunity(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    id: RecordId,
) -> Result<opportunity::Model> {
    let found = Entity::owned_by(tenant).filter(Column::Id.eq(id));
    let found = found.one(db).await.attempt("read an opportunity")?;
    found.ok_or_else(|| Error::NotFound {
        what: "opportunity",
        name: id.to_string(),
    })
}

fn condition(rules: &Rules, filter: &OpportunityFilter) -> Condition {
    let OpportunityFilter {
        stage,
        has_value,
        is_hot,
        search: _,
        updated_since,
        include_non_prospects,
        include_inactive_stages,
        include_deleted,
    } = filter;
    Condition::all()
        .add_option(stage.as_deref().map(|stage| Column::Stage.eq(stage)))
        .add_option(has_value.map(|has_value| either(valued(), has_value)))
        .add_option(is_hot.map(|is_hot| either(hot(rules), is_hot)))
        .add_option(updated_since.map(|since| Column::UpdatedAt.gte(since)))
        .add_option((!include_non_prospects).then(|| rules.prospects(COLUMNS)))
        .add_option((!include_inactive_stages).then(|| rules.active(COLUMNS)))
        .add_option((!include_deleted).then(|| Column::DeletedAt.is_null()))
}

fn either(condition: Expr, holds: bool) -> Expr {
    if holds { condition } else { condition.not() }
}

/// Whether there is a value: never null, so that it can be turned round.
fn valued() -> Expr {
    let has_size = Column::DealSize.is_not_null();
    has_size.and(Column::DealSize.gt(Amount::ZERO))
}

fn hot(rules: &Rules) -> Expr {
    rules.hot(COLUMNS).and(Column::DeletedAt.is_null())
}
