//! Opportunities of the rental upstream: the rows behind their numbers.

use entity::rental_opportunity::{Column, Entity, Model};
use entity::{RecordId, TenantId, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, QueryFilter};
use serde::Serialize;

use super::order::{Key, Order, Start, Way};
use super::{Part, PartQuery, read, search};
use crate::error::{Attempt, Error, Result};
use crate::inspect::LoadedWindows;

/// By id, which never changes: what was first seen last comes first.
const ORDER: Order<Column> = Order {
    column: None,
    id: Column::Id,
    direction: Way::Down,
};

const SOONEST_FIRST: Order<Column> = Order {
    column: Some(Column::StartsAt),
    id: Column::Id,
    direction: Way::Up,
};

const SEARCHED: [Column; 4] = [
    Column::Subject,
    Column::Number,
    Column::MemberName,
    Column::VenueName,
];

/// Cancelled, lost and dead: what the upstream itself leaves out unless it is asked for all.
const CALLED_OFF: [i32; 3] = [50, 60, 70];

/// Which opportunities are wanted; without any of these, those that the dashboard counts.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RentalOpportunityFilter {
    /// With one of these states; none for those whose state is not known.
    pub states: Option<Vec<Option<i32>>>,
    /// With one of these statuses; none for those whose status is not known.
    pub statuses: Option<Vec<Option<i32>>>,
    /// That start at this time or later.
    pub starts_from: Option<Timestamp>,
    /// That start before this time.
    pub starts_to: Option<Timestamp>,
    /// With a start, or without one.
    pub has_start: Option<bool>,
    /// For the customer with this upstream id or name.
    pub organisation: Option<String>,
    /// That contain this in subject, number, or the name of customer or venue.
    pub search: Option<String>,
    /// That changed here at this time or later.
    pub updated_since: Option<Timestamp>,
    /// Those that start outside of the windows that are loaded, too.
    pub include_outside: bool,
    /// Those that are gone upstream, too.
    pub include_deleted: bool,
}

/// Returns opportunities of `tenant`.
pub async fn list_rental_opportunities(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    windows: &LoadedWindows,
    filter: &RentalOpportunityFilter,
    part: PartQuery<RecordId>,
) -> Result<Part<Model>> {
    let mut opportunities = Entity::owned_by(tenant).filter(condition(filter));
    if !filter.include_outside {
        opportunities = opportunities.filter(windows.condition());
    }
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
pub async fn find_rental_opportunity(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    id: RecordId,
) -> Result<Model> {
    let found = Entity::owned_by(tenant).filter(Column::Id.eq(id));
    let found = found.one(db).await.attempt("read an opportunity")?;
    found.ok_or_else(|| Error::NotFound {
        what: "opportunity",
        name: id.to_string(),
    })
}

/// Returns the `count` opportunities of `tenant` that start next, at `now` or later, unless they are called off.
pub(in crate::inspect) async fn upcoming_rental_opportunities(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    windows: &LoadedWindows,
    now: Timestamp,
    count: u64,
) -> Result<Vec<Model>> {
    let takes_place = Condition::any()
        .add(Column::Status.is_null())
        .add(Column::Status.is_not_in(CALLED_OFF));
    let upcoming = Entity::live(tenant)
        .filter(windows.condition())
        .filter(Column::StartsAt.gte(now))
        .filter(takes_place);
    let start = Start::Offset(0);
    SOONEST_FIRST.read(db, &upcoming, &start, count).await
}

fn condition(filter: &RentalOpportunityFilter) -> Condition {
    let RentalOpportunityFilter {
        states,
        statuses,
        starts_from,
        starts_to,
        has_start,
        organisation,
        search: _,
        updated_since,
        include_outside: _,
        include_deleted,
    } = filter;
    let dated = |is_dated: bool| {
        if is_dated {
            Column::StartsAt.is_not_null()
        } else {
            Column::StartsAt.is_null()
        }
    };
    Condition::all()
        .add_option(states.as_deref().map(|states| any(Column::State, states)))
        .add_option(statuses.as_deref().map(|found| any(Column::Status, found)))
        .add_option(starts_from.map(|from| Column::StartsAt.gte(from)))
        .add_option(starts_to.map(|to| Column::StartsAt.lt(to)))
        .add_option(has_start.map(dated))
        .add_option(organisation.as_deref().map(of_organisation))
        .add_option(updated_since.map(|since| Column::UpdatedAt.gte(since)))
        .add_option((!include_deleted).then(|| Column::DeletedAt.is_null()))
}

/// Whether a column has one of these values, none meaning null.
fn any(column: Column, numbers: &[Option<i32>]) -> Expr {
    let known = column.is_in(numbers.iter().flatten().copied());
    if numbers.contains(&None) {
        known.or(column.is_null())
    } else {
        known
    }
}

fn of_organisation(organisation: &str) -> Condition {
    Condition::any()
        .add(Column::MemberId.eq(organisation))
        .add(Column::MemberName.eq(organisation))
}
