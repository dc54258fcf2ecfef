//! Accounts of upstreams, and the lease that lets one worker at a time sync each.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, blob_null, integer, json_binary, text, text_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null, uuid, uuid_null,
};

use crate::schema::{create_tables, drop_tables, key_within_tenant, keyed_table, owned_by, unique};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_tables(manager, [connections()], indexes()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["connections"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn connections() -> TableCreateStatement {
    keyed_table("connections")
        .col(uuid("tenant_id"))
        .col(text("source"))
        .col(text("name"))
        .col(blob_null("credentials"))
        .col(text_null("credentials_key_id"))
        .col(json_binary("settings"))
        .col(text("status"))
        .col(text_null("status_reason"))
        .col(text_null("lease_holder"))
        .col(timestamp_with_time_zone_null("lease_expires_at"))
        .col(uuid_null("lease_run_id"))
        .col(big_integer("fence"))
        .col(big_integer("data_version"))
        .col(blob_null("mapping_hash"))
        .col(timestamp_with_time_zone_null("last_success_at"))
        .col(timestamp_with_time_zone_null("last_attempt_at"))
        .col(integer("consecutive_failures"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .index(&mut key_within_tenant("connections_within_tenant"))
        .foreign_key(&mut owned_by("connections", "tenant_id", "tenants"))
        .take()
}

fn indexes() -> [IndexCreateStatement; 1] {
    [unique(
        "connections_source_name",
        "connections",
        &["tenant_id", "source", "name"],
    )]
}
