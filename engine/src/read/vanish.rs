//! Finds the rows that the mirror has and the upstream no longer lists.

use std::collections::HashSet;

use entity::{RecordId, Stream, Timestamp};
use futures::TryStreamExt;
use sea_orm::{FromQueryResult, QueryResult, StreamTrait};

use super::compare::{KnownRows, Mirror};
use crate::connector::Boundary;
use crate::error::{Attempt, Result};
use crate::model::{self, BoundaryColumn, RecordTable};

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
    windows: Vec<(Timestamp, Timestamp)>,
}

impl Scope {
    /// Adds a slice that was read whole.
    pub(super) fn add(&mut self, boundary: &Boundary) {
        match boundary {
            Boundary::Whole => self.is_whole = true,
            Boundary::Parent(parent) => {
                self.parents.insert(parent.clone());
            }
            Boundary::Window(from, to) => self.windows.push((*from, *to)),
        }
    }

    /// Tells whether a row would have been listed in the part that was read.
    fn covers(&self, row: &QueryResult) -> Result<bool> {
        if self.is_whole {
            return Ok(true);
        }
        if !self.parents.is_empty() {
            let parent: String = row.try_get("", "boundary").attempt("read the mirror")?;
            return Ok(self.parents.contains(&parent));
        }
        let time: Option<Timestamp> = row.try_get("", "boundary").attempt("read the mirror")?;
        let is_inside = |time: Timestamp| {
            self.windows
                .iter()
                .any(|(from, to)| *from <= time && time < *to)
        };
        Ok(time.is_none_or(is_inside))
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
    let table = model::table(stream);
    let sql = format!(
        "SELECT id, upstream_id, {} AS boundary FROM {} WHERE tenant_id = $1 AND connection_id = $2 AND deleted_at IS NULL",
        boundary_column(table),
        table.name
    );
    let mut rows = mirror
        .database
        .reader()
        .stream_raw(mirror.statement(sql))
        .await
        .attempt("read the mirror")?;
    let mut vanished = vec![];
    while let Some(row) = rows.try_next().await.attempt("read the mirror")? {
        let candidate = Vanished::from_query_result(&row, "").attempt("read the mirror")?;
        if !known.was_seen(&candidate.upstream_id) && scope.covers(&row)? {
            vanished.push(candidate);
        }
    }
    Ok(vanished)
}
