//! Snapshots that no row, no open reject and no rebuild needs.

use std::collections::HashSet;

use entity::{SnapshotId, Source};
use futures::TryStreamExt;
use sea_orm::{Statement, StreamTrait, TryGetable, Value};

use super::{BATCH, OfConnection, execute, places};
use crate::error::{Attempt, Result};
use crate::model;

/// Most snapshots that are looked for at once: what is held of them takes memory.
const AT_ONCE: usize = 100_000;

// Those of a run under way may yet be proven.
const MAY_GO: &str = "(s.superseded_at < $3 OR (s.proven_at IS NULL AND s.fetched_at < $3 \
     AND NOT EXISTS (SELECT 1 FROM sync_runs r WHERE r.tenant_id = s.tenant_id AND r.id = s.run_id AND r.finished_at IS NULL)))";

impl OfConnection<'_> {
    /// Forgets snapshots.
    pub(super) async fn forget_snapshots(&self) -> Result<u64> {
        let needed: HashSet<SnapshotId> = self.references("snapshot_id").await?;
        let mut total = 0;
        loop {
            let found = self.unneeded_snapshots(&needed).await?;
            for ids in found.chunks(BATCH) {
                total += self.delete_snapshots(ids).await?;
            }
            if found.len() < AT_ONCE {
                return Ok(total);
            }
        }
    }

    async fn unneeded_snapshots(&self, needed: &HashSet<SnapshotId>) -> Result<Vec<SnapshotId>> {
        let sql = format!(
            "SELECT s.id FROM ct_raw_snapshots s WHERE s.tenant_id = $1 AND s.connection_id = $2 AND {MAY_GO}"
        );
        let db = self.of_tenant.database.reader();
        let mut rows = db.stream_raw(self.statement(&sql)).await.attempt("prune")?;
        let mut found = vec![];
        while let Some(row) = rows.try_next().await.attempt("prune")? {
            let id = row.try_get_by_index(0).attempt("prune")?;
            if !needed.contains(&id) {
                found.push(id);
            }
            if found.len() == AT_ONCE {
                break;
            }
        }
        Ok(found)
    }

    async fn delete_snapshots(&self, ids: &[SnapshotId]) -> Result<u64> {
        let sql = format!(
            "DELETE FROM ct_raw_snapshots AS s WHERE s.tenant_id = $1 AND s.connection_id = $2 AND {MAY_GO} AND s.id IN ({})",
            places(4, ids.len())
        );
        let ids = ids.iter().map(|id| (*id).into());
        let values = self.values().into_iter().chain(ids);
        execute(self.of_tenant.database, &sql, values).await
    }

    /// Returns what rows and open rejects refer to in `column`.
    ///
    /// A reference is never made anew to what may go: it is old, and a row is written from what was read just now or from
    /// the last whole reading.
    pub(super) async fn references<T>(&self, column: &str) -> Result<HashSet<T>>
    where
        T: TryGetable + Eq + std::hash::Hash,
    {
        let tables = Source::ALL.iter().flat_map(|source| model::tables(*source));
        let names: HashSet<&str> = tables.map(|(_, table)| table.name).collect();
        let mut found = HashSet::new();
        for table in names {
            self.collect(column, table, "", &mut found).await?;
        }
        // One that was resolved needs its answer no more.
        if column == "snapshot_id" {
            let open = " AND resolved_at IS NULL";
            self.collect(column, "rejected_records", open, &mut found)
                .await?;
        }
        Ok(found)
    }

    /// Adds the distinct values of a column of one of the connection's tables.
    pub(super) async fn collect<T>(
        &self,
        column: &str,
        table: &str,
        condition: &str,
        found: &mut HashSet<T>,
    ) -> Result<()>
    where
        T: TryGetable + Eq + std::hash::Hash,
    {
        let sql = format!(
            "SELECT DISTINCT {column} FROM {table} WHERE tenant_id = $1 AND connection_id = $2{condition}"
        );
        let database = self.of_tenant.database;
        let [tenant, connection, _] = self.values();
        let statement =
            Statement::from_sql_and_values(database.backend(), sql, [tenant, connection]);
        let db = database.reader();
        let mut rows = db.stream_raw(statement).await.attempt("prune")?;
        while let Some(row) = rows.try_next().await.attempt("prune")? {
            found.insert(row.try_get_by_index(0).attempt("prune")?);
        }
        Ok(())
    }

    pub(super) fn statement(&self, sql: &str) -> Statement {
        Statement::from_sql_and_values(self.of_tenant.database.backend(), sql, self.values())
    }

    /// The tenant, the connection and the moment: `$1` to `$3`.
    pub(super) fn values(&self) -> [Value; 3] {
        [
            self.of_tenant.tenant.into(),
            self.connection.into(),
            self.before.into(),
        ]
    }
}
