//! Numbers that no value can stop: sums of any size, and what a hot list item was made of. What is known of each stream
//! as a whole, and indexes.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, blob_null, text, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid,
};
use sea_orm_migration::sea_orm::DbBackend;

use crate::m20261120_000010_report_views::{decimal, of_connection};
use crate::schema::{drop_tables, index, within_tenant};

const STAGES: &str = "pipeline_stage_counts";
const HOT_LIST: &str = "hot_list_items";

/// The windows that are loaded are noted with the next part that is published; until then everything counts.
const STATES_OF_COVERAGE: &str = "INSERT INTO stream_states (tenant_id, connection_id, stream, last_read_at, oldest_read_at) \
    SELECT tenant_id, connection_id, stream, MAX(read_at), MIN(read_at) FROM coverage \
    WHERE slice NOT LIKE 'record:%' GROUP BY tenant_id, connection_id, stream";

/// Name, and what follows.
const INDEXES: [(&str, &str); 7] = [
    ("ct_leads_changed", "ct_leads (tenant_id, updated_at, id)"),
    (
        "ct_opportunities_changed",
        "ct_opportunities (tenant_id, updated_at, id)",
    ),
    (
        "opportunities_changed",
        "opportunities (tenant_id, updated_at, id)",
    ),
    (
        "sync_runs_running",
        "sync_runs (tenant_id, connection_id) WHERE status = 'running'",
    ),
    (
        "rejected_records_open",
        "rejected_records (tenant_id, connection_id, stream) WHERE resolved_at IS NULL",
    ),
    (
        "webhook_events_last",
        "webhook_events (tenant_id, connection_id, received_at)",
    ),
    (
        "webhook_events_failed",
        "webhook_events (tenant_id, connection_id) WHERE status = 'failed'",
    ),
];

const LIST: &str = "opportunities_list";
/// What the list of rental opportunities is filtered by.
const OLD_LIST: [&str; 6] = [
    "tenant_id",
    "id",
    "state",
    "status",
    "starts_at",
    "deleted_at",
];
/// The same with the connection: what counts of each is in other windows.
const NEW_LIST: [&str; 7] = [
    "tenant_id",
    "id",
    "connection_id",
    "state",
    "status",
    "starts_at",
    "deleted_at",
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add(
            manager,
            STAGES,
            big_integer("dollar_value_carry").default(0),
        )
        .await?;
        add(
            manager,
            STAGES,
            big_integer("positive_value_carry").default(0),
        )
        .await?;
        add(manager, HOT_LIST, &mut blob_null("content_hash")).await?;
        add(manager, HOT_LIST, &mut blob_null("mapping_hash")).await?;
        manager.create_table(stream_states()).await?;
        manager
            .get_connection()
            .execute_unprepared(STATES_OF_COVERAGE)
            .await?;
        for (name, definition) in INDEXES {
            let sql = format!("CREATE INDEX {name} ON {definition}");
            manager.get_connection().execute_unprepared(&sql).await?;
        }
        index_list(manager, &NEW_LIST).await?;
        let backend = manager.get_database_backend();
        let value = decimal(backend, "r.dollar_value");
        let value = format!("CASE WHEN r.dollar_value_carry = 0 THEN {value} END");
        replace_view(manager, &pipeline(backend, &value)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        let value = decimal(backend, "r.dollar_value");
        replace_view(manager, &pipeline(backend, &value)).await?;
        index_list(manager, &OLD_LIST).await?;
        for (name, _) in INDEXES {
            let sql = format!("DROP INDEX {name}");
            manager.get_connection().execute_unprepared(&sql).await?;
        }
        drop_tables(manager, &["stream_states"]).await?;
        for column in ["mapping_hash", "content_hash"] {
            drop(manager, HOT_LIST, column).await?;
        }
        for column in ["positive_value_carry", "dollar_value_carry"] {
            drop(manager, STAGES, column).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn stream_states() -> TableCreateStatement {
    const TABLE: &str = "stream_states";
    let mut key = Index::create()
        .col("tenant_id")
        .col("connection_id")
        .col("stream")
        .take();
    Table::create()
        .table(TABLE)
        .col(uuid("tenant_id"))
        .col(uuid("connection_id"))
        .col(text("stream"))
        .col(timestamp_with_time_zone("last_read_at"))
        .col(timestamp_with_time_zone("oldest_read_at"))
        .col(timestamp_with_time_zone_null("loaded_from"))
        .col(timestamp_with_time_zone_null("loaded_to"))
        .primary_key(&mut key)
        .foreign_key(&mut within_tenant(TABLE, "connection_id", "connections"))
        .take()
}

/// The pipeline's report view; a value that no column can hold is null.
fn pipeline(backend: DbBackend, value: &str) -> String {
    let likelihood = decimal(backend, "r.likelihood");
    let columns = format!(
        "r.stage, r.position, {likelihood} AS likelihood, r.is_active, r.count, \
         r.opportunity_count, {value} AS dollar_value"
    );
    of_connection(STAGES, &columns)
}

async fn index_list(manager: &SchemaManager<'_>, columns: &[&'static str]) -> Result<(), DbErr> {
    let old = Index::drop().name(LIST).table("opportunities").to_owned();
    manager.drop_index(old).await?;
    manager
        .create_index(index(LIST, "opportunities", columns))
        .await
}

async fn replace_view(manager: &SchemaManager<'_>, definition: &str) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    let view = format!("CREATE VIEW report_pipeline AS {definition}");
    connection
        .execute_unprepared("DROP VIEW report_pipeline")
        .await?;
    connection.execute_unprepared(&view).await?;
    Ok(())
}

async fn add(
    manager: &SchemaManager<'_>,
    table: &'static str,
    column: &mut ColumnDef,
) -> Result<(), DbErr> {
    let alter = Table::alter().table(table).add_column(column).take();
    manager.alter_table(alter).await
}

async fn drop(
    manager: &SchemaManager<'_>,
    table: &'static str,
    column: &'static str,
) -> Result<(), DbErr> {
    let alter = Table::alter().table(table).drop_column(column).take();
    manager.alter_table(alter).await
}
