//! Keeps the hot list: the open opportunities of prospects in stages that are likely to close.

use std::collections::BTreeMap;

use entity::hot_list_item::{self, Column};
use entity::{Amount, HotListItemId, RecordId};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, FromQueryResult,
    QueryFilter, Statement, Value,
};
use serde_json::Map;

use super::Publication;
use super::stages::{Stage, StageBook};
use super::upsert::Upsert;
use crate::connector::Fields;
use crate::error::{Attempt, Result};
use crate::settings::Mapping;

/// Opportunities looked at with one query.
const PAGE: u64 = 1000;

/// A hot opportunity, and its present item where there is one.
#[derive(FromQueryResult)]
struct Candidate {
    id: RecordId,
    first_name: Option<String>,
    last_name: Option<String>,
    company: Option<String>,
    contact_type: Option<String>,
    stage: String,
    deal_size: Option<Amount>,
    assigned_user: Option<String>,
    raw_json: String,
    is_raw_same: bool,
    item_id: Option<HotListItemId>,
    item_candidate_name: Option<String>,
    item_market: Option<String>,
    item_units: Option<Amount>,
    item_sales_lead: Option<String>,
    item_stage: Option<String>,
    item_iff: Option<Amount>,
    item_likely_pct: Option<Amount>,
}

/// What an item says.
#[derive(PartialEq)]
struct Item {
    candidate_name: Option<String>,
    market: Option<String>,
    units: Option<Amount>,
    iff: Option<Amount>,
    sales_lead: Option<String>,
    stage: String,
    likely_pct: Amount,
}

type HotStages = BTreeMap<Stage, Amount>;

/// Brings the hot list of the connection up to date; tells whether anything changed.
pub(super) async fn refresh(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    stages: &StageBook,
) -> Result<bool> {
    let mapping = &publication.settings.mapping;
    let hot = mapping.hot_stages(stages);
    let removed = remove_cold(publication, tx, &hot).await?;
    if hot.is_empty() {
        return Ok(removed > 0);
    }
    let mut upsert = upsert(tx.get_database_backend());
    let mut after = None;
    loop {
        let page = candidates(publication, tx, &hot, after).await?;
        for candidate in &page {
            write_item(publication, tx, &mut upsert, mapping, &hot, candidate).await?;
        }
        after = page.last().map(|candidate| candidate.id);
        if (page.len() as u64) < PAGE {
            break;
        }
    }
    let written = upsert.finish(tx).await?;
    Ok(removed + written > 0)
}

fn upsert(backend: DbBackend) -> Upsert {
    let columns = vec![
        "id",
        "tenant_id",
        "connection_id",
        "opportunity_id",
        "candidate_name",
        "market",
        "units",
        "weighted_units",
        "iff",
        "weighted_iff",
        "sales_lead",
        "stage",
        "likely_pct",
        "raw_json",
    ];
    Upsert::new(
        backend,
        "hot_list_items",
        columns,
        &["opportunity_id"],
        &["id"],
    )
}

/// Removes items whose opportunity is gone or no longer hot.
async fn remove_cold(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    hot: &HotStages,
) -> Result<u64> {
    if hot.is_empty() {
        let all = hot_list_item::Entity::delete_many()
            .filter(Column::TenantId.eq(publication.lease.tenant))
            .filter(Column::ConnectionId.eq(publication.lease.connection))
            .exec(tx)
            .await
            .attempt("write the hot list")?;
        return Ok(all.rows_affected);
    }
    let (condition, values) = hot_condition(publication, hot);
    let sql = format!(
        "DELETE FROM hot_list_items WHERE tenant_id = $1 AND connection_id = $2 AND opportunity_id NOT IN \
         (SELECT o.id FROM ct_opportunities o WHERE {condition})"
    );
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    let removed = tx
        .execute_raw(statement)
        .await
        .attempt("write the hot list")?;
    Ok(removed.rows_affected())
}

/// Returns the next hot opportunities, in the order of their ids.
async fn candidates(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    hot: &HotStages,
    after: Option<RecordId>,
) -> Result<Vec<Candidate>> {
    let (condition, mut values) = hot_condition(publication, hot);
    let next = match after {
        Some(id) => {
            values.push(id.into());
            format!("AND o.id > ${}", values.len())
        }
        None => String::new(),
    };
    let sql = format!(
        "SELECT o.id, o.first_name, o.last_name, o.company, o.contact_type, o.stage, o.deal_size, o.assigned_user, o.raw_json, \
         COALESCE(h.raw_json = o.raw_json, FALSE) AS is_raw_same, h.id AS item_id, h.candidate_name AS item_candidate_name, \
         h.market AS item_market, h.units AS item_units, h.sales_lead AS item_sales_lead, h.stage AS item_stage, h.iff AS item_iff, \
         h.likely_pct AS item_likely_pct \
         FROM ct_opportunities o LEFT JOIN hot_list_items h ON h.opportunity_id = o.id \
         WHERE {condition} {next} ORDER BY o.id LIMIT {PAGE}"
    );
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    Candidate::find_by_statement(statement)
        .all(tx)
        .await
        .attempt("read the hot list")
}

/// The condition of a hot opportunity `o`, with its values from `$1` on.
fn hot_condition(publication: &Publication<'_>, hot: &HotStages) -> (String, Vec<Value>) {
    let mut values: Vec<Value> = vec![
        publication.lease.tenant.into(),
        publication.lease.connection.into(),
    ];
    let mut pairs = Vec::with_capacity(hot.len());
    for (contact_type, stage) in hot.keys() {
        values.extend([contact_type.into(), stage.into()]);
        pairs.push(format!(
            "(COALESCE(o.contact_type, '') = ${} AND o.stage = ${})",
            values.len() - 1,
            values.len()
        ));
    }
    let condition = format!(
        "o.tenant_id = $1 AND o.connection_id = $2 AND o.deleted_at IS NULL AND ({})",
        pairs.join(" OR ")
    );
    (condition, values)
}

async fn write_item(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    upsert: &mut Upsert,
    mapping: &Mapping,
    hot: &HotStages,
    candidate: &Candidate,
) -> Result<()> {
    let item = item(mapping, hot, candidate);
    if candidate.is_raw_same && stored_item(candidate).is_some_and(|stored| stored == item) {
        return Ok(());
    }
    let weighted =
        |amount: Option<Amount>| amount.and_then(|amount| amount.times_percent(item.likely_pct));
    let row: [Value; 14] = [
        publication.clock.new_id().into(),
        publication.lease.tenant.into(),
        publication.lease.connection.into(),
        candidate.id.into(),
        item.candidate_name.into(),
        item.market.into(),
        item.units.into(),
        weighted(item.units).into(),
        item.iff.into(),
        weighted(item.iff).into(),
        item.sales_lead.into(),
        item.stage.into(),
        item.likely_pct.into(),
        candidate.raw_json.clone().into(),
    ];
    upsert.push(tx, row).await
}

fn item(mapping: &Mapping, hot: &HotStages, candidate: &Candidate) -> Item {
    let fields: Map<_, _> = serde_json::from_str(&candidate.raw_json).unwrap_or_default();
    let fields = Fields::new(&fields, chrono_tz::Tz::UTC);
    let names = [
        candidate.first_name.as_deref(),
        candidate.last_name.as_deref(),
    ];
    let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let key = (
        candidate.contact_type.clone().unwrap_or_default(),
        candidate.stage.clone(),
    );
    Item {
        candidate_name: Some(name)
            .filter(|name| !name.is_empty())
            .or_else(|| candidate.company.clone()),
        market: fields.text(&[&mapping.market_field]),
        units: mapping
            .units_field
            .as_deref()
            .and_then(|field| fields.amount(field)),
        iff: candidate.deal_size,
        sales_lead: candidate.assigned_user.clone(),
        stage: candidate.stage.clone(),
        likely_pct: hot.get(&key).copied().unwrap_or_default(),
    }
}

fn stored_item(candidate: &Candidate) -> Option<Item> {
    candidate.item_id?;
    Some(Item {
        candidate_name: candidate.item_candidate_name.clone(),
        market: candidate.item_market.clone(),
        units: candidate.item_units,
        iff: candidate.item_iff,
        sales_lead: candidate.item_sales_lead.clone(),
        stage: candidate.item_stage.clone().unwrap_or_default(),
        likely_pct: candidate.item_likely_pct.unwrap_or_default(),
    })
}
