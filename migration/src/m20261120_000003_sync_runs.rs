//! Attempts to sync a connection, and their counters by stream.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, text, text_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null, uuid,
};

use crate::schema::{
    connection_table, create_tables, drop_tables, index, key_within_tenant, keyed_table, unique,
    within_tenant,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_tables(manager, [sync_runs(), sync_run_streams()], indexes()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["sync_run_streams", "sync_runs"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn sync_runs() -> TableCreateStatement {
    connection_table("sync_runs")
        .col(text("kind"))
        .col(text("trigger"))
        .col(text_null("actor"))
        .col(text("status"))
        .col(text_null("reason"))
        .col(boolean("dry_run"))
        .col(text("worker"))
        .col(big_integer("fence"))
        .col(timestamp_with_time_zone("started_at"))
        .col(timestamp_with_time_zone_null("finished_at"))
        .col(timestamp_with_time_zone("heartbeat_at"))
        .col(timestamp_with_time_zone_null("cancel_requested_at"))
        .col(big_integer("records_updated"))
        .col(big_integer("records_failed"))
        .col(text_null("error_message"))
        .index(&mut key_within_tenant("sync_runs_within_tenant"))
        .take()
}

fn sync_run_streams() -> TableCreateStatement {
    keyed_table("sync_run_streams")
        .col(uuid("tenant_id"))
        .col(uuid("run_id"))
        .col(text("stream"))
        .col(text("status"))
        .col(text_null("reason"))
        .col(text_null("error_message"))
        .col(big_integer("pages"))
        .col(big_integer("read_count"))
        .col(big_integer("added_count"))
        .col(big_integer("changed_count"))
        .col(big_integer("unchanged_count"))
        .col(big_integer("duplicate_count"))
        .col(big_integer("rejected_count"))
        .col(big_integer("deleted_count"))
        .col(big_integer("revived_count"))
        .col(big_integer("unreadable_value_count"))
        .col(big_integer_null("announced_count"))
        .col(big_integer("retry_count"))
        .col(big_integer("byte_count"))
        .col(big_integer("duration_ms"))
        .foreign_key(&mut within_tenant(
            "sync_run_streams",
            "run_id",
            "sync_runs",
        ))
        .take()
}

fn indexes() -> [IndexCreateStatement; 3] {
    [
        index(
            "sync_runs_connection_start",
            "sync_runs",
            &["tenant_id", "connection_id", "started_at"],
        ),
        index("sync_runs_start", "sync_runs", &["tenant_id", "started_at"]),
        unique(
            "sync_run_streams_run_stream",
            "sync_run_streams",
            &["run_id", "stream"],
        ),
    ]
}
