//! Parts that could not be read: when they are tried again.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{integer, text, timestamp_with_time_zone, uuid};

use crate::schema::{drop_tables, within_tenant};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(part_failures()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["part_failures"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn part_failures() -> TableCreateStatement {
    const TABLE: &str = "part_failures";
    let mut key = Index::create()
        .col("tenant_id")
        .col("connection_id")
        .col("stream")
        .col("slice")
        .take();
    Table::create()
        .table(TABLE)
        .col(uuid("tenant_id"))
        .col(uuid("connection_id"))
        .col(text("stream"))
        .col(text("slice"))
        .col(integer("attempts"))
        .col(timestamp_with_time_zone("next_try_at"))
        .col(text("reason"))
        .col(text("sentence"))
        .col(uuid("run_id"))
        .primary_key(&mut key)
        .foreign_key(&mut within_tenant(TABLE, "connection_id", "connections"))
        .take()
}
