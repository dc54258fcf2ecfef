//! Keeps the hot list: the open opportunities of prospects in stages that are likely to close.

use chrono_tz::Tz;
use entity::{Amount, RecordId};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, FromQueryResult, Statement, Value as Bound,
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::stages::StageBook;
use super::upsert::Upsert;
use super::{Effect, Publication};
use crate::connector::Fields;
use crate::error::{Attempt, Result};
use crate::settings::Mapping;

/// Opportunities looked at with one query.
const PAGE: u64 = 1000;

/// A hot opportunity.
#[derive(FromQueryResult)]
struct Candidate {
    id: RecordId,
    first_name: Option<String>,
    last_name: Option<String>,
    company: Option<String>,
    stage: String,
    deal_size: Option<Amount>,
    assigned_user: Option<String>,
    raw_json: String,
    content_hash: Vec<u8>,
    likely_pct: Amount,
}

/// The stages of the hot list, as one value of a query: a list of contact type, stage and likelihood.
struct HotStages(String);

/// Brings the hot list of the connection up to date; tells whether anything changed.
///
/// Only opportunities are looked at whose item was made of something else: other content, another mapping, another
/// likelihood of the stage.
pub(super) async fn refresh(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    stages: &StageBook,
    mapping_hash: &[u8],
) -> Result<bool> {
    let hot = HotStages::of(&publication.settings.mapping, stages);
    let removed = remove_cold(publication, tx, &hot).await?;
    let mut upsert = upsert(tx.get_database_backend());
    let mut after = None;
    loop {
        let page = candidates(publication, tx, &hot, mapping_hash, after).await?;
        for candidate in &page {
            upsert
                .push(tx, row(publication, mapping_hash, candidate))
                .await?;
        }
        after = page.last().map(|candidate| candidate.id);
        if (page.len() as u64) < PAGE {
            break;
        }
    }
    let written = upsert.finish(tx).await?;
    Ok(removed + written > 0)
}

impl HotStages {
    /// The columns of the list, which is `$3` of a query.
    fn table(backend: DbBackend) -> String {
        let elements = match backend {
            DbBackend::Sqlite => "json_each($3)",
            _ => "json_array_elements(CAST($3 AS json))",
        };
        format!(
            "(SELECT value->>0 AS contact_type, value->>1 AS stage, CAST(value->>2 AS BIGINT) AS likely_pct \
             FROM {elements})"
        )
    }

    fn of(mapping: &Mapping, stages: &StageBook) -> Self {
        let hot = mapping.hot_stages(stages);
        let rows = hot
            .iter()
            .map(|((contact_type, stage), likely)| json!([contact_type, stage, likely.scaled()]));
        Self(Value::Array(rows.collect()).to_string())
    }
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
        "content_hash",
        "mapping_hash",
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
    let backend = tx.get_database_backend();
    let sql = format!(
        "DELETE FROM hot_list_items WHERE tenant_id = $1 AND connection_id = $2 AND NOT EXISTS \
         (SELECT 1 FROM ct_opportunities o JOIN {hot} hot ON hot.stage = o.stage \
         AND hot.contact_type = COALESCE(o.contact_type, '') \
         WHERE o.id = hot_list_items.opportunity_id AND o.deleted_at IS NULL)",
        hot = HotStages::table(backend),
    );
    let values: [Bound; 3] = [
        publication.lease.tenant.into(),
        publication.lease.connection.into(),
        hot.0.as_str().into(),
    ];
    let statement = Statement::from_sql_and_values(backend, sql, values);
    let removed = tx
        .execute_raw(statement)
        .await
        .attempt("write the hot list")?;
    Ok(removed.rows_affected())
}

/// Returns the next hot opportunities whose item is missing or was made of something else, in the order of their ids.
async fn candidates(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    hot: &HotStages,
    mapping_hash: &[u8],
    after: Option<RecordId>,
) -> Result<Vec<Candidate>> {
    let backend = tx.get_database_backend();
    // A rebuild trusts nothing that is derived.
    let is_trusted = publication.effect == Effect::Publish;
    let sql = format!(
        "SELECT o.id, o.first_name, o.last_name, o.company, o.stage, o.deal_size, o.assigned_user, o.raw_json, \
         o.content_hash, hot.likely_pct FROM ct_opportunities o JOIN {hot} hot ON hot.stage = o.stage \
         AND hot.contact_type = COALESCE(o.contact_type, '') \
         LEFT JOIN hot_list_items h ON h.opportunity_id = o.id \
         WHERE o.tenant_id = $1 AND o.connection_id = $2 AND o.deleted_at IS NULL AND o.id > $5 AND NOT \
         COALESCE(h.content_hash = o.content_hash AND h.mapping_hash = $4 AND h.likely_pct = hot.likely_pct AND $6, FALSE) \
         ORDER BY o.id LIMIT {PAGE}",
        hot = HotStages::table(backend),
    );
    let values: [Bound; 6] = [
        publication.lease.tenant.into(),
        publication.lease.connection.into(),
        hot.0.as_str().into(),
        mapping_hash.into(),
        after.unwrap_or(RecordId::from_uuid(Uuid::nil())).into(),
        is_trusted.into(),
    ];
    let statement = Statement::from_sql_and_values(backend, sql, values);
    Candidate::find_by_statement(statement)
        .all(tx)
        .await
        .attempt("read the hot list")
}

/// Makes the item of an opportunity.
fn row(publication: &Publication<'_>, mapping_hash: &[u8], candidate: &Candidate) -> [Bound; 16] {
    let mapping = &publication.settings.mapping;
    let fields: Map<_, _> = serde_json::from_str(&candidate.raw_json).unwrap_or_default();
    let fields = Fields::new(&fields, Tz::UTC);
    let units = mapping.units_field.as_deref();
    let units = units.and_then(|field| fields.amount(field));
    let weighted = |amount: Option<Amount>| amount?.times_percent(candidate.likely_pct);
    [
        publication.clock.new_id().into(),
        publication.lease.tenant.into(),
        publication.lease.connection.into(),
        candidate.id.into(),
        candidate.name().into(),
        fields.text(&[&mapping.market_field]).into(),
        units.into(),
        weighted(units).into(),
        candidate.deal_size.into(),
        weighted(candidate.deal_size).into(),
        candidate.assigned_user.clone().into(),
        candidate.stage.clone().into(),
        candidate.likely_pct.into(),
        candidate.raw_json.clone().into(),
        candidate.content_hash.clone().into(),
        mapping_hash.into(),
    ]
}

impl Candidate {
    fn name(&self) -> Option<String> {
        let names = [self.first_name.as_deref(), self.last_name.as_deref()];
        let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let name = Some(name).filter(|name| !name.is_empty());
        name.or_else(|| self.company.clone())
    }
}
