//! Loads what the mirror knows of a stream.

use entity::{ConnectionId, Source, Stream, TenantId, Timestamp};
use futures::TryStreamExt;
use sea_orm::{DbErr, QueryResult, Statement, StreamTrait, Value};

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
    /// A query for this connection's rows: `$1` is the tenant, `$2` the connection.
    pub(super) fn statement(&self, sql: String) -> Statement {
        let backend = self.database.reader().get_database_backend();
        Statement::from_sql_and_values(backend, sql, [self.tenant.into(), self.connection.into()])
    }
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
            "SELECT upstream_id, content_hash, deleted_at IS NULL AS is_live, {} AS version{own} FROM {} WHERE tenant_id = $1 AND connection_id = $2",
            table.version.unwrap_or(NO_TIME),
            table.name
        );
        // A comparison says how things are, whichever is newer.
        let keeps_newer = basis == Basis::ContentHash;
        let mut known = Self::new(table.version.is_some(), keeps_newer);
        let mut rows = mirror
            .database
            .reader()
            .stream_raw(mirror.statement(sql))
            .await
            .attempt("read the mirror")?;
        while let Some(row) = rows.try_next().await.attempt("read the mirror")? {
            known.insert(&Row::read(&row, table, basis).attempt("read the mirror")?);
        }
        Ok(known)
    }
}
