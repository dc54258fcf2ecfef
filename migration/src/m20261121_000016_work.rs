//! One table for all work that waits or is being done: the leases of connections and the queue.
//!
//! It replaces the tables of a queue library and the lease on the connection's row. Runs and webhooks that wait are
//! carried over. On the way back runs that wait end as cancelled, for lack of a job; webhooks can be replayed.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, boolean, integer, json_binary_null, small_integer, text, text_null,
    timestamp_with_time_zone_null, uuid_null,
};
use sea_orm_migration::sea_orm::DbBackend;

use crate::m20261120_000011_job_queue as job_queue;
use crate::schema::{create_tables, drop_tables, index, owned_by, within_tenant};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_tables(manager, [work()], indexes()).await?;
        let (carry_over, drop_queue) = match manager.get_database_backend() {
            DbBackend::Sqlite => (SQLITE_CARRY_OVER, job_queue::SQLITE_DOWN),
            _ => (POSTGRES_CARRY_OVER, POSTGRES_DROP_QUEUE),
        };
        let db = manager.get_connection();
        db.execute_unprepared(carry_over).await?;
        db.execute_unprepared(drop_queue).await?;
        for column in LEASE {
            let sql = format!("ALTER TABLE connections DROP COLUMN {column}");
            db.execute_unprepared(&sql).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in lease_columns() {
            let table = Table::alter()
                .table("connections")
                .add_column(column)
                .take();
            manager.alter_table(table).await?;
        }
        let make_queue = match manager.get_database_backend() {
            DbBackend::Sqlite => job_queue::SQLITE_UP,
            _ => job_queue::POSTGRES_UP,
        };
        let db = manager.get_connection();
        db.execute_unprepared(TAKE_BACK).await?;
        db.execute_unprepared(make_queue).await?;
        drop_tables(manager, &["work"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn work() -> TableCreateStatement {
    Table::create()
        .table("work")
        .col(text("kind"))
        .col(text("key"))
        .col(uuid_null("tenant_id"))
        .col(uuid_null("connection_id"))
        .col(json_binary_null("payload"))
        .col(uuid_null("run_id"))
        .col(timestamp_with_time_zone_null("due_at"))
        .col(small_integer("priority").default(0))
        .col(boolean("is_long").default(false))
        .col(integer("attempts").default(0))
        .col(text_null("holder"))
        .col(timestamp_with_time_zone_null("expires_at"))
        .col(uuid_null("held_for"))
        .col(big_integer("fence").default(0))
        .primary_key(Index::create().col("kind").col("key"))
        .foreign_key(&mut owned_by("work", "tenant_id", "tenants"))
        .foreign_key(&mut within_tenant("work", "connection_id", "connections"))
        .take()
}

/// Work that waits or is being done is little, beside rows that rest.
fn indexes() -> [IndexCreateStatement; 2] {
    let is_open = Expr::cust("due_at IS NOT NULL OR holder IS NOT NULL");
    [
        index("work_open", "work", &["due_at"])
            .and_where(is_open)
            .take(),
        index("work_connection", "work", &["tenant_id", "connection_id"]),
    ]
}

const LEASE: [&str; 4] = ["lease_holder", "lease_expires_at", "lease_run_id", "fence"];

fn lease_columns() -> [ColumnDef; 4] {
    [
        text_null("lease_holder"),
        timestamp_with_time_zone_null("lease_expires_at"),
        uuid_null("lease_run_id"),
        big_integer("fence").default(0).take(),
    ]
}

const SQLITE_CARRY_OVER: &str = "
INSERT INTO work (kind, key, tenant_id, connection_id, holder, expires_at, held_for, fence)
SELECT 'sync',
    lower(substr(hex(id), 1, 8) || '-' || substr(hex(id), 9, 4) || '-' || substr(hex(id), 13, 4) || '-'
        || substr(hex(id), 17, 4) || '-' || substr(hex(id), 21)),
    tenant_id, id, lease_holder, lease_expires_at, lease_run_id, fence
FROM connections;
UPDATE work SET
    payload = (SELECT CAST(j.job AS TEXT) FROM Jobs j WHERE j.job_type = 'sync' AND j.idempotency_key = work.key),
    run_id = (SELECT unhex(replace(json_extract(CAST(j.job AS TEXT), '$.run'), '-', ''))
        FROM Jobs j WHERE j.job_type = 'sync' AND j.idempotency_key = work.key),
    due_at = '1970-01-01T00:00:00+00:00'
WHERE key IN (SELECT idempotency_key FROM Jobs WHERE job_type = 'sync' AND status NOT IN ('Done', 'Killed'));
INSERT INTO work (kind, key, tenant_id, connection_id, payload, due_at)
SELECT 'webhook', w.key || '/' || e.stream || '/' || e.upstream_id, e.tenant_id, e.connection_id,
    json_object('stream', e.stream, 'upstream_id', e.upstream_id, 'since', MAX(e.received_at)), '1970-01-01T00:00:00+00:00'
FROM webhook_events e JOIN work w ON w.kind = 'sync' AND w.connection_id = e.connection_id
WHERE e.status = 'received' AND e.stream IS NOT NULL AND e.upstream_id IS NOT NULL
GROUP BY w.key, e.tenant_id, e.connection_id, e.stream, e.upstream_id;
";

const POSTGRES_CARRY_OVER: &str = "
INSERT INTO work (kind, key, tenant_id, connection_id, holder, expires_at, held_for, fence)
SELECT 'sync', id::text, tenant_id, id, lease_holder, lease_expires_at, lease_run_id, fence FROM connections;
UPDATE work SET
    payload = convert_from(j.job, 'UTF8')::jsonb,
    run_id = (convert_from(j.job, 'UTF8')::jsonb ->> 'run')::uuid,
    due_at = to_timestamp(0)
FROM apalis.jobs j
WHERE work.kind = 'sync' AND j.job_type = 'sync' AND j.idempotency_key = work.key AND j.status NOT IN ('Done', 'Killed');
INSERT INTO work (kind, key, tenant_id, connection_id, payload, due_at)
SELECT 'webhook', e.connection_id || '/' || e.stream || '/' || e.upstream_id, e.tenant_id, e.connection_id,
    jsonb_build_object('stream', e.stream, 'upstream_id', e.upstream_id, 'since', MAX(e.received_at)), to_timestamp(0)
FROM webhook_events e
WHERE e.status = 'received' AND e.stream IS NOT NULL AND e.upstream_id IS NOT NULL
GROUP BY e.tenant_id, e.connection_id, e.stream, e.upstream_id;
";

// Somebody else may use the extension by now, or it may be somebody else's.
const POSTGRES_DROP_QUEUE: &str = "
DROP FUNCTION apalis.get_jobs(TEXT, TEXT, INTEGER);
DROP TABLE apalis.jobs;
DROP TABLE apalis.workers;
DROP SCHEMA apalis;
DO $$ BEGIN
    DROP EXTENSION IF EXISTS hstore;
EXCEPTION WHEN dependent_objects_still_exist OR insufficient_privilege THEN NULL;
END $$;
";

const TAKE_BACK: &str = "
UPDATE connections SET
    lease_holder = (SELECT w.holder FROM work w WHERE w.kind = 'sync' AND w.connection_id = connections.id),
    lease_expires_at = (SELECT w.expires_at FROM work w WHERE w.kind = 'sync' AND w.connection_id = connections.id),
    lease_run_id = (SELECT w.held_for FROM work w WHERE w.kind = 'sync' AND w.connection_id = connections.id),
    fence = COALESCE((SELECT w.fence FROM work w WHERE w.kind = 'sync' AND w.connection_id = connections.id), 0);
UPDATE sync_runs SET status = 'cancelled', reason = 'cancelled', finished_at = heartbeat_at,
    error_message = 'the queue it waited in was taken back'
WHERE status = 'queued';
";
