//! Runs that nothing refers to.

use std::collections::HashSet;

use entity::SyncRunId;
use futures::TryStreamExt;
use sea_orm::StreamTrait;

use super::{BATCH, OfConnection, execute, places};
use crate::error::{Attempt, Result};

const MAY_GO: &str = "started_at < $3 AND finished_at IS NOT NULL";

impl OfConnection<'_> {
    /// Forgets runs.
    pub(super) async fn forget_runs(&self) -> Result<u64> {
        let needed = self.needed_runs().await?;
        let mut total = 0;
        for ids in self.unneeded_runs(&needed).await?.chunks(BATCH) {
            let sql = format!(
                "DELETE FROM sync_runs WHERE tenant_id = $1 AND connection_id = $2 AND {MAY_GO} AND id IN ({})",
                places(4, ids.len())
            );
            let ids = ids.iter().map(|id| (*id).into());
            let values = self.values().into_iter().chain(ids);
            total += execute(self.of_tenant.database, &sql, values).await?;
        }
        Ok(total)
    }

    async fn needed_runs(&self) -> Result<HashSet<SyncRunId>> {
        let mut needed: HashSet<SyncRunId> = self.references("first_run_id").await?;
        needed.extend(self.references::<SyncRunId>("last_run_id").await?);
        for table in ["ct_raw_snapshots", "coverage"] {
            self.collect("run_id", table, "", &mut needed).await?;
        }
        Ok(needed)
    }

    async fn unneeded_runs(&self, needed: &HashSet<SyncRunId>) -> Result<Vec<SyncRunId>> {
        let sql = format!(
            "SELECT id FROM sync_runs WHERE tenant_id = $1 AND connection_id = $2 AND {MAY_GO}"
        );
        let db = self.of_tenant.database.reader();
        let mut rows = db.stream_raw(self.statement(&sql)).await.attempt("prune")?;
        let mut found = vec![];
        while let Some(row) = rows.try_next().await.attempt("prune")? {
            let id = row.try_get_by_index(0).attempt("prune")?;
            if !needed.contains(&id) {
                found.push(id);
            }
        }
        Ok(found)
    }
}
