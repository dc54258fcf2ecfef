//! Payloads that no snapshot refers to, and no other payload differs from.
//!
//! A writer that stores the same bytes again renews `created_at` and so holds the row until it commits. A delete that waited
//! for that looks at the renewed row and lets it be, although its look for snapshots was before the commit.

use entity::Timestamp;
use sea_orm::{ConnectionTrait, Statement, Value};

use super::{BATCH, OfTenant, execute, places};
use crate::error::{Attempt, Result};

const MAY_GO: &str = "created_at < $2 AND NOT EXISTS (SELECT 1 FROM ct_raw_snapshots s \
     WHERE s.tenant_id = raw_payloads.tenant_id AND s.payload_hash = raw_payloads.hash) \
     AND NOT EXISTS (SELECT 1 FROM raw_payloads d WHERE d.tenant_id = raw_payloads.tenant_id AND d.base_hash = raw_payloads.hash)";

impl OfTenant<'_> {
    /// Forgets payloads that were last stored before a moment.
    pub(super) async fn forget_payloads(&self, before: Timestamp) -> Result<u64> {
        let mut total = 0;
        let mut after = vec![];
        loop {
            let found = self.unneeded_payloads(before, &after).await?;
            let Some(last) = found.last() else {
                return Ok(total);
            };
            after.clone_from(last);
            let sql = format!(
                "DELETE FROM raw_payloads WHERE tenant_id = $1 AND {MAY_GO} AND hash IN ({})",
                places(3, found.len())
            );
            let hashes = found.into_iter().map(Value::from);
            let values = [self.tenant.into(), before.into()]
                .into_iter()
                .chain(hashes);
            total += execute(self.database, &sql, values).await?;
        }
    }

    async fn unneeded_payloads(&self, before: Timestamp, after: &[u8]) -> Result<Vec<Vec<u8>>> {
        let sql = format!(
            "SELECT hash FROM raw_payloads WHERE tenant_id = $1 AND {MAY_GO} AND hash > $3 ORDER BY hash LIMIT {BATCH}"
        );
        let values: [Value; 3] = [self.tenant.into(), before.into(), after.to_vec().into()];
        let db = self.database.reader();
        let statement = Statement::from_sql_and_values(self.database.backend(), sql, values);
        let rows = db.query_all_raw(statement).await.attempt("prune")?;
        let hashes = rows.iter().map(|row| row.try_get_by_index(0));
        hashes.collect::<Result<_, _>>().attempt("prune")
    }
}
