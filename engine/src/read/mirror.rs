//! Loads what the mirror knows of a stream.

use entity::{ConnectionId, Source, Stream, TenantId, Timestamp};
use futures::TryStreamExt;
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement, StreamTrait, Value};

use super::compare::KnownRows;
use super::page::Basis;
use crate::database::Database;
use crate::error::{Attempt, Result};
use crate::hash;
use crate::model::{self, Kind, RecordTable};

/// What stands for the version where a table has none; both databases must see its type.
const NO_TIME: &str = "CAST(NULL AS TIMESTAMPTZ)";

/// The rows of one connection.
#[derive(Debug, Clone, Copy)]
pub struct Mirror<'a> {
    /// Where they are.
    pub database: &'a Database,
    /// Whose data it is.
    pub tenant: TenantId,
    /// The connection they come from.
    pub connection: ConnectionId,
    /// The connection's upstream.
    pub source: Source,
}

impl Mirror<'_> {
    /// A query for this connection's rows: `$1` is the tenant, `$2` the connection, and `ids` those of records from `$3`
    /// on.
    pub(super) fn statement(&self, sql: String, ids: &[&str]) -> Statement {
        let backend = self.database.reader().get_database_backend();
        let fixed: [Value; 2] = [self.tenant.into(), self.connection.into()];
        let values = fixed.into_iter().chain(ids.iter().map(|id| (*id).into()));
        Statement::from_sql_and_values(backend, sql, values)
    }

    /// Counts the live rows of `stream`.
    pub(crate) async fn live_count(&self, stream: Stream) -> Result<u64> {
        let sql = format!(
            "SELECT COUNT(*) FROM {} WHERE tenant_id = $1 AND connection_id = $2 AND deleted_at IS NULL",
            model::table(self.source, stream)?.name
        );
        self.count(self.statement(sql, &[])).await
    }
}

impl Mirror<'_> {
    /// Counts the rows of `stream` that were deleted since, save by runs in which a person let all deletions through.
    pub(crate) async fn deleted_since(&self, stream: Stream, since: Timestamp) -> Result<u64> {
        let sql = format!(
            "SELECT COUNT(*) FROM {} r WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.deleted_at >= $3 \
             AND NOT EXISTS (SELECT 1 FROM sync_runs s WHERE s.tenant_id = r.tenant_id AND s.id = r.last_run_id \
             AND s.accepts_deletes)",
            model::table(self.source, stream)?.name
        );
        let backend = self.database.reader().get_database_backend();
        let values: [Value; 3] = [self.tenant.into(), self.connection.into(), since.into()];
        self.count(Statement::from_sql_and_values(backend, sql, values))
            .await
    }

    async fn count(&self, statement: Statement) -> Result<u64> {
        let row = self.database.reader().query_one_raw(statement).await;
        let row = row.attempt("count the rows of the mirror")?;
        let count: i64 = row
            .map_or(Ok(0), |row| row.try_get_by_index(0))
            .attempt("count the rows of the mirror")?;
        Ok(u64::try_from(count).unwrap_or_default())
    }
}

/// Returns the condition that a row mirrors one of so many records; none says nothing.
pub(super) fn is_one_of(count: usize) -> String {
    if count == 0 {
        return String::new();
    }
    let places: Vec<String> = (3..count + 3).map(|place| format!("${place}")).collect();
    format!(" AND upstream_id IN ({})", places.join(", "))
}

/// What is known of one row.
pub(super) struct Row {
    pub(super) upstream_id: String,
    /// The hash that stands for the row.
    pub(super) compared: Vec<u8>,
    pub(super) version: Option<Timestamp>,
    pub(super) is_live: bool,
}

impl Row {
    fn read(row: &QueryResult, table: &RecordTable, basis: Basis) -> Result<Self, DbErr> {
        // By place: looking each name up in each row would cost more than the rest.
        let content_hash: Vec<u8> = row.try_get_by_index(1)?;
        let compared = match basis {
            Basis::ContentHash => content_hash,
            Basis::Columns => {
                let own = table
                    .columns
                    .iter()
                    .map(|(name, kind)| column(row, name, *kind));
                let mut values = own.collect::<Result<Vec<_>, _>>()?;
                values.extend([
                    row.try_get::<String>("", table.raw)?.into(),
                    content_hash.into(),
                ]);
                hash::row(&values).to_vec()
            }
        };
        Ok(Self {
            upstream_id: row.try_get_by_index(0)?,
            compared,
            is_live: row.try_get_by_index(2)?,
            version: row.try_get_by_index(3)?,
        })
    }
}

fn column(row: &QueryResult, name: &str, kind: Kind) -> Result<Value, DbErr> {
    Ok(match kind {
        Kind::Text => row.try_get::<Option<String>>("", name)?.into(),
        Kind::Small => row.try_get::<Option<i32>>("", name)?.into(),
        Kind::Integer => row.try_get::<Option<i64>>("", name)?.into(),
        Kind::Time => row.try_get::<Option<Timestamp>>("", name)?.into(),
        Kind::Flag => row.try_get::<Option<bool>>("", name)?.into(),
    })
}

impl KnownRows {
    /// Loads the rows of `stream`, to be compared on `basis`.
    pub async fn load(mirror: Mirror<'_>, stream: Stream, basis: Basis) -> Result<Self> {
        Self::load_some(mirror, stream, basis, &[]).await
    }

    /// Loads the row of one record, to be compared on `basis`: nothing else is read.
    pub(crate) async fn load_record(
        mirror: Mirror<'_>,
        stream: Stream,
        basis: Basis,
        upstream_id: &str,
    ) -> Result<Self> {
        Self::load_some(mirror, stream, basis, &[upstream_id]).await
    }

    /// Loads the rows of some records, or of all when none is named.
    async fn load_some(
        mirror: Mirror<'_>,
        stream: Stream,
        basis: Basis,
        ids: &[&str],
    ) -> Result<Self> {
        let table = model::table(mirror.source, stream)?;
        let own = match basis {
            Basis::ContentHash => String::new(),
            Basis::Columns => table
                .columns
                .iter()
                .fold(format!(", {}", table.raw), |list, (name, _)| {
                    format!("{list}, {name}")
                }),
        };
        let sql = format!(
            "SELECT upstream_id, content_hash, deleted_at IS NULL AS is_live, {} AS version{own} FROM {} WHERE tenant_id = $1 AND connection_id = $2{}",
            table.version.unwrap_or(NO_TIME),
            table.name,
            is_one_of(ids.len())
        );
        let mut known = Self::default();
        if basis == Basis::Columns {
            // A comparison says how things are, whichever is newer.
            known.believe_lists();
        }
        let mut rows = mirror
            .database
            .reader()
            .stream_raw(mirror.statement(sql, ids))
            .await
            .attempt("read the mirror")?;
        while let Some(row) = rows.try_next().await.attempt("read the mirror")? {
            known.insert(&Row::read(&row, table, basis).attempt("read the mirror")?);
        }
        Ok(known)
    }
}
