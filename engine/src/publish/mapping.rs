//! The mapping that a connection's numbers are computed with, noted beside them.
//!
//! Its hash tells whether the numbers must be computed anew although no record changed. The mapping itself is
//! for whoever lists the records behind the numbers, see [`super::Rules`].

use entity::{connection, published_mapping};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter,
};
use serde::Serialize;
use serde_json::Value;

use super::Publication;
use super::aggregate::Refreshed;
use crate::error::{Attempt, Error, Result};
use crate::hash;
use crate::settings::{Mapping, TenantSettings};

/// Raised when the same records and settings give other numbers than before.
const RULES_VERSION: u8 = 3;

/// Returns a hash of the settings that the numbers depend on.
pub(super) fn fingerprint(settings: &TenantSettings) -> Result<Vec<u8>> {
    let rules = json(&(RULES_VERSION, &settings.mapping))?;
    Ok(hash::bytes(rules.to_string().as_bytes()).to_vec())
}

/// Whether the numbers of the connection are computed with the mapping of this hash.
pub(super) async fn is_noted(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    hash: &[u8],
) -> Result<bool> {
    let noted = connection::Entity::owned_by(publication.lease.tenant)
        .filter(connection::COLUMN.id.eq(publication.lease.connection))
        .filter(connection::Column::MappingHash.eq(hash))
        .count(tx)
        .await
        .attempt("read the mapping")?;
    Ok(noted > 0)
}

/// Notes which mapping the numbers are computed with; numbers that are not right are computed anew the next time.
///
/// It locks the connection's row: it is for the end of a transaction.
pub(super) async fn note(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    numbers: Refreshed,
) -> Result<()> {
    let hash = match numbers {
        Refreshed::Stale => None,
        Refreshed::Changed | Refreshed::Unchanged => Some(fingerprint(publication.settings)?),
    };
    connection::Entity::update_many()
        .col_expr(connection::Column::MappingHash, Expr::value(hash))
        .filter(connection::COLUMN.tenant_id.eq(publication.lease.tenant))
        .filter(connection::COLUMN.id.eq(publication.lease.connection))
        .exec(tx)
        .await
        .attempt("note the mapping")?;
    Ok(())
}

/// Writes the mapping that the numbers are computed with beside them.
pub(super) async fn write(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    mapping: &Mapping,
) -> Result<()> {
    use published_mapping::Column;
    let row = published_mapping::ActiveModel {
        tenant_id: Set(publication.lease.tenant),
        connection_id: Set(publication.lease.connection),
        mapping: Set(json(mapping)?),
    };
    let replace = OnConflict::columns([Column::TenantId, Column::ConnectionId])
        .update_column(Column::Mapping)
        .to_owned();
    published_mapping::Entity::insert(row)
        .on_conflict(replace)
        .exec_without_returning(tx)
        .await
        .attempt("note the mapping")?;
    Ok(())
}

fn json(value: &impl Serialize) -> Result<Value> {
    serde_json::to_value(value).map_err(|error| Error::Internal(error.to_string()))
}
