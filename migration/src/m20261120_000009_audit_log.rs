//! Who did what. Refers to nothing, so that entries outlive what they tell of.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{json_binary, text, timestamp_with_time_zone, uuid_null};

use crate::schema::{create_tables, drop_tables, index, keyed_table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_tables(manager, [audit_log()], indexes()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["audit_log"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn audit_log() -> TableCreateStatement {
    keyed_table("audit_log")
        .col(uuid_null("tenant_id"))
        .col(text("actor"))
        .col(text("via"))
        .col(text("action"))
        .col(text("object_type"))
        .col(text("object_id"))
        .col(json_binary("detail"))
        .col(timestamp_with_time_zone("created_at"))
        .take()
}

fn indexes() -> [IndexCreateStatement; 1] {
    [index(
        "audit_log_time",
        "audit_log",
        &["tenant_id", "created_at"],
    )]
}
