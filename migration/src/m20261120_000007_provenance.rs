//! What did not fit, what changed shape, and what was read when.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, blob, integer, json_binary, text, text_null,
    timestamp_with_time_zone, timestamp_with_time_zone_null, uuid,
};

use crate::schema::{connection_table, create_tables, drop_tables, unique};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_tables(
            manager,
            [
                rejected_records(),
                schema_drift(),
                stream_profiles(),
                coverage(),
            ],
            indexes(),
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(
            manager,
            &[
                "coverage",
                "stream_profiles",
                "schema_drift",
                "rejected_records",
            ],
        )
        .await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn rejected_records() -> TableCreateStatement {
    connection_table("rejected_records")
        .col(text("stream"))
        .col(text_null("upstream_id"))
        .col(blob("fingerprint"))
        .col(text("reason"))
        .col(text("sentence"))
        .col(uuid("snapshot_id"))
        .col(integer("position"))
        .col(uuid("first_run_id"))
        .col(uuid("last_run_id"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("resolved_at"))
        .take()
}

fn schema_drift() -> TableCreateStatement {
    connection_table("schema_drift")
        .col(text("stream"))
        .col(text("field"))
        .col(text("kind"))
        .col(text_null("detail"))
        .col(uuid("first_run_id"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("acknowledged_at"))
        .take()
}

fn stream_profiles() -> TableCreateStatement {
    connection_table("stream_profiles")
        .col(text("stream"))
        .col(json_binary("fields"))
        .col(timestamp_with_time_zone("updated_at"))
        .take()
}

fn coverage() -> TableCreateStatement {
    connection_table("coverage")
        .col(text("stream"))
        .col(text("slice"))
        .col(timestamp_with_time_zone("read_at"))
        .col(uuid("run_id"))
        .col(big_integer("record_count"))
        .col(big_integer_null("announced_count"))
        .take()
}

fn indexes() -> [IndexCreateStatement; 4] {
    [
        unique(
            "rejected_records_identity",
            "rejected_records",
            &["tenant_id", "connection_id", "stream", "fingerprint"],
        ),
        unique(
            "schema_drift_identity",
            "schema_drift",
            &["tenant_id", "connection_id", "stream", "field", "kind"],
        ),
        unique(
            "stream_profiles_identity",
            "stream_profiles",
            &["tenant_id", "connection_id", "stream"],
        ),
        unique(
            "coverage_identity",
            "coverage",
            &["tenant_id", "connection_id", "stream", "slice"],
        ),
    ]
}
