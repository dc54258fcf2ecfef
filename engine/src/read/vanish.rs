//! Finds the rows that the mirror has and the upstream no longer lists.

use std::collections::HashSet;

use entity::{RecordId, Stream, Timestamp};
use futures::TryStreamExt;
use sea_orm::{FromQueryResult, QueryResult, StreamTrait};

use super::compare::KnownRows;
use super::mirror::{Mirror, is_one_of};
use crate::connector::{Boundary, Slice};
use crate::error::{Attempt, Result};
use crate::model::{self, BoundaryColumn, RecordTable};

/// Records whose rows are looked for with one statement.
const PARENTS_AT_ONCE: usize = 500;

/// A row whose record is gone.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Vanished {
    /// The row.
    pub id: RecordId,
    /// What it mirrored.
    pub upstream_id: String,
}

/// The part of a stream that was read whole.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Scope {
    is_whole: bool,
    parents: HashSet<String>,
    records: HashSet<String>,
    spans: Vec<(Timestamp, Timestamp)>,
    is_undated: bool,
}

impl Scope {
    /// The part of a stream that these slices make up.
    pub(super) fn of<'a>(slices: impl IntoIterator<Item = &'a Slice>) -> Self {
        let mut scope = Self::default();
        for slice in slices {
            scope.add(&slice.boundary);
        }
        scope
    }

    /// Whether a list of everything was read.
    pub(super) fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Tells whether a record was asked for by its id.
    pub(super) fn names(&self, upstream_id: &str) -> bool {
        self.records.contains(upstream_id)
    }

    /// Returns the records that were asked for by their ids, when nothing else was read; their rows are few.
    fn only_records(&self) -> Option<Vec<&str>> {
        let has_more =
            self.is_whole || self.is_undated || !self.parents.is_empty() || !self.spans.is_empty();
        (!has_more).then(|| self.records.iter().map(String::as_str).collect())
    }

    /// Adds a slice that was read whole.
    fn add(&mut self, boundary: &Boundary) {
        match boundary {
            Boundary::Whole => self.is_whole = true,
            Boundary::Parent(parent) => {
                self.parents.insert(parent.clone());
            }
            Boundary::Window(from, to) => {
                self.spans.push((*from, *to));
                self.is_undated = true;
            }
            Boundary::Dates(from, to) => self.spans.push((*from, *to)),
            Boundary::Undated => self.is_undated = true,
            Boundary::Record(id) => {
                self.records.insert(id.clone());
            }
            // A record that has not changed is not listed there.
            Boundary::Changes(..) => {}
        }
    }

    /// Tells whether a row would have been listed in the part that was read.
    fn covers(&self, upstream_id: &str, row: &QueryResult) -> Result<bool> {
        if self.is_whole || self.records.contains(upstream_id) {
            return Ok(true);
        }
        if !self.parents.is_empty() {
            let parent: String = row.try_get("", "boundary").attempt("read the mirror")?;
            return Ok(self.parents.contains(&parent));
        }
        if self.spans.is_empty() && !self.is_undated {
            return Ok(false);
        }
        let time: Option<Timestamp> = row.try_get("", "boundary").attempt("read the mirror")?;
        let mut spans = self.spans.iter();
        Ok(match time {
            Some(time) => spans.any(|(from, to)| *from <= time && time < *to),
            None => self.is_undated,
        })
    }
}

fn boundary_column(table: &RecordTable) -> &'static str {
    match table.boundary {
        Some(BoundaryColumn::Parent(column) | BoundaryColumn::Time(column)) => column,
        None => "NULL",
    }
}

/// Returns the live rows of `stream` within `scope` that were not seen; none when nothing was read.
pub(super) async fn find(
    mirror: Mirror<'_>,
    stream: Stream,
    known: &KnownRows,
    scope: &Scope,
) -> Result<Vec<Vanished>> {
    if known.unseen_live() == 0 || *scope == Scope::default() {
        return Ok(vec![]);
    }
    let table = model::table(mirror.source, stream)?;
    let ids = scope.only_records().unwrap_or_default();
    let sql = format!(
        "SELECT id, upstream_id, {} AS boundary FROM {} WHERE tenant_id = $1 AND connection_id = $2 AND deleted_at IS NULL{}",
        boundary_column(table),
        table.name,
        is_one_of(ids.len())
    );
    let mut rows = mirror
        .database
        .reader()
        .stream_raw(mirror.statement(sql, &ids))
        .await
        .attempt("read the mirror")?;
    let mut vanished = vec![];
    while let Some(row) = rows.try_next().await.attempt("read the mirror")? {
        let candidate = Vanished::from_query_result(&row, "").attempt("read the mirror")?;
        if !known.was_seen(&candidate.upstream_id) && scope.covers(&candidate.upstream_id, &row)? {
            vanished.push(candidate);
        }
    }
    Ok(vanished)
}

/// A row whose record is gone, with the record it belongs to.
#[derive(Debug, FromQueryResult)]
pub(crate) struct VanishedChild {
    id: RecordId,
    upstream_id: String,
    /// What it belongs to.
    pub(crate) parent: String,
}

impl From<VanishedChild> for Vanished {
    fn from(child: VanishedChild) -> Self {
        Self {
            id: child.id,
            upstream_id: child.upstream_id,
        }
    }
}

/// Returns the live rows that belong to one of `parents` and were not seen; no other row is looked at.
pub(crate) async fn find_of_parents(
    mirror: Mirror<'_>,
    stream: Stream,
    known: &KnownRows,
    parents: &[&str],
) -> Result<Vec<VanishedChild>> {
    let table = model::table(mirror.source, stream)?;
    let column = boundary_column(table);
    let mut vanished = vec![];
    for parents in parents.chunks(PARENTS_AT_ONCE) {
        let places: Vec<String> = (3..parents.len() + 3)
            .map(|place| format!("${place}"))
            .collect();
        let sql = format!(
            "SELECT id, upstream_id, {column} AS parent FROM {} WHERE tenant_id = $1 AND connection_id = $2 \
             AND deleted_at IS NULL AND {column} IN ({})",
            table.name,
            places.join(", ")
        );
        let rows = VanishedChild::find_by_statement(mirror.statement(sql, parents))
            .all(mirror.database.reader())
            .await
            .attempt("read the mirror")?;
        vanished.extend(
            rows.into_iter()
                .filter(|row| !known.was_seen(&row.upstream_id)),
        );
    }
    Ok(vanished)
}
