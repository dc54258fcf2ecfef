//! What the mirror knows of a stream, in a form that fits into memory: about 50 bytes a row.

use std::collections::{HashMap, HashSet};

use entity::{ConnectionId, Stream, TenantId, Timestamp};
use futures::TryStreamExt;
use sea_orm::{DbErr, QueryResult, Statement, StreamTrait, Value};

use super::page::Basis;
use crate::database::Database;
use crate::error::{Attempt, Result};
use crate::hash;
use crate::model::{self, Kind, RecordTable};

/// The rows of one connection.
#[derive(Debug, Clone, Copy)]
pub struct Mirror<'a> {
    /// Where they are.
    pub database: &'a Database,
    /// Whose data it is.
    pub tenant: TenantId,
    /// The connection they come from.
    pub connection: ConnectionId,
}

impl Mirror<'_> {
    /// A query for this connection's rows: `$1` is the tenant, `$2` the connection.
    pub(super) fn statement(&self, sql: String) -> Statement {
        let backend = self.database.reader().get_database_backend();
        Statement::from_sql_and_values(backend, sql, [self.tenant.into(), self.connection.into()])
    }
}

/// Marks one reading of one slice, so that a reading can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Generation(u32);

/// What a record is to the mirror.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Added,
    Changed,
    Revived,
    Unchanged,
    Duplicate,
    /// Listed before with other content: the list moved while it was read.
    Conflict,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    /// Head of the hash that stands for the row; meaningless for rows the mirror does not have.
    stored: u64,
    /// Head of the hash that stands for the record as read.
    read: u64,
    /// The reading that saw it.
    seen_by: Option<Generation>,
    is_stored: bool,
    is_live: bool,
}

/// The rows of one stream of one connection.
#[derive(Debug, Default)]
pub struct KnownRows {
    rows: HashMap<u128, Known>,
    live: u64,
    generations: u32,
    withdrawn: HashSet<Generation>,
}

struct Row {
    upstream_id: String,
    compared: Vec<u8>,
    is_live: bool,
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
                    row.try_get::<String>("", "raw_json")?.into(),
                    content_hash.into(),
                ]);
                hash::row(&values).to_vec()
            }
        };
        Ok(Self {
            upstream_id: row.try_get_by_index(0)?,
            compared,
            is_live: row.try_get_by_index(2)?,
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
        let table = model::table(stream);
        let own = match basis {
            Basis::ContentHash => String::new(),
            Basis::Columns => table
                .columns
                .iter()
                .fold(", raw_json".to_owned(), |list, (name, _)| {
                    format!("{list}, {name}")
                }),
        };
        let sql = format!(
            "SELECT upstream_id, content_hash, deleted_at IS NULL AS is_live{own} FROM {} WHERE tenant_id = $1 AND connection_id = $2",
            table.name
        );
        let mut known = Self::default();
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

    /// How many rows are live in the mirror.
    pub fn live(&self) -> u64 {
        self.live
    }

    fn insert(&mut self, row: &Row) {
        self.live += u64::from(row.is_live);
        let known = Known {
            stored: hash::head(&row.compared),
            read: 0,
            seen_by: None,
            is_stored: true,
            is_live: row.is_live,
        };
        self.rows.insert(hash::key(&row.upstream_id), known);
    }

    /// Begins a reading of a slice.
    pub(crate) fn begin(&mut self) -> Generation {
        self.generations += 1;
        Generation(self.generations)
    }

    /// Forgets what a reading saw.
    pub(crate) fn withdraw(&mut self, generation: Generation) {
        self.withdrawn.insert(generation);
    }

    /// Notes that `generation` saw a record, and says what it is to the mirror.
    pub(crate) fn see(&mut self, generation: Generation, identity: u128, read: u64) -> Comparison {
        let withdrawn = &self.withdrawn;
        let known = self.rows.entry(identity).or_insert(Known {
            stored: 0,
            read: 0,
            seen_by: None,
            is_stored: false,
            is_live: false,
        });
        let was_seen = known
            .seen_by
            .is_some_and(|seen_by| !withdrawn.contains(&seen_by));
        if was_seen {
            return if known.read == read {
                Comparison::Duplicate
            } else {
                Comparison::Conflict
            };
        }
        known.seen_by = Some(generation);
        known.read = read;
        match (known.is_stored, known.is_live) {
            (false, _) => Comparison::Added,
            (true, false) => Comparison::Revived,
            (true, true) if known.stored == read => Comparison::Unchanged,
            (true, true) => Comparison::Changed,
        }
    }

    /// Tells whether some reading that counts saw the row.
    pub(crate) fn was_seen(&self, upstream_id: &str) -> bool {
        self.rows
            .get(&hash::key(upstream_id))
            .is_some_and(|known| self.counts(known))
    }

    /// How many live rows were not seen.
    pub(crate) fn unseen_live(&self) -> u64 {
        let unseen = |known: &&Known| known.is_live && !self.counts(known);
        self.rows.values().filter(unseen).count() as u64
    }

    fn counts(&self, known: &Known) -> bool {
        known
            .seen_by
            .is_some_and(|seen_by| !self.withdrawn.contains(&seen_by))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(rows: &[(&str, u8, bool)]) -> KnownRows {
        let mut known = KnownRows::default();
        for (id, content, is_live) in rows {
            known.insert(&Row {
                upstream_id: (*id).to_owned(),
                compared: vec![*content; 32],
                is_live: *is_live,
            });
        }
        known
    }

    #[test]
    fn each_record_is_told_what_it_is() {
        let mut known = known(&[("same", 1, true), ("other", 1, true), ("gone", 1, false)]);
        let reading = known.begin();
        let mut see =
            |id: &str, content: u8| known.see(reading, hash::key(id), hash::head(&[content; 32]));
        assert_eq!(see("same", 1), Comparison::Unchanged);
        assert_eq!(see("other", 2), Comparison::Changed);
        assert_eq!(see("gone", 1), Comparison::Revived);
        assert_eq!(see("new", 1), Comparison::Added);
        assert_eq!(see("new", 1), Comparison::Duplicate);
        assert_eq!(see("new", 2), Comparison::Conflict);
        assert_eq!(known.unseen_live(), 0);
    }

    #[test]
    fn a_withdrawn_reading_has_seen_nothing() {
        let mut known = known(&[("a", 1, true)]);
        let first = known.begin();
        known.see(first, hash::key("a"), 1);
        known.see(first, hash::key("b"), 1);
        known.withdraw(first);
        assert_eq!(known.unseen_live(), 1);
        let second = known.begin();
        assert_eq!(known.see(second, hash::key("b"), 2), Comparison::Added);
        assert!(!known.was_seen("a"));
    }
}
