//! Opportunities of the rental upstream, and how many records of a stream name no time of change.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, blob, integer_null, text, text_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null, uuid,
};

use crate::schema::{connection_table, create_tables, drop_tables, index, unique};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_tables(manager, [opportunities()], indexes()).await?;
        let column = Table::alter()
            .table("sync_run_streams")
            .add_column(big_integer("untimed_count").default(0))
            .take();
        manager.alter_table(column).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = Table::alter()
            .table("sync_run_streams")
            .drop_column("untimed_count")
            .take();
        manager.alter_table(column).await?;
        drop_tables(manager, &["opportunities"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn opportunities() -> TableCreateStatement {
    connection_table("opportunities")
        .col(text("upstream_id"))
        .col(text_null("subject"))
        .col(text_null("number"))
        .col(text_null("reference"))
        .col(text_null("description"))
        .col(timestamp_with_time_zone_null("starts_at"))
        .col(timestamp_with_time_zone_null("ends_at"))
        .col(timestamp_with_time_zone_null("ordered_at"))
        .col(integer_null("state"))
        .col(text_null("state_name"))
        .col(integer_null("status"))
        .col(text_null("status_name"))
        .col(text_null("member_id"))
        .col(text_null("member_name"))
        .col(text_null("venue_id"))
        .col(text_null("venue_name"))
        .col(text_null("owner_id"))
        .col(text_null("owner_name"))
        .col(text_null("store_id"))
        .col(big_integer_null("charge_total"))
        .col(big_integer_null("charge_excluding_tax_total"))
        .col(big_integer_null("charge_including_tax_total"))
        .col(big_integer_null("rental_charge_total"))
        .col(big_integer_null("sale_charge_total"))
        .col(big_integer_null("service_charge_total"))
        .col(big_integer_null("surcharge_total"))
        .col(big_integer_null("tax_total"))
        .col(timestamp_with_time_zone_null("upstream_created_at"))
        .col(timestamp_with_time_zone_null("upstream_updated_at"))
        .col(text("data"))
        .col(blob("content_hash"))
        .col(uuid("snapshot_id"))
        .col(uuid("first_run_id"))
        .col(uuid("last_run_id"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .col(timestamp_with_time_zone("synced_at"))
        .col(timestamp_with_time_zone_null("last_webhook_at"))
        .col(timestamp_with_time_zone_null("deleted_at"))
        .take()
}

/// Identity, and what lists are filtered and sorted by.
fn indexes() -> [IndexCreateStatement; 6] {
    let table = "opportunities";
    [
        unique(
            "opportunities_identity",
            table,
            &["tenant_id", "connection_id", "upstream_id"],
        ),
        index("opportunities_state", table, &["tenant_id", "state"]),
        index("opportunities_status", table, &["tenant_id", "status"]),
        index("opportunities_starts", table, &["tenant_id", "starts_at"]),
        index("opportunities_member", table, &["tenant_id", "member_id"]),
        index(
            "opportunities_updated",
            table,
            &["tenant_id", "upstream_updated_at"],
        ),
    ]
}
