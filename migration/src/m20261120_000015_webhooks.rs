//! Webhooks: the keys of their addresses, and what came in through them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    blob, integer, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null,
    uuid_null,
};

use crate::schema::{connection_table, create_tables, drop_tables, index, unique};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_tables(manager, [webhook_keys(), webhook_events()], indexes()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["webhook_events", "webhook_keys"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn webhook_keys() -> TableCreateStatement {
    connection_table("webhook_keys")
        .col(blob("secret_hash"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("expires_at"))
        .col(timestamp_with_time_zone_null("last_used_at"))
        .take()
}

fn webhook_events() -> TableCreateStatement {
    connection_table("webhook_events")
        .col(text("delivery_key"))
        .col(text("event"))
        .col(text_null("stream"))
        .col(text_null("upstream_id"))
        .col(timestamp_with_time_zone_null("acted_at"))
        .col(timestamp_with_time_zone("received_at"))
        .col(text("body"))
        .col(text("status"))
        .col(integer("attempts"))
        .col(integer("look_count"))
        .col(timestamp_with_time_zone_null("not_before"))
        .col(text_null("reason"))
        .col(timestamp_with_time_zone_null("processed_at"))
        .col(uuid_null("run_id"))
        .take()
}

/// A key is looked up before anything else is known; events by what they are about and when they came.
fn indexes() -> [IndexCreateStatement; 5] {
    let events = "webhook_events";
    let by_record = ["tenant_id", "connection_id", "stream", "upstream_id"];
    let waiting = Expr::col("status").eq("received");
    [
        unique("webhook_keys_secret", "webhook_keys", &["secret_hash"]),
        index(
            "webhook_keys_connection",
            "webhook_keys",
            &["tenant_id", "connection_id"],
        ),
        unique(
            "webhook_events_identity",
            events,
            &["tenant_id", "connection_id", "delivery_key"],
        ),
        index("webhook_events_waiting", events, &by_record)
            .and_where(waiting)
            .take(),
        index(
            "webhook_events_time",
            events,
            &["tenant_id", "received_at", "id"],
        ),
    ]
}
