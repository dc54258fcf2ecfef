//! Upstream answers kept byte for byte, equal bytes once a tenant.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, blob, blob_null, integer, json_binary, text, timestamp_with_time_zone, uuid,
};

use crate::schema::{connection_table, create_tables, drop_tables, index, owned_by, within_tenant};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_tables(manager, [raw_payloads(), ct_raw_snapshots()], indexes()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["ct_raw_snapshots", "raw_payloads"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn raw_payloads() -> TableCreateStatement {
    Table::create()
        .table("raw_payloads")
        .col(uuid("tenant_id"))
        .col(blob("hash"))
        .col(blob("body"))
        .col(blob_null("digest"))
        .col(big_integer("raw_size"))
        .col(big_integer("stored_size"))
        .col(timestamp_with_time_zone("created_at"))
        .primary_key(Index::create().col("tenant_id").col("hash"))
        .foreign_key(&mut owned_by("raw_payloads", "tenant_id", "tenants"))
        .take()
}

fn ct_raw_snapshots() -> TableCreateStatement {
    connection_table("ct_raw_snapshots")
        .col(uuid("run_id"))
        .col(text("stream"))
        .col(text("slice"))
        .col(integer("walk"))
        .col(integer("position"))
        .col(text("endpoint"))
        .col(json_binary("parameters"))
        .col(integer("http_status"))
        .col(timestamp_with_time_zone("fetched_at"))
        .col(big_integer("duration_ms"))
        .col(big_integer("record_count"))
        .col(blob("payload_hash"))
        .foreign_key(&mut within_tenant(
            "ct_raw_snapshots",
            "run_id",
            "sync_runs",
        ))
        .take()
}

fn indexes() -> [IndexCreateStatement; 3] {
    [
        index(
            "ct_raw_snapshots_stream_time",
            "ct_raw_snapshots",
            &["tenant_id", "connection_id", "stream", "fetched_at"],
        ),
        index(
            "ct_raw_snapshots_run",
            "ct_raw_snapshots",
            &["tenant_id", "run_id", "stream", "position"],
        ),
        index(
            "ct_raw_snapshots_payload",
            "ct_raw_snapshots",
            &["tenant_id", "payload_hash"],
        ),
    ]
}
