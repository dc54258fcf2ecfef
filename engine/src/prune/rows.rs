//! Rows that nothing refers to: webhooks, resolved rejects, acknowledged drift, the audit log.

use entity::Timestamp;
use sea_orm::Value;

use super::{BATCH, OfTenant, execute};
use crate::database::Database;
use crate::error::Result;

/// Acts that concern no tenant.
pub(super) async fn of_the_agency(database: &Database, before: Timestamp) -> Result<u64> {
    let condition = "tenant_id IS NULL AND created_at < $1";
    let sql = delete("audit_log", condition);
    repeat(database, &sql, [before.into()]).await
}

impl OfTenant<'_> {
    // One that comes a second time after that is taken for a new one: it costs a reading.
    pub(super) async fn forget_webhooks(&self, before: Timestamp) -> Result<u64> {
        let condition = "tenant_id = $1 AND received_at < $2 AND status <> 'received'";
        self.forget("webhook_events", condition, before).await
    }

    pub(super) async fn forget_bodies(&self, before: Timestamp) -> Result<u64> {
        let sql = format!(
            "UPDATE webhook_events SET body = '' WHERE id IN (SELECT id FROM webhook_events WHERE tenant_id = $1 \
             AND received_at < $2 AND status <> 'received' AND body <> '' LIMIT {BATCH})"
        );
        repeat(self.database, &sql, [self.tenant.into(), before.into()]).await
    }

    pub(super) async fn forget_answers(&self, before: Timestamp) -> Result<u64> {
        let condition = "tenant_id = $1 AND received_at < $2";
        self.forget("unusable_answers", condition, before).await
    }

    pub(super) async fn forget_rejects(&self, before: Timestamp) -> Result<u64> {
        let condition = "tenant_id = $1 AND resolved_at < $2";
        self.forget("rejected_records", condition, before).await
    }

    pub(super) async fn forget_drifts(&self, before: Timestamp) -> Result<u64> {
        let condition = "tenant_id = $1 AND acknowledged_at < $2";
        self.forget("schema_drift", condition, before).await
    }

    pub(super) async fn forget_acts(&self, before: Timestamp) -> Result<u64> {
        let condition = "tenant_id = $1 AND created_at < $2";
        self.forget("audit_log", condition, before).await
    }

    async fn forget(&self, table: &str, condition: &str, before: Timestamp) -> Result<u64> {
        let values = [self.tenant.into(), before.into()];
        repeat(self.database, &delete(table, condition), values).await
    }
}

fn delete(table: &str, condition: &str) -> String {
    format!(
        "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE {condition} LIMIT {BATCH})"
    )
}

/// Executes a statement that writes at most [`BATCH`] rows until it writes fewer.
async fn repeat<const N: usize>(database: &Database, sql: &str, values: [Value; N]) -> Result<u64> {
    let mut total = 0;
    loop {
        let count = execute(database, sql, values.clone()).await?;
        total += count;
        if count < BATCH as u64 {
            return Ok(total);
        }
    }
}
