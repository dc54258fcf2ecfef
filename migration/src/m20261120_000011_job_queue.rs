//! The tables of the job queue.
//!
//! They belong to the library apalis 1.0, whose statements name their columns and, on SQLite, rely on their
//! order. They are made here and not by its own migrations, so that they come and go with the rest of the
//! schema, in one transaction. A later step replaces them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = match manager.get_database_backend() {
            DbBackend::Sqlite => SQLITE_UP,
            _ => POSTGRES_UP,
        };
        manager
            .get_connection()
            .execute_unprepared(sql)
            .await
            .map(|_| ())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = match manager.get_database_backend() {
            DbBackend::Sqlite => SQLITE_DOWN,
            _ => POSTGRES_DOWN,
        };
        manager
            .get_connection()
            .execute_unprepared(sql)
            .await
            .map(|_| ())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

pub(crate) const SQLITE_UP: &str = "
CREATE TABLE Workers (
    id TEXT NOT NULL UNIQUE,
    worker_type TEXT NOT NULL,
    storage_name TEXT NOT NULL,
    layers TEXT,
    last_seen INTEGER NOT NULL DEFAULT (strftime('%s', 'now')),
    started_at INTEGER
);
CREATE TABLE Jobs (
    job BLOB NOT NULL,
    id TEXT NOT NULL UNIQUE,
    job_type TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'Pending',
    attempts INTEGER NOT NULL DEFAULT 0,
    max_attempts INTEGER NOT NULL DEFAULT 25,
    run_at INTEGER NOT NULL DEFAULT (strftime('%s', 'now')),
    last_result TEXT,
    lock_at INTEGER,
    lock_by TEXT,
    done_at INTEGER,
    priority INTEGER NOT NULL DEFAULT 0,
    metadata TEXT,
    idempotency_key TEXT,
    PRIMARY KEY (id),
    FOREIGN KEY (lock_by) REFERENCES Workers (id)
);
CREATE INDEX LIdx ON Jobs (lock_by);
CREATE UNIQUE INDEX idx_jobs_idempotency_key ON Jobs (job_type, idempotency_key);
CREATE INDEX idx_jobs_pending ON Jobs (job_type, priority DESC, run_at ASC, id ASC)
    WHERE status = 'Pending' AND lock_by IS NULL;
CREATE INDEX idx_jobs_failed ON Jobs (job_type, priority DESC, run_at ASC, id ASC)
    WHERE status = 'Failed' AND attempts < max_attempts;
";

pub(crate) const SQLITE_DOWN: &str = "DROP TABLE Jobs; DROP TABLE Workers;";

// The column `metadata` needs the extension; PostgreSQL lets the owner of a database install it.
pub(crate) const POSTGRES_UP: &str = "
CREATE EXTENSION IF NOT EXISTS hstore;
CREATE SCHEMA apalis;
CREATE TABLE apalis.workers (
    id TEXT NOT NULL PRIMARY KEY,
    worker_type TEXT NOT NULL,
    storage_name TEXT NOT NULL,
    layers TEXT NOT NULL DEFAULT '',
    last_seen TIMESTAMPTZ NOT NULL DEFAULT now(),
    started_at TIMESTAMPTZ
);
CREATE TABLE apalis.jobs (
    job BYTEA NOT NULL,
    id TEXT NOT NULL PRIMARY KEY,
    job_type TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'Pending',
    attempts INTEGER NOT NULL DEFAULT 0,
    max_attempts INTEGER NOT NULL DEFAULT 25,
    run_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    last_result JSONB,
    lock_at TIMESTAMPTZ,
    lock_by TEXT,
    done_at TIMESTAMPTZ,
    priority INTEGER DEFAULT 0,
    idempotency_key TEXT,
    metadata hstore,
    CONSTRAINT fk_worker_lock_by FOREIGN KEY (lock_by) REFERENCES apalis.workers (id)
);
CREATE UNIQUE INDEX idx_jobs_idempotency_key ON apalis.jobs (job_type, idempotency_key);
CREATE INDEX idx_apalis_jobs_lock_by ON apalis.jobs (lock_by);
CREATE INDEX idx_apalis_jobs_fetch_partial ON apalis.jobs (job_type, priority DESC, run_at ASC)
    WHERE status = 'Pending' OR (status = 'Failed' AND attempts < max_attempts);
CREATE FUNCTION apalis.get_jobs(worker_id TEXT, v_job_type TEXT, v_job_count INTEGER DEFAULT 5)
RETURNS SETOF apalis.jobs LANGUAGE sql VOLATILE AS $$
    WITH jobs AS (
        SELECT id
        FROM apalis.jobs
        WHERE
            (
                status = 'Pending'
                OR (
                    status = 'Failed'
                    AND attempts < max_attempts
                )
            )
            AND run_at < now()
            AND job_type = v_job_type
        ORDER BY priority DESC, run_at ASC
        LIMIT v_job_count
        FOR UPDATE SKIP LOCKED
    )
    UPDATE apalis.jobs j
    SET
        status = 'Queued',
        lock_by = worker_id,
        lock_at = now()
    FROM jobs
    WHERE j.id = jobs.id
    RETURNING j.*;
$$;
";

const POSTGRES_DOWN: &str = "
DROP FUNCTION apalis.get_jobs(TEXT, TEXT, INTEGER);
DROP TABLE apalis.jobs;
DROP TABLE apalis.workers;
DROP SCHEMA apalis;
";
