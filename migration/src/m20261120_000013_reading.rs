//! What lists and dashboards read: indexes in the order of the lists, the mapping that published numbers
//! were computed with, and the value of the opportunities that have one.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, json_binary, uuid};

use crate::schema::{index, within_tenant};

type Named = (&'static str, &'static str, &'static [&'static str]);

/// Indexes that no list can use; name, table, columns.
const OLD: [Named; 7] = [
    (
        "ct_leads_stage",
        "ct_leads",
        &["tenant_id", "connection_id", "stage"],
    ),
    ("ct_leads_source", "ct_leads", &["tenant_id", "lead_source"]),
    (
        "ct_leads_modified",
        "ct_leads",
        &["tenant_id", "source_modified_at"],
    ),
    (
        "ct_opportunities_stage",
        "ct_opportunities",
        &["tenant_id", "connection_id", "stage"],
    ),
    ("ct_notes_date", "ct_notes", &["tenant_id", "note_date"]),
    (
        "ct_scheduled_activities_time",
        "ct_scheduled_activities",
        &["tenant_id", "scheduled_at"],
    ),
    (
        "hot_list_items_weighted_iff",
        "hot_list_items",
        &["tenant_id", "weighted_iff"],
    ),
];

/// Each in the order of a list; what decides whether a row is listed follows, so that counting the list
/// reads no row.
const NEW: [Named; 5] = [
    (
        "ct_leads_list",
        "ct_leads",
        &[
            "tenant_id",
            "id",
            "connection_id",
            "contact_type",
            "stage",
            "lead_source",
            "deleted_at",
        ],
    ),
    (
        "ct_opportunities_list",
        "ct_opportunities",
        &[
            "tenant_id",
            "id",
            "connection_id",
            "contact_type",
            "stage",
            "deal_size",
            "deleted_at",
        ],
    ),
    (
        "ct_notes_date",
        "ct_notes",
        &["tenant_id", "note_date", "id", "deleted_at"],
    ),
    (
        "ct_scheduled_activities_time",
        "ct_scheduled_activities",
        &["tenant_id", "scheduled_at", "id", "deleted_at"],
    ),
    (
        "hot_list_items_weighted_iff",
        "hot_list_items",
        &["tenant_id", "weighted_iff", "id"],
    ),
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        replace(manager, &OLD, &NEW).await?;
        manager.create_table(published_mappings()).await?;
        let column = Table::alter()
            .table("pipeline_stage_counts")
            .add_column(big_integer("positive_value").default(0))
            .take();
        manager.alter_table(column).await?;
        // Without a hash the next publication computes all numbers anew, and notes the mapping.
        manager
            .get_connection()
            .execute_unprepared("UPDATE connections SET mapping_hash = NULL")
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = Table::alter()
            .table("pipeline_stage_counts")
            .drop_column("positive_value")
            .take();
        manager.alter_table(column).await?;
        let table = Table::drop().table("published_mappings").to_owned();
        manager.drop_table(table).await?;
        replace(manager, &NEW, &OLD).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn published_mappings() -> TableCreateStatement {
    const TABLE: &str = "published_mappings";
    Table::create()
        .table(TABLE)
        .col(uuid("tenant_id"))
        .col(uuid("connection_id"))
        .col(json_binary("mapping"))
        .primary_key(Index::create().col("tenant_id").col("connection_id"))
        .foreign_key(&mut within_tenant(TABLE, "connection_id", "connections"))
        .take()
}

async fn replace(
    manager: &SchemaManager<'_>,
    dropped: &[Named],
    created: &[Named],
) -> Result<(), DbErr> {
    for &(name, table, _) in dropped {
        let index = Index::drop().name(name).table(table).to_owned();
        manager.drop_index(index).await?;
    }
    for &(name, table, columns) in created {
        manager.create_index(index(name, table, columns)).await?;
    }
    Ok(())
}
