//! Rebuilds a timeline from its snapshots.
//!
//! No single reading holds all of it: windows are read at different times, and what has changed since stands in
//! others. So every answer that a slice or a row comes from is read, the latest first; of each record the newest
//! version counts, unless the upstream said later that the record is gone.

use std::collections::{BTreeMap, HashMap, HashSet};

use entity::{Stream, Timestamp, coverage, snapshot};
use sea_orm::{FromQueryResult, Statement};

use super::{Replay, damaged};
use crate::connector::{Boundary, Slice};
use crate::error::{Attempt, Result};
use crate::hash;
use crate::model;
use crate::read::{KnownRows, StreamReading};

/// An answer, the slice it is read as, and when the upstream is last known to have said so.
struct Page {
    slice: Slice,
    snapshot: snapshot::Model,
    said_at: Timestamp,
}

impl Replay<'_> {
    pub(super) async fn read_timeline(
        &self,
        known: &mut KnownRows,
        stream: Stream,
        covered: &[coverage::Model],
        slices: BTreeMap<String, Vec<snapshot::Model>>,
        reading: &mut StreamReading,
    ) -> Result<()> {
        let absent = absent_records(stream, covered);
        let read_at: HashMap<&str, Timestamp> = covered
            .iter()
            .map(|row| (row.slice.as_str(), row.read_at))
            .collect();
        let mut pages = vec![];
        for (key, snapshots) in slices {
            let slice = Slice::from_key(stream, &key).ok_or_else(damaged)?;
            // An answer that came again was not stored again.
            let read_at = read_at.get(key.as_str()).copied();
            pages.extend(snapshots.into_iter().map(|snapshot| Page {
                slice: slice.clone(),
                said_at: read_at.map_or(snapshot.fetched_at, |at| at.max(snapshot.fetched_at)),
                snapshot,
            }));
        }
        let is_known: HashSet<_> = pages.iter().map(|page| page.snapshot.id).collect();
        let of_rows = self.pages_of_rows(stream).await?.into_iter();
        pages.extend(of_rows.filter(|page| !is_known.contains(&page.snapshot.id)));
        // Of what was published at once, records were asked for after lists.
        let is_record = |page: &Page| matches!(page.slice.boundary, Boundary::Record(_));
        pages.sort_by_key(|page| {
            std::cmp::Reverse((page.said_at, is_record(page), page.snapshot.id))
        });
        for page in pages {
            let gone = gone_since(&absent, page.said_at);
            let Page {
                slice, snapshot, ..
            } = page;
            let read = self.read_slice(known, slice, vec![snapshot], &gone).await?;
            reading.add(read);
        }
        Ok(())
    }

    /// Returns the answers that live rows come from. They say nothing about rows that are not in them.
    async fn pages_of_rows(&self, stream: Stream) -> Result<Vec<Page>> {
        let mirror = self.mirror();
        let table = model::table(mirror.source, stream)?.name;
        let sql = format!(
            "SELECT s.* FROM ct_raw_snapshots s WHERE s.tenant_id = $1 AND s.connection_id = $2 AND s.id IN \
             (SELECT snapshot_id FROM {table} WHERE tenant_id = $1 AND connection_id = $2 AND deleted_at IS NULL)"
        );
        let db = self.database.reader();
        let values = [mirror.tenant.into(), mirror.connection.into()];
        let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
        let snapshots = snapshot::Model::find_by_statement(statement)
            .all(db)
            .await
            .attempt("read the snapshots")?;
        let page = |snapshot: snapshot::Model| {
            let at = snapshot.fetched_at;
            Page {
                slice: Slice::new(stream, Boundary::Changes(at, at)),
                said_at: at,
                snapshot,
            }
        };
        Ok(snapshots.into_iter().map(page).collect())
    }
}

/// Returns the records that the upstream said are gone, with the time when it was believed.
fn absent_records(stream: Stream, covered: &[coverage::Model]) -> Vec<(u128, Timestamp)> {
    let absent = |row: &coverage::Model| match Slice::from_key(stream, &row.slice)?.boundary {
        Boundary::Record(id) if row.record_count == 0 => Some((hash::key(&id), row.read_at)),
        _ => None,
    };
    covered.iter().filter_map(absent).collect()
}

fn gone_since(absent: &[(u128, Timestamp)], moment: Timestamp) -> HashSet<u128> {
    let later = absent.iter().filter(|(_, gone_at)| *gone_at >= moment);
    later.map(|(identity, _)| *identity).collect()
}
