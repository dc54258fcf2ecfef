//! Writes many rows with one statement, on both databases.

use std::fmt::Write as _;

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement, Value};

use super::CHUNK;
use crate::error::{Attempt, Result};

/// A table, the columns written, and what happens to a row that is there already.
#[derive(Debug)]
pub(super) struct Upsert {
    backend: DbBackend,
    table: &'static str,
    columns: Vec<&'static str>,
    /// Columns whose values identify a row, and columns that are overwritten.
    conflict: (Vec<&'static str>, Vec<&'static str>),
    /// The column that says when the record of a row was asked for.
    read_at: Option<&'static str>,
    full_chunk: String,
    values: Vec<Value>,
    affected: u64,
}

impl Upsert {
    /// Rows of `table`; one with the same `key` is overwritten, save for the columns in `kept`.
    pub(super) fn new(
        backend: DbBackend,
        table: &'static str,
        columns: Vec<&'static str>,
        key: &[&'static str],
        kept: &[&'static str],
    ) -> Self {
        let is_overwritten = |column: &&&str| !key.contains(column) && !kept.contains(column);
        let overwritten = columns.iter().filter(is_overwritten).copied().collect();
        let mut upsert = Self {
            backend,
            table,
            columns,
            conflict: (key.to_vec(), overwritten),
            read_at: None,
            full_chunk: String::new(),
            values: vec![],
            affected: 0,
        };
        upsert.full_chunk = upsert.sql(CHUNK);
        upsert
    }

    /// The same, but a row that was read after the given one stays: one record may be read and published while a long
    /// list is still under way. A time yet to come is of a clock that is wrong, and says nothing.
    pub(super) fn unless_read_after(self, read_at: Option<&'static str>) -> Self {
        let mut upsert = Self { read_at, ..self };
        upsert.full_chunk = upsert.sql(CHUNK);
        upsert
    }

    /// Adds a row: the values of all columns, in order. Writes when enough have come together.
    pub(super) async fn push(
        &mut self,
        tx: &DatabaseTransaction,
        row: impl IntoIterator<Item = Value>,
    ) -> Result<()> {
        self.values.extend(row);
        if self.values.len() >= CHUNK * self.columns.len() {
            // The long text is made once; the database finds its prepared statement by it.
            let sql = self.full_chunk.clone();
            self.execute(tx, sql).await?;
        }
        Ok(())
    }

    /// Writes what has been added.
    pub(super) async fn flush(&mut self, tx: &DatabaseTransaction) -> Result<()> {
        if !self.values.is_empty() {
            let sql = self.sql(self.values.len() / self.columns.len());
            self.execute(tx, sql).await?;
        }
        Ok(())
    }

    /// Writes the rest and returns how many rows were written in all.
    pub(super) async fn finish(mut self, tx: &DatabaseTransaction) -> Result<u64> {
        self.flush(tx).await?;
        Ok(self.affected)
    }

    async fn execute(&mut self, tx: &DatabaseTransaction, sql: String) -> Result<()> {
        let values = std::mem::take(&mut self.values);
        let statement = Statement::from_sql_and_values(self.backend, sql, values);
        let result = tx.execute_raw(statement).await.attempt("write rows")?;
        self.affected += result.rows_affected();
        Ok(())
    }

    // SQLite takes `$1` for a name and looks through all of them for each; `?` needs no search.
    fn place(&self, sql: &mut String, number: usize) {
        // Writing to a String cannot fail.
        let _ = match self.backend {
            DbBackend::Sqlite => write!(sql, "?"),
            _ => write!(sql, "${number}"),
        };
    }

    fn sql(&self, rows: usize) -> String {
        let mut sql = format!(
            "INSERT INTO {} ({}) VALUES ",
            self.table,
            self.columns.join(", ")
        );
        let width = self.columns.len();
        for row in 0..rows {
            let separator = if row == 0 { "(" } else { "), (" };
            sql.push_str(separator);
            for column in 1..=width {
                let comma = if column == 1 { "" } else { ", " };
                sql.push_str(comma);
                self.place(&mut sql, row * width + column);
            }
        }
        let (key, overwritten) = &self.conflict;
        let assignments: Vec<_> = overwritten
            .iter()
            .map(|column| format!("{column} = excluded.{column}"))
            .collect();
        let _ = write!(
            sql,
            ") ON CONFLICT ({}) DO UPDATE SET {}",
            key.join(", "),
            assignments.join(", ")
        );
        if let Some(read_at) = self.read_at {
            let table = self.table;
            // The row that would be written carries the time of writing: nothing can have been read later.
            let _ = write!(
                sql,
                " WHERE {table}.{read_at} <= excluded.{read_at} OR {table}.{read_at} > excluded.updated_at"
            );
        }
        sql
    }
}
