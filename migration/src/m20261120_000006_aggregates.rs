//! Numbers derived from the records when they are published.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, integer_null, text, text_null, uuid,
};

use crate::schema::{connection_table, create_tables, drop_tables, index, owned_by, unique};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_tables(
            manager,
            [lead_metrics(), pipeline_stage_counts(), hot_list_items()],
            indexes(),
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(
            manager,
            &["hot_list_items", "pipeline_stage_counts", "lead_metrics"],
        )
        .await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn lead_metrics() -> TableCreateStatement {
    connection_table("lead_metrics")
        .col(text("dimension_type"))
        .col(text("dimension_value"))
        .col(integer_null("position"))
        .col(big_integer("leads"))
        .col(big_integer("qualified_leads"))
        .col(big_integer_null("clicks"))
        .col(big_integer_null("impressions"))
        .col(big_integer_null("cost"))
        .take()
}

fn pipeline_stage_counts() -> TableCreateStatement {
    connection_table("pipeline_stage_counts")
        .col(text("stage"))
        .col(integer_null("position"))
        .col(big_integer_null("likelihood"))
        .col(boolean("is_active"))
        .col(big_integer("count"))
        .col(big_integer("opportunity_count"))
        .col(big_integer("dollar_value"))
        .take()
}

fn hot_list_items() -> TableCreateStatement {
    connection_table("hot_list_items")
        .col(uuid("opportunity_id"))
        .col(text_null("candidate_name"))
        .col(text_null("market"))
        .col(big_integer_null("units"))
        .col(big_integer_null("weighted_units"))
        .col(big_integer_null("iff"))
        .col(big_integer_null("weighted_iff"))
        .col(text_null("sales_lead"))
        .col(text("stage"))
        .col(big_integer("likely_pct"))
        .col(text("raw_json"))
        .foreign_key(&mut owned_by(
            "hot_list_items",
            "opportunity_id",
            "ct_opportunities",
        ))
        .take()
}

fn indexes() -> [IndexCreateStatement; 4] {
    [
        unique(
            "lead_metrics_value",
            "lead_metrics",
            &[
                "tenant_id",
                "connection_id",
                "dimension_type",
                "dimension_value",
            ],
        ),
        unique(
            "pipeline_stage_counts_stage",
            "pipeline_stage_counts",
            &["tenant_id", "connection_id", "stage"],
        ),
        unique(
            "hot_list_items_opportunity",
            "hot_list_items",
            &["opportunity_id"],
        ),
        index(
            "hot_list_items_weighted_iff",
            "hot_list_items",
            &["tenant_id", "weighted_iff"],
        ),
    ]
}
