//! What the opportunities of the rental upstream are worth: by state, by status, by month.
//!
//! Counted when asked, from the rows themselves: an account has thousands of them, not hundreds of thousands, and
//! loads publish them window by window. So the numbers are those of the rows at every moment.

use std::collections::BTreeMap;

use entity::rental_opportunity::{Column, Entity, Model};
use entity::{AmountSum, TenantId, Timestamp};
use sea_orm::sea_query::Expr;
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, QueryFilter, QuerySelect, QueryTrait};

use crate::error::{Attempt, Result};
use crate::inspect::LoadedWindows;
use crate::inspect::lists::upcoming_rental_opportunities;

/// The numbers of the opportunities that are there upstream and [count](LoadedWindows).
#[derive(Debug)]
pub struct RentalDashboard {
    /// All of them.
    pub total: Share,
    /// By state, in the order of the numbers.
    pub by_state: Vec<NumberShare>,
    /// By status, in the order of the numbers.
    pub by_status: Vec<NumberShare>,
    /// By the month in which they start, those without a start last.
    pub by_month: Vec<MonthShare>,
    /// Those that start next.
    pub upcoming: Vec<Model>,
    /// What the numbers count.
    pub windows: LoadedWindows,
}

/// Some of the opportunities.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// How many there are.
    pub count: i64,
    /// The sum of their charges; one whose charge is not known adds nothing.
    pub value: AmountSum,
}

/// The opportunities with one number on the axis of states, or on that of statuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberShare {
    /// The number; none where it is not known.
    pub number: Option<i32>,
    /// What most of them call it.
    pub name: Option<String>,
    /// How many, and what they are worth.
    pub share: Share,
}

/// The opportunities that start in one month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthShare {
    /// The month of UTC, as `2026-11`; none for those without a start.
    pub month: Option<String>,
    /// How many, and what they are worth.
    pub share: Share,
}

/// Opportunities that are the same in everything that is counted.
#[derive(Debug, Clone, FromQueryResult)]
struct Group {
    state: Option<i32>,
    state_name: Option<String>,
    status: Option<i32>,
    status_name: Option<String>,
    month: Option<String>,
    count: i64,
    high: Option<i64>,
    low: Option<i64>,
}

/// Counts the opportunities of `tenant`, and returns the next `upcoming_count` that start at `now` or later.
pub async fn rental_dashboard(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    now: Timestamp,
    upcoming_count: u64,
) -> Result<RentalDashboard> {
    let windows = LoadedWindows::load(db, tenant).await?;
    let groups = groups(db, tenant, &windows).await?;
    let state = |group: &Group| (group.state, group.state_name.clone());
    let status = |group: &Group| (group.status, group.status_name.clone());
    Ok(RentalDashboard {
        total: Share::of(&groups),
        by_state: by_number(&groups, state),
        by_status: by_number(&groups, status),
        by_month: by_month(&groups),
        upcoming: upcoming_rental_opportunities(db, tenant, &windows, now, upcoming_count).await?,
        windows,
    })
}

/// One pass over the rows for all numbers, so that they are bound to agree.
async fn groups(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    windows: &LoadedWindows,
) -> Result<Vec<Group>> {
    let month = month(db.get_database_backend());
    let half = AmountSum::HALF;
    let axes = [
        Column::State,
        Column::StateName,
        Column::Status,
        Column::StatusName,
    ];
    let mut query = Entity::live(tenant)
        .filter(windows.condition())
        .select_only()
        .columns(axes)
        .expr_as(Expr::cust(month), "month")
        .expr_as(Expr::cust("COUNT(*)"), "count")
        .expr_as(sum(&format!("charge_total / {half}")), "high")
        .expr_as(sum(&format!("charge_total % {half}")), "low");
    QueryTrait::query(&mut query)
        .group_by_columns(axes)
        .add_group_by([Expr::cust(month)]);
    let groups = query.into_model::<Group>().all(db).await;
    groups.attempt("count the opportunities")
}

/// PostgreSQL sums whole numbers up to a decimal.
fn sum(expression: &str) -> Expr {
    Expr::cust(format!("CAST(SUM({expression}) AS bigint)"))
}

/// The month in which a row starts, as `2026-11`.
fn month(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "TO_CHAR(starts_at AT TIME ZONE 'UTC', 'YYYY-MM')",
        // Times are text there, in UTC and with the month first.
        _ => "SUBSTR(starts_at, 1, 7)",
    }
}

impl Share {
    fn of(groups: &[Group]) -> Self {
        let mut share = Self::default();
        for group in groups {
            share.add(group);
        }
        share
    }

    fn add(&mut self, group: &Group) {
        self.count += group.count;
        self.value += AmountSum::of_halves(
            group.high.unwrap_or_default(),
            group.low.unwrap_or_default(),
        );
    }
}

fn by_number(
    groups: &[Group],
    axis: impl Fn(&Group) -> (Option<i32>, Option<String>),
) -> Vec<NumberShare> {
    let mut shares: BTreeMap<i32, (Share, BTreeMap<String, i64>)> = BTreeMap::new();
    let mut unknown = Share::default();
    for group in groups {
        let (Some(number), name) = axis(group) else {
            unknown.add(group);
            continue;
        };
        let (share, names) = shares.entry(number).or_default();
        share.add(group);
        if let Some(name) = name {
            *names.entry(name).or_default() += group.count;
        }
    }
    let known = shares
        .into_iter()
        .map(|(number, (share, names))| NumberShare {
            number: Some(number),
            name: most_used(names),
            share,
        });
    let unknown = (unknown.count > 0).then_some(NumberShare {
        number: None,
        name: None,
        share: unknown,
    });
    known.chain(unknown).collect()
}

/// Names are the account's own words, and may have been changed at some time: most rows have the present one.
fn most_used(names: BTreeMap<String, i64>) -> Option<String> {
    let mut names: Vec<_> = names.into_iter().collect();
    // Stable: of names that are used as often, the first by letters stays first.
    names.sort_by_key(|(_, count)| -count);
    names.into_iter().next().map(|(name, _)| name)
}

fn by_month(groups: &[Group]) -> Vec<MonthShare> {
    let mut shares: BTreeMap<(bool, &Option<String>), Share> = BTreeMap::new();
    for group in groups {
        let month = &group.month;
        shares
            .entry((month.is_none(), month))
            .or_default()
            .add(group);
    }
    let shares = shares.into_iter();
    shares
        .map(|((_, month), share)| MonthShare {
            month: month.clone(),
            share,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(state: Option<i32>, name: &str, month: Option<&str>, count: i64) -> Group {
        Group {
            state,
            state_name: Some(name.to_owned()),
            status: Some(0),
            status_name: None,
            month: month.map(str::to_owned),
            count,
            high: None,
            low: Some(count * 100_000),
        }
    }

    fn groups() -> Vec<Group> {
        vec![
            group(None, "Angebot", Some("2026-12"), 9),
            group(Some(3), "Order", None, 2),
            group(Some(3), "Auftrag", Some("2026-11"), 3),
            group(Some(17), "Auftrag", Some("2026-11"), 1),
        ]
    }

    #[test]
    fn numbers_come_in_order_and_what_has_none_last() {
        let states = by_number(&groups(), |group| (group.state, group.state_name.clone()));
        let rows = states
            .iter()
            .map(|row| (row.number, row.name.as_deref(), row.share.count));
        let expected = [
            (Some(3), Some("Auftrag"), 5),
            (Some(17), Some("Auftrag"), 1),
            (None, None, 9),
        ];
        assert_eq!(rows.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn months_come_in_order_and_what_has_none_last() {
        let months = by_month(&groups());
        let rows = months
            .iter()
            .map(|row| (row.month.as_deref(), row.share.count));
        let expected = [(Some("2026-11"), 4), (Some("2026-12"), 9), (None, 2)];
        assert_eq!(rows.collect::<Vec<_>>(), expected);
        assert_eq!(Share::of(&groups()).value.to_decimal_string(2), "150.00");
    }
}
