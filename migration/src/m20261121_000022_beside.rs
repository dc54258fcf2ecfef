//! What happens beside a sync: how far it is, and streams that are being loaded for the first time, which nobody reads
//! before all of their rows are there.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{json_null, text, timestamp_with_time_zone, uuid};

use crate::schema::{drop_tables, within_tenant};
use crate::{m20261120_000010_report_views, m20261120_000014_opportunities};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(first_loads()).await?;
        replace_views(manager, true).await?;
        add(manager, "sync_runs", json_null("progress")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, "sync_runs", "progress").await?;
        replace_views(manager, false).await?;
        drop_tables(manager, &["first_loads"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn first_loads() -> TableCreateStatement {
    const TABLE: &str = "first_loads";
    let mut key = Index::create()
        .col("tenant_id")
        .col("stream")
        .col("connection_id")
        .take();
    Table::create()
        .table(TABLE)
        .col(uuid("tenant_id"))
        .col(uuid("connection_id"))
        .col(text("stream"))
        .col(timestamp_with_time_zone("began_at"))
        .primary_key(&mut key)
        .foreign_key(&mut within_tenant(TABLE, "connection_id", "connections"))
        .take()
}

/// The views of records, with or without the streams that are being loaded.
async fn replace_views(manager: &SchemaManager<'_>, only_loaded: bool) -> Result<(), DbErr> {
    let backend = manager.get_database_backend();
    let views = [
        (
            "report_leads",
            "leads",
            m20261120_000010_report_views::leads(backend),
        ),
        (
            "report_opportunities",
            "opportunities",
            m20261120_000010_report_views::opportunities(backend),
        ),
        (
            "report_rental_opportunities",
            "opportunities",
            m20261120_000014_opportunities::rental_opportunities(backend),
        ),
    ];
    for (view, stream, select) in views {
        let condition = if only_loaded {
            format!(
                " AND NOT EXISTS (SELECT 1 FROM first_loads f WHERE f.tenant_id = r.tenant_id \
                 AND f.stream = '{stream}' AND f.connection_id = r.connection_id)"
            )
        } else {
            String::new()
        };
        let connection = manager.get_connection();
        let drop = format!("DROP VIEW {view}");
        connection.execute_unprepared(&drop).await?;
        let create = format!("CREATE VIEW {view} AS {select}{condition}");
        connection.execute_unprepared(&create).await?;
    }
    Ok(())
}

async fn add(
    manager: &SchemaManager<'_>,
    table: &'static str,
    column: impl IntoColumnDef,
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
