//! Numbers that no value can stop: sums of any size, and what a hot list item was made of.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, blob_null};
use sea_orm_migration::sea_orm::DbBackend;

use crate::m20261120_000010_report_views::{decimal, of_connection};

const STAGES: &str = "pipeline_stage_counts";
const HOT_LIST: &str = "hot_list_items";

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
        let backend = manager.get_database_backend();
        let value = decimal(backend, "r.dollar_value");
        let value = format!("CASE WHEN r.dollar_value_carry = 0 THEN {value} END");
        replace_view(manager, &pipeline(backend, &value)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        let value = decimal(backend, "r.dollar_value");
        replace_view(manager, &pipeline(backend, &value)).await?;
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

/// The pipeline's report view; a value that no column can hold is null.
fn pipeline(backend: DbBackend, value: &str) -> String {
    let likelihood = decimal(backend, "r.likelihood");
    let columns = format!(
        "r.stage, r.position, {likelihood} AS likelihood, r.is_active, r.count, \
         r.opportunity_count, {value} AS dollar_value"
    );
    of_connection(STAGES, &columns)
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
